"""Everything that is wrong with a plan, said at once, in the order of its lines."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.toml_lines import Path

_LONGEST = 60


class Mistake(NamedTuple):
    """One thing that is wrong. `line` 0 and an empty `filename` mean it was not in a file."""

    filename: str
    line: int
    key: str
    value: str
    message: str

    def __str__(self) -> str:
        """Return `FILE:LINE: KEY = VALUE: what is wrong`, without the parts that there are not."""
        where = f"{self.filename}:{self.line}: " if self.line else ""
        what = f"{self.key} = {self.value}" if self.value else self.key
        return f"{where}{what}: {self.message}" if what else f"{where}{self.message}"


class PlanErrors(ConfigError):
    """The plan cannot be used. `mistakes` in line order; the text has a line for each."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = sorted(mistakes, key=lambda mistake: mistake.line)
        super().__init__(self.mistakes)

    def __str__(self) -> str:
        """Return one line per mistake."""
        return "\n".join(str(mistake) for mistake in self.mistakes)


def dotted(path: Path) -> str:
    """Return a path as people write it: `strategies.a.schedule[1].start`, the second schedule."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shorten(text: str) -> str:
    """Return a value on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def nearest(word: str, choices: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the choice that looks most like a word, or None when none does."""
    by_letters = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), by_letters, n=1, cutoff=cutoff)
    return by_letters[found[0]] if found else None


def suggestion(word: str, choices: Iterable[str], *, what: str) -> str:
    """Return "the nearest WHAT is X", or what there is to choose from when nothing is near."""
    known = sorted(choices)
    close = nearest(word, known)
    if close is not None:
        return f"the nearest valid {what} is {close}"
    return f"valid: {', '.join(known)}" if known else f"there is no valid {what} here"
