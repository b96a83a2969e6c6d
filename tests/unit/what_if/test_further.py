"""Markets of symbols that a session did not record."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, MarketEvent, Quote, Trade
from liualgotrader.common.plan import Channel, Mode, Plan, SessionPlan
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.what_if.further import Further, as_heard, further_market
from tests.postgres import run
from tests.unit.data.lake_samples import flat_bars, midnight, rows_of

DAY = date(2013, 1, 23)
SESSION = us_equities().session(DAY)
OPEN, SECOND, MINUTE = SESSION.open, 1_000_000_000, 60_000_000_000
PAPER = Plan(session=SessionPlan(mode=Mode.PAPER))


def further(home: Path, *symbols: str, plan: Plan = PAPER) -> list[Further]:
    found: list[Further] = run(
        further_market(symbols, plan=plan, day=DAY, session_open=OPEN, home=home)
    )
    return found


def test_prints_make_the_bars_of_their_minutes_and_seconds() -> None:
    prints = [
        Trade("AAA", OPEN + 1 * SECOND, 10.0, 100),
        Trade("AAA", OPEN + 1 * SECOND + 5, 12.0, 50),
        Trade("AAA", OPEN + 61 * SECOND, 11.0, 10),
    ]
    minute = Bar("AAA", OPEN, 10, 12, 10, 12, 150, 60, 10.666667, 2)
    rows = list(as_heard(prints, [Channel.TRADES, Channel.MINUTE]))
    assert rows[2] == (OPEN + MINUTE, minute)
    assert [event for _, event in rows if type(event) is Trade] == prints
    assert rows[-1][0] == OPEN + 2 * MINUTE
    seconds = [event for _, event in as_heard(prints, [Channel.SECOND])]
    assert [(bar.start, bar.seconds, bar.volume) for bar in seconds if type(bar) is Bar] == [
        (OPEN + SECOND, 1, 150),
        (OPEN + 61 * SECOND, 1, 10),
    ]


def test_only_what_the_session_listened_to_is_heard() -> None:
    bar, quote = Bar("AAA", OPEN, 1, 1, 1, 1, 1), Quote("AAA", OPEN + 2 * MINUTE, 1, 2, 3, 4)
    rows: list[MarketEvent] = [bar, quote]
    assert list(as_heard(rows, [Channel.QUOTES])) == [(quote.ts_event, quote)]
    assert list(as_heard(rows, [Channel.MINUTE])) == [(OPEN + MINUTE, bar)]
    assert list(as_heard(rows, [Channel.TRADES])) == []


def test_a_day_of_the_lake_is_a_market_with_the_bars_from_before(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "history")
    minutes = [OPEN + n * MINUTE for n in range(3)]
    before = us_equities().session(date(2013, 1, 22)).close - MINUTE
    lake.write(Kind.MINUTE, "AAA", flat_bars("AAA", [before, *minutes], [9, 10, 11, 12]))
    lake.write(Kind.DAY, "AAA", flat_bars("AAA", [midnight("2013-01-22")], [9]))
    (found,) = further(tmp_path, "AAA")
    assert [(ts, type(event), event.symbol) for ts, event in found.rows] == [
        (start + MINUTE, Bar, "AAA") for start in minutes
    ]
    assert [(bar.seconds, bar.start, bar.close) for bar in found.history] == [
        (86_400, midnight("2013-01-22"), 9.0),
        (60, before, 9.0),
    ]
    assert (found.instrument.symbol, found.source) == ("AAA", "the history of that day")


def test_prints_of_the_lake_come_before_its_minutes(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "history")
    lake.write(Kind.MINUTE, "AAA", flat_bars("AAA", [OPEN], [10]))
    lake.write(Kind.TRADES, "AAA", rows_of("AAA", [OPEN + SECOND], [10.5], [100]))
    (found,) = further(tmp_path, "AAA")
    assert [event for _, event in found.rows] == [
        Trade("AAA", OPEN + SECOND, 10.5, 100.0),
        Bar("AAA", OPEN, 10.5, 10.5, 10.5, 10.5, 100, 60, 10.5, 1),
    ]


def test_the_simulated_day_of_a_session_has_what_it_did_not_record(tmp_path: Path) -> None:
    (found,) = further(tmp_path, "IBM", plan=Plan())
    assert found.source == "the session's tape"
    assert any(type(event) is Trade for _, event in found.rows)
    assert found.history and all(bar.seconds == 86_400 for bar in found.history)


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (PAPER, "no tape was played in it"),
        (Plan(), "its tape does not have it"),
        (
            Plan(session=SessionPlan(tape=("gone.parquet",))),
            "its tape cannot be used (gone.parquet",
        ),
    ],
)
def test_a_symbol_that_is_nowhere_is_told_with_the_next_step(
    tmp_path: Path, plan: Plan, why: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        further(tmp_path, "NONE", plan=plan)
    said = str(raised.value)
    assert said.startswith("--symbol NONE: the session did not record it, " + why)
    assert "no history of it on 2013-01-23; `liu data import FILE`" in said
