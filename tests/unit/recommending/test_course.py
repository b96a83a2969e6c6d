"""From what is asked to what is found, the runs in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan, StrategyPlan
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake
from liualgotrader.data.lake.days import day_start
from liualgotrader.recommending import course
from liualgotrader.recommending.course import Asked, find, subjects
from liualgotrader.recommending.discovery import Sorted, sort_out
from liualgotrader.recommending.findings import Finding
from liualgotrader.recommending.keeping import row_of
from liualgotrader.recommending.running import Job, Ran, run_job
from tests.unit.honesty.small_lake import walk
from tests.unit.recommending.test_past import never

SESSIONS = us_equities().sessions(date(2022, 1, 3), date(2023, 6, 30))
THROUGH = date(2023, 3, 31)
SWITCH = '''
from typing import ClassVar

from liualgotrader import Bar, Context, Strategy
from liualgotrader.strategies.base import StrategyType


class Switch(Strategy):
    """In after a rise, out after a fall, or the other way round."""

    type: ClassVar[StrategyType] = StrategyType.SWING

    against: bool = False

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        if ctx.warming_up or ctx.orders(bar.symbol):
            return
        if (bar.close > bar.open) is not self.against:
            if not ctx.position(bar.symbol):
                ctx.buy(bar.symbol, 100)
        else:
            ctx.close(bar.symbol)
'''


def lake_of(home: Path, sessions: Sequence[object], *actions: Action) -> Lake:
    lake = Lake(home / "history")
    start = np.array([day_start("AAA", s.date) for s in SESSIONS[: len(sessions)]], np.int64)
    for seed, symbol in enumerate(("AAA", "BBB"), 1):
        rows = walk(symbol, np.array([day_start("AAA", s.date) for s in SESSIONS]), seed=seed)
        lake.write(Kind.DAY, symbol, rows.cut(0, len(start)))
    lake.add_actions(actions)
    return lake


@pytest.fixture
def strategies(tmp_path: Path) -> Sorted:
    path = tmp_path / "switch.py"
    path.write_text(SWITCH)
    parts = [
        StrategyPlan(
            name=name, class_name="Switch", filename=str(path), parameters={"against": against}
        )
        for name, against in (("with_it", False), ("against_it", True))
    ]
    return sort_out(parts, Plan())


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run jobs in this process, the last one first: their order must not matter."""

    def run_here(jobs: Sequence[Job], is_interrupted: Callable[[], bool]) -> Iterator[Ran]:
        for job in reversed(jobs):
            if not is_interrupted():
                yield run_job(job)

    monkeypatch.setattr(course, "run_jobs", run_here)


def found(home: Path, strategies: Sorted, *symbols: str, last: date | None = None) -> list[Finding]:
    asked = Asked(symbols=symbols, plan=Plan(), last=last)
    return list(find(subjects(asked, home, never), asked, strategies))


def test_nothing_after_the_last_day_changes_what_is_found(
    tmp_path: Path, strategies: Sorted
) -> None:
    past = Action(date(2022, 6, 6), "AAA", ActionKind.DIVIDEND, Decimal("0.5"))
    later = [
        Action(date(2023, 4, 10), "AAA", ActionKind.SPLIT, Decimal(2)),
        Action(date(2023, 5, 10), "AAA", ActionKind.DIVIDEND, Decimal(1)),
        Action(date(2023, 6, 12), "AAA", ActionKind.DELISTED),
    ]
    known = [session for session in SESSIONS if session.date <= THROUGH]
    lake_of(tmp_path / "then", known, past)
    lake_of(tmp_path / "now", SESSIONS, past, *later)
    (then,) = found(tmp_path / "then", strategies, "AAA")
    (now,) = found(tmp_path / "now", strategies, "AAA", last=THROUGH)
    assert then == now
    assert then.through == THROUGH
    assert [each.all_trades > 30 for each in then.tried] == [True, True]


def test_symbols_and_strategies_do_not_meet(tmp_path: Path, strategies: Sorted) -> None:
    lake_of(tmp_path, SESSIONS)
    both = {each.symbol: each for each in found(tmp_path, strategies, "AAA", "BBB")}
    assert [both["AAA"]] == found(tmp_path, strategies, "AAA")
    alone = strategies._replace(fit=strategies.fit[:1])
    (one,) = found(tmp_path, alone, "AAA")
    assert one.tried[0].figures == both["AAA"].tried[0].figures
    assert one.code != both["AAA"].code and one.data == both["AAA"].data


def test_what_is_kept_names_a_strategy_only_with_a_confidence(
    tmp_path: Path, strategies: Sorted
) -> None:
    lake_of(tmp_path, SESSIONS)
    (finding,) = found(tmp_path, strategies, "AAA")
    row = row_of(finding)
    assert (row.strategy is None) is (row.confidence is None) is (finding.confidence is None)
    assert (row.through, row.verdict, len(row.folds)) == (SESSIONS[-1].date, finding.verdict, 5)
    first, second = row.folds[:2]
    assert (first["first"], first["chosen"], first["followed"]) == ("2022-01-03", None, None)
    assert second["returns"].keys() == {"with_it", "against_it"}
    assert sum(each.chosen for each in finding.tried) == sum(
        part.chosen is not None for part in finding.parts
    )


def test_a_symbol_is_found_only_once_all_were_tried_on_it(
    tmp_path: Path, strategies: Sorted
) -> None:
    lake_of(tmp_path, SESSIONS)
    asked = Asked(symbols=("AAA", "BBB"), plan=Plan())
    ran: list[Ran] = []
    findings = find(
        subjects(asked, tmp_path, never),
        asked,
        strategies,
        is_interrupted=lambda: len(ran) > 2,
        show=ran.append,
    )
    assert [each.symbol for each in findings] == ["BBB"]
    assert [(each.symbol, each.strategy) for each in ran] == [
        ("BBB", "against_it"),
        ("BBB", "with_it"),
        ("AAA", "against_it"),
    ]


def test_without_a_strategy_that_can_be_tried_it_says_so(tmp_path: Path) -> None:
    lake_of(tmp_path, SESSIONS)
    nothing = Sorted([], {"pair": "it decides over several symbols at once"}, {"bad": "no"}, {})
    (finding,) = found(tmp_path, nothing, "AAA")
    assert (finding.verdict, finding.why) == ("unclear", "no strategy could be tried")
    assert (list(finding.left_out), finding.failed) == (["pair"], {"bad": "no"})


def test_more_parts_than_days_are_refused(tmp_path: Path) -> None:
    lake_of(tmp_path, SESSIONS[:3])
    asked = Asked(symbols=("AAA",), plan=Plan(), folds=4)
    with pytest.raises(ConfigError, match="--folds 4: there are 3 days of AAA by the day"):
        subjects(asked, tmp_path, never)


def test_each_has_the_cash_and_the_terms_that_are_asked_for(tmp_path: Path) -> None:
    lake_of(tmp_path, SESSIONS)
    asked = Asked(symbols=("AAA",), plan=Plan(risk=0.02), cash=Decimal(5_000))
    (subject,) = subjects(asked, tmp_path, never)
    plan = subject.request.plan
    assert (plan.risk, plan.session.symbols) == (0.02, ("AAA",))
    assert plan.portfolio_value == 5_000
    assert subject.request.opening_cash == 5_000
