"""The journal files of a batch, found by their index and by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from liualgotrader.models.session_rows import JournalRow

_PART = re.compile(r"(?P<life>.+?-\d+)(?:\.(?P<part>\d+))?\.journal(?:\.gz)?")


def journal_files(
    journals: Sequence[JournalRow], folder: Path
) -> Mapping[tuple[str, int], tuple[Path | None, ...]]:
    """Return the files of each life (slot, number), by part; None for one that is not there.

    A killed process has indexed the first part only: those beside it are found by their names.
    """
    parts: dict[tuple[str, int], dict[int, Path]] = {}
    indexed = {(row.slot, row.incarnation, row.part) for row in journals}
    for place in dict.fromkeys([*(Path(row.path).parent for row in journals), folder]):
        for path in sorted(place.glob("*.journal*"), reverse=True):
            match = _PART.fullmatch(path.name)
            if match is not None:
                slot, _, number = match["life"].rpartition("-")
                life = parts.setdefault((slot, int(number)), {})
                life[int(match["part"] or 0)] = path  # the plain file is whole until it is removed
    for slot, number, _ in indexed:
        parts.setdefault((slot, number), {})
    counts = {
        life: 1 + max([*found, *(part for *key, part in indexed if tuple(key) == life)])
        for life, found in parts.items()
    }
    return {
        life: tuple(found.get(part) for part in range(counts[life]))
        for life, found in parts.items()
    }
