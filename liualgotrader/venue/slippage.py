"""How much worse than the market's price an order that takes liquidity fills."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from liualgotrader.common.orders import Side


class SlippageModel(Protocol):
    """Moves a price against whoever takes it. Limits are kept by the caller."""

    def price(self, side: Side, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return the price after slippage; `spread` is the last quoted one in dollars, if known."""


class NoSlippage(msgspec.Struct, frozen=True):
    """Fills at the market's price."""

    def price(self, side: Side, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return `price`."""
        return price


class FixedBpsSlippage(msgspec.Struct, frozen=True):
    """So many hundredths of a percent of the price, against the taker."""

    bps: Decimal

    def price(self, side: Side, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return the price moved by `bps`."""
        return price * (1 + side.sign * self.bps / 10_000)


class SpreadSlippage(msgspec.Struct, frozen=True):
    """A share of the quoted spread, for prints that happened somewhere inside it.

    Without a quote `fallback_bps` of the price are taken instead: not knowing the spread is no
    reason to have none.
    """

    share: Decimal = Decimal("0.5")
    fallback_bps: Decimal = Decimal(1)

    def price(self, side: Side, price: Decimal, spread: Decimal | None) -> Decimal:
        """Return the price moved by the share of the spread."""
        step = price * self.fallback_bps / 10_000 if spread is None else spread * self.share
        return price + side.sign * step
