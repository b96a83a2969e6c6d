"""What is tried in the place of what was recorded, and what stays."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Channel, Fees, Limits, Plan, SessionPlan, StrategyPlan
from liualgotrader.what_if.living import Task, live
from liualgotrader.what_if.selection import Selection
from liualgotrader.what_if.variants import Change, on_recorded_market, unheard_channels, variants
from tests.unit.replaying.recorded import OPEN, SECOND, SOURCE, record, recording

PART = StrategyPlan(name="watcher", class_name="Watcher", filename="watcher.py")


def test_the_recorded_code_is_kept_where_only_a_parameter_changes(tmp_path: Path) -> None:
    found = recording(tmp_path, record(tmp_path))
    unchanged, changed = variants(found, Change(parameters=("watcher.size=7",), latency=50))
    assert unchanged.sources == changed.sources == {"watcher.py": SOURCE}
    assert unchanged.plan.strategies == (PART,)
    assert changed.plan.strategies == (replace(PART, parameters={"size": 7}),)
    assert unchanged.plan.session.latency == changed.plan.session.latency == 50


def test_a_file_that_is_gone_is_named_with_the_next_step(tmp_path: Path) -> None:
    found = recording(tmp_path, record(tmp_path))
    with pytest.raises(ConfigError, match=r"^watcher\.py: the file of strategy watcher is gone"):
        variants(found, Change(current=True))


def test_another_plan_brings_strategies_and_limits_not_the_market_and_not_the_venue() -> None:
    recorded = Plan(
        session=SessionPlan(latency=200, consumers=3), fees=Fees(model="none"), participation=0.5
    )
    other = Plan(
        session=SessionPlan(latency=900),
        strategies=(PART,),
        limits=Limits(max_order=Decimal(5)),
        portfolio_value=Decimal(7),
    )
    plan = on_recorded_market(other, recorded)
    assert (plan.session, plan.fees, plan.participation) == (
        recorded.session,
        recorded.fees,
        0.5,
    )
    assert unheard_channels(recorded, None) == []
    listens = replace(other, session=SessionPlan(events=(Channel.QUOTES, Channel.TRADES)))
    assert unheard_channels(recorded, listens) == ["quotes"]
    assert (plan.strategies, plan.limits, plan.portfolio_value) == (
        (PART,),
        other.limits,
        Decimal(7),
    )


def test_what_is_played_begins_as_recorded_and_fills_at_the_venue(tmp_path: Path) -> None:
    found = recording(tmp_path, record(tmp_path, prints=5))
    task = Task(
        recording=found,
        variant=variants(found, Change())[0],
        selection=Selection(),
        home=str(tmp_path),
        batch_id="12345678-x",
        debug=("AAA",),
    )
    ran = live(task)
    again = live(task)
    assert again.told == ran.told, "its module begins anew"
    # The prints rise by a dollar a second, and each is bid for: half a second later it is too low.
    assert [order.decided_at for order in ran.books.orders] == [
        OPEN + (100 + second) * SECOND for second in range(1, 6)
    ]
    assert [order.limit for order in ran.books.orders] == [11, 12, 13, 14, 15]
    assert ran.books.executions == []
    assert (ran.cash, ran.equity) == (Decimal(10_000), Decimal(10_000))
    assert [each.reason for each in ran.told] == [f"print {n}" for n in range(1, 6)]
    assert str(ran.told[0]).startswith("17:15:01.000 New York  watcher A-0000001  AAA  buy 1 at ")
