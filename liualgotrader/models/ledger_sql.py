"""The statements of the ledger, and how its rows become values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec

from liualgotrader.common.account_view import AccountView, PortfolioView
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.ledger_orders import Execution, Holding, LedgerOrder
from liualgotrader.common.orders import OrderStatus, OrderType, Side
from liualgotrader.credentials.redaction import KNOWN
from liualgotrader.models.postgres import from_ns

# One lock serialises all that moves the account's money. NO KEY UPDATE is as strong against itself
# as FOR UPDATE, but lets rows that refer to the account be written meanwhile.
LOCK = "SELECT 1 FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE"

_ORDER_COLUMNS = """
    o.order_id, o.strategy, o.symbol, o.side, o.order_type, o.qty, o.notional, o.limit_price,
    o.trigger_price, o.trail_price, o.trail_percent, o.reference_price, o.status, o.filled,
    o.reserved, o.is_exit, o.replaces, o.decided_ns, o.stop_price, o.target_price, o.broker_id,
    o.refusal, o.reason, o.slot"""

# A statement of its own after the lock: it must see what the lock's last holder has committed.
VIEW = f"""
SELECT a.balance, a.multiplier, a.shorting, coalesce(b.halted, '') AS halted,
    (SELECT count(*) FROM orders o
     WHERE o.batch_id = $2 AND o.decided_ns > $3 AND o.status <> 'refused') AS recent,
    ARRAY(SELECT ROW(p.strategy, p.symbol, p.qty, p.avg_price)
          FROM positions p WHERE p.account_id = $1) AS holdings,
    ARRAY(SELECT ROW({_ORDER_COLUMNS})
          FROM orders o WHERE o.account_id = $1 AND o.is_open
          ORDER BY o.decided_ns, o.order_id) AS open_orders,
    ARRAY(SELECT ROW(r.algo_name, r.slot, r.algo_run_id, r.portfolio_id, c.balance, c.credit_line)
          FROM algo_run r
          LEFT JOIN portfolio p ON p.portfolio_id = r.portfolio_id
          LEFT JOIN accounts c ON c.account_id = p.account_id
          WHERE r.batch_id = $2) AS runs,
    ARRAY(SELECT ROW(o.order_id, o.status, o.refusal)
          FROM orders o WHERE o.order_id = ANY($4::text[])) AS known
FROM accounts a LEFT JOIN batches b ON b.batch_id = $2
WHERE a.account_id = $1"""

INSERT_ORDER = """
INSERT INTO orders (
    order_id, algo_run_id, batch_id, account_id, slot, number, strategy, symbol, side, order_type,
    time_in_force, order_class, extended_hours, qty, notional, limit_price, trigger_price,
    trail_price, trail_percent, reference_price, stop_price, target_price, reason, indicators,
    is_exit, status, reserved, decided_ns, refusal)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    $21, $22, $23, $24, $25, $26, $27, $28, $29)"""

INSERT_REPLACEMENT = """
INSERT INTO orders (
    order_id, replaces, number, qty, limit_price, trigger_price, trail_price, reserved, decided_ns,
    status, algo_run_id, batch_id, account_id, slot, strategy, symbol, side, order_type,
    time_in_force, order_class, extended_hours, notional, trail_percent, reference_price,
    stop_price, target_price, reason, indicators, is_exit, filled)
SELECT $1::text, o.order_id, $3::bigint, $4::numeric, $5::numeric, $6::numeric, $7::numeric,
    $8::numeric, $9::bigint,
    'admitted', o.algo_run_id, o.batch_id, o.account_id, o.slot, o.strategy, o.symbol, o.side,
    o.order_type, o.time_in_force, o.order_class, o.extended_hours, o.notional, o.trail_percent,
    o.reference_price, o.stop_price, o.target_price, o.reason, o.indicators, o.is_exit, o.filled
FROM orders o WHERE o.order_id = $2"""

# A correction has booked its execution already: what is told of it as a fill later counts no more. There is an index
# of the executions that stand and one of those that were taken back; asked for together, neither serves.
INSERT_EVENT = """
INSERT INTO order_events (
    order_id, kind, execution_id, qty, price, fee, broker_id, replaced_by, reason, ts_event)
SELECT o.order_id, $2::text, $3::text, $4::numeric, $5::numeric, $6::numeric, $7::text, $8::text,
    $9::text, $10::bigint
FROM orders o WHERE o.order_id = $1 AND NOT (
    $2 IN ('partial_fill', 'fill') AND (EXISTS (
        SELECT 1 FROM new_trades t
        WHERE t.order_id = $1 AND t.execution_id = $3 AND t.expire_tstamp IS NULL
    ) OR EXISTS (
        SELECT 1 FROM new_trades t
        WHERE t.order_id = $1 AND t.execution_id = $3 AND t.expire_tstamp IS NOT NULL)))
ON CONFLICT DO NOTHING RETURNING event_id"""

FIND_ORDER = f"""
SELECT {_ORDER_COLUMNS} FROM orders o
WHERE o.order_id = $1 AND o.account_id = $2 FOR NO KEY UPDATE"""

UPDATE_ORDER = """
UPDATE orders SET status = $2, filled = $3, broker_id = $4, refusal = $5, updated_at = now()
WHERE order_id = $1"""

FILL_REPLACEMENTS = """
UPDATE orders SET filled = filled + $2, updated_at = now() WHERE replaces = $1 AND is_open"""

REJECT_REPLACEMENTS = """
UPDATE orders SET status = 'rejected', refusal = $2, updated_at = now()
WHERE replaces = $1 AND status = 'admitted'"""

# The execution and the money it moves, on the account and on the portfolio that the run trades for.
INSERT_TRADE = """
WITH trade AS (
    INSERT INTO new_trades (algo_run_id, order_id, execution_id, symbol, operation, qty, price,
        trade_fee, indicators, stop_price, target_price, reason, client_time, tstamp, ts_ns)
    SELECT o.algo_run_id, o.order_id, $2::text, o.symbol, o.side, $3::numeric, $4::numeric,
        $5::numeric, o.indicators, o.stop_price, o.target_price, o.reason, $9::timestamptz,
        $6::timestamptz, $7::bigint
    FROM orders o WHERE o.order_id = $1
    RETURNING trade_id, algo_run_id
), moved AS (
    INSERT INTO account_transactions (account_id, amount, trade_id, tstamp)
    SELECT each.account_id, $8::numeric, trade.trade_id, $6::timestamptz
    FROM trade CROSS JOIN LATERAL (
        SELECT b.account_id FROM orders b WHERE b.order_id = $1
        UNION ALL
        SELECT p.account_id FROM algo_run r JOIN portfolio p USING (portfolio_id)
        WHERE r.algo_run_id = trade.algo_run_id) AS each
    RETURNING account_id, amount
)
UPDATE accounts a SET balance = a.balance + moved.amount, modified_tstamp = now()
FROM moved WHERE a.account_id = moved.account_id"""

EXPIRE_TRADE = """
UPDATE new_trades SET expire_tstamp = now()
WHERE order_id = $1 AND execution_id IS NOT DISTINCT FROM $2 AND expire_tstamp IS NULL
RETURNING trade_id, qty, price, trade_fee, ts_ns"""

IS_BOOKED = """
SELECT EXISTS (
    SELECT 1 FROM new_trades
    WHERE order_id = $1 AND execution_id = $2 AND expire_tstamp IS NULL
) OR ($3 AND EXISTS (
    SELECT 1 FROM new_trades
    WHERE order_id = $1 AND execution_id = $2 AND expire_tstamp IS NOT NULL))"""

REVERSE_MONEY = """
WITH moved AS (
    INSERT INTO account_transactions (account_id, amount, trade_id, tstamp, details)
    SELECT account_id, -amount, trade_id, $2::timestamptz, jsonb_build_object('why', $3::text)
    FROM account_transactions WHERE trade_id = $1
    RETURNING account_id, amount
)
UPDATE accounts a SET balance = a.balance + moved.amount, modified_tstamp = now()
FROM moved WHERE a.account_id = moved.account_id"""

FIND_POSITION = """
SELECT qty, avg_price FROM positions WHERE account_id = $1 AND strategy = $2 AND symbol = $3"""

LIVE_TRADES = """
SELECT CASE t.operation WHEN 'buy' THEN t.qty ELSE -t.qty END AS qty, t.price
FROM new_trades t JOIN algo_run r USING (algo_run_id) JOIN batches b USING (batch_id)
WHERE b.account_id = $1 AND r.algo_name = $2 AND t.symbol = $3 AND t.expire_tstamp IS NULL
ORDER BY t.trade_id"""

SET_POSITION = """
INSERT INTO positions (account_id, strategy, symbol, qty, avg_price, batch_id, slot)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account_id, strategy, symbol) DO UPDATE
SET qty = excluded.qty, avg_price = excluded.avg_price, updated_at = now()"""

DROP_POSITION = """
DELETE FROM positions WHERE account_id = $1 AND strategy = $2 AND symbol = $3"""

SLOT_POSITIONS = """
SELECT strategy, symbol, qty, avg_price FROM positions
WHERE account_id = $1 AND batch_id = $2 AND slot = $3 ORDER BY strategy, symbol"""

SLOT_ORDERS = f"""
SELECT {_ORDER_COLUMNS} FROM orders o
WHERE o.batch_id = $1 AND o.slot = $2 AND o.is_open ORDER BY o.decided_ns, o.order_id"""

STRAY_ORDERS = f"""
SELECT {_ORDER_COLUMNS} FROM orders o
WHERE o.account_id = $1 AND o.batch_id <> $2 AND o.is_open ORDER BY o.decided_ns, o.order_id"""

NEXT_NUMBER = """
SELECT coalesce(max(number), 0) + 1 FROM orders WHERE batch_id = $1 AND slot = $2"""


class Loaded(msgspec.Struct):
    """The view, with what only the database knows: runs by (strategy, slot), ids seen before."""

    view: AccountView
    runs: dict[tuple[str, str], int]
    known: dict[str, tuple[str, str | None]]


def loaded(row: Mapping[str, Any]) -> Loaded:
    """Return what VIEW selected."""
    view = AccountView(
        cash=row["balance"],
        multiplier=row["multiplier"],
        shorting=row["shorting"],
        holdings={(s, symbol): Holding(qty, avg) for s, symbol, qty, avg in row["holdings"]},
        orders={each[0]: _order(each) for each in row["open_orders"]},
        recent_orders=row["recent"],
        halted=row["halted"],
        portfolios={
            strategy: PortfolioView(portfolio_id, balance, credit)
            for strategy, _, _, portfolio_id, balance, credit in row["runs"]
            if portfolio_id is not None
        },
    )
    runs = {(strategy, slot): run for strategy, slot, run, *_ in row["runs"]}
    known = {order_id: (status, refusal) for order_id, status, refusal in row["known"]}
    return Loaded(view, runs, known)


def _order(values: Any) -> LedgerOrder:
    """Return an order from _ORDER_COLUMNS, in their order."""
    return LedgerOrder(
        order_id=values[0],
        strategy=values[1],
        symbol=values[2],
        side=Side(values[3]),
        type=OrderType(values[4]),
        qty=values[5],
        notional=values[6],
        limit=values[7],
        trigger=values[8],
        trail_price=values[9],
        trail_percent=values[10],
        reference_price=values[11],
        status=OrderStatus(values[12]),
        filled=values[13],
        reserved=values[14],
        is_exit=values[15],
        replaces=values[16],
        decided_at=values[17],
        stop=values[18],
        target=values[19],
        broker_id=values[20],
        refusal=values[21],
        reason=values[22],
    )


def order_of(row: asyncpg.Record) -> LedgerOrder:
    """Return an order that was selected with all its columns."""
    return _order(tuple(row))


def order_values(
    order: LedgerOrder, *, batch_id: str, account_id: int, run: int
) -> tuple[Any, ...]:
    """Return the parameters of INSERT_ORDER."""
    _, slot, number = parse_order_id(order.order_id)
    return (
        order.order_id,
        run,
        batch_id,
        account_id,
        slot,
        number,
        order.strategy,
        order.symbol,
        order.side,
        order.type,
        order.tif,
        order.order_class,
        order.extended_hours,
        order.qty,
        order.notional,
        order.limit,
        order.trigger,
        order.trail_price,
        order.trail_percent,
        order.reference_price,
        order.stop,
        order.target,
        _shielded(order.reason),
        order.indicators,
        order.is_exit,
        order.status,
        order.reserved,
        order.decided_at,
        _shielded(order.refusal),
    )


def _shielded(words: str | None) -> str | None:
    """Words of a strategy's or a broker's, without the secrets that this process knows."""
    return None if words is None else KNOWN.known(words)


def replacement_values(order: LedgerOrder) -> tuple[Any, ...]:
    """Return the parameters of INSERT_REPLACEMENT."""
    return (
        order.order_id,
        order.replaces,
        parse_order_id(order.order_id)[2],
        order.qty,
        order.limit,
        order.trigger,
        order.trail_price,
        order.reserved,
        order.decided_at,
    )


def event_values(event: OrderEvent) -> tuple[Any, ...]:
    """Return the parameters of INSERT_EVENT."""
    return (
        event.order_id,
        event.kind,
        event.execution_id,
        event.qty,
        event.price,
        event.fee,
        event.broker_id,
        event.replaced_by,
        _shielded(event.reason),
        event.time,
    )


def trade_values(order: LedgerOrder, execution: Execution) -> tuple[Any, ...]:
    """Return the parameters of INSERT_TRADE."""
    return (
        execution.order_id,
        execution.execution_id,
        execution.qty,
        execution.price,
        execution.fee,
        from_ns(execution.time),
        execution.time,
        execution.flow,
        from_ns(order.decided_at),
    )
