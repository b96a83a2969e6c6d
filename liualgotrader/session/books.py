"""Whether the ledger tells what the exchange in a box did, execution by execution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from liualgotrader.models.session_rows import ExecutionRow

Told = tuple[str, str, str, str, Decimal, Decimal, Decimal]


def execution_differences(
    ours: Iterable[ExecutionRow], theirs: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """Iterate over what only one side has; an execution that was booked twice is one of them.

    What was adopted from the broker's books is no execution of ours.

    `theirs` as `/box/executions` gives them.
    """
    booked = Counter(_ours(row) for row in ours if row.order_id is not None)
    executed = Counter(_theirs(row) for row in theirs)
    for told in sorted((booked - executed).elements()):
        yield f"execution {_words(told)} is in the ledger, and the exchange has it not"
    for told in sorted((executed - booked).elements()):
        yield f"execution {_words(told)} is the exchange's, and the ledger has it not"


def _ours(row: ExecutionRow) -> Told:
    return (
        row.execution_id or "",
        row.order_id or "",
        row.symbol,
        row.operation,
        row.qty,
        row.price,
        row.fee,
    )


def _theirs(row: Mapping[str, Any]) -> Told:
    return (
        row["execution_id"],
        row["client_order_id"],
        row["symbol"],
        row["side"],
        Decimal(row["qty"]),
        Decimal(row["price"]),
        Decimal(row["fee"]),
    )


def _words(told: Told) -> str:
    execution_id, order_id, symbol, side, qty, price, fee = told
    return f"{execution_id} of order {order_id} ({side} {qty} {symbol} at {price}, fee {fee})"
