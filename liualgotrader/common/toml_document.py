"""TOML text to values and their places, going on after a line that is not TOML.

`tomllib` stops at the first mistake. Here the line is put aside and the rest read again, so that
one missing quote does not hide nine other mistakes. Where the rest would be read wrongly (an array
that is not closed), reading ends.
"""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from liualgotrader.common.plan_errors import Mistake, shorten
from liualgotrader.common.toml_lines import Path, Place, locate

_ASIDE = "\ue000"
"""How a table is named while its header cannot be read. Private use: nobody writes it."""

_AT = re.compile(r"\s*\((?:at line (\d+), column \d+|at end of document)\)$")
_PAIR = re.compile(r"""\s*([^=#\["']+?|"[^"]*"|'[^']*')\s*=\s*(.*?)\s*$""")
_HEADER = re.compile(r"\s*\[+\s*([^\[\]#]+?)\s*\]")
_WORD = re.compile(r"[A-Za-z_][\w ./-]*$")
_KEY = re.compile(r"[\w-]+")
_MOST = 100


class Document(NamedTuple):
    """`complete` is False when lines were put aside: what is absent may have been written there."""

    data: dict[str, Any]
    places: dict[Path, Place]
    mistakes: list[Mistake]
    complete: bool


def read_document(text: str, filename: str) -> Document:
    """Return what can be read of a TOML text, and a mistake for each line that cannot.

    Floats come as Decimal, exactly as written; one that has no exact value comes as infinity.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    mistakes: list[Mistake] = []
    while len(mistakes) < _MOST:
        kept = "\n".join(lines)
        try:
            data = tomllib.loads(kept, parse_float=_exact)
            places = _put_back(data, locate(kept), text.split("\n"))
            return Document(data, places, mistakes, not mistakes)
        except RecursionError:
            mistakes.append(Mistake(filename, 1, "", "", "not TOML: nested too deeply"))
            break
        except ValueError as exc:
            index, message = _place(str(exc), lines)
            mistakes.append(_mistake(filename, lines, index, message))
            if not _put_aside(lines, index, message):
                break
    return Document({}, {}, mistakes, False)


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond anything
        return Decimal("Infinity")


def _place(message: str, lines: list[str]) -> tuple[int, str]:
    """Return the index of the line that an error of tomllib is about, and its text without it."""
    found = _AT.search(message)
    plain = message[: found.start()] if found else message
    if found and found[1]:
        return min(int(found[1]), len(lines)) - 1, plain
    written = [index for index, line in enumerate(lines) if line.strip()]
    return (written[-1] if written else 0), plain


def _mistake(filename: str, lines: list[str], index: int, message: str) -> Mistake:
    found = _PAIR.match(lines[index])
    if found is None:
        return Mistake(filename, index + 1, shorten(lines[index]), "", f"not TOML: {message}")
    key, value = found[1], found[2].split(" #")[0].strip()
    hint = "; a text needs quotes" if _WORD.match(value) else ""
    key = f"{_table_above(lines, index)}{key}"
    return Mistake(filename, index + 1, key, shorten(value), f"not TOML: {message}{hint}")


def _table_above(lines: list[str], index: int) -> str:
    for line in reversed(lines[:index]):
        found = _HEADER.match(line)
        if found:
            return "" if _ASIDE in line else f"{found[1]}."
    return ""


def _put_aside(lines: list[str], index: int, message: str) -> bool:
    """Take the line out so that the rest can be read; False when the rest would be misread."""
    line = lines[index]
    if not line.strip() or message.startswith(("Unclosed", "Unterminated", "Exceeds")):
        return False
    if line.lstrip().startswith("["):
        lines[index] = f'["{_ASIDE}{index}"]'
        return True
    value = line.partition("=")[2]
    if '"""' in value or "'''" in value or value.count("[") != value.count("]"):
        return False
    lines[index] = ""
    return value.count("{") == value.count("}")


def _put_back(
    data: dict[str, Any], places: dict[Path, Place], lines: list[str]
) -> dict[Path, Place]:
    """Move what stands under headers that were put aside to the tables that these seem to mean.

    So `[session` or a second `[session]` has its keys checked too. What was written first stays.
    """
    for name in [key for key in data if key.startswith(_ASIDE)]:
        table = data.pop(name)
        path = _meant(lines[int(name[1:])])
        if not path:
            continue
        target: Any = data
        for key in path:
            target = target.setdefault(key, {}) if isinstance(target, dict) else None
        if isinstance(target, dict):
            target.update({key: table[key] for key in table.keys() - target.keys()})
        places = {
            (*path, *at[1:]) if at[0] == name else at: place
            for at, place in reversed(places.items())
        }
    return places


def _meant(line: str) -> tuple[str, ...]:
    """Return the keys of a header that is not quite one, or none."""
    words = line.partition("#")[0].strip().strip("[]").split(".")
    keys = tuple(word.strip() for word in words)
    return keys if all(_KEY.fullmatch(key) for key in keys) else ()
