"""What past batches traded, read for miners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from liualgotrader.analytics.execution_costs import ExecutedOrder, Part
from liualgotrader.analytics.past import PastBatch, Traded
from liualgotrader.analytics.round_trips import Adjustment
from liualgotrader.common.events import OpenPosition
from liualgotrader.common.ledger_orders import FLAT, Holding
from liualgotrader.common.orders import Side
from liualgotrader.models.analysis_store import AnalysisStore
from liualgotrader.models.postgres import to_ns
from liualgotrader.models.report_store import ReportStore

# A backtest trades days that may be long past, and is of the day on which it was run.
_BATCHES = """
WITH known AS (
    SELECT batch_id, environment, started_at, CASE WHEN environment = 'BACKTEST' OR session_date IS NULL
        THEN (started_at AT TIME ZONE 'America/New_York')::date ELSE session_date END AS day
    FROM batches WHERE source_batch_id IS NULL
)
SELECT batch_id, environment, day FROM known WHERE day BETWEEN $1 AND $2 ORDER BY started_at, batch_id"""

# What the strategies of the batch held in what it traded, from the account's batches before it. Most were flat: they
# are sorted out by a sum before their executions are read.
_BEFORE = """
WITH traded AS (
    SELECT DISTINCT r.algo_name, t.symbol FROM new_trades t JOIN algo_run r USING (algo_run_id)
    WHERE r.batch_id = $1
), earlier AS (
    SELECT r.algo_name, t.symbol, t.operation, t.qty, t.price, t.ts_ns, t.trade_id
    FROM new_trades t JOIN algo_run r USING (algo_run_id) JOIN batches b USING (batch_id)
    JOIN batches this ON this.batch_id = $1
    WHERE b.account_id = this.account_id AND b.started_at < this.started_at AND t.expire_tstamp IS NULL
        AND (r.algo_name, t.symbol) IN (SELECT algo_name, symbol FROM traded)
), held AS (
    SELECT algo_name, symbol FROM earlier GROUP BY algo_name, symbol
    HAVING sum(CASE operation WHEN 'buy' THEN qty ELSE -qty END) <> 0
)
SELECT algo_name AS strategy, symbol, operation, qty, price FROM earlier JOIN held USING (algo_name, symbol)
ORDER BY ts_ns, trade_id"""

_ACTIONS = """
SELECT symbol, kind, ratio, cash, effective FROM corporate_actions
WHERE batch_id = $1 ORDER BY effective, action_id"""

_ORDERS = """
SELECT o.order_id, o.symbol, o.side, o.order_type, o.decided_ns AS decided, o.reference_price,
    (SELECT min(e.ts_event) FROM order_events e
     WHERE e.order_id = o.order_id AND e.kind IN ('accepted', 'new', 'pending_new')) AS sent,
    array_agg(t.ts_ns ORDER BY t.ts_ns, t.trade_id) AS times,
    array_agg(t.qty ORDER BY t.ts_ns, t.trade_id) AS quantities,
    array_agg(t.price ORDER BY t.ts_ns, t.trade_id) AS prices
FROM orders o JOIN new_trades t USING (order_id)
WHERE o.batch_id = $1 AND t.expire_tstamp IS NULL
GROUP BY o.order_id ORDER BY o.decided_ns, o.slot, o.number"""


class PastBatches(AnalysisStore, ReportStore):
    """Reads batches and their trades; writes their analysis."""

    async def of_days(self, first: date, last: date) -> list[PastBatch]:
        """Return the batches of these days, both included, in the order they began."""
        rows = await self._fetch("list batches", _BATCHES, first, last)
        return [PastBatch(**row) for row in rows]

    async def traded(self, batch_id: str) -> Traded:
        """Return what a batch traded."""
        fills = tuple(row.fill for row in await self.executions(batch_id))
        before = await self._fetch("load earlier executions", _BEFORE, batch_id)
        actions = await self._fetch("load corporate actions", _ACTIONS, batch_id)
        renamed = [row["symbol"] for row in actions if row["kind"] == "rename"]
        return Traded(
            fills=fills,
            openings=_openings(before),
            adjustments=tuple(
                Adjustment(
                    symbol=row["symbol"],
                    ts=to_ns(row["effective"]),
                    ratio=row["ratio"],
                    cash=row["cash"],
                )
                for row in actions
            ),
            gap=f"it held {renamed[0]} under two names, and the new one is not recorded"
            if renamed
            else "",
        )

    async def executed_orders(self, batch_id: str) -> list[ExecutedOrder]:
        """Return the orders of a batch that were filled, in the order they were decided."""
        rows = await self._fetch("load executed orders", _ORDERS, batch_id)
        return [
            ExecutedOrder(
                order_id=row["order_id"],
                symbol=row["symbol"],
                side=Side(row["side"]),
                order_type=row["order_type"],
                decided=row["decided"],
                sent=row["sent"],
                reference_price=row["reference_price"],
                parts=tuple(
                    Part(*part)
                    for part in zip(row["times"], row["quantities"], row["prices"], strict=True)
                ),
            )
            for row in rows
        ]


def _openings(rows: Sequence[Any]) -> tuple[OpenPosition, ...]:
    """Return what executions, oldest first, come to by strategy and symbol."""
    held: dict[tuple[str, str], Holding] = defaultdict(lambda: FLAT)
    for row in rows:
        key = row["strategy"], row["symbol"]
        sign = Side(row["operation"]).sign
        held[key] = held[key].after(row["qty"] * sign, row["price"])
    return tuple(
        OpenPosition(strategy, symbol, each.qty, each.avg_price)
        for (strategy, symbol), each in sorted(held.items())
        if each.qty
    )
