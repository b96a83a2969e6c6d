"""Executions of exchange and ledger side by side: each is one row, or it is named."""

from decimal import Decimal
from typing import Any

from liualgotrader.models.session_rows import ExecutionRow
from liualgotrader.session.books import execution_differences


def booked(name: str, **more: Any) -> ExecutionRow:
    fields: dict[str, Any] = {
        "trade_id": 1, "algo_run_id": 1, "strategy": "s", "slot": "A", "order_id": "o1",
        "execution_id": name, "symbol": "KO", "operation": "buy", "qty": Decimal(3),
        "price": Decimal("5.10"), "fee": Decimal(0), "time": 1, "decided_at": 1,
        "stop_price": None, "target_price": None, "reason": "", "indicators": {},
    }  # fmt: skip
    return ExecutionRow(**fields | more)


def executed(name: str, **more: str) -> dict[str, str]:
    fields = {
        "execution_id": name, "client_order_id": "o1", "symbol": "KO", "side": "buy", "qty": "3",
        "price": "5.1", "fee": "0",
    }  # fmt: skip
    return fields | more


def test_the_same_executions_differ_in_nothing() -> None:
    ours = [booked("e2"), booked("e1")]
    assert [*execution_differences(ours, [executed("e1"), executed("e2")])] == []


def test_one_that_is_missing_doubled_or_other_is_named() -> None:
    ours = [booked("e1"), booked("e1"), booked("e3", price=Decimal("5.2"))]
    theirs = [executed("e1"), executed("e2"), executed("e3")]
    found = [*execution_differences(ours, theirs)]
    assert [line.split()[1] for line in found] == ["e1", "e3", "e2", "e3"]
    assert "is in the ledger, and the exchange has it not" in found[0]
    assert "is the exchange's, and the ledger has it not" in found[2]
