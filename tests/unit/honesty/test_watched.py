"""Lives on truncated histories, in this process: what an honest plan decides is the same on all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from liualgotrader.backtest.request import Request, Scale
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake
from liualgotrader.honesty.cuts import cuts, effective
from liualgotrader.honesty.decisions import Decision
from liualgotrader.honesty.living import live
from liualgotrader.honesty.tasks import WHOLE, Task, sources_of
from liualgotrader.honesty.truncation import renames_to_come, truncate
from tests.unit.honesty.plans import HONEST, LISTED
from tests.unit.honesty.small_lake import (
    FIRST,
    LAST,
    day_lake,
    days,
    minute_lake,
    minutes,
    plan_request,
    walk,
)

MOST = 12
TURN = '[strategies.Turn]\nfilename = "turn.py"\n'


def decided(
    request: Request, home: Path, cut: int = WHOLE, renames: Sequence[Action] = ()
) -> list[Decision]:
    """What is decided before a cut on the history under a home."""
    sources = sources_of(request)
    task = Task(request=request, sources=sources, cut=cut, scanners=False, renames=renames)
    answer = live(task, home)
    assert not answer.failures
    return answer.decisions


def check_every_cut(request: Request, home: Path, folder: Path) -> Sequence[Decision]:
    """Cut after each decision and compare; return the decisions of the whole history."""
    lake = Lake(home / "history")
    known = decided(request, home)
    moments = cuts(request, known, MOST)
    assert len(moments) > 5
    for cut in moments:
        place = folder / str(cut)
        begun = effective(request, cut)
        truncate(lake, place / "history", cut, effective=begun)
        renames = renames_to_come(lake, request.plan.session.symbols, begun)
        before = [each for each in known if each.ts < cut]
        assert decided(request, place, cut, renames) == before
    return known


@pytest.mark.parametrize(("consumers", "busy"), [(1, 1), (3, 2)])
def test_minutes_with_a_scanner(tmp_path: Path, consumers: int, busy: int) -> None:
    minute_lake(tmp_path)
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": HONEST, "listed.py": LISTED},
        plan=f'[session]\nconsumers = {consumers}\n{TURN}[scanners.Listed]\nfilename = "listed.py"\n',
    )
    known = check_every_cut(request, tmp_path, tmp_path / "cut")
    assert {each.symbol for each in known} == {"AAA", "BBB", "CCC"}
    assert {each.what for each in known} == {"submit", "cancel"}
    assert {each.terms.get("side") for each in known} == {"buy", "sell", None}
    decided_at = {each.ts for each in known if each.what == "submit"}
    assert all(each.of in decided_at for each in known if each.what == "cancel")
    assert len({each.slot for each in known}) == busy


def test_days_with_a_split(tmp_path: Path) -> None:
    day_lake(tmp_path)
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": HONEST},
        plan=f'[session]\nsymbols = ["AAA", "BBB"]\n{TURN}',
        first=date(2024, 3, 4),
        last=date(2024, 3, 28),
        scale=Scale.DAY,
    )
    known = check_every_cut(request, tmp_path, tmp_path / "cut")
    assert {each.symbol for each in known} == {"AAA", "BBB"}


def test_a_symbol_of_the_plan_that_is_listed_later(tmp_path: Path) -> None:
    lake = minute_lake(tmp_path)
    lake.write(Kind.MINUTE, "DDD", walk("DDD", minutes(days()[2:]), seed=4))
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": HONEST},
        plan=f'[session]\nsymbols = ["AAA", "DDD"]\n{TURN}',
    )
    known = check_every_cut(request, tmp_path, tmp_path / "cut")
    assert {each.symbol for each in known} == {"AAA", "DDD"}


def test_a_symbol_of_the_plan_that_has_another_name_yet(tmp_path: Path) -> None:
    lake = minute_lake(tmp_path)
    lake.write(Kind.MINUTE, "OLD", walk("OLD", minutes(days()[:2]), seed=5))
    lake.write(Kind.MINUTE, "NEW", walk("NEW", minutes(days()[2:]), seed=6))
    lake.add_actions([
        Action(LAST, "OLD", ActionKind.RENAME, new_symbol="NEW"),
        Action(days()[1].date, "OLD", ActionKind.SPLIT, Decimal(2)),
    ])  # fmt: skip
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": HONEST},
        plan=f'[session]\nsymbols = ["NEW"]\n{TURN}',
    )
    known = check_every_cut(request, tmp_path, tmp_path / "cut")
    assert {each.symbol for each in known} == {"NEW"}
    assert known[0].ts < days()[1].open < known[-1].ts


def test_what_is_refused_is_a_decision(tmp_path: Path) -> None:
    minute_lake(tmp_path)
    source = HONEST.replace("buy(bar.symbol, 100,", "buy(bar.symbol, 1_000_000,")
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": source},
        plan=f'[session]\nsymbols = ["AAA"]\n{TURN}',
    )
    known = decided(request, tmp_path)
    assert known
    refusals = [e for e in known if e.what == "refused" or "refused" in e.terms]
    assert refusals and refusals[0].strategy == "Turn" and refusals[0].symbol == "AAA"


def test_nothing_is_decided_after_the_cut(tmp_path: Path) -> None:
    minute_lake(tmp_path)
    request = plan_request(
        tmp_path / "plan",
        files={"turn.py": HONEST},
        plan=f'[session]\nsymbols = ["AAA"]\n{TURN}',
    )
    cut = days(FIRST, FIRST)[0].open + 20 * 60_000_000_000
    known = decided(request, tmp_path, cut)
    assert known and max(each.ts for each in known) < cut
    request = msgspec.structs.replace(request, last=FIRST)
    assert [e for e in decided(request, tmp_path) if e.ts < cut] == known
