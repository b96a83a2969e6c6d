"""How much worse than the market's price an order that takes liquidity fills."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Protocol

import msgspec

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side
from liualgotrader.venue.matching_limit import within
from liualgotrader.venue.orders import ZERO


class SlippageModel(Protocol):
    """How far the price moves against whoever takes it."""

    def per_unit(self, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return dollars per unit, not negative; `spread` is the quoted one, if known."""


class MeasuredSlippage(msgspec.Struct, frozen=True):
    """What taking each symbol was measured to cost beyond the middle of the market.

    `costs`: by symbol the days from which on a figure holds, ascending, with its hundredths of a
    percent of the price; `default` holds where there is none yet.
    """

    default: Decimal = Decimal(0)
    costs: Mapping[str, Sequence[tuple[date, Decimal]]] = {}

    def of_day(self, day: date) -> dict[str, SymbolSlippage]:
        """Return the models of the symbols that were measured before a session of a day."""
        found = {}
        for symbol, steps in self.costs.items():
            place = bisect_right(steps, day, key=lambda step: step[0])
            if place:
                found[symbol] = SymbolSlippage(steps[place - 1][1])
        return found

    def per_unit(self, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return what holds for a symbol that was not measured."""
        return SymbolSlippage(self.default).per_unit(price, spread)


class SymbolSlippage(msgspec.Struct, frozen=True):
    """So many hundredths of a percent beyond the middle of the market.

    Where a quote is known the order meets its far side, which has half the spread in it already.
    """

    bps: Decimal

    def per_unit(self, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return the share of the price, less half the spread."""
        beyond = price * self.bps / 10_000
        return beyond if spread is None else max(beyond - spread / 2, ZERO)


class NoSlippage(msgspec.Struct, frozen=True):
    """Fills at the market's price."""

    def per_unit(self, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return 0."""
        return ZERO


class FixedSlippage(msgspec.Struct, frozen=True):
    """So many dollars per unit."""

    dollars: Decimal

    def per_unit(self, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return the dollars."""
        return self.dollars


class FixedBpsSlippage(msgspec.Struct, frozen=True):
    """So many hundredths of a percent of the price."""

    bps: Decimal

    def per_unit(self, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return the share of the price."""
        return price * self.bps / 10_000


class SpreadSlippage(msgspec.Struct, frozen=True):
    """A share of the quoted spread, for prints that happened somewhere inside it.

    Without a quote `fallback_bps` of the price are taken instead: not knowing the spread is no
    reason to have none.
    """

    share: Decimal = Decimal("0.5")
    fallback_bps: Decimal = Decimal(1)

    def per_unit(self, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return the share of the spread."""
        return price * self.fallback_bps / 10_000 if spread is None else spread * self.share


def slipped(
    side: Side,
    price: Decimal,
    *,
    worse_by: Decimal,
    limit: Decimal | None,
    instrument: Instrument,
) -> Decimal:
    """Return a price made worse, rounded against the order to the tick, never beyond its limit."""
    if not worse_by:
        return price
    # A sale cannot slip to nothing: one tick is the least that anything trades for.
    moved = max(price + side.sign * worse_by, instrument.tick_at(ZERO))
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    slid = instrument.price(moved, rounding=rounding)
    return slid if limit is None or within(side, limit, slid) else limit
