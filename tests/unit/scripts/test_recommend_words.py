"""A finding as it is read: what is said of each strategy, and of all."""

from __future__ import annotations

from datetime import date
from math import inf

import msgspec

from liualgotrader.recommending.figures import Figures
from liualgotrader.recommending.findings import Finding, Part, Sureness, Tried, Verdict
from liualgotrader.recommending.metric import Metric
from liualgotrader.scripts.recommend_words import as_value, lines

SOME = Figures(total_return=0.1234, growth=0.05, sharpe=1.5, drawdown=-0.2)
NOTHING = Figures(total_return=0.0, growth=None, sharpe=None, drawdown=0.0)


def tried(name: str, figures: Figures = SOME, **more: object) -> Tried:
    values = {"trades": 40, "all_trades": 50, "score": 1.4, "ranks": [1, 2], "chosen": 1, **more}
    return Tried(name=name, figures=figures, **values)  # type: ignore[arg-type]


def part(month: int, chosen: str | None) -> Part:
    day = date(2024, month, 1)
    return Part(first=day, last=day, returns={}, scores={}, held=0.0, chosen=chosen, followed=0.0)


FINDING = Finding(
    symbol="AAPL",
    scale="minute",
    metric=Metric.SHARPE,
    first=date(2024, 1, 1),
    through=date(2024, 2, 1),
    days=1_234,
    bundled=False,
    tried=[
        tried("idle", NOTHING, all_trades=0, score=0.0, ranks=[None, None]),
        tried("worse", score=1.0, ranks=[2, 1]),
        tried("best"),
        tried("holds", all_trades=0, trades=0, score=0.5, ranks=[None, None]),
    ],
    parts=[part(1, None), part(2, "best")],
    held=NOTHING,
    followed=SOME,
    held_score=0.7,
    leader="best",
    second="worse",
    sure=Sureness(than_holding=0.97, than_second=0.64, than_luck=0.92),
    confidence=0.92,
    verdict=Verdict.RECOMMENDED,
    why="because",
    left_out={"pair": "it decides over several symbols at once"},
    failed={"bad": "it raised"},
    code="1",
    data="2",
)


def but(**changes: object) -> Finding:
    return msgspec.structs.replace(FINDING, **changes)


def test_each_strategy_has_its_line_the_best_first() -> None:
    assert list(lines(FINDING)) == [
        "AAPL by the minute, 2024-01-01 to 2024-02-01: 1,234 days in 2 parts",
        "After fees, in part 2, from 2024-02-01 on; the best over all parts first:",
        "                         return     a year  Sharpe   drawdown  trades  place in each part",
        "best                   +12.34 %    +5.00 %    1.50   -20.00 %      40  1 2",
        "worse                  +12.34 %    +5.00 %    1.50   -20.00 %      40  2 1",
        "holds                  +12.34 %    +5.00 %    1.50   -20.00 %       0  - -",
        "idle               made no trade",
        "pair               left out: it decides over several symbols at once",
        "bad                failed: it raised",
        "chosen by the past     +12.34 %    +5.00 %    1.50   -20.00 %          best",
        "holding AAPL             0.00 %          -       -     0.00 %",
        "best fits: because; that it is better than the second, worse, 64 %.",
        "",
    ]


def test_what_is_said_in_the_end() -> None:
    endings = {
        list(lines(each))[-2]
        for each in (
            but(verdict=Verdict.NONE),
            but(verdict=Verdict.UNCLEAR),
            but(verdict=Verdict.UNCLEAR, leader=None),
            but(sure=None),
        )
    }
    assert endings == {
        "None of them beats holding it: because.",
        "Not enough to tell, though best leads: because; that it is better than the second, worse, 64 %.",
        "Not enough to tell: because.",
        "best fits: because.",
    }


def test_json_names_what_is_recommended_and_has_no_infinities() -> None:
    found = as_value(FINDING)
    assert (found["recommended"], found["score"], found["verdict"]) == ("best", 1.4, "recommended")
    assert as_value(but(verdict=Verdict.UNCLEAR))["recommended"] is None
    endless = but(tried=[tried("best", score=inf)])
    assert msgspec.json.decode(msgspec.json.encode(as_value(endless)))["score"] is None
