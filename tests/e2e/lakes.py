"""A tape's rows as history in a lake."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from liualgotrader.data.lake import Kind, Lake, Rows


def take_in(tape: Path, home: Path) -> None:
    """Write the prints of a tape into the lake of an installation."""
    table = pq.read_table(tape)
    symbols = np.array(table["symbol"].to_pylist())
    moments = table["timestamp"].cast("int64").to_numpy()
    values = [table[name].to_numpy() for name in ("price", "size")]
    lake = Lake(home / "history")
    for symbol in sorted(set(symbols.tolist())):
        rows = symbols == symbol
        columns = tuple(np.ascontiguousarray(column[rows]) for column in values)
        lake.write(Kind.TRADES, symbol, Rows(symbol, moments[rows], columns))
