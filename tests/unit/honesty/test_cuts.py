"""Where histories are cut, and what is compared there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from liualgotrader.backtest.request import Request, Scale
from liualgotrader.common.calendar import new_york
from liualgotrader.honesty.cuts import cuts, effective, spread
from liualgotrader.honesty.decisions import Decision
from liualgotrader.honesty.lookahead import Changed, different, without_chance
from liualgotrader.honesty.suspects import suspects
from liualgotrader.honesty.tasks import Answer
from tests.unit.honesty.plans import FITTED, HONEST, PEEKS
from tests.unit.honesty.small_lake import days, plan_request

FRIDAY, MONDAY, TUESDAY = date(2024, 3, 8), date(2024, 3, 11), date(2024, 3, 12)
DAY = 86_400_000_000_000


def decision(ts: int, *, strategy: str = "A", side: str = "buy") -> Decision:
    """One order."""
    return Decision(
        ts=ts, slot="a", strategy=strategy, symbol="X", what="submit", terms={"side": side}
    )


def request(folder: Path, scale: Scale) -> Request:
    """Friday to Tuesday, with the change to daylight saving time in between."""
    plan = '[session]\nsymbols = ["X"]\n[strategies.Turn]\nfilename = "turn.py"\n'
    files = {"turn.py": HONEST}
    return plan_request(folder, files=files, plan=plan, first=FRIDAY, last=TUESDAY, scale=scale)


def test_spread_has_the_first_and_the_last() -> None:
    assert spread(range(10), 20) == list(range(10))
    assert spread(range(101), 5) == [0, 25, 50, 75, 100]
    assert spread([], 5) == []


def test_cuts_come_just_after_decisions_of_every_strategy(tmp_path: Path) -> None:
    busy = [decision(ts) for ts in range(1_000, 2_001)]
    rare = [decision(ts, strategy="B") for ts in (500, 1_500)]
    asked = request(tmp_path, Scale.MINUTE)
    assert cuts(asked, busy, 3) == [1_001, 1_501, 2_001]
    assert cuts(asked, [*busy, *rare], 6) == [501, 1_001, 1_501, 2_001]
    assert cuts(asked, [], 12) == [each.close + 1 for each in days(FRIDAY, TUESDAY)]


def test_by_the_day_cuts_are_ends_of_day_bars(tmp_path: Path) -> None:
    asked = request(tmp_path, Scale.DAY)
    ends = [new_york(day) + DAY for day in (FRIDAY, MONDAY, TUESDAY)]
    noon = days(FRIDAY, FRIDAY)[0].open
    assert cuts(asked, [decision(noon), decision(ends[0]), decision(ends[1])], 12) == [
        ends[0] + 1,
        ends[1] + 1,
    ]
    # Monday's actions have taken effect when Friday's bar is seen, for Monday has begun.
    assert effective(asked, ends[0] + 1) == new_york(MONDAY) + 1
    assert effective(asked, ends[1] + 1) == new_york(TUESDAY) + 1
    assert effective(asked, ends[2] + 1) == ends[2] + 1
    assert effective(request(tmp_path, Scale.MINUTE), 12) == 12


def test_what_differs_stands_side_by_side() -> None:
    one, other, third = decision(1), decision(1, side="sell"), decision(2)
    assert different([one, third], [one, third]) == []
    assert different([one, third], [other]) == [(one, other), (third, None)]
    assert different([], [third]) == [(None, third)]


def test_what_is_not_the_same_twice_is_chance() -> None:
    known = [decision(1), decision(2)]
    changed = [
        Changed(
            cut=3,
            ts=each.ts,
            strategy=each.strategy,
            symbol=each.symbol,
            with_future=each,
            without_future=None,
            hint="look at a.py:1",
        )
        for each in known
    ]
    again = Answer(decisions=[decision(1), decision(2, side="sell")])
    hints = [each.hint for each in without_chance(changed, Answer(decisions=known), again)]
    assert hints[0] == "look at a.py:1"
    assert hints[1].startswith("it is not the same twice on the whole history either: chance")


def test_suspects_are_lines_that_bring_in_more_than_the_engine_gives() -> None:
    assert suspects({"honest.py": HONEST, "liualgotrader.x": PEEKS}) == ""
    assert suspects({"peek.py": PEEKS}) == (
        'peek.py:14: files = Path(os.environ["LIU_HOME"], "history", "minute", "AAA").glob("*.parquet"), '
        "peek.py:15: frame = pd.concat([pd.read_parquet(file) for file in files]), "
        'peek.py:16: frame["next"] = frame["close"].shift(-1)'
    )
    assert suspects({"fitted.py": FITTED}).startswith("fitted.py:8: LAKE = ")
    assert suspects({"broken.py": "def ("}) == ""
