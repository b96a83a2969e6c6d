"""One strategy on one symbol: what it earned day by day, and what went wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from liualgotrader.backtest.request import Request, Scale
from liualgotrader.common.plan import Fees, Plan, SessionPlan, StrategyPlan
from liualgotrader.data.lake import Action, ActionKind, Lake
from liualgotrader.recommending.past import find_past
from liualgotrader.recommending.running import Job, run_job
from tests.unit.recommending.test_past import DAYS, by_day, never

FILE = '''
from typing import ClassVar

from liualgotrader import Bar, Context, Strategy
from liualgotrader.strategies.base import StrategyType


class Once(Strategy):
    """Buy on the first day, sell on the third."""

    type: ClassVar[StrategyType] = StrategyType.SWING

    def on_start(self, ctx: Context) -> None:
        self.days = 0

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        self.days += 1
        if self.days == 1:
            ctx.buy(bar.symbol, 100)
        elif self.days == 3:
            ctx.close(bar.symbol)


class Raises(Strategy):
    def on_bar(self, ctx: Context, bar: Bar) -> None:
        raise ValueError("cannot")
'''


def job(folder: Path, class_name: str) -> Job:
    lake = Lake(folder / "history")
    by_day(lake, "AAA", [100.0, 110.0, 55.0, 54.0, 54.0])
    lake.add_actions([Action(DAYS[2].date, "AAA", ActionKind.SPLIT, Decimal(2))])
    (folder / "mine.py").write_text(FILE)
    part = StrategyPlan(name="mine", class_name=class_name, filename=str(folder / "mine.py"))
    plan = Plan(session=SessionPlan(symbols=("AAA",)), strategies=(part,), fees=Fees(model="none"))
    past = find_past("AAA", lake, None, never)
    request = Request(plan=plan, first=past.first, last=past.last, scale=Scale.DAY)
    return Job(request=request, root=past.root, sources={part.filename: FILE})


def test_returns_are_of_the_whole_account_and_trades_count_where_they_end(tmp_path: Path) -> None:
    ran = run_job(job(tmp_path, "Once"))
    assert (ran.symbol, ran.strategy, ran.failure, ran.done) == ("AAA", "mine", "", True)
    # 100 bought at 110, 200 since the split, sold at 54 on the fourth day.
    assert ran.returns == pytest.approx([0, 0, 0, -200 / 100_000, 0], abs=1e-12)
    assert ran.closed == [0, 0, 0, 1, 0]


def test_one_that_raises_says_so(tmp_path: Path) -> None:
    ran = run_job(job(tmp_path, "Raises"))
    assert "strategy mine is disabled" in ran.failure and "ValueError: cannot" in ran.failure
    assert ran.returns == []


def test_one_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    ran = run_job(job(tmp_path, "Nobody"))
    assert "defines no class Nobody" in ran.failure


def test_one_that_is_interrupted_tells_nothing(tmp_path: Path) -> None:
    seen: list[date] = []

    def goes_on() -> bool:
        seen.append(date.min)
        return len(seen) < 2

    ran = run_job(job(tmp_path, "Once"), goes_on)
    assert (ran.done, ran.returns, ran.failure) == (False, [], "")
