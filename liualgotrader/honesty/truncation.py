"""A copy of a lake in which there is nothing after a moment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from liualgotrader.common.errors import StoreError
from liualgotrader.data.lake import Action, Kind, Lake
from liualgotrader.data.lake.actions import write_actions
from liualgotrader.data.lake.days import NEVER, SECOND, day_start
from liualgotrader.data.lake.row_files import read_between, read_span, write_file
from liualgotrader.data.lake.store import ACTIONS


def truncate(lake: Lake, root: Path, cut: int, *, effective: int) -> None:
    """Make a lake at `root` of what was known before `cut`, ns UTC.

    A bar is known at its end, so one that began before the cut and ends after it is not there.
    Actions are there whose ex-date began before `effective`. Files that lie wholly before the cut
    are hard links where the file system has them. Nothing else of the lake's folder is copied: what
    is no row of the lake has no time to cut it at. Raises StoreError.
    """
    try:
        for kind in Kind:
            for symbol in lake.symbols(kind):
                _truncate_files(lake, root, kind, symbol, cut)
    except OSError as exc:
        raise StoreError(
            f"{root}: the truncated history cannot be written ({exc.strerror}); make room or mend the"
            " rights, and check again"
        ) from exc
    known = [each for each in lake.all_actions() if _has_begun(each, effective)]
    if known:
        write_actions(root / ACTIONS, known)


def renames_to_come(lake: Lake, named: Iterable[str], effective: int) -> list[Action]:
    """Return the renames by which symbols that a plan names get these names at `effective` or later."""
    found: list[Action] = []
    names = set(named)
    for each in reversed(lake.all_actions()):
        if each.new_symbol in names and not _has_begun(each, effective):
            names.add(each.symbol)
            found.append(each)
    return found


def _has_begun(action: Action, effective: int) -> bool:
    return day_start(action.symbol, action.ex_date) < effective


def _truncate_files(lake: Lake, root: Path, kind: Kind, symbol: str, cut: int) -> None:
    before = cut - kind.seconds * SECOND
    for part in lake.parts(kind, symbol):
        span = read_span(part.path, kind)
        if span is None or span[0] >= before:
            continue
        target = root / part.path.relative_to(lake.root)
        if span[1] < before:
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(part.path, target)
        else:
            write_file(target, kind, read_between(part.path, kind, symbol, NEVER, before))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or a file system without hard links: a copy is as good
        shutil.copyfile(source, target)
