"""The lake keeps what it is given, once, raw, and refuses what it must not hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.lake import Action, ActionKind, Kind, Lake, Rows
from liualgotrader.data.lake.merging import Written
from liualgotrader.data.lake.row_files import ROWS_A_GROUP, TIME, schema
from tests.unit.data.lake_samples import DAY, FAR, MINUTE, at, flat_bars, midnight, rows_of

NOON = at("2024-01-02", "12:00")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "history")


def same(left: Rows, right: Rows) -> bool:
    return (
        left.symbol == right.symbol
        and left.start.tolist() == right.start.tolist()
        and all(a.tolist() == b.tolist() for a, b in zip(left.values, right.values, strict=True))
    )


def test_files_lie_by_kind_symbol_year_and_day(lake: Lake) -> None:
    days = [midnight("2023-12-29"), midnight("2024-01-02")]
    lake.write(Kind.DAY, "BRK.B", flat_bars("BRK.B", days, [1, 2]))
    turn = 1_704_067_200_000_000_000  # 2024-01-01T00:00Z
    lake.write(Kind.MINUTE, "BTC/USD", flat_bars("BTC/USD", [turn - MINUTE, turn], [1, 2]))
    # 19:59 in New York is the next day in UTC, and still this one's session.
    lake.write(Kind.TRADES, "AAPL", rows_of("AAPL", [at("2024-01-02", "19:59")], [5], [1]))
    quote = rows_of("AAPL", [NOON], [5], [6], [0], [1])
    lake.write(Kind.QUOTES, "AAPL", quote)
    files = {str(p.relative_to(lake.root)) for p in lake.root.rglob("*.parquet")}
    assert files == {
        "day/BRK.B.parquet",
        "minute/BTC%2FUSD/2023.parquet",
        "minute/BTC%2FUSD/2024.parquet",
        "trades/AAPL/2024-01-02.parquet",
        "quotes/AAPL/2024-01-02.parquet",
    }
    assert lake.symbols(Kind.MINUTE) == ["BTC/USD"]
    assert lake.span(Kind.MINUTE, "BTC/USD") == (turn - MINUTE, turn)
    read = lake.read(Kind.QUOTES, "AAPL", 0, FAR)
    assert (read.bid.tolist(), read.ask.tolist()) == ([5], [6])
    assert (read.bid_size.tolist(), read.ask_size.tolist()) == ([0], [1])


def test_a_file_has_the_columns_of_a_tape_and_nothing_hidden_is_left(lake: Lake) -> None:
    lake.write(Kind.DAY, "AAPL", flat_bars("AAPL", [midnight("2024-01-02")], [1]))
    file = lake.root / "day" / "AAPL.parquet"
    assert pq.read_schema(file).remove_metadata() == schema(Kind.DAY)
    assert str(schema(Kind.DAY).field(TIME).type) == "timestamp[ns, tz=UTC]"
    assert [path.name for path in file.parent.iterdir()] == ["AAPL.parquet"]


def test_a_range_takes_its_start_and_not_its_end_over_years_and_row_groups(lake: Lake) -> None:
    count = 3 * ROWS_A_GROUP
    first = at("2023-12-20", "12:00")
    rows = flat_bars("X", [first + i * MINUTE for i in range(count)], list(range(1, count + 1)))
    lake.write(Kind.MINUTE, "X", rows)
    for begin, stop in [(0, count), (1, 2), (ROWS_A_GROUP - 1, ROWS_A_GROUP + 1), (9_000, 20_000)]:
        read = lake.read(Kind.MINUTE, "X", first + begin * MINUTE, first + stop * MINUTE)
        assert same(read, rows.cut(begin, stop))
    assert len(lake.read(Kind.MINUTE, "X", first - DAY, first)) == 0
    assert len(lake.read(Kind.MINUTE, "X", first + count * MINUTE, FAR)) == 0


def test_the_same_rows_are_kept_once_and_others_refused_unless_they_replace(lake: Lake) -> None:
    days = [midnight(f"2024-01-0{day}") for day in (2, 3, 4)]
    assert lake.write(Kind.DAY, "X", flat_bars("X", days[:2], [10, 11])) == Written(added=2)
    again = flat_bars("X", days[1:], [11, 12])
    again.values[4][:] = [2, 3]
    assert lake.write(Kind.DAY, "X", again) == Written(added=1, same=1)
    other = flat_bars("X", days[1:2], [11.5])
    with pytest.raises(ConfigError) as refused:
        lake.write(Kind.DAY, "X", other)
    assert str(refused.value).splitlines() == [
        "X day bar of 2024-01-03T05:00:00Z: there is open 11 high 11 low 11 close 11 volume 2,"
        " given is open 11.5 high 11.5 low 11.5 close 11.5 volume 1",
        "nothing was written; use --replace (replace=True) to put the new in their place",
    ]
    assert lake.write(Kind.DAY, "X", other, replace=True) == Written(replaced=1)
    assert lake.read(Kind.DAY, "X", 0, FAR).close.tolist() == [10, 11.5, 12]


def test_several_trades_of_a_moment_are_one_thing(lake: Lake) -> None:
    """Exchanges print several trades in the same millisecond, at the same price too."""
    rows = rows_of("X", [NOON, NOON, NOON + 1], [5, 5, 6], [1, 1, 2])
    assert lake.write(Kind.TRADES, "X", rows) == Written(added=3)
    assert lake.write(Kind.TRADES, "X", rows) == Written(same=3)
    fewer = rows_of("X", [NOON], [5], [1])
    with pytest.raises(ConfigError, match=r"there is price 5 size 1; price 5 size 1 \(2 rows\)"):
        lake.write(Kind.TRADES, "X", fewer)
    assert lake.write(Kind.TRADES, "X", fewer, replace=True) == Written(replaced=1)
    assert lake.read(Kind.TRADES, "X", 0, FAR).price.tolist() == [5, 6]


def test_of_several_symbols_none_is_written_when_one_is_refused(lake: Lake) -> None:
    day = [midnight("2024-01-02")]
    lake.write(Kind.DAY, "B", flat_bars("B", day, [1]))
    with pytest.raises(ConfigError, match="B day bar"):
        lake.write_all(Kind.DAY, {"A": flat_bars("A", day, [1]), "B": flat_bars("B", day, [2])})
    assert lake.symbols(Kind.DAY) == ["B"]
    added = lake.write_all(Kind.DAY, {"A": flat_bars("A", day, [1])}, dry_run=True)
    assert added == Written(added=1)
    assert lake.symbols(Kind.DAY) == ["B"]


GOOD = [10.0, 11.0, 9.0, 10.0, 5.0]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (0, 12, "open or close lies outside low to high"),
        (1, 8, "high is below low"),
        (2, 0, "low is not a positive number"),
        (3, np.nan, "close is not a positive number"),
        (3, np.inf, "close is not a positive number"),
        (4, -1, "volume is negative"),
    ],
)
def test_a_bar_that_cannot_be_is_refused(lake: Lake, column: int, value: float, said: str) -> None:
    rows = rows_of("X", [NOON], *[[number] for number in GOOD])
    rows.values[column][:] = value
    with pytest.raises(ConfigError, match=rf"X minute bar of 2024-01-02T17:00:00Z: {said}"):
        lake.write(Kind.MINUTE, "X", rows)
    assert not lake.symbols(Kind.MINUTE)


def test_times_that_cannot_be_are_refused(lake: Lake) -> None:
    with pytest.raises(ConfigError, match="not a whole minute"):
        lake.write(Kind.MINUTE, "X", flat_bars("X", [NOON + 1], [1]))
    with pytest.raises(ConfigError, match="not midnight"):
        lake.write(Kind.DAY, "X", flat_bars("X", [NOON], [1]))
    with pytest.raises(ConfigError, match="not later than the row before"):
        lake.write(Kind.MINUTE, "X", flat_bars("X", [NOON, NOON], [1, 1]))
    with pytest.raises(ConfigError, match=r"not a time between 1900-01-01 and 2199-12-31"):
        lake.write(Kind.MINUTE, "X", flat_bars("X", [8 * 10**18], [1]))
    with pytest.raises(ConfigError, match="have the columns price, size"):
        lake.write(Kind.TRADES, "X", flat_bars("X", [NOON], [1]))


@pytest.mark.parametrize("symbol", ["", " X", "..", ".X", "A\n", "X" * 81])
def test_what_cannot_be_a_symbol_is_refused(lake: Lake, symbol: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a symbol"):
        lake.read(Kind.DAY, symbol, 0, FAR)
    with pytest.raises(ConfigError, match="cannot be a symbol"):
        lake.write(Kind.DAY, symbol, flat_bars("X", [midnight("2024-01-02")], [1]))


def test_an_unknown_symbol_names_the_nearest_and_one_of_other_kinds_is_empty(lake: Lake) -> None:
    with pytest.raises(ConfigError, match="no history of AAPL; `liu data list`"):
        lake.read(Kind.DAY, "AAPL", 0, FAR)
    lake.write(Kind.DAY, "AAPL", flat_bars("AAPL", [midnight("2024-01-02")], [1]))
    with pytest.raises(ConfigError, match="no history of APPL; the nearest symbol is AAPL"):
        lake.read(Kind.DAY, "APPL", 0, FAR)
    assert len(lake.read(Kind.MINUTE, "AAPL", 0, FAR)) == 0
    assert lake.span(Kind.MINUTE, "AAPL") is None


def test_a_file_of_another_kind_says_what_it_has_and_what_it_should(lake: Lake) -> None:
    lake.write(Kind.TRADES, "X", rows_of("X", [NOON], [5], [1]))
    file = lake.root / "day" / "X.parquet"
    file.parent.mkdir()
    (lake.root / "trades" / "X" / "2024-01-02.parquet").rename(file)
    with pytest.raises(ConfigError) as refused:
        lake.read(Kind.DAY, "X", 0, FAR)
    said = str(refused.value)
    assert said.startswith(
        f"{file}: not a file of day bars; found timestamp timestamp[ns, tz=UTC],"
    )
    assert "price double, size double; expected timestamp" in said
    assert said.endswith("move it out of the lake and use `liu data import FILE`")


@pytest.mark.parametrize("left", [0, 4, 0.5, 0.9])
def test_a_torn_file_says_so(lake: Lake, left: float) -> None:
    rows = flat_bars("X", [NOON + i * MINUTE for i in range(500)], list(range(1, 501)))
    lake.write(Kind.MINUTE, "X", rows)
    file = lake.root / "minute" / "X" / "2024.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(left if left > 1 else left * len(whole))])
    with pytest.raises(
        ConfigError, match=r"cannot be read .*; remove the file and import its rows"
    ):
        lake.read(Kind.MINUTE, "X", 0, FAR)


def test_bytes_that_rotted_within_a_file_say_so(lake: Lake) -> None:
    rows = flat_bars("X", [NOON + i * MINUTE for i in range(500)], list(range(1, 501)))
    lake.write(Kind.MINUTE, "X", rows)
    file = lake.root / "minute" / "X" / "2024.parquet"
    content = bytearray(file.read_bytes())
    content[40:200] = bytes(160)
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"2024.parquet: cannot be read"):
        lake.read(Kind.MINUTE, "X", 0, FAR)


def test_a_file_that_is_not_sorted_and_one_that_does_not_belong_say_so(lake: Lake) -> None:
    lake.write(Kind.MINUTE, "X", flat_bars("X", [NOON], [1]))
    file = lake.root / "minute" / "X" / "2024.parquet"
    times = pa.array([NOON, NOON - MINUTE]).cast(pa.timestamp("ns", tz="UTC"))
    pq.write_table(pa.table([times, *[pa.array([1.0, 1.0])] * 5], schema(Kind.MINUTE)), file)
    with pytest.raises(ConfigError, match="not in the order of time; `liu data check X`"):
        lake.read(Kind.MINUTE, "X", 0, FAR)
    file.rename(file.with_name("backup.parquet"))
    with pytest.raises(ConfigError, match=r"backup.parquet: files here are called YYYY.parquet"):
        lake.read(Kind.MINUTE, "X", 0, FAR)


def test_a_new_name_goes_on_where_the_old_one_ended(lake: Lake) -> None:
    """FB became META on 2022-06-09; a fund had been called META until January of that year."""
    days = [midnight(d) for d in ("2022-01-27", "2022-06-07", "2022-06-08", "2022-06-09")]
    lake.write(Kind.DAY, "FB", flat_bars("FB", days[:3], [294, 195, 196]))
    lake.write(Kind.DAY, "META", flat_bars("META", [days[0], days[3]], [12, 184]))
    lake.add_actions(
        [
            Action(date(2022, 6, 9), "FB", ActionKind.RENAME, new_symbol="META"),
            Action(date(2022, 2, 1), "FB", ActionKind.DIVIDEND, Decimal("0.5")),
            Action(date(2022, 1, 3), "META", ActionKind.SPLIT, Decimal(3)),
            Action(date(2024, 2, 21), "META", ActionKind.DIVIDEND, Decimal("0.5")),
        ]
    )
    read = lake.read(Kind.DAY, "META", 0, FAR)
    assert read.symbol == "META"
    assert read.close.tolist() == [294, 195, 196, 184]
    assert lake.span(Kind.DAY, "META") == (days[0], days[3])
    assert lake.span(Kind.DAY, "META", before=days[3] + 1) == (days[0], days[3])
    # Before that day nobody knew of the new name, and the fund's day is all there is.
    assert lake.span(Kind.DAY, "META", before=days[3]) == (days[0], days[0])
    assert lake.span(Kind.DAY, "FB", before=days[2]) == (days[0], days[1])
    assert lake.span(Kind.DAY, "FB", before=days[0]) is None
    assert lake.last(Kind.DAY, "META", days[3]).close.tolist() == [196]
    assert lake.read(Kind.DAY, "FB", 0, FAR).close.tolist() == [294, 195, 196]
    assert [(a.symbol, a.ex_date.year) for a in lake.actions("META")] == [
        ("META", 2022),
        ("META", 2024),
    ]
    assert [a.kind for a in lake.actions("FB")] == [ActionKind.DIVIDEND, ActionKind.RENAME]
    assert lake.symbols(Kind.DAY) == ["FB", "META"]


def test_history_that_came_under_the_new_name_is_found_there(lake: Lake) -> None:
    days = [midnight("2022-06-08"), midnight("2022-06-09")]
    lake.write(Kind.DAY, "META", flat_bars("META", days, [196, 184]))
    lake.add_actions([Action(date(2022, 6, 9), "FB", ActionKind.RENAME, new_symbol="META")])
    assert lake.read(Kind.DAY, "META", 0, FAR).close.tolist() == [196, 184]


def test_names_that_go_round_in_a_circle_end(lake: Lake) -> None:
    days = [midnight("2022-01-03"), midnight("2022-02-01"), midnight("2022-03-01")]
    lake.write(Kind.DAY, "A", flat_bars("A", [days[0], days[2]], [1, 3]))
    lake.write(Kind.DAY, "B", flat_bars("B", [days[1]], [2]))
    lake.add_actions(
        [
            Action(date(2022, 2, 1), "A", ActionKind.RENAME, new_symbol="B"),
            Action(date(2022, 3, 1), "B", ActionKind.RENAME, new_symbol="A"),
        ]
    )
    assert lake.read(Kind.DAY, "A", 0, FAR).close.tolist() == [1, 2, 3]


def test_rows_know_their_columns() -> None:
    rows = rows_of("X", [1, 2], [5, 6], [1, 1])
    assert rows.price.tolist() == [5, 6]
    assert rows.size.tolist() == [1, 1]
    with pytest.raises(AttributeError, match="no column close"):
        _ = rows.close
    assert not rows.cut(1, 1)
    assert rows.between(2, 3).price.tolist() == [6]


minutes = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 3)), max_size=12, unique_by=lambda row: row[0]
).map(sorted)


@settings(max_examples=40)
@given(parts=st.lists(minutes, min_size=1, max_size=4))
def test_writing_in_parts_equals_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[int, int]]]
) -> None:
    """With `replace` the last word counts, whatever the order and the overlap."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    turn = 1_704_067_200_000_000_000
    known: dict[int, int] = {}
    for part in parts:
        times = [turn + (minute - 6) * MINUTE for minute, _ in part]
        closes = [close for _, close in part]
        rows = rows_of("C/D", times, closes, closes, closes, closes, [1] * len(part))
        written = lake.write(Kind.MINUTE, "C/D", rows, replace=True)
        both = [t for t in times if t in known]
        same = [t for t, close in zip(times, closes, strict=True) if known.get(t) == close]
        assert written == Written(len(part) - len(both), len(same), len(both) - len(same))
        known |= dict(zip(times, closes, strict=True))
    if known:
        read = lake.read(Kind.MINUTE, "C/D", 0, FAR)
        assert dict(zip(read.start.tolist(), read.close.tolist(), strict=True)) == known
        assert (np.diff(read.start) > 0).all()
