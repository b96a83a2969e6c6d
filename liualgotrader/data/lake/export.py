"""Rows of the lake as a file for others."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from liualgotrader.data.lake.kinds import Kind
from liualgotrader.data.lake.row_files import schema, write_whole
from liualgotrader.data.lake.rows import Rows


def export_rows(path: Path, kind: Kind, rows: Rows, *, as_csv: bool) -> None:
    """Write rows, oldest first, with the columns symbol, timestamp (UTC) and those of the kind.

    As a tape has them, so that a session can play what was exported. Raises StoreError.
    """
    columns = [pa.array(rows.start).cast(pa.timestamp("ns", tz="UTC")), *map(pa.array, rows.values)]
    table = pa.table(columns, schema=schema(kind))
    table = table.add_column(0, "symbol", pa.repeat(rows.symbol, len(rows)))
    if as_csv:
        write_whole(path, lambda file: pyarrow.csv.write_csv(table, file))
    else:
        write_whole(path, lambda file: pq.write_table(table, file, compression="zstd"))
