"""Slippage as it was measured: per symbol and day, and none of it twice where a quote is known."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from liualgotrader.backtest.overrides import Overrides, apply
from liualgotrader.common.orders import Side
from liualgotrader.common.plan import Plan, Slippage, SlippageCost, plan_from_json, plan_to_json
from liualgotrader.common.plan_errors import PlanErrors
from liualgotrader.common.plan_file import parse_plan
from liualgotrader.session.box_arguments import box_arguments
from liualgotrader.venue.slippage import MeasuredSlippage, SymbolSlippage
from liualgotrader.venue.slippage_of_plan import slippage_of
from tests.unit.venue.a_venue import DAYS, MINUTE, ask_for, fills, make, quote, trade

FIRST, SECOND = DAYS[0].date, DAYS[1].date
SLIPPAGE = Slippage(
    model="measured",
    bps=Decimal(1),
    costs=(
        SlippageCost(symbol="A", since=SECOND, bps=Decimal(30)),
        SlippageCost(symbol="A", since=FIRST, bps=Decimal(10)),
        SlippageCost(symbol="B", since=SECOND, bps=Decimal(5)),
    ),
)


def _paid(day: int, side: Side, *, slippage: Slippage = SLIPPAGE) -> Decimal:
    """Return the price of a market order of a day, for A, which prints at 100."""
    venue = make(
        days=DAYS, slippage=slippage_of(slippage), participation=None, short_sale_test=False
    )
    for each in DAYS[:day]:
        venue.on_clock(each.post_close)
    at = DAYS[day].open + MINUTE
    venue.submit(ask_for(side), at)
    trade(venue, at + MINUTE, 100.0)
    ((_, price),) = fills(venue)
    return price


def test_takers_pay_what_was_measured_before_their_day() -> None:
    assert _paid(0, Side.BUY) == Decimal("100.10")
    assert _paid(0, Side.SELL) == Decimal("99.90")
    assert _paid(1, Side.BUY) == Decimal("100.30")
    assert _paid(2, Side.BUY) == Decimal("100.30")


def test_what_was_not_measured_pays_the_default() -> None:
    unknown = msgspec.structs.replace(SLIPPAGE, costs=SLIPPAGE.costs[:1])
    assert _paid(0, Side.BUY, slippage=unknown) == Decimal("100.01")
    nothing = Slippage(model="measured")
    assert _paid(0, Side.BUY, slippage=nothing) == 100


def test_the_far_side_of_a_quote_has_half_the_spread_in_it() -> None:
    venue = make(slippage=slippage_of(SLIPPAGE))
    at = DAYS[0].open + MINUTE
    quote(venue, at, 99.96, 100.00)
    venue.submit(ask_for(), at)
    assert fills(venue) == [(Decimal(10), Decimal("100.08"))]
    wide = SymbolSlippage(Decimal(10)).per_unit(Decimal(100), Decimal("0.50"))
    assert wide == 0


def test_a_figure_holds_from_its_day_on() -> None:
    model = slippage_of(SLIPPAGE)
    assert isinstance(model, MeasuredSlippage)
    assert model.of_day(date(2026, 6, 12)) == {}
    assert model.of_day(FIRST) == {"A": SymbolSlippage(Decimal(10))}
    assert set(model.of_day(SECOND)) == {"A", "B"}
    assert SLIPPAGE.of_day(FIRST).costs == (SLIPPAGE.costs[1],)


def _parsed(lines: str) -> Plan:
    text = f'[session]\nsymbols = ["A"]\n[strategies.cross]\nfilename = "cross.py"\n[slippage]\n{lines}\n'
    source = "class Cross(Strategy):\n    pass\n"
    return parse_plan(text, environ={}, sources=lambda name: source)


def test_a_plan_asks_for_it_and_carries_what_was_measured(tmp_path: Path) -> None:
    plan = _parsed('model = "measured"\nbps = 2')
    assert plan.slippage == Slippage(model="measured", bps=Decimal(2))
    known = msgspec.structs.replace(plan, slippage=SLIPPAGE)
    assert plan_from_json(plan_to_json(known)) == known
    assert apply(Plan(), Overrides(slippage="measured")).slippage.model == "measured"
    arguments = box_arguments(known, tmp_path, "b")
    file = Path(arguments[arguments.index("--slippage") + 1])
    assert msgspec.json.decode(file.read_bytes(), type=Slippage) == SLIPPAGE


def test_costs_are_no_key_of_the_file() -> None:
    with pytest.raises(PlanErrors, match=r"slippage\.costs"):
        _parsed('model = "measured"\ncosts = []')
