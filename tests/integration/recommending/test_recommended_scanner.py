"""The scanner `recommended` in a backtest and in a session's process: what was known the day before, no more."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import pytest

from liualgotrader import scanners_runner
from liualgotrader.backtest.course import NOWHERE
from liualgotrader.bootstrap import SessionConfig
from liualgotrader.common.calendar import us_equities
from liualgotrader.common.plan import Plan
from liualgotrader.data.lake import Kind, Lake, Rows
from liualgotrader.data.lake.days import day_start
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.models.recommendation_store import RecommendationStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.scanners_runner import ScannersProcess
from liualgotrader.scripts.backtest import backtest
from liualgotrader.scripts.exits import run
from liualgotrader.session.child import Control
from liualgotrader.session.messages import Message
from tests.integration.models.test_recommendation_store import ROW
from tests.integration.recommending.test_recommend_command import rows
from tests.postgres import run as complete
from tests.unit.scanners.test_recommended import Assets

DAYS = us_equities().sessions(date(2024, 3, 4), date(2024, 3, 15))
ONCE = """
from typing import ClassVar

from liualgotrader import Bar, Context, Strategy
from liualgotrader.strategies.base import StrategyType


class Once(Strategy):
    type: ClassVar[StrategyType] = StrategyType.SWING

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        if not (ctx.warming_up or ctx.position(bar.symbol) or ctx.orders(bar.symbol)):
            ctx.buy(bar.symbol, 1)
"""
PLAN = """
[session]
test_scanners = true

[scanners.recommended]
strategy = "once"
scale = "day"

[strategies.once]
class_name = "Once"
filename = "once.py"
"""


@pytest.fixture
def plan(home: Path, tmp_path: Path) -> Plan:
    """A plan over a lake of two symbols, of which AAA is recommended through 6 March."""
    lake = Lake(home / "history")
    start = np.array([day_start("AAA", day.date) for day in DAYS])
    column = np.full(len(DAYS), 50.0)
    for symbol in ("AAA", "BBB"):
        lake.write(Kind.DAY, symbol, Rows(symbol, start, (column,) * 4 + (column * 1_000,)))
    (tmp_path / "once.py").write_text(ONCE)
    (tmp_path / "tradeplan.toml").write_text(PLAN)
    row = msgspec.structs.replace(ROW, symbol="AAA", strategy="once", through=date(2024, 3, 6))

    async def save() -> None:
        async with await RecommendationStore.open(os.environ["DSN"], max_size=1) as store:
            await store.save(row)
            await store.save(msgspec.structs.replace(row, symbol="BBB", through=DAYS[-1].date))

    complete(save())
    return read_plan(tmp_path / "tradeplan.toml", environ={})


@pytest.mark.usefixtures("plan")
def test_a_backtest_trades_it_from_the_day_after_on() -> None:
    days = ["--from", "2024-03-04", "--to", "2024-03-15", "--scale", "day"]
    assert run(backtest, days) == 0
    bought = rows(
        "symbol, (to_timestamp(decided_ns / 1e9) AT TIME ZONE 'UTC')::date::text", "orders"
    )
    # Picked at the open of the 7th; its bar is complete at midnight, which is the 8th in UTC.
    assert bought == [("AAA", "2024-03-08")]


class Told:
    """The supervisor's end."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def say(self, message: Message) -> None:
        """Hear."""
        self.messages.append(message)


@pytest.mark.parametrize(("day", "picked"), [(6, []), (7, ["AAA"])])
def test_a_session_picks_it_from_the_day_after_on(
    plan: Plan, day: int, picked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = us_equities().session(date(2024, 3, day))
    config = SessionConfig(
        batch_id="0a1b2c3d-0000",
        plan=plan,
        sources={},
        dsn=os.environ["DSN"],
        home="",
        endpoints=NOWHERE,
        slots=("A",),
        session_open=session.open,
        session_close=session.close,
        account_id=0,
    )
    monkeypatch.setattr(scanners_runner, "make_data", lambda _: Assets(["AAA", "BBB"]))

    async def scan() -> list[str]:
        async with await SessionStore.open(config.dsn, max_size=2) as store:
            await store.create_batch(
                config.batch_id, environment="SIMULATED", mode="simulated", build="1"
            )
            told = Told()
            process = ScannersProcess(config, cast(Control, told), store)
            await process._scan(0, session.open)
            assert told.messages == []
            return [each.symbol for each in await store.load_picks(config.batch_id)]

    assert complete(scan()) == picked
