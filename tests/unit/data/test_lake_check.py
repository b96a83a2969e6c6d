"""`liu data check` finds what is planted, where it is, and nothing in good data."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.bundled import bundled_actions, bundled_rows
from liualgotrader.data.lake.check import check_lake
from liualgotrader.data.lake.row_files import schema
from tests.unit.data.lake_samples import MINUTE, flat_bars, midnight, rows_of

SESSIONS = us_equities().sessions(date(2023, 11, 20), date(2024, 1, 12))
SIXTY = [each.open + i * MINUTE for each in SESSIONS[:3] for i in range(390)]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def findings(lake: Lake, *symbols: str, missing: float = 0.2) -> list[tuple[str, str]]:
    return [(each.what, each.detail) for each in check_lake(lake, symbols, missing=missing)]


def wavy(count: int) -> list[float]:
    """Return prices around 100 that move by about 0.3 % a step."""
    return [100 + 0.5 * np.sin(2 * i).item() for i in range(count)]


def days(prices: list[float]) -> Rows:
    times = [midnight(str(each.date)) for each in SESSIONS]
    return flat_bars("X", times[: len(prices)], prices)


def test_the_bundled_companies_are_whole_and_their_splits_recorded(lake: Lake) -> None:
    lake.write_all(Kind.DAY, bundled_rows())
    assert findings(lake) == [
        (
            "unrecorded split?",
            f"{when}: {change}, as by 2 for 1; see docs/history.md",
        )
        for when, change in (
            ("2000-06-21T04:00:00Z", "101.25 to 50.5"),
            ("2005-02-28T05:00:00Z", "88.99 to 44.68"),
            ("2003-02-18T05:00:00Z", "48.3 to 24.62"),
        )
    ]
    lake.add_actions(bundled_actions())
    assert findings(lake) == []


def test_missing_sessions_are_counted_together(lake: Lake) -> None:
    rows = days(wavy(20))
    lake.write(Kind.DAY, "X", rows.take(np.array([0, 1, 3, 4, 8, 9])))
    assert findings(lake) == [
        ("gap", "no rows on 2023-11-22"),
        ("gap", "no rows on 3 sessions, 2023-11-28 to 2023-11-30"),
    ]


def test_a_day_that_is_no_session_is_found(lake: Lake) -> None:
    rows = days(wavy(3))
    thanksgiving = flat_bars("X", [midnight("2023-11-23")], [100])
    lake.write(Kind.DAY, "X", rows)
    lake.write(Kind.DAY, "X", thanksgiving)
    assert findings(lake) == [("no session", "2023-11-23T05:00:00Z")]


def test_an_outlier_comes_back_and_a_crash_does_not(lake: Lake) -> None:
    prices = wavy(30)
    prices[10] = 170.0
    prices[20:] = [price * 0.6 for price in prices[20:]]
    lake.write(Kind.DAY, "X", days(prices))
    (found,) = findings(lake)
    assert found[0] == "outlier"
    assert found[1].startswith("2023-12-05T05:00:00Z: 99.6")
    assert found[1].endswith("to 170, and back")


def test_a_jump_to_a_ratio_is_a_split_unless_one_is_recorded(lake: Lake) -> None:
    prices = wavy(30)
    prices[20:] = [price * 10 for price in prices[20:]]
    lake.write(Kind.DAY, "X", days(prices))
    (found,) = findings(lake)
    assert found[0] == "unrecorded split?"
    assert "as by 1 for 10" in found[1]
    lake.add_actions([Action(SESSIONS[20].date, "X", ActionKind.SPLIT, Decimal("0.1"))])
    assert findings(lake) == []


def test_too_few_minutes_and_minutes_when_nobody_trades(lake: Lake) -> None:
    gone = set(SIXTY[400:500])
    times = [time for time in SIXTY if time not in gone]
    night = SESSIONS[2].post_close + 30 * MINUTE  # half past eight: the next session's night
    weekend = midnight("2023-11-25") + 600 * MINUTE
    rows = flat_bars("X", [*times, night, weekend], wavy(len(times) + 2))
    lake.write(Kind.MINUTE, "X", rows)
    assert SESSIONS[2].date == date(2023, 11, 22)
    assert findings(lake) == [
        ("no session", "2023-11-23T01:30:00Z, 2023-11-25T15:00:00Z"),
        ("gap", "no rows on 2023-11-24"),
        ("gap", "100 of 390 minutes missing on 2023-11-21"),
    ]
    assert len(findings(lake, missing=0.3)) == 2


def test_the_night_before_a_session_belongs_to_it(lake: Lake) -> None:
    evening = SESSIONS[0].post_close + 30 * MINUTE
    lake.write(Kind.MINUTE, "X", flat_bars("X", [*SIXTY[:390], evening], wavy(391)))
    assert findings(lake) == []


def test_pairs_trade_around_the_clock(lake: Lake) -> None:
    start = 1_704_153_600_000_000_000  # 2024-01-02T00:00Z
    times = [start + i * MINUTE for i in range(3 * 1440) if not 1440 <= i < 2880]
    lake.write(Kind.MINUTE, "C/D", flat_bars("C/D", times, wavy(len(times))))
    assert findings(lake) == [("gap", "no rows on 2024-01-03")]


def test_files_that_were_not_written_by_the_lake_are_seen_through(lake: Lake) -> None:
    lake.write(Kind.MINUTE, "X", flat_bars("X", SIXTY[:5], wavy(5)))
    file = lake.root / "minute" / "X" / "2023.parquet"
    times = [SIXTY[1], SIXTY[0], SIXTY[2], SIXTY[2], SIXTY[3] + 1, SIXTY[4]]
    columns = [pa.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0])] * 4
    stamps = pa.array(times).cast(pa.timestamp("ns", tz="UTC"))
    pq.write_table(pa.table([stamps, *columns, pa.array([1.0] * 6)], schema(Kind.MINUTE)), file)
    assert [what for what, _ in findings(lake)] == ["unsorted", "duplicate", *["impossible"] * 5]
    file.write_bytes(b"torn")
    ((what, detail),) = findings(lake)
    assert what == "unreadable"
    assert detail.startswith(f"{file}: cannot be read")


def test_trades_and_quotes_are_checked_too(lake: Lake) -> None:
    opened = SESSIONS[0].open
    times = [opened + i * MINUTE for i in range(50)]
    price = wavy(50)
    price[30] = 1.0
    lake.write(Kind.TRADES, "X", rows_of("X", times, price, [1] * 50))
    lake.write(Kind.QUOTES, "X", rows_of("X", times, price, price, [1] * 50, [1] * 50))
    assert [what for what, _ in findings(lake)] == ["outlier", "outlier"]


def test_before_the_calendar_begins_sessions_are_not_checked(lake: Lake) -> None:
    times = [midnight("1985-01-02"), midnight("1985-01-03")]
    lake.write(Kind.DAY, "X", flat_bars("X", times, [100, 101]))
    ((what, detail),) = findings(lake)
    assert what == "not checked"
    assert "it is kept from 1990-01-01" in detail


def test_a_symbol_that_is_not_there_is_refused(lake: Lake) -> None:
    lake.write(Kind.DAY, "X", days(wavy(3)))
    lake.write(Kind.DAY, "YY", days(wavy(3)))
    assert findings(lake, "X") == []
    with pytest.raises(ConfigError, match="no history of YYY; the nearest symbol is YY"):
        findings(lake, "YYY")
