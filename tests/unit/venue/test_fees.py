"""What the SEC and FINRA have taken, day by day as they announced it, and how a day is summed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from liualgotrader.common.orders import Side
from liualgotrader.venue.fees import (
    NoFees,
    PercentFees,
    PerShareFees,
    UsRegulatoryFees,
    cat_fee,
    sec_fee,
    taf,
)
from liualgotrader.venue.orders import Execution


def _fill(side: Side, qty: str, price: str = "1") -> Execution:
    return Execution(
        execution_id="x",
        order_id="o",
        client_id="c",
        symbol="AAPL",
        side=side,
        qty=Decimal(qty),
        price=Decimal(price),
        fee=Decimal(0),
        ts=0,
    )


@pytest.mark.parametrize(
    ("since", "before", "dollars_a_million"),
    [
        ("2011-01-21", "0", "19.20"),
        ("2012-02-21", "19.20", "18.00"),
        ("2012-04-01", "18.00", "22.40"),
        ("2013-05-25", "22.40", "17.40"),
        ("2014-03-18", "17.40", "22.10"),
        ("2015-02-14", "22.10", "18.40"),
        ("2016-02-16", "18.40", "21.80"),
        ("2017-07-04", "21.80", "23.10"),
        ("2018-05-22", "23.10", "13.00"),
        ("2019-04-16", "13.00", "20.70"),
        ("2020-02-18", "20.70", "22.10"),
        ("2021-02-25", "22.10", "5.10"),
        ("2022-05-14", "5.10", "22.90"),
        ("2023-02-27", "22.90", "8.00"),
        ("2024-05-22", "8.00", "27.80"),
        ("2025-05-14", "27.80", "0"),
        ("2026-04-04", "0", "20.60"),
    ],
)
def test_section_31_takes_so_many_dollars_of_a_million_sold(
    since: str,
    before: str,
    dollars_a_million: str,
) -> None:
    day, sale = date.fromisoformat(since), _fill(Side.SELL, "20000", "50")
    assert sec_fee(sale, day) == Decimal(dollars_a_million)
    assert sec_fee(sale, day - timedelta(days=1)) == Decimal(before)
    assert sec_fee(_fill(Side.BUY, "20000", "50"), day) == 0


@pytest.mark.parametrize(
    ("since", "before", "for_ten_thousand", "most"),
    [
        ("2011-07-01", "0", "0.90", "4.50"),
        ("2012-03-01", "0.90", "0.95", "4.75"),
        ("2012-07-01", "0.95", "1.19", "5.95"),
        ("2022-01-01", "1.19", "1.30", "6.49"),
        ("2023-01-01", "1.30", "1.45", "7.27"),
        ("2024-01-01", "1.45", "1.66", "8.30"),
        ("2026-01-01", "1.66", "1.95", "9.79"),
        ("2026-10-01", "1.95", "0", "0"),
        ("2027-01-01", "0", "1.95", "9.79"),
    ],
)
def test_the_trading_activity_fee_is_by_the_share_sold_and_has_a_most(
    since: str,
    before: str,
    for_ten_thousand: str,
    most: str,
) -> None:
    day, sale = date.fromisoformat(since), _fill(Side.SELL, "10000")
    assert taf(sale, day) == Decimal(for_ten_thousand)
    assert taf(sale, day - timedelta(days=1)) == Decimal(before)
    assert taf(_fill(Side.SELL, "1000000"), day) == Decimal(most)
    assert taf(_fill(Side.BUY, "10000"), day) == 0


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("since", "before", "for_a_million"),
    [("2024-09-01", "0", "26.5"), ("2025-12-01", "26.5", "0"), ("2026-05-01", "0", "3")],
)
def test_the_audit_trail_is_paid_on_both_sides(
    side: Side, since: str, before: str, for_a_million: str
) -> None:
    day, fill = date.fromisoformat(since), _fill(side, "1000000")
    assert cat_fee(fill, day) == Decimal(for_a_million)
    assert cat_fee(fill, day - timedelta(days=1)) == Decimal(before)


def test_a_day_s_fees_are_summed_before_they_are_rounded_up() -> None:
    day = date(2026, 6, 15)
    # 50 shares of 100 dollars are 0.103 to the SEC, 0.00975 of TAF and 0.00015 of CAT.
    sales = [_fill(Side.SELL, "50", "100")] * 3
    assert UsRegulatoryFees().daily(sales[:1], day) == {
        "SEC": Decimal("0.11"),
        "TAF": Decimal("0.01"),
        "CAT": Decimal("0.01"),
    }
    assert UsRegulatoryFees().daily(sales, day) == {
        "SEC": Decimal("0.31"),
        "TAF": Decimal("0.03"),
        "CAT": Decimal("0.01"),
    }


def test_a_purchase_pays_the_audit_trail_alone() -> None:
    fees = UsRegulatoryFees().daily([_fill(Side.BUY, "5000", "100")], date(2026, 6, 15))
    assert fees == {"CAT": Decimal("0.02")}


def test_a_day_without_trades_costs_nothing() -> None:
    assert UsRegulatoryFees().daily([], date(2026, 6, 15)) == {}


def test_fees_are_taken_at_once_or_by_the_day_but_not_both() -> None:
    qty, price, day = Decimal(100), Decimal(50), date(2026, 6, 15)
    sales = [_fill(Side.SELL, "100", "50")]
    assert UsRegulatoryFees().fee(Side.SELL, qty, price) == 0
    assert NoFees().fee(Side.SELL, qty, price) == 0
    assert PerShareFees(Decimal("0.005")).fee(Side.SELL, Decimal(10), price) == Decimal("0.05")
    assert PercentFees(Decimal("0.2")).fee(Side.BUY, qty, price) == 10
    for model in (NoFees(), PerShareFees(Decimal(1)), PercentFees(Decimal(1))):
        assert model.daily(sales, day) == {}
