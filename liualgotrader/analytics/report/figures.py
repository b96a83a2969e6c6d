"""Numbers and times as people read them: dollars, percent, New York clocks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
SECOND = 1_000_000_000
NONE = "–"
"""What stands where there is no figure."""
MINUS = "−"
_LONGEST = 200

Number = Decimal | float | int


def magnitude(value: Number) -> Number:
    """Return a number without its sign."""
    return -value if value < 0 else value


def signed(text: str, value: Number, *, plus: bool) -> str:
    """Put the sign of a value before the text of its magnitude; a rounded zero has none."""
    if not any(char in "123456789" for char in text):
        return text
    return (MINUS if value < 0 else "+" if plus else "") + text


def dollars(value: Number | None, *, plus: bool = False, decimals: int = 2) -> str:
    """Return "$1,234.50", or with `plus` "+$1,234.50"."""
    if value is None:
        return NONE
    return signed(f"${magnitude(value):,.{decimals}f}", value, plus=plus)


def price(value: Number, least: int = 2) -> str:
    """Return a price with at least two and up to four decimals, to eight below a dollar."""
    most = max(4 if magnitude(value) >= 1 else 8, least)
    whole, _, fraction = f"{magnitude(value):,.{most}f}".partition(".")
    return signed(f"{whole}.{fraction.rstrip('0').ljust(least, '0')}", value, plus=False)


def percent(fraction: Number | None, *, plus: bool = False, decimals: int = 2) -> str:
    """Return a fraction as "12.34 %", with a space that does not break."""
    if fraction is None:
        return NONE
    return signed(f"{magnitude(fraction) * 100:,.{decimals}f}\u00a0%", fraction, plus=plus)


def ratio(value: Number | None, *, plus: bool = False, decimals: int = 2) -> str:
    """Return a number with fixed decimals."""
    if value is None:
        return NONE
    return signed(f"{magnitude(value):,.{decimals}f}", value, plus=plus)


def quantity(value: Decimal) -> str:
    """Return a quantity without the zeros behind it."""
    text = f"{magnitude(value):,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return signed(text, value, plus=False)


def count(value: int, one: str, many: str | None = None) -> str:
    """Return "1 gap" or "2 gaps"."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def at(ns: int) -> dt.datetime:
    """Return a moment as New York's clock shows it."""
    seconds = dt.datetime.fromtimestamp(ns // SECOND, tz=NEW_YORK)
    return seconds.replace(microsecond=ns % SECOND // 1000)


def clock(ns: int, *, seconds: bool = True) -> str:
    """Return "09:31:05" in New York."""
    return f"{at(ns):%H:%M:%S}" if seconds else f"{at(ns):%H:%M}"


def day(date: dt.date) -> str:
    """Return "Friday 8 March 2013"."""
    return f"{date:%A} {date.day} {date:%B} {date.year}"


def moment(ns: int) -> str:
    """Return "8 Mar 2013, 09:31:05" in New York."""
    when = at(ns)
    return f"{when.day} {when:%b} {when.year}, {when:%H:%M:%S}"


def duration(ns: int | None) -> str:
    """Return "4 s", "12 min 30 s", "3 h 05 min" or "2 d 4 h"."""
    if ns is None:
        return NONE
    seconds = max(ns, 0) // SECOND
    if seconds < 60:
        return f"{seconds}\u00a0s"
    if seconds < 3_600:
        return f"{seconds // 60}\u00a0min {seconds % 60:02d}\u00a0s"
    if seconds < 86_400:
        return f"{seconds // 3_600}\u00a0h {seconds % 3_600 // 60:02d}\u00a0min"
    return f"{seconds // 86_400}\u00a0d {seconds % 86_400 // 3_600}\u00a0h"


def tone(value: Number | None) -> str:
    """Return the class of a gain or a loss. The sign says the same to who sees no colour."""
    if not value:
        return ""
    return "gain" if value > 0 else "loss"


def indicators(values: dict[str, Any]) -> str:
    """Return what a strategy noted beside an order, as "macd 0.12, rsi 61.3"."""
    text = ", ".join(f"{name} {_indicator(value)}" for name, value in values.items())
    return shortened(text)


def _indicator(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    text = f"{value:.5g}" if isinstance(value, float) else f"{value:,}"
    return text.replace("-", MINUS)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return text that a strategy wrote, cut where it would swamp the page."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
