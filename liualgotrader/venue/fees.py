"""What a fill costs besides its price."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

import msgspec

from liualgotrader.common.orders import Side
from liualgotrader.venue.fee_tables import SEC_SECTION_31, TAF, FeeRow, TafRow
from liualgotrader.venue.orders import ZERO

CENT = Decimal("0.01")


class FeeModel(Protocol):
    """A fee per fill, in dollars; negative is a rebate."""

    def fee(self, side: Side, qty: Decimal, price: Decimal, day: date) -> Decimal:
        """Return the fee of one fill of `qty` units at `price` on `day` (New York)."""


class NoFees(msgspec.Struct, frozen=True):
    """Commission-free, and nothing passed on."""

    def fee(self, side: Side, qty: Decimal, price: Decimal, day: date) -> Decimal:
        """Return 0."""
        return ZERO


class PerShareFees(msgspec.Struct, frozen=True):
    """So much per unit, with a minimum per fill, in dollars."""

    per_share: Decimal
    minimum: Decimal = ZERO

    def fee(self, side: Side, qty: Decimal, price: Decimal, day: date) -> Decimal:
        """Return qty times the rate, at least the minimum."""
        return max(qty * self.per_share, self.minimum)


class PercentFees(msgspec.Struct, frozen=True):
    """A percentage of the fill's value."""

    percent: Decimal

    def fee(self, side: Side, qty: Decimal, price: Decimal, day: date) -> Decimal:
        """Return the percentage of qty times price."""
        return qty * price * self.percent / 100


class UsRegulatoryFees(msgspec.Struct, frozen=True):
    """What brokers pass on from the SEC (section 31) and FINRA (TAF): sells only, each up to a
    whole cent.

    Pessimistic: brokers round up per day or per order; here every fill is rounded up, so many
    small fills cost more than they would.
    """

    def fee(self, side: Side, qty: Decimal, price: Decimal, day: date) -> Decimal:
        """Return SEC fee plus TAF of a sell, 0 of a buy."""
        if side is Side.BUY:
            return ZERO
        return sec_fee(qty * price, day) + taf(qty, day)


def sec_fee(value: Decimal, day: date) -> Decimal:
    """Return the section 31 fee on a sale of `value` dollars, rounded up to a cent."""
    row = _in_force(SEC_SECTION_31, day)
    return _cent_up(value * row.per_million / 1_000_000) if row else ZERO


def taf(qty: Decimal, day: date) -> Decimal:
    """Return FINRA's trading activity fee on `qty` shares sold, capped per trade, up to a cent."""
    row = _in_force_taf(TAF, day)
    return min(_cent_up(qty * row.per_share), row.cap) if row else ZERO


def _cent_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_CEILING)


def _in_force(rows: tuple[FeeRow, ...], day: date) -> FeeRow | None:
    return next((row for row in reversed(rows) if row.since <= day), None)


def _in_force_taf(rows: tuple[TafRow, ...], day: date) -> TafRow | None:
    return next((row for row in reversed(rows) if row.since <= day), None)
