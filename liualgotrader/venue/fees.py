"""What fills cost besides their price: at once with each fill, or by the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

import msgspec

from liualgotrader.common.orders import Side
from liualgotrader.venue.fee_tables import CAT, ROUNDING, SEC_SECTION_31, TAF, Rate
from liualgotrader.venue.orders import ZERO, Execution

CENT = Decimal("0.01")


class FeeModel(Protocol):
    """Fees in dollars; a negative one is a rebate."""

    def fee(self, side: Side, qty: Decimal, price: Decimal) -> Decimal:
        """Return what one fill costs at once."""

    def daily(self, fills: Sequence[Execution], day: date) -> dict[str, Decimal]:
        """Return what all fills of a day cost at its end, by kind of fee, without zeros."""


class NoFees(msgspec.Struct, frozen=True):
    """Commission-free, and nothing passed on."""

    def fee(self, side: Side, qty: Decimal, price: Decimal) -> Decimal:
        """Return 0."""
        return ZERO

    def daily(self, fills: Sequence[Execution], day: date) -> dict[str, Decimal]:
        """Return nothing."""
        return {}


class PerShareFees(msgspec.Struct, frozen=True):
    """So much per unit, with a minimum per fill, in dollars."""

    per_share: Decimal
    minimum: Decimal = ZERO

    def fee(self, side: Side, qty: Decimal, price: Decimal) -> Decimal:
        """Return qty times the rate, at least the minimum."""
        return max(qty * self.per_share, self.minimum)

    def daily(self, fills: Sequence[Execution], day: date) -> dict[str, Decimal]:
        """Return nothing."""
        return {}


class PercentFees(msgspec.Struct, frozen=True):
    """A percentage of the fill's value."""

    percent: Decimal

    def fee(self, side: Side, qty: Decimal, price: Decimal) -> Decimal:
        """Return the percentage of qty times price."""
        return qty * price * self.percent / 100

    def daily(self, fills: Sequence[Execution], day: date) -> dict[str, Decimal]:
        """Return nothing."""
        return {}


class UsRegulatoryFees(msgspec.Struct, frozen=True):
    """What Alpaca passes on, summed by kind over the account's day, each sum up to a whole cent.

    SEC section 31 and FINRA's TAF on sales, CAT on both sides. Source: Alpaca's brokerage fee
    schedule and its page on regulatory fees. In the months of ROUNDING each fill has cents of its own.
    """

    def fee(self, side: Side, qty: Decimal, price: Decimal) -> Decimal:
        """Return 0: the day's end charges."""
        return ZERO

    def daily(self, fills: Sequence[Execution], day: date) -> dict[str, Decimal]:
        """Return the day's SEC, TAF and CAT."""
        kinds = {kind: [fee(f, day) for f in fills] for kind, fee in _KINDS.items()}
        if _rounds_each_fill(day):
            kinds = {kind: list(map(_cent_up, fees)) for kind, fees in kinds.items()}
        sums = {kind: sum(fees, ZERO) for kind, fees in kinds.items()}
        return {kind: _cent_up(fee) for kind, fee in sums.items() if fee}


def sec_fee(fill: Execution, day: date) -> Decimal:
    """Return the section 31 fee of one fill, unrounded: so much per million dollars sold."""
    rate = _in_force(SEC_SECTION_31, day)
    if fill.side is Side.BUY or rate is None:
        return ZERO
    return fill.qty * fill.price * rate.amount / 1_000_000


def taf(fill: Execution, day: date) -> Decimal:
    """Return FINRA's trading activity fee of one fill, unrounded: per share sold, capped.

    Pessimistic: the cap is by trade, and every execution is taken for a trade of its own.
    """
    rate = _in_force(TAF, day)
    if fill.side is Side.BUY or rate is None:
        return ZERO
    fee = fill.qty * rate.amount
    return fee if rate.cap is None else min(fee, rate.cap)


def cat_fee(fill: Execution, day: date) -> Decimal:
    """Return the fee for the consolidated audit trail of one fill, unrounded: per share."""
    rate = _in_force(CAT, day)
    return ZERO if rate is None else fill.qty * rate.amount


_KINDS = {"SEC": sec_fee, "TAF": taf, "CAT": cat_fee}


def _rounds_each_fill(day: date) -> bool:
    return next(row.each_fill for row in reversed(ROUNDING) if row.since <= day)


def _cent_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_CEILING)


def _in_force(rates: tuple[Rate, ...], day: date) -> Rate | None:
    return next((rate for rate in reversed(rates) if rate.since <= day), None)
