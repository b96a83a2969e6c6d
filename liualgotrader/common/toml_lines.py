"""Where each key of a TOML text is written: `tomllib` gives the values, this gives their lines.

It walks text that `tomllib` has accepted, so it need not judge, only follow. What it follows is
TOML 1.0 (https://toml.io/en/v1.0.0): tables, arrays of tables, bare, quoted and dotted keys,
inline tables, values over several lines.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Keys from the top down; an int is the index in an array."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\n]*")
# The last quotes of a multi-line string may follow one or two that belong to it.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


class Place(NamedTuple):
    """A key's line, from 1, and its value as written; the value of a table's header is empty."""

    line: int
    text: str


class _Walk:
    """One pass over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[Path, Place] = {}
        self._lengths: dict[Path, int] = {}
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def run(self) -> dict[Path, Place]:
        table: Path = ()
        while self._more():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.places

    def _more(self) -> bool:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _note(self, path: Path, start: int, text: str = "") -> None:
        self.places[path] = Place(bisect_right(self._ends, start - 1) + 1, text)

    def _header(self) -> Path:
        start = self.at
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.at += brackets
        *parents, last = self._keys()
        self.at += brackets
        path = (*self._enter(tuple(parents), start), last)
        if brackets == 2:
            count = self._lengths.get(path, 0)
            self._lengths[path] = count + 1
            if not count:
                self._note(path, start)
            path = (*path, count)
        self._note(path, start)
        return path

    def _enter(self, keys: tuple[str, ...], start: int) -> Path:
        """Return the path of the table that a header's keys lead into: the last one of an array."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path not in self.places:
                self._note(path, start)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._more() and self.text[self.at] == ".":
            self.at += 1
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._more()
        if self.text[self.at] in "\"'":
            quoted = self._string()
            return str(tomllib.loads(f"key = {quoted}")["key"])
        found = _BARE.match(self.text, self.at)
        if found is None:
            raise ValueError(f"not a key at {self.at}")
        self.at = found.end()
        return found[0]

    def _string(self) -> str:
        found = _STRING.match(self.text, self.at)
        if found is None:
            raise ValueError(f"not a string at {self.at}")
        self.at = found.end()
        return found[0]

    def _pair(self, table: Path) -> None:
        start = self.at
        keys = self._keys()
        path = table
        for key in keys[:-1]:
            path = (*path, key)
            if path not in self.places:
                self._note(path, start)
        path = (*path, keys[-1])
        self.at += 1  # the equals sign
        self._more()
        begin = self.at
        self._value(path)
        self._note(path, start, self.text[begin : self.at].strip())

    def _value(self, path: Path) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline(path)
        else:
            found = _SCALAR.match(self.text, self.at)
            self.at = found.end() if found else self.at

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._more() and self.text[self.at] != "]":
            start = self.at
            self._value((*path, index))
            self._note((*path, index), start, self.text[start : self.at].strip())
            index += 1
            self._comma()
        self.at += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self._more() and self.text[self.at] != "}":
            self._pair(path)
            self._comma()
        self.at += 1

    def _comma(self) -> None:
        if self._more() and self.text[self.at] == ",":
            self.at += 1


def locate(text: str) -> dict[Path, Place]:
    """Return where every key of a valid TOML text is written. Elements of arrays count as keys."""
    return _Walk(text).run()
