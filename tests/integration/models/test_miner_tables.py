"""The tables of miners: brought in at once or not at all, and never by a name that is not there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date

import pytest

from liualgotrader.common.errors import ConfigError, StoreError
from liualgotrader.models import miner_tables
from liualgotrader.models.miner_runs import MinerRunStore
from liualgotrader.models.miner_tables import MinerTables

DAY = date(2024, 1, 31)
BARS = ("symbol", "symbol_date", "open", "high", "low", "close", "volume", "indicators")
BAR_KEY = BARS[:2]
VALUES = ("miner", "symbol", "day", "name", "value")


@pytest.fixture
async def tables(database: str) -> AsyncIterator[MinerTables]:
    async with await MinerTables.open(database, max_size=2) as store:
        yield store


def bars(close: float = 10.0, count: int = 3) -> Iterator[tuple[object, ...]]:
    for number in range(count):
        day = date.fromordinal(DAY.toordinal() + number)
        yield ("AAPL", day, 9.0, 12.0, 8.0, close + number, 1e6, {"sma": 9.5, "up": True})


async def test_rows_are_put_once_and_changed_where_they_differ(tables: MinerTables) -> None:
    assert await tables.put("stock_ohlc", BARS, bars(), key=BAR_KEY) == 3
    assert await tables.put("stock_ohlc", BARS, bars(), key=BAR_KEY) == 0
    changed = [row if i else (*row[:5], 11.5, *row[6:]) for i, row in enumerate(bars())]
    assert await tables.put("stock_ohlc", BARS, changed, key=BAR_KEY) == 1
    rows = await tables.get("stock_ohlc", ("close", "indicators"))
    assert rows == [(close, {"sma": 9.5, "up": True}) for close in (11.5, 11.0, 12.0)]
    modified = await tables.get("stock_ohlc", ("create_tstamp", "modify_tstamp"))
    assert [created < touched for created, touched in modified] == [True, False, False]


async def test_many_chunks_are_one_transaction(
    tables: MinerTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(miner_tables, "_CHUNK", 10)

    def broken() -> Iterator[tuple[object, ...]]:
        yield from bars(count=25)
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        await tables.put("stock_ohlc", BARS, broken(), key=BAR_KEY)
    assert await tables.get("stock_ohlc", ("symbol",)) == []
    assert await tables.put("stock_ohlc", BARS, bars(count=25), key=BAR_KEY) == 25


async def test_rows_are_found_by_their_values_in_the_order_of_the_key(tables: MinerTables) -> None:
    rows = [("m", symbol, DAY, name, 1.0) for symbol in ("C", "A", "B") for name in ("y", "x")]
    await tables.put("miner_values", VALUES, rows, key=VALUES[:4])
    found = await tables.get(
        "miner_values", ("symbol", "name"), where={"symbol": ["C", "A", "Z"], "day": DAY}
    )
    assert found == [("A", "x"), ("A", "y"), ("C", "x"), ("C", "y")]
    assert await tables.get("miner_values", ("symbol",), where={"symbol": []}) == []


async def test_a_missing_value_is_found_too(tables: MinerTables) -> None:
    columns = ("symbol", "name", "sector")
    rows = [("A", "Alpha", None), ("B", "Beta", "Energy")]
    await tables.put("ticker_data", columns, rows, key=("symbol",))
    assert await tables.get("ticker_data", ("symbol",), where={"sector": None}) == [("A",)]


async def test_rows_are_replaced(tables: MinerTables) -> None:
    mine = [("m", symbol, DAY, "x", 1.0) for symbol in ("A", "B")]
    others = [("other", "A", DAY, "x", 7.0)]
    await tables.put("miner_values", VALUES, [*mine, *others], key=VALUES[:4])
    where = {"miner": "m", "day": DAY}
    rows = [("m", "C", DAY, "x", 3.0)]
    assert await tables.replace("miner_values", VALUES, rows, where=where) == 1
    found = await tables.get("miner_values", ("miner", "symbol", "value"))
    assert found == [("m", "C", 3.0), ("other", "A", 7.0)]
    with pytest.raises(ConfigError, match=r"none of the rows that are replaced"):
        await tables.replace("miner_values", VALUES, others, where=where)
    assert await tables.get("miner_values", ("miner", "symbol", "value")) == found
    with pytest.raises(ConfigError, match="say whose rows are replaced"):
        await tables.replace("miner_values", VALUES, rows, where={})


@pytest.mark.parametrize("table", ["orders", "miner_runs", "nothing", 'x"; DROP TABLE orders; --'])
async def test_only_tables_of_miners_are_to_be_had(tables: MinerTables, table: str) -> None:
    with pytest.raises(ConfigError, match="is no table of miners"):
        await tables.get(table, ("symbol",))
    with pytest.raises(ConfigError, match="is no table of miners"):
        await tables.put(table, ("symbol",), [("A",)], key=("symbol",))


async def test_names_that_are_not_there_are_refused(tables: MinerTables) -> None:
    with pytest.raises(
        ConfigError, match="has no column closes; the nearest valid column is close"
    ):
        await tables.get("stock_ohlc", ("closes",))
    with pytest.raises(ConfigError, match="has no column 1=1"):
        await tables.get("stock_ohlc", ("close",), where={"1=1": 1})
    with pytest.raises(ConfigError, match=r"\(symbol\) is no key of what is put"):
        await tables.put("stock_ohlc", BARS, bars(), key=("symbol",))
    with pytest.raises(ConfigError, match="3 values for 8 columns"):
        await tables.put("stock_ohlc", BARS, [("A", DAY, 1.0)], key=BAR_KEY)
    with pytest.raises(ConfigError, match="two rows of symbol AAPL, symbol_date 2024-01-31"):
        await tables.put("stock_ohlc", BARS, [*bars(count=1), *bars(count=1)], key=BAR_KEY)
    with pytest.raises(ConfigError, match="name each column once"):
        await tables.get("stock_ohlc", ())


async def test_what_the_table_refuses_is_told_and_nothing_is_written(tables: MinerTables) -> None:
    rows = [("m", "A", DAY, "x", 1.0), ("m", "B", DAY, "x", float("inf"))]
    with pytest.raises(StoreError, match="could not write miner_values"):
        await tables.put("miner_values", VALUES, rows, key=VALUES[:4])
    assert await tables.get("miner_values", ("symbol",)) == []
    with pytest.raises(ConfigError, match="a value is not of its column's kind"):
        await tables.put("miner_values", VALUES, [("m", "A", "today", "x", 1.0)], key=VALUES[:4])
    assert await tables.put("miner_values", VALUES, rows[:1], key=VALUES[:4]) == 1


async def test_values_are_never_part_of_a_statement(tables: MinerTables) -> None:
    evil = "'; DROP TABLE miner_values; --"
    await tables.put("miner_values", VALUES, [(evil, "A", DAY, evil, 1.0)], key=VALUES[:4])
    assert await tables.get("miner_values", ("name",), where={"miner": evil}) == [(evil,)]


async def test_the_last_run_of_a_day_is_kept(database: str) -> None:
    async with await MinerRunStore.open(database, max_size=1) as store:
        await store.begin("bars", DAY)
        assert [(run.outcome, run.ended_at) for run in await store.runs(DAY)] == [("running", None)]
        await store.end("bars", DAY, outcome="failed", detail="no answer")
        await store.end("trend", DAY, outcome="skipped", detail="bars failed")
        runs = await store.runs(DAY)
        assert [(run.miner, run.outcome, run.detail) for run in runs] == [
            ("bars", "failed", "no answer"),
            ("trend", "skipped", "bars failed"),
        ]
        await store.begin("bars", DAY)
        assert (await store.runs(DAY))[0].outcome == "running"
        assert (await store.runs(DAY))[0].detail == ""
