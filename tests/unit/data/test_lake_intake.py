"""Files of others: what is guessed of them, and every line that cannot be."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.timestamps import format_time
from liualgotrader.data.lake import Kind
from liualgotrader.data.lake.intake.intake import Intake, Options, read_intake
from tests.unit.data.lake_samples import MINUTE, at, midnight

NEW_YORK = "America/New_York"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def read(path: Path, **told: Any) -> Intake:
    return read_intake(path, Options(**told))


def refusal(path: Path, **told: Any) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read(path, **told)
    return [line.removeprefix(f"{path}:") for line in str(refused.value).splitlines()]


def test_days_as_most_sites_give_them(tmp_path: Path) -> None:
    text = (
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2013-03-01,438,438.18,429.98,430.47,60.1,19730300\n"
        "2013-02-28,444.05,447.87,441.4,441.4,61.5,11518400\n"
    )
    found = read(written(tmp_path / "AAPL.csv", text))
    assert found.kind is Kind.DAY
    assert found.described == (
        "day bars; timestamp <- Date, open <- Open, high <- High, low <- Low, close <- Close,"
        " volume <- Volume; ignored: Adj Close; days"
    )
    rows = found.rows["AAPL"]
    assert rows.start.tolist() == [midnight("2013-02-28"), midnight("2013-03-01")]
    assert [column.tolist() for column in rows.values] == [
        [444.05, 438],
        [447.87, 438.18],
        [441.4, 429.98],
        [441.4, 430.47],
        [11518400, 19730300],
    ]


def test_minutes_of_many_symbols_packed_and_with_short_names(tmp_path: Path) -> None:
    path = tmp_path / "minutes.csv.gz"
    start = at("2024-01-02", "09:30")
    lines = [
        f"{symbol},{start + i * MINUTE},10,11,9,10,{i},10.1"
        for i in range(3)
        for symbol in ("A", "B")
    ]
    with gzip.open(path, "wt") as file:
        file.write("\n".join(["sym,ts,o,h,l,c,v,vw", *lines]))
    found = read(path)
    assert found.kind is Kind.MINUTE
    assert found.described.endswith("volume <- v; ignored: vw; ns since 1970")
    assert list(found.rows) == ["A", "B"]
    assert found.rows["B"].start.tolist() == [start + i * MINUTE for i in range(3)]
    assert found.rows["B"].volume.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("first", "second", "told", "how"),
    [
        ("1704205800", "1704205860", {}, "s since 1970"),
        ("1704205800.0", "1704205860.0", {}, "s since 1970"),
        ("1704205800000", "1704205860000", {}, "ms since 1970"),
        ("1704205800000000", "1704205860000000", {}, "us since 1970"),
        ("1704205800000000000", "1704205860000000000", {}, "ns since 1970"),
        ("2024-01-02T14:30:00Z", "2024-01-02T14:31:00Z", {}, "times with a zone"),
        ("2024-01-02 09:30:00-05:00", "2024-01-02 09:31-05:00", {}, "times with a zone"),
        ("2024/01/02 09:30", "2024/01/02 09:31", {"zone": NEW_YORK}, f"times of {NEW_YORK}"),
        ("2024-01-02 14:30:00.000", "2024-01-02 14:31:00.000", {"zone": "UTC"}, "times of UTC"),
        ("2024-01-02T14:31:00Z", "2024-01-02T14:32:00Z", {"bar_end": True}, "times with a zone"),
    ],
)
def test_times_in_all_ways(
    tmp_path: Path, first: str, second: str, told: dict[str, Any], how: str
) -> None:
    text = f"time,open,high,low,close,volume\n{first},1,1,1,1,1\n{second},1,1,1,1,1\n"
    found = read(written(tmp_path / "X.csv", text), **told)
    start = at("2024-01-02", "09:30")
    assert found.rows["X"].start.tolist() == [start, start + MINUTE]
    assert found.described.endswith(how)


def test_summer_and_winter_differ_and_the_hour_between_is_refused(tmp_path: Path) -> None:
    head = "date,time,open,high,low,close,volume\n"
    good = "2024-03-08,09:30,1,1,1,1,1\n2024-03-11,09:30,1,1,1,1,1\n"
    path = written(tmp_path / "X.csv", head + good)
    rows = read(path, zone=NEW_YORK, kind=Kind.MINUTE).rows["X"]
    assert [format_time(t) for t in rows.start.tolist()] == [
        "2024-03-08T14:30:00Z",
        "2024-03-11T13:30:00Z",
    ]
    wrong = "2024-03-10,02:30,1,1,1,1,1\n2024-11-03,01:30,1,1,1,1,1\n"
    written(path, head + good + wrong)
    clock = "the time is not on the clock, or twice, when the clocks change: give times in UTC"
    assert refusal(path, zone=NEW_YORK, kind=Kind.MINUTE)[:2] == [f"4: {clock}", f"5: {clock}"]


def test_times_without_a_zone_need_one(tmp_path: Path) -> None:
    text = "time,price,size\n2024-01-02 09:30:01,5,1\n"
    path = written(tmp_path / "X.csv", text)
    (said,) = refusal(path)
    assert said == (
        " the times, such as 2024-01-02 09:30:01, do not say their zone; give it:"
        " --zone America/New_York, or --zone UTC"
    )
    (said,) = refusal(path, zone="America/Springfield")
    assert "there is no such zone" in said
    assert read(path, zone=NEW_YORK).kind is Kind.TRADES


@pytest.mark.parametrize(
    ("symbol", "stamp", "day"),
    [
        ("AAPL", "2024-01-02T00:00:00Z", midnight("2024-01-02")),
        ("AAPL", "2024-01-02T05:00:00Z", midnight("2024-01-02")),
        ("AAPL", "2024-01-02T21:00:00Z", midnight("2024-01-02")),
        ("AAPL", "20240102", midnight("2024-01-02")),
        ("AAPL", "2024-01-02 00:00:00", midnight("2024-01-02")),
        ("BTC/USD", "2024-01-02T00:00:00Z", 1_704_153_600_000_000_000),
        ("BTC/USD", "2024-01-02", 1_704_153_600_000_000_000),
    ],
)
def test_day_bars_get_their_markets_midnight(
    tmp_path: Path, symbol: str, stamp: str, day: int
) -> None:
    text = f"timestamp,open,high,low,close,volume\n{stamp},1,1,1,1,1\n"
    found = read(written(tmp_path / "bars.csv", text), symbol=symbol, kind=Kind.DAY)
    assert found.rows[symbol].start.tolist() == [day]


def test_each_line_that_cannot_be_is_named(tmp_path: Path) -> None:
    lines = [
        "Date,Open,High,Low,Close,Volume",
        "2024-01-02,10,11,9,10.5,100",
        "2024-01-03,10,9,11,10.5,100",
        "",
        "2024-01-04,10,11,9,x,100",
        "2024-01-02,10,11,9,10,100",
        "2024-01-05,10,11,9",
        "2024-01-08,0,11,9,10,1",
        "2024-01-09,12,11,9,10,1",
        "2024-13-08,1,11,0.5,10,1",
        "2024-01-10,10,11,9,nan,1",
        "2024-01-11,10,11,9,,1",
        "2024-01-12,10,11,9,10,-1",
        ",10,11,9,10,1",
    ]
    path = written(tmp_path / "X.csv", "\n".join(lines))
    assert refusal(path) == [
        "3: high is below low",
        "5: close = x is not a number",
        "6: a day bar of the same time as line 2",
        "7: 4 values for 6 columns",
        "8: open is not a positive number",
        "9: open or close lies outside low to high",
        "10: not a day such as 2024-01-31",
        "11: close is not a positive number",
        "12: close is missing",
        "13: volume is negative",
        "14: not a day such as 2024-01-31",
        " nothing of it was written",
    ]


def test_twenty_mistakes_are_named_and_the_rest_counted(tmp_path: Path) -> None:
    lines = "".join(f"2024-01-02T10:00:{i:02d}Z,-1,1\n" for i in range(30))
    said = refusal(written(tmp_path / "X.csv", "time,price,size\n" + lines))
    assert said[0] == "2: price is not a positive number"
    assert said[19:] == [
        "21: price is not a positive number",
        "... and 10 more",
        " nothing of it was written",
    ]


def test_some_times_with_and_some_without_a_zone_are_refused(tmp_path: Path) -> None:
    text = "t,price,size\n2024-01-02T10:00:00Z,1,1\n2024-01-02T10:00:01,1,1\nnoon,1,1\n"
    said = refusal(written(tmp_path / "X.csv", text))
    assert said[0] == "3: the time has no zone, as others in this file have"
    assert said[1].startswith("4: the time")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("X.csv", "Date,Open,High,Low,Close\n", "no column for volume; found Date, Open"),
        ("X.csv", "Open,High\n1,2\n", "no column with the time; found Open, High"),
        ("X.csv", "time,price,size,bid,ask,bidsize,asksize\n", "say which with --kind"),
        ("X.csv", "time,price,price,size\n", "the column price is there twice"),
        ("X.csv", "time,price,size\n", "has no rows"),
        ("X.csv", "", "no column with the time; found nothing"),
        ("x-1.csv", "time,price,size\n1,1,1\n", "say it with --symbol, as in --symbol AAPL"),
        ("X.txt", "", "the name should end with .csv, .csv.gz, .parquet"),
        ("X.csv.gz", "time,price,size\n", "cannot be read"),
        ("X.parquet", "time,price,size\n", "cannot be read"),
    ],
)
def test_a_file_that_is_not_understood_says_what_is_missing(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    assert said in "\n".join(refusal(written(tmp_path / name, text)))


def test_a_file_that_is_not_there_and_bars_of_another_length(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "X.csv")[0]
    head = "time,open,high,low,close,volume\n"
    for step, shown in ((300, "300"), (3600, "3600"), (7 * 86_400, "604800")):
        lines = "".join(f"{1_704_205_800 + i * step},1,1,1,1,1\n" for i in range(3))
        path = written(tmp_path / "X.csv", head + lines)
        assert f"holds bars of {shown} s" in refusal(path)[0]
    written(path, head + "1704205800,1,1,1,1,1\n")
    assert "say it with --kind" in refusal(path)[0]
    written(path, head + "2024-01-02,1,1,1,1,1\n")
    assert "a time of day" in refusal(path, kind=Kind.MINUTE)[0]
    written(path, "symbol," + head + "A,2024-01-02,1,1,1,1,1\n")
    assert "leave --symbol out" in refusal(path, symbol="B")[0]


def test_parquet_of_all_types(tmp_path: Path) -> None:
    path = tmp_path / "X.parquet"
    bars: dict[str, Any] = {name: [1, 1] for name in Kind.DAY.columns}
    aware = pd.to_datetime(["2024-01-02T14:30Z", "2024-01-02T14:31Z"]).tz_convert(NEW_YORK)
    naive = [datetime(2024, 1, 2, 9, 30), datetime(2024, 1, 2, 9, 31)]  # noqa: DTZ001 - the point
    start = at("2024-01-02", "09:30")
    for times, told in ((aware, {}), (naive, {"zone": NEW_YORK}), ([start, start + MINUTE], {})):
        pd.DataFrame({"timestamp": times, **bars}).to_parquet(path)
        found = read(path, **told)
        assert found.rows["X"].start.tolist() == [start, start + MINUTE]
        assert found.rows["X"].close.dtype == np.float64
    table = pa.table({"day": [1, 2], "Date": [date(2024, 1, 2), date(2024, 1, 3)], **bars})
    pq.write_table(table, path)
    assert read(path).rows["X"].start.tolist() == [midnight("2024-01-02"), midnight("2024-01-03")]
    indexed = pd.DataFrame(bars, index=aware)
    indexed.to_parquet(path)
    assert read(path).rows["X"].start.tolist() == [start, start + MINUTE]


def test_mistakes_in_parquet_are_named_by_row(tmp_path: Path) -> None:
    path = tmp_path / "trades.parquet"
    times = pa.array([1, 2, None]).cast(pa.timestamp("ns", "UTC"))
    table = pa.table(
        {"timestamp": times, "price": [1.0, None, 1.0], "size": [1, 1, 1], "symbol": ["A", "A", ""]}
    )
    pq.write_table(table, path)
    assert refusal(path) == ["2: price is missing", "3: no time", " nothing of it was written"]
    wrong = pa.table({"timestamp": times, "price": [[1]] * 3, "size": [1, 1, 1]})
    pq.write_table(wrong, path)
    assert "not numbers" in refusal(path, symbol="A")[0]


def test_times_far_away_are_refused_not_wrapped(tmp_path: Path) -> None:
    path = written(tmp_path / "X.csv", "time,price,size\n1704205800,1,1\n99999999999,1,1\n")
    assert refusal(path)[0] == "3: no time between 1900 and 2199"
    days = "Date,Open,High,Low,Close,Volume\n1600-01-01,1,1,1,1,1\n2024-01-01,1,1,1,1,1\n"
    assert refusal(written(path, days))[0].startswith("2: not a day")
