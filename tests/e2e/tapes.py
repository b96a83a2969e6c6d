"""A small day for whole sessions: a few symbols, an hour of thin prints, as a Parquet file."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from liualgotrader.common.events import Quote, Trade
from liualgotrader.exchange.tape import TapeEvent

SYMBOLS = ("AAPL", "MSFT", "IBM", "XOM", "KO", "GE")
OPEN = int(datetime(2013, 1, 23, 14, 30, tzinfo=UTC).timestamp()) * 1_000_000_000
SECOND = 1_000_000_000


def write_tape(
    path: Path,
    *,
    minutes: int = 62,
    symbols: tuple[str, ...] = SYMBOLS,
    mean_seconds: float = 5,
    grain: int = 1,
) -> Path:
    """Write prints of a random walk, seeded; sizes of which a tenth fills an order in parts.

    Times are whole multiples of `grain` ns.
    """
    random, length = Random(20130123), minutes * 60 * SECOND
    rows = [
        (symbol, ts // grain * grain, price, size)
        for each in symbols
        for symbol, ts, price, size in _walk(random, each, length, mean_seconds)
    ]
    rows.sort(key=lambda row: (row[1], row[0]))
    names = ("symbol", "timestamp", "price", "size")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    table = pa.table(
        {
            "symbol": pa.array(columns["symbol"]),
            "timestamp": pa.array(columns["timestamp"], pa.timestamp("ns", "UTC")),
            "price": pa.array(columns["price"], pa.float64()),
            "size": pa.array(columns["size"], pa.float64()),
        },
    )
    pq.write_table(table, path)
    return path


def _walk(
    random: Random, symbol: str, length: int, mean_seconds: float
) -> list[tuple[str, int, float, float]]:
    price, at, rows = random.uniform(20, 90), 0, []
    while (at := at + int(random.expovariate(1 / mean_seconds) * SECOND) + 1_000_000) < length:
        price *= 1 + random.gauss(0, 0.0006)
        rows.append((symbol, OPEN + at, round(price, 2), float(random.randint(20, 160))))
    return rows


def write_events(folder: Path, events: Iterable[TapeEvent]) -> list[Path]:
    """Write the prints and the quotes of a tape as two files."""
    every = list(events)
    trades = [(e.symbol, e.ts_event, e.price, e.size) for e in every if isinstance(e, Trade)]
    quotes = [
        (e.symbol, e.ts_event, e.bid, e.ask, e.bid_size, e.ask_size)
        for e in every
        if isinstance(e, Quote)
    ]
    files = []
    for name, rows, columns in (
        ("trades", trades, ("price", "size")),
        ("quotes", quotes, ("bid", "ask", "bid_size", "ask_size")),
    ):
        symbols, times, *values = zip(*rows, strict=True)
        table = pa.table(
            {
                "symbol": pa.array(symbols),
                "timestamp": pa.array(times, pa.timestamp("ns", "UTC")),
                **dict(zip(columns, map(pa.array, values), strict=True)),
            }
        )
        files.append(folder / f"{name}.parquet")
        pq.write_table(table, files[-1])
    return files
