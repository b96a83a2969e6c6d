"""A miner's history ends with its day, whatever is stored of later ones."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from liualgotrader.common.bar_table import BarTable
from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.days import FOREVER, NEVER, day_start
from liualgotrader.mining.history import BlindHistory
from tests.unit.mining.lakes import FIRST, LAST, add_days, add_minutes, walk

DAY = date(2024, 3, 6)
NEXT = date(2024, 3, 7)
SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "NEW", "OLD", "LATE", "NOBODY")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    lake = Lake(tmp_path / "history")
    add_days(lake, "AAA", seed=1)
    add_minutes(lake, "AAA", seed=2, minutes=5)
    add_minutes(lake, "BBB", seed=3, minutes=5)
    add_days(lake, "CCC", seed=4, last=date(2024, 3, 5))
    add_days(lake, "DDD", seed=5)
    add_days(lake, "OLD", seed=6, last=DAY)
    add_days(lake, "NEW", seed=7, first=NEXT)
    add_days(lake, "LATE", seed=8, first=NEXT)
    lake.add_actions(
        [
            Action(date(2024, 3, 6), "AAA", ActionKind.SPLIT, Decimal(2)),
            Action(date(2024, 3, 6), "CCC", ActionKind.DELISTED),
            Action(NEXT, "OLD", ActionKind.RENAME, new_symbol="NEW"),
            Action(NEXT, "DDD", ActionKind.SPLIT, Decimal(4)),
        ]
    )
    return lake.root


def seen(root: Path) -> dict[str, Any]:
    """Return everything that a miner of DAY can find out."""
    history = BlindHistory(Lake(root), DAY)
    found: dict[str, Any] = {"living": history.living()}
    for seconds in (60, 86_400):
        found[f"symbols {seconds}"] = history.symbols(seconds)
        for symbol in SYMBOLS:
            found[f"span {symbol} {seconds}"] = history.span(symbol, seconds)
            for raw in (False, True):
                bars = history.bars(symbol, seconds, FIRST - timedelta(9), LAST, raw=raw)
                columns = (bars.start, bars.open, bars.high, bars.low, bars.close, bars.volume)
                found[f"bars {symbol} {seconds} {raw}"] = [column.tolist() for column in columns]
    return found


def _change_the_future(root: Path) -> None:
    lake, midnight = Lake(root), day_start("", NEXT)
    for symbol in ("AAA", "DDD"):
        rows = lake.read(Kind.DAY, symbol, midnight, FOREVER)
        values = tuple(column * 3 for column in rows.values)
        lake.write(Kind.DAY, symbol, Rows(symbol, rows.start, values), replace=True)
    add_minutes(lake, "CCC", seed=20, first=NEXT, minutes=5)
    add_minutes(lake, "FRESH", seed=21, first=NEXT, minutes=5)
    add_days(lake, "FRESH", seed=22, first=NEXT)
    (root / "day" / "LATE.parquet").unlink()
    lake.add_actions(
        [
            Action(NEXT, "AAA", ActionKind.SPLIT, Decimal(10)),
            Action(LAST, "BBB", ActionKind.RENAME, new_symbol="AAA2"),
            Action(LAST, "DDD", ActionKind.DELISTED),
            Action(NEXT, "CCC", ActionKind.RENAME, new_symbol="AAA"),
        ]
    )


def test_nothing_that_is_stored_of_later_days_is_seen(root: Path) -> None:
    before = seen(root)
    assert before["symbols 86400"] == ["AAA", "BBB", "CCC", "DDD", "OLD"]
    assert before["living"] == ["AAA", "BBB", "DDD", "OLD"]
    assert before["span AAA 86400"] == (FIRST, DAY)
    assert before["span LATE 86400"] is None
    assert len(before["bars BBB 60 False"][0]) == 15
    _change_the_future(root)
    assert seen(root) == before


def test_prices_compare_with_the_days_own(root: Path) -> None:
    history = BlindHistory(Lake(root), DAY)
    raw = history.bars("AAA", 86_400, FIRST, DAY, raw=True)
    bars = history.bars("AAA", 86_400, FIRST, DAY)
    assert np.allclose(bars.close, raw.close / [2, 2, 1])
    assert np.allclose(bars.volume, raw.volume * [2, 2, 1])
    ddd = history.bars("DDD", 86_400, FIRST, LAST)
    assert np.array_equal(ddd.close, history.bars("DDD", 86_400, FIRST, LAST, raw=True).close)
    later = BlindHistory(Lake(root), NEXT).bars("DDD", 86_400, FIRST, LAST)
    assert np.allclose(later.close[:3], ddd.close / 4)


def test_days_are_made_of_minutes_where_there_are_none(root: Path) -> None:
    history = BlindHistory(Lake(root), DAY)
    minutes = history.bars("BBB", 60, FIRST, FIRST)
    days = history.bars("BBB", 86_400, FIRST, LAST)
    assert len(days) == 3
    assert (days.open[0], days.close[0]) == (minutes.open[0], minutes.close[-1])
    assert (days.high[0], days.low[0]) == (minutes.high.max(), minutes.low.min())
    assert history.span("BBB", 86_400) == (FIRST, DAY)


def test_bars_are_written_and_what_is_there_stays(root: Path) -> None:
    history = BlindHistory(Lake(root), DAY)
    old = history.bars("AAA", 60, DAY, DAY, raw=True)
    start = np.append(old.start, old.start[-1] + 60_000_000_000)
    given = BarTable("AAA", start, *walk(50, len(start)))
    assert history.write(60, {"AAA": given}) == 1
    now = history.bars("AAA", 60, DAY, DAY, raw=True)
    assert np.array_equal(now.close, np.append(old.close, given.close[-1]))
    assert history.write(60, {"AAA": given}) == 0
    assert history.write(60, {"AAA": given}, replace=True) == len(old)
    assert np.array_equal(history.bars("AAA", 60, DAY, DAY, raw=True).close, given.close)
    assert history.write(60, {"AAA": given.cut(0, 0)}) == 0


def test_bars_that_cannot_be_are_refused(root: Path) -> None:
    lake = Lake(root)
    history = BlindHistory(lake, DAY)
    late = lake.read(Kind.DAY, "LATE", NEVER, FOREVER)
    with pytest.raises(ConfigError, match="LATE: bars of days after 2024-03-06 cannot be written"):
        history.write(86_400, {"LATE": BarTable("LATE", late.start, *late.values)})
    days = history.bars("AAA", 86_400, FIRST, DAY, raw=True)
    with pytest.raises(ConfigError, match="high is below low"):
        history.write(
            86_400,
            {
                "X": BarTable(
                    "X", days.start, days.open, days.low, days.high, days.close, days.volume
                )
            },
        )
    with pytest.raises(ConfigError, match="no bars of 300 s in the history; ask for 60 or 86400"):
        history.bars("AAA", 300, FIRST, DAY)
