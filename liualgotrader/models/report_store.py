"""What reports are made of: the orders and executions of a batch."""

from __future__ import annotations

from liualgotrader.models.session_rows import ExecutionRow, OrderRow
from liualgotrader.models.store import Store

_EXECUTIONS = """
SELECT t.trade_id, t.algo_run_id, r.algo_name AS strategy, r.slot, t.order_id, t.execution_id,
    t.symbol, t.operation, t.qty, t.price, t.trade_fee AS fee, t.ts_ns AS time,
    o.decided_ns AS decided_at, t.stop_price, t.target_price, t.reason, t.indicators
FROM new_trades t JOIN algo_run r USING (algo_run_id) LEFT JOIN orders o USING (order_id)
WHERE t.expire_tstamp IS NULL"""

_ORDERS = """
SELECT order_id, algo_run_id, strategy, slot, symbol, side, order_type, time_in_force, qty,
    notional, limit_price, trigger_price, stop_price, target_price, status, filled, is_exit,
    decided_ns AS decided_at, reason, refusal, broker_id, replaces, indicators
FROM orders"""


class ReportStore(Store):
    """Reads orders and executions."""

    async def executions(self, batch_id: str) -> list[ExecutionRow]:
        """Return a batch's executions that stand, in the order they happened."""
        query = _EXECUTIONS + " AND r.batch_id = $1 ORDER BY t.ts_ns, t.trade_id"
        rows = await self._fetch("load executions", query, batch_id)
        return [ExecutionRow.of(row) for row in rows]

    async def portfolio_executions(self, portfolio_id: str) -> list[ExecutionRow]:
        """Return a portfolio's executions that stand, over all batches, in their order."""
        query = _EXECUTIONS + " AND r.portfolio_id = $1 ORDER BY t.ts_ns, t.trade_id"
        rows = await self._fetch("load executions", query, portfolio_id)
        return [ExecutionRow.of(row) for row in rows]

    async def orders(self, batch_id: str) -> list[OrderRow]:
        """Return a batch's orders, refused ones included, in the order they were decided."""
        query = _ORDERS + " WHERE batch_id = $1 ORDER BY decided_ns, slot, number"
        rows = await self._fetch("load orders", query, batch_id)
        return [OrderRow.of(row) for row in rows]
