"""Write trades.parquet and quotes.parquet of one real-sized day: python real_sized_tape.py FOLDER

400,000 trades and 1.7 million quotes of four simulated companies, bursts at the open and the
close. The same every time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.events import Bar
from liualgotrader.exchange.columns import QUOTE, TRADE, Columns, joined, of_kind
from liualgotrader.exchange.intraday import Span, busy_times, make_day
from liualgotrader.exchange.simulated_companies import generator

DAY = date(2013, 1, 24)
TRADES, QUOTES = 100_000, 425_000  # of each symbol
SEED = 1
ROWS_IN_A_GROUP = 131_072
COMPANIES = {
    "SIM01": (120.0, 126.4, 118.9, 125.2),
    "SIM02": (41.5, 42.1, 37.8, 38.2),
    "SIM03": (302.0, 305.5, 297.1, 301.4),
    "SIM04": (9.8, 10.9, 9.7, 10.7),
}


def main(arguments: Sequence[str]) -> int:
    """Write both files; return the exit code."""
    if len(arguments) != 1:
        print(f"usage: make_real_sized_tape FOLDER\n{__doc__}", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    rows = joined([_symbol(number) for number in range(len(COMPANIES))]).in_order()
    trades, quotes = rows.take(rows.kind == TRADE), rows.take(rows.kind == QUOTE)
    _write(folder / "trades.parquet", trades, ("price", "size"))
    _write(folder / "quotes.parquet", quotes, ("bid", "ask", "bid_size", "ask_size"))
    return 0


def _symbol(number: int) -> Columns:
    name = list(COMPANIES)[number]
    session = us_equities().session(DAY)
    span = Span(session.open, session.close)
    rng = generator(SEED, name, "real-sized")
    bar = Bar(name, 0, *COMPANIES[name], 60_000_000.0, 86_400)
    made = make_day(rng, bar, symbol=number, span=span, trades=TRADES)
    return joined((made, _more_quotes(rng, made.take(made.kind == QUOTE), span)))


def _more_quotes(rng: np.random.Generator, quotes: Columns, span: Span) -> Columns:
    """Show the quote of the moment again with other sizes, as most quotes of a real day do."""
    moments = busy_times(rng, QUOTES - len(quotes), span)
    at = np.maximum(np.searchsorted(quotes.moment, moments) - 1, 0)
    bid, ask, *_ = (column[at] for column in quotes.values)
    depths = rng.geometric(0.25, (2, len(moments))) * 100.0
    number = int(quotes.symbol[0])
    return of_kind(QUOTE, symbol=number, moment=moments, values=(bid, ask, depths[0], depths[1]))


def _write(path: Path, rows: Columns, names: Sequence[str]) -> None:
    symbols = pa.DictionaryArray.from_arrays(pa.array(rows.symbol), list(COMPANIES))
    table = pa.table(
        {
            "symbol": symbols.cast(pa.string()),
            "timestamp": pa.array(rows.moment).cast(pa.timestamp("ns", "UTC")),
            **dict(zip(names, rows.values, strict=False)),
        }
    )
    pq.write_table(table, path, row_group_size=ROWS_IN_A_GROUP, compression="zstd")
    print(f"{path}: {len(rows):,} rows, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
