"""Orders that could meet each other, by tests/venue_cases/by_date/wash_trades.toml."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from liualgotrader.common.orders import OrderType
from liualgotrader.venue.orders import STOPS
from tests.unit.venue.orders_by_date import NOON, answer, at_work, says
from tests.unit.venue.rules_of_the_day import Case, cases, facts, one_case

_ELSEWHERE = {
    "two_stop_limits_crossing_or_not": "two samples, below",
    "pending_cancel_still_blocks": "a cancel takes effect at once here; what is on its way is the box's",
    "old_code_of_january_2024": "the words of January 2024 are not spoken",
    "bracket_is_exempt": "below: one order becomes three",
}
_TABLE = facts("wash_trades")["table"]
_PAIRS = [
    (open_order, new, verdict)
    for open_order, row in _TABLE.items()
    if open_order not in ("source", "status")
    for new, verdict in row.items()
]


def _named(expect: dict[str, Any]) -> dict[str, Any]:
    """Name the blocking order as this venue does, where ids are numbers in a row."""
    return {k: v for k, v in expect.items() if k != "existing_order_id"}


@pytest.mark.parametrize("case", cases("wash_trades", elsewhere=_ELSEWHERE))
def test_an_order_is_taken_or_refused_in_these_words(case: Case) -> None:
    given, expect = case["given"], case["expect"]
    venue = at_work(given)
    refusal = answer(venue, given["new"])
    assert says(refusal, _named(expect)), refusal
    if "existing_order_id" in expect:
        assert refusal is not None
        blocking = venue.order(refusal.details["existing_order_id"])
        assert blocking is not None
        assert blocking.client_id == expect["existing_order_id"]
        details = {"code": refusal.code, "message": refusal.message, **refusal.details}
        assert sorted(details) == facts("wash_trades")["refusal"]["fields_in_order"]


def test_a_bracket_is_one_order_to_the_check() -> None:
    given, expect = one_case("wash_trades", "bracket_is_exempt")
    venue = at_work(given)
    assert answer(venue, given["new"]) is None
    assert len(venue.orders()) == expect["orders_created"]


def test_of_two_stop_limits_the_limits_are_compared() -> None:
    given, expect = one_case("wash_trades", "two_stop_limits_crossing_or_not")
    for sample, accepted in zip(given["samples"], expect["accepted"], strict=True):
        # A sell stop stands below the market and a buy stop above, so the two are told apart by limits.
        price = "150" if sample["open"]["side"] == "sell" else "50"
        venue = at_work(
            {"position_qty": "10", "open": [{**sample["open"], "qty": "10"}]}, price=price
        )
        venue.account.market.marks["AAA"] = Decimal("100")
        assert (answer(venue, {**sample["new"], "qty": "5"}) is None) is accepted


def _order(name: str, *, crossing: bool) -> dict[str, Any]:
    kind, side = name.split()
    fields: dict[str, Any] = {"side": side, "type": kind, "qty": "5"}
    if "limit" in kind:
        far = "120.00" if side == "buy" else "90.00"
        near = "90.00" if side == "buy" else "120.00"
        fields["limit_price"] = far if crossing else near
    if OrderType(kind) in STOPS:
        fields["stop_price"] = "110.00" if side == "buy" else "95.00"
    return fields


@pytest.mark.parametrize("crossing", [True, False])
@pytest.mark.parametrize(("open_order", "new", "verdict"), _PAIRS)
def test_each_of_the_32_pairs(open_order: str, new: str, verdict: str, crossing: bool) -> None:
    fields = _order(open_order, crossing=crossing)
    venue = at_work({"position_qty": "50", "open": [fields]})
    refusal = answer(venue, _order(new, crossing=crossing), NOON + 1)
    assert (refusal is not None) == (verdict == "always" or crossing), refusal
    if refusal is not None:
        assert refusal.message == "potential wash trade detected. use complex orders"


def test_all_pairs_are_there() -> None:
    kinds = ("market", "stop", "limit", "stop_limit")
    pairs = set(product(kinds, kinds, ("buy", "sell")))
    assert len(_PAIRS) == len(pairs)
