"""What elects a stop, and how a trailing stop follows. Prices in, answers out."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side
from liualgotrader.venue.market import exact

# Alpaca keeps a buy stop as a stop limit this far above its stop; the line is at 50 dollars.
COLLAR_LINE = Decimal(50)
COLLAR_BELOW = Decimal("1.04")
COLLAR_ABOVE = Decimal("1.025")


def reaches(side: Side, stop: Decimal, price: Decimal) -> bool:
    """Whether a price elects a stop: at or above a buy stop, at or below a sell stop."""
    return price >= stop if side is Side.BUY else price <= stop


def print_counts(price: Decimal, *, bid: Decimal | None, ask: Decimal | None) -> bool:
    """Whether a print may elect: one outside the bid and offer on hand is late or out of order."""
    return (bid is None or price >= bid) and (ask is None or price <= ask)


def bar_reaches(side: Side, stop: Decimal, bar: Bar) -> bool:
    """Whether a bar's range elects a stop."""
    return reaches(side, stop, exact(bar.high if side is Side.BUY else bar.low))


def elected_at(side: Side, stop: Decimal, bar: Bar) -> Decimal:
    """Return the price at which a bar that elects a stop does so: the worse of open and stop."""
    opened = exact(bar.open)
    return max(opened, stop) if side is Side.BUY else min(opened, stop)


def collar(instrument: Instrument, stop: Decimal) -> Decimal:
    """Return the limit of the stop limit that a buy stop is kept as, down to the tick."""
    factor = COLLAR_BELOW if stop < COLLAR_LINE else COLLAR_ABOVE
    return instrument.price(stop * factor, rounding=ROUND_FLOOR)


def trailing_stop(
    instrument: Instrument,
    side: Side,
    *,
    mark: Decimal,
    by_price: Decimal | None,
    by_percent: Decimal | None,
) -> Decimal:
    """Return the stop that trails a water mark, rounded to the tick away from an early election."""
    away = by_price if by_price is not None else mark * (by_percent or 0) / 100
    return instrument.price(
        mark + side.sign * away,
        rounding=ROUND_CEILING if side is Side.BUY else ROUND_FLOOR,
    )


def moved_mark(side: Side, mark: Decimal | None, price: Decimal) -> Decimal:
    """Return the water mark after a price: highest seen for a sell, lowest for a buy."""
    if mark is None:
        return price
    return min(mark, price) if side is Side.BUY else max(mark, price)
