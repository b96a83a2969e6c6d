"""The fees that were billed on their days, by tests/venue_cases/by_date/fees.toml."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.orders import Side
from liualgotrader.venue.fee_tables import CAT, SEC_SECTION_31, TAF
from liualgotrader.venue.fees import UsRegulatoryFees
from liualgotrader.venue.orders import Execution
from tests.unit.venue.rules_of_the_day import Case, cases, facts, numbers

_ELSEWHERE = {"cat_otc_share_is_a_hundredth": "no OTC share is traded here"}
_KINDS = ("sec", "taf", "cat")


def _fill(fields: dict[str, str]) -> Execution:
    return Execution(
        execution_id="x",
        order_id="o",
        client_id="c",
        symbol="AAA",
        side=Side.BUY if fields["side"] == "buy" else Side.SELL,
        qty=Decimal(fields["qty"]),
        price=Decimal(fields["price"]),
        fee=Decimal(0),
        ts=0,
    )


def _billed(fills: list[dict[str, str]], day: date) -> dict[str, Decimal]:
    daily = UsRegulatoryFees().daily([_fill(fields) for fields in fills], day)
    return {kind: daily.get(kind.upper(), Decimal(0)) for kind in _KINDS}


def _days(given: dict[str, Any]) -> list[tuple[date, list[dict[str, str]]]]:
    """Return the bills of a case: a day and its fills each."""
    fills = given.get("fills") or [given.get("each")] * given.get("fills_count", 1)
    if "quantities" in given:
        sales = [
            {"side": "sell", "qty": qty, "price": given["price"]} for qty in given["quantities"]
        ]
        return [(given["date"], [sale]) for sale in sales]
    if "dates" in given:
        return [(day, fills) for day in given["dates"]]
    if "date" in given:
        return [(given["date"], fills)]
    return [(day, [f for f in fills if f["date"] == day]) for day in {f["date"] for f in fills}]


@pytest.mark.parametrize("case", cases("fees", elsewhere=_ELSEWHERE))
def test_a_day_is_billed_so(case: Case) -> None:
    bills = [_billed(fills, day) for day, fills in _days(case["given"])]
    totals = Counter[str]()
    for bill in bills:
        totals.update(bill)
    expect = numbers(case["expect"])
    for kind in _KINDS:
        if isinstance(expect.get(kind), list):
            assert [bill[kind] for bill in bills] == expect[kind]
        elif kind in expect or f"{kind}_total" in expect:
            assert totals[kind] == expect.get(kind, expect.get(f"{kind}_total"))
    if "total" in expect:
        assert sum(totals.values()) == expect["total"]


@pytest.mark.parametrize(
    ("table", "rates", "unit"),
    [
        ("sec_fee", SEC_SECTION_31, "per_million"),
        ("taf", TAF, "per_share"),
        ("cat", CAT, "per_share"),
    ],
)
def test_the_tables_hold_every_rate_on_file(table: str, rates: Any, unit: str) -> None:
    rows = [row for row in facts("fees")[table] if "from" in row]
    ours = {rate.since: rate for rate in rates}
    for row in rows:
        rate = ours[row["from"]]
        assert rate.amount == Decimal(row[unit])
        assert (rate.cap or Decimal(0)) == Decimal(row.get("cap", 0))
