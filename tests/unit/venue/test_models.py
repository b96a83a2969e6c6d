"""Fee and slippage models that the cases do not name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side
from liualgotrader.venue.fees import PercentFees, PerShareFees, UsRegulatoryFees
from liualgotrader.venue.orders import Execution
from liualgotrader.venue.slippage import SpreadSlippage, slipped

AAPL = Instrument("AAPL")


def _sale(qty: str, price: str) -> Execution:
    return Execution(
        execution_id="x",
        order_id="o",
        client_id="c",
        symbol="AAPL",
        side=Side.SELL,
        qty=Decimal(qty),
        price=Decimal(price),
        fee=Decimal(0),
        ts=0,
    )


def test_per_share_fees_have_a_minimum() -> None:
    model = PerShareFees(Decimal("0.005"), minimum=Decimal(1))
    assert model.fee(Side.BUY, Decimal(100), Decimal(50)) == 1
    assert model.fee(Side.BUY, Decimal(1000), Decimal(50)) == 5


def test_percent_fees_are_a_share_of_the_value() -> None:
    assert PercentFees(Decimal("0.25")).fee(Side.SELL, Decimal(10), Decimal(40)) == 1


def test_regulatory_fees_before_the_tables_begin_are_nothing() -> None:
    assert UsRegulatoryFees().daily([_sale("100", "50")], date(2010, 1, 4)) == {}


def test_regulatory_fees_are_told_by_kind() -> None:
    fees = UsRegulatoryFees().daily([_sale("100", "50")], date(2026, 6, 15))
    assert fees == {"SEC": Decimal("0.11"), "TAF": Decimal("0.02"), "CAT": Decimal("0.01")}


def test_spread_slippage_takes_its_share_of_the_spread() -> None:
    assert SpreadSlippage().per_unit(Decimal(50), Decimal("0.04")) == Decimal("0.02")


def test_spread_slippage_without_a_quote_still_costs() -> None:
    assert SpreadSlippage(fallback_bps=Decimal(2)).per_unit(Decimal(50), None) == Decimal("0.01")


@pytest.mark.parametrize(
    ("side", "worse_by", "limit", "paid"),
    [
        (Side.BUY, "0.013", None, "50.02"),
        (Side.SELL, "0.013", None, "49.98"),
        (Side.BUY, "0.50", "50.10", "50.10"),
        (Side.SELL, "0.50", "49.90", "49.90"),
        (Side.SELL, "60", None, "0.0001"),
    ],
)
def test_slippage_rounds_against_the_order_and_keeps_its_limit(
    side: Side,
    worse_by: str,
    limit: str | None,
    paid: str,
) -> None:
    price = slipped(
        side,
        Decimal("50.00"),
        worse_by=Decimal(worse_by),
        limit=None if limit is None else Decimal(limit),
        instrument=AAPL,
    )
    assert price == Decimal(paid)
