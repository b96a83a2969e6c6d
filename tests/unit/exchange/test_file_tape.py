"""Tapes from Parquet files: what is accepted, in which order it plays, what is said of the rest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.calendar import new_york, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import AssetClass
from liualgotrader.exchange.columns import TRADE, events, of_kind
from liualgotrader.exchange.file_tape import FileTape, open_tape
from liualgotrader.exchange.merge import merged
from liualgotrader.exchange.parquet_rows import BATCH_ROWS
from liualgotrader.exchange.simulated_day import SimulatedDay
from liualgotrader.exchange.tape import moment

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
DAY = date(2024, 3, 5)
OPEN = us_equities().session(DAY).open
CLOSE = us_equities().session(DAY).close
NS = pa.timestamp("ns", "UTC")


def write(
    path: Path,
    columns: Mapping[str, Any],
    *,
    times: Sequence[int | None],
    unit: Any = NS,
    symbol: str = "AAA",
    group: int = 1_000_000,
) -> Path:
    stamps = pa.array(times, pa.int64()).cast(pa.timestamp("ns")).cast(unit, safe=False)
    symbols = columns.get("symbol", [symbol] * len(times))
    rest = {name: column for name, column in columns.items() if name != "symbol"}
    table = pa.table({"symbol": symbols, "timestamp": stamps, **rest})
    pq.write_table(table, path, row_group_size=group)
    return path


def trades(path: Path, rows: Sequence[tuple[int, float, float]], **options: Any) -> Path:
    columns = {"price": [r[1] for r in rows], "size": [r[2] for r in rows]}
    return write(path, columns, times=[r[0] for r in rows], **options)


def quotes(path: Path, rows: Sequence[tuple[int, float, float]], **options: Any) -> Path:
    columns = {
        "bid": [r[1] for r in rows],
        "ask": [r[2] for r in rows],
        "bid_size": [100.0] * len(rows),
        "ask_size": [200.0] * len(rows),
    }
    return write(path, columns, times=[r[0] for r in rows], **options)


def bars(path: Path, times: Sequence[int], *, price: float = 10.0, **options: Any) -> Path:
    flat = [price] * len(times)
    columns: dict[str, Any] = {
        "open": flat,
        "high": flat,
        "low": flat,
        "close": flat,
        "volume": [500] * len(times),
    }
    return write(path, columns, times=times, **options)


def test_trades_quotes_and_bars_are_merged_by_when_they_are_known(tmp_path: Path) -> None:
    tape = FileTape(
        [
            trades(tmp_path / "t", [(OPEN + SECOND, 10.0, 5.0), (OPEN + 60 * SECOND, 10.2, 7.0)]),
            quotes(tmp_path / "q", [(OPEN, 9.9, 10.1), (OPEN + 60 * SECOND, 10.1, 10.3)]),
            bars(tmp_path / "b", [OPEN, OPEN + 60 * SECOND]),
        ]
    )
    flat = (10.0, 10.0, 10.0, 10.0, 500.0, 60)
    assert list(tape.events()) == [
        Quote("AAA", OPEN, 9.9, 10.1, 100.0, 200.0),
        Trade("AAA", OPEN + SECOND, 10.0, 5.0),
        Trade("AAA", OPEN + 60 * SECOND, 10.2, 7.0),
        Quote("AAA", OPEN + 60 * SECOND, 10.1, 10.3, 100.0, 200.0),
        Bar("AAA", OPEN, *flat),
        Bar("AAA", OPEN + 60 * SECOND, *flat),
    ]
    assert (tape.date, tape.start, tape.end) == (DAY, OPEN, CLOSE + 300 * SECOND)
    assert list(tape.events()) == list(tape.events())
    assert tape.skipped == Counter()
    assert tape.daily_bars == {"AAA": []}


def test_equal_moments_go_by_file_and_then_by_row(tmp_path: Path) -> None:
    first = trades(tmp_path / "1", [(OPEN, 1.0, 1.0), (OPEN, 2.0, 1.0)], group=1)
    second = trades(tmp_path / "2", [(OPEN, 3.0, 1.0), (OPEN, 4.0, 1.0)])
    for paths, prices in (((first, second), [1, 2, 3, 4]), ((second, first), [3, 4, 1, 2])):
        played = [e.price for e in FileTape(paths).events() if isinstance(e, Trade)]
        assert played == prices


@pytest.mark.parametrize(
    "unit",
    [
        pa.timestamp("ns"),
        pa.timestamp("us"),
        pa.timestamp("ms"),
        pa.timestamp("s"),
        pa.timestamp("us", "UTC"),
        pa.timestamp("ns", "America/New_York"),
    ],
)
def test_any_unit_and_zone_of_time_is_the_same_moment(tmp_path: Path, unit: Any) -> None:
    tape = FileTape([trades(tmp_path / "t", [(OPEN, 10.0, 5.0)], unit=unit)])
    assert list(tape.events()) == [Trade("AAA", OPEN, 10.0, 5.0)]


def test_other_names_types_and_columns_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "q"
    columns = {
        "symbol": pa.array(["AAA"]).dictionary_encode(),
        "ask_price": pa.array([Decimal("10.10")]),
        "bid_price": pa.array([10], pa.int32()),
        "bid_size": pa.array([3.0], pa.float32()),
        "ask_size": [4],
        "exchange": ["V"],
    }
    write(path, columns, times=[OPEN])
    assert list(FileTape([path]).events()) == [Quote("AAA", OPEN, 10.0, 10.1, 3.0, 4.0)]


def test_bad_rows_are_left_out_and_counted_by_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nan, inf = float("nan"), float("inf")
    good = trades(tmp_path / "t", [(OPEN, 10.0, 5.0)])
    prices = [nan, -1.0, 0.0, inf, None, 10.0, 10.0, 10.0, 10.0]
    sizes = [1.0, 1.0, 1.0, 1.0, 1.0, nan, -3.0, 0.0, None]
    bad = write(
        tmp_path / "bad",
        {
            "price": [*prices, 10.0, 10.0, 10.0],
            "size": [*sizes, 1.0, 1.0, 1.0],
            "symbol": ["AAA"] * 9 + [None, "", "AAA"],
        },
        times=[*[OPEN] * 11, None],
    )
    good_quote = quotes(tmp_path / "q", [(OPEN, 9.0, 9.1), (OPEN, 0.0, 9.1), (OPEN, 9.1, 9.0)])
    bar = {"open": [9.0, 9.0], "high": [9.5, 8.9], "low": [8.5, 8.5], "close": [9.1, 8.8]}
    bar_file = write(tmp_path / "b", {**bar, "volume": [-1, 5]}, times=[OPEN, OPEN])
    with pytest.raises(ConfigError, match=r"no good row; skipped: .*'bad price': 5"):
        FileTape([bad])
    with pytest.raises(ConfigError, match="no good row"):
        FileTape([bar_file])
    mixed = trades(
        tmp_path / "m", [(OPEN, nan, 1.0), (OPEN, 11.0, 2.0), (OPEN + SECOND, 11.0, -2.0)]
    )
    with caplog.at_level("WARNING"):
        tape = FileTape([good, good_quote, mixed])
    assert tape.skipped == Counter({"bad price": 2, "bad size": 1})
    assert [type(e).__name__ for e in tape.events()] == ["Trade", "Quote", "Quote", "Trade"]
    assert str(mixed) in caplog.text and "'bad size': 1" in caplog.text


def test_a_bar_whose_close_is_outside_its_range_is_left_out(tmp_path: Path) -> None:
    columns = {
        "open": [9.0, 9.0],
        "high": [9.5, 8.9],
        "low": [8.5, 8.5],
        "close": [9.1, 8.8],
        "volume": [1, 1],
    }
    tape = FileTape([write(tmp_path / "b", columns, times=[OPEN, OPEN + 60 * SECOND])])
    assert tape.skipped == Counter({"open or close outside the range": 1})
    assert len(list(tape.events())) == 1


def test_an_unsorted_row_group_is_sorted_and_ties_keep_their_order(tmp_path: Path) -> None:
    rows = [(OPEN + 2, 1.0, 1.0), (OPEN, 2.0, 1.0), (OPEN + 2, 3.0, 1.0), (OPEN + 1, 4.0, 1.0)]
    tape = FileTape([trades(tmp_path / "t", rows)])
    assert [e.price for e in tape.events() if isinstance(e, Trade)] == [2.0, 4.0, 1.0, 3.0]
    assert tape.start == OPEN


def test_row_groups_that_overlap_in_time_are_refused_with_the_remedy(tmp_path: Path) -> None:
    rows = [(OPEN, 1.0, 1.0), (OPEN + 5 * SECOND, 1.0, 1.0), (OPEN + 4 * SECOND, 1.0, 1.0)]
    path = trades(tmp_path / "t", rows, group=2)
    with pytest.raises(
        ConfigError, match=r"row group 1 begins at .*14:30:04Z.*sort_values"
    ) as said:
        FileTape([path])
    assert str(path) in str(said.value)


def test_long_files_are_played_piece_by_piece_in_order(tmp_path: Path) -> None:
    count = 3 * BATCH_ROWS + 17
    long = trades(
        tmp_path / "t", [(OPEN + i // 3 * 1000, 10.0, 1.0 + i) for i in range(count)], group=50_000
    )
    sparse = quotes(
        tmp_path / "q", [(OPEN + i * 1_000_000, 9.0, 11.0) for i in range(count // 3_000)]
    )
    played = list(FileTape([sparse, long]).events())
    assert [e.size for e in played if isinstance(e, Trade)] == [1.0 + i for i in range(count)]
    moments = [moment(e) for e in played]
    assert moments == sorted(moments)
    assert len(played) == count + count // 3_000
    # The quote of an equal moment comes first, for its file was given first.
    assert isinstance(played[0], Quote) and isinstance(played[1], Trade)


def test_the_day_is_the_one_of_most_rows_or_the_one_asked_for(tmp_path: Path) -> None:
    day_before = OPEN - 24 * HOUR
    rows = [(day_before, 1.0, 1.0), (OPEN, 2.0, 1.0), (OPEN + 1, 3.0, 1.0)]
    path = trades(tmp_path / "t", rows)
    assert FileTape([path]).date == DAY
    assert len(list(FileTape([path]).events())) == 2
    earlier = FileTape([path], date=date(2024, 3, 4))
    assert [e.price for e in earlier.events() if isinstance(e, Trade)] == [1.0]
    with pytest.raises(ConfigError, match=r"no rows of 2024-03-07.*2024-03-05 \(2 rows\)"):
        FileTape([path], date=date(2024, 3, 7))


def test_the_night_belongs_to_the_trade_date_and_symbols_to_their_day(tmp_path: Path) -> None:
    eight = new_york(date(2024, 3, 4)) + 20 * HOUR
    first = trades(tmp_path / "1", [(eight - 1, 1.0, 1.0), (eight, 2.0, 1.0), (OPEN, 3.0, 1.0)])
    other = trades(tmp_path / "2", [(eight - 2 * HOUR, 9.0, 1.0)], symbol="BBB")
    tape = FileTape([first, other], date=DAY)
    assert [e.price for e in tape.events() if isinstance(e, Trade)] == [2.0, 3.0]
    assert tape.start == eight and list(tape.instruments) == ["AAA"]


def test_a_pair_is_crypto_with_its_own_day_and_tick(tmp_path: Path) -> None:
    saturday = 1_570_838_400 * SECOND  # 2019-10-12 00:00 UTC
    rows = [
        (saturday - 1, 0.00141342, 5.0),
        (saturday, 0.0014, 5.0),
        (saturday + HOUR, 0.00142, 5.0),
    ]
    tape = FileTape([trades(tmp_path / "t", rows, symbol="XRP/ETH")])
    assert (tape.date, tape.start, tape.end) == (date(2019, 10, 12), saturday, saturday + HOUR)
    instrument = tape.instruments["XRP/ETH"]
    assert instrument.asset_class is AssetClass.CRYPTO
    assert instrument.tick == Decimal("0.00000001")
    assert not instrument.shortable and not instrument.marginable and instrument.fractionable


def test_stocks_on_a_day_without_a_session_are_refused(tmp_path: Path) -> None:
    saturday = OPEN + 4 * 24 * HOUR
    with pytest.raises(ConfigError, match="no trading on 2024-03-09"):
        FileTape([trades(tmp_path / "t", [(saturday, 1.0, 1.0)])])


@pytest.mark.parametrize("seconds", [1, 60, 300])
def test_bars_last_as_long_as_they_are_apart(tmp_path: Path, seconds: int) -> None:
    times = [OPEN + i * seconds * SECOND for i in (0, 1, 2, 7, 8)]
    both = [t for t in times for _ in range(2)]
    path = bars(tmp_path / "b", both, symbol="AAA")
    played = [e for e in FileTape([path]).events() if isinstance(e, Bar)]
    assert {bar.seconds for bar in played} == {seconds}
    assert [bar.start for bar in played] == both
    assert moment(played[0]) == OPEN + seconds * SECOND


@pytest.mark.parametrize("midnight", ["UTC", "New York"])
def test_daily_bars_are_the_history_of_what_is_played(tmp_path: Path, midnight: str) -> None:
    utc = [1_709_251_200 * SECOND + i * 24 * HOUR for i in (0, 3, 4)]  # 1, 4 and 5 March
    local = [new_york(day) for day in (date(2024, 3, 1), date(2024, 3, 4), DAY)]
    daily = bars(tmp_path / "d", utc if midnight == "UTC" else local)
    also = bars(tmp_path / "e", [local[0], local[0] + 24 * HOUR], symbol="ZZZ")
    tape = FileTape([trades(tmp_path / "t", [(OPEN, 10.0, 5.0)]), daily, also])
    assert [bar.start for bar in tape.daily_bars["AAA"]] == local[:2]
    assert {bar.seconds for bar in tape.daily_bars["AAA"]} == {86_400}
    assert list(tape.events()) == [Trade("AAA", OPEN, 10.0, 5.0)]
    assert list(tape.daily_bars) == ["AAA"]
    with pytest.raises(ConfigError, match="daily bars are history, not events"):
        FileTape([daily])


def test_missing_columns_are_named_with_what_was_found_and_what_is_accepted(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "t", {"price": [1.0], "side": ["buy"]}, times=[OPEN])
    with pytest.raises(ConfigError) as said:
        FileTape([path])
    text = str(said.value)
    assert str(path) in text and "found symbol, timestamp, price, side" in text
    assert "price, size; or bid, ask, bid_size, ask_size; or open, high, low, close, volume" in text


def test_a_file_without_symbol_or_time_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "t"
    pq.write_table(pa.table({"price": [1.0], "size": [1.0], "date": ["x"]}), path)
    with pytest.raises(ConfigError, match="no column symbol and no column timestamp; found price"):
        FileTape([path])


def test_a_file_that_may_be_two_things_is_refused(tmp_path: Path) -> None:
    both = {n: [1.0] for n in ("price", "size", "bid", "ask", "bid_size", "ask_size")}
    path = write(tmp_path / "t", both, times=[OPEN])
    with pytest.raises(ConfigError, match="may be trades or quotes"):
        FileTape([path])


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"timestamp": pa.array([1]), "symbol": ["A"]}, "timestamp is int64; it should be"),
        ({"timestamp": pa.array([1], NS), "symbol": [7]}, "symbol is int64; it should be text"),
    ],
)
def test_columns_of_the_wrong_type_are_refused(
    tmp_path: Path, columns: dict[str, Any], says: str
) -> None:
    path = tmp_path / "t"
    pq.write_table(pa.table({**columns, "price": [1.0], "size": [1.0]}), path)
    with pytest.raises(ConfigError, match=says):
        FileTape([path])


def test_a_price_that_is_text_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "t", {"price": ["1.0"], "size": [1.0]}, times=[OPEN])
    with pytest.raises(ConfigError, match="price is string; it should be a number"):
        FileTape([path])


def test_what_is_no_parquet_file_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("symbol,timestamp,price,size\n")
    with pytest.raises(ConfigError, match=r"a\.csv: not a Parquet file.*read_csv"):
        FileTape([tmp_path / "a.csv"])
    with pytest.raises(ConfigError, match="there is no such file"):
        FileTape([tmp_path / "nowhere"])
    with pytest.raises(ConfigError, match="not a Parquet file"):
        FileTape([tmp_path])


def test_a_damaged_file_is_refused_before_anything_is_played(tmp_path: Path) -> None:
    path = trades(tmp_path / "t", [(OPEN + i, 1.0 + i, 1.0) for i in range(5_000)])
    content = bytearray(path.read_bytes())
    content[4:3_000] = b"\xff" * 2_996
    path.write_bytes(bytes(content))
    with pytest.raises(ConfigError, match="cannot be read"):
        FileTape([path])


def test_an_empty_file_has_no_good_row(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t",
        {
            "symbol": pa.array([], pa.string()),
            "price": pa.array([], pa.float64()),
            "size": pa.array([], pa.float64()),
        },
        times=[],
    )
    with pytest.raises(ConfigError, match="no good row; skipped: none"):
        FileTape([path])


def test_without_files_the_tape_is_the_simulated_day(tmp_path: Path) -> None:
    simulated = open_tape([], seed=3, date=date(2013, 1, 23))
    assert isinstance(simulated, SimulatedDay) and simulated.seed == 3
    assert simulated.date == date(2013, 1, 23) and "simulated" in simulated.notice
    path = trades(tmp_path / "t", [(OPEN, 10.0, 5.0)])
    assert isinstance(open_tape([str(path)], seed=3), FileTape)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(
            st.lists(st.integers(0, 12), min_size=1, max_size=5),
            max_size=5,
        ),
        max_size=4,
    )
)
def test_any_streams_in_any_pieces_merge_as_one_stable_sort(streams: list[list[list[int]]]) -> None:
    pieces, expected = [], []
    for source, sizes in enumerate(streams):
        times = sorted(t for piece in sizes for t in piece)
        expected += [(t, float(source), float(row)) for row, t in enumerate(times)]
        cut, stream = 0, []
        for piece in sizes:
            rows = np.arange(cut, cut + len(piece))
            values = (np.full(len(piece), float(source)), rows.astype(np.float64))
            stream.append(of_kind(TRADE, symbol=0, moment=np.array(times)[rows], values=values))
            cut += len(piece)
        pieces.append(iter(stream))
    played = [e for part in merged(pieces) for e in events(part, ["A"])]
    got = [(e.time, e.price, e.size) for e in played if isinstance(e, Trade)]
    assert got == sorted(expected, key=lambda row: row[0])
