"""What one value of the plan may be. A check returns it as the plan keeps it, or raises Wrong."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, TypeVar

from liualgotrader.common.plan_errors import suggestion

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Check = Callable[[Any], T]

_INT64 = 2**63
_MOST_DOLLARS = Decimal(10) ** 15
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,20}$")
_SIZE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([KMGT]?B)$", re.IGNORECASE)
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


class Wrong(Exception):
    """The value cannot be used; the message says why."""


def kind(value: Any) -> str:
    """Return what a TOML value is, in words."""
    names = {
        bool: "true or false",
        int: "a whole number",
        Decimal: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), "a date or time")


def flag(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise Wrong(f"must be true or false, not {kind(value)}")
    return value


def text(value: Any) -> str:
    """Take a text with something in it."""
    if not isinstance(value, str):
        raise Wrong(f"must be a text in quotes, not {kind(value)}")
    if not value.strip() or "\0" in value:
        raise Wrong("must not be empty")
    return value


def identifier(value: Any) -> str:
    """Take the name of a Python class."""
    if not text(value).isidentifier():
        raise Wrong("must be the name of a class")
    return str(value)


def _exact(value: Any, what: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Wrong(f"must be {what}, not {kind(value)}")
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite():
        raise Wrong("must be a finite number")
    return exact


def whole(low: int, high: int = _INT64 - 1) -> Check[int]:
    """Take a whole number in [low, high]."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(f"must be a whole number, not {kind(value)}")
        if value < low:
            raise Wrong(f"must be {low} or more")
        if value > high:
            raise Wrong(f"must be {high} or less")
        return value

    return check


def number(*, above: float | None = None, low: float | None = None, high: float) -> Check[float]:
    """Take a number in [low, high], or (above, high]."""

    def check(value: Any) -> float:
        exact = _exact(value, "a number")
        if above is not None and exact <= Decimal(above):
            raise Wrong(f"must be more than {above:g}")
        if low is not None and exact < Decimal(low):
            raise Wrong(f"must be {low:g} or more")
        if exact > Decimal(high):
            raise Wrong(f"must be {high:g} or less")
        return float(exact)

    return check


def dollars(*, zero: bool = False) -> Check[Decimal]:
    """Take an exact amount above zero, or from zero."""

    def check(value: Any) -> Decimal:
        exact = _exact(value, "an amount in dollars")
        if exact < 0 or (not exact and not zero):
            raise Wrong("must be 0 or more" if zero else "must be more than 0")
        if exact > _MOST_DOLLARS:
            raise Wrong("is more money than there is")
        return exact

    return check


def one_of(options: type[E]) -> Check[E]:
    """Take one of an enumeration's words."""

    def check(value: Any) -> E:
        words = [option.value for option in options]
        if value not in words or not isinstance(value, str):
            raise Wrong(f"must be one of {', '.join(words)}{_near(value, words)}")
        return options(value)

    return check


def word(*words: str) -> Check[Any]:
    """Take one of a few words."""

    def check(value: Any) -> Any:
        if value not in words or not isinstance(value, str):
            raise Wrong(f"must be one of {', '.join(words)}{_near(value, words)}")
        return value

    return check


def _near(value: Any, words: Iterable[str]) -> str:
    if not isinstance(value, str):
        return ""
    hint = suggestion(value, words, what="word")
    return f"; {hint}" if hint.startswith("the nearest") else ""


def several(item: Check[T], *, at_least: int = 0) -> Check[tuple[T, ...]]:
    """Take a list of different values."""

    def check(value: Any) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise Wrong(f"must be a list, not {kind(value)}")
        found = []
        for index, each in enumerate(value):
            try:
                found.append(item(each))
            except Wrong as wrong:
                raise Wrong(f"item {index + 1} {wrong}") from wrong
        if len(set(found)) < len(found):
            twice = next(each for each in found if found.count(each) > 1)
            raise Wrong(f"names {twice} twice")
        if len(found) < at_least:
            raise Wrong("must not be empty")
        return tuple(found)

    return check


def one_or_several(item: Check[T]) -> Check[tuple[T, ...]]:
    """Take one value or a list of them."""

    def check(value: Any) -> tuple[T, ...]:
        return several(item)(value) if isinstance(value, list | tuple) else (item(value),)

    return check


def symbol(value: Any) -> str:
    """Take a ticker symbol."""
    name = text(value)
    if not _SYMBOL.match(name):
        hint = f"; write {name.upper()}" if _SYMBOL.match(name.upper()) else ""
        raise Wrong(f"is not a symbol{hint}")
    return name


def day(value: Any) -> dt.date:
    """Take a date, as a TOML date or as text."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise Wrong("must be a date like 2024-01-31") from None
    raise Wrong(f"must be a date like 2024-01-31, not {kind(value)}")


def speed(value: Any) -> float | Literal["max"]:
    """Take a factor, or "max"."""
    if value == "max":
        return "max"
    if isinstance(value, str):
        raise Wrong('must be a number above 0, or "max"')
    return number(above=0, high=1e6)(value)


def size(value: Any) -> int:
    """Take a number of bytes: "500 MB", or a whole number."""
    if not isinstance(value, str):
        return whole(0)(value)
    found = _SIZE.match(value.strip())
    if found is None:
        raise Wrong('must be a size like "500 MB" or "2 GB"')
    return int(Decimal(found[1]) * _UNITS[found[2].upper()])


def plain(value: Any) -> Any:
    """Take a parameter: a value of TOML; numbers become floats, dates become text."""
    if isinstance(value, Decimal):
        return number(high=1.7e308, low=-1.7e308)(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        raise Wrong("is too large for a whole number")
    return value
