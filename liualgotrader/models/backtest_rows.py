"""A part of a backtest on its way into the database: JSON that one call writes, and that PostgreSQL takes apart.

Lines for COPY, made one by one in Python, took seven times as long where the days are lived; the database, on another
core, takes a tenth longer for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.ledger_orders import Execution, LedgerOrder

_NOTHING = b"[]"
_encode = msgspec.json.Encoder().encode

# `$1` of each is an array of JSON.
_OF_ORDERS = """
    json_to_recordset($1::json) AS o(
        order_id text, strategy text, symbol text, side text, type text, tif text, order_class text,
        extended_hours boolean, qty numeric, notional numeric, "limit" numeric, trigger numeric,
        trail_price numeric, trail_percent numeric, reference_price numeric, stop numeric,
        target numeric, reason text, indicators jsonb, is_exit boolean, status text,
        reserved numeric, decided_at bigint, refusal text, filled numeric, replaces text,
        broker_id text)"""
_OF_EXECUTIONS = """
    ROWS FROM (json_to_recordset($1::json) AS (
        order_id text, execution_id text, symbol text, side text, qty numeric, price numeric,
        fee numeric, time bigint, live boolean)) WITH ORDINALITY
    AS e(order_id, execution_id, symbol, side, qty, price, fee, time, live, place)"""
INSERT_ORDERS = f"""
INSERT INTO orders (
    algo_run_id, batch_id, account_id, slot, number, strategy, symbol, order_id, side, order_type,
    time_in_force, order_class, extended_hours, qty, notional, limit_price, trigger_price,
    trail_price, trail_percent, reference_price, stop_price, target_price, reason, indicators,
    is_exit, status, reserved, decided_ns, refusal, filled, replaces, broker_id)
SELECT r.run, $2, $3, split_part(order_id, '-', 2), split_part(order_id, '-', 3)::bigint, o.strategy,
    symbol, order_id, side, type, tif, order_class, extended_hours, qty, notional, "limit", trigger,
    trail_price, trail_percent, reference_price, stop, target, reason, indicators, is_exit, status,
    reserved, decided_at, refusal, filled, replaces, broker_id
FROM {_OF_ORDERS}
LEFT JOIN unnest($4::text[], $5::text[], $6::bigint[]) AS r(strategy, slot, run)
    ON r.strategy = o.strategy AND r.slot = split_part(order_id, '-', 2)"""
# An event is an array, in the order of OrderEvent's fields, behind the word that says what it is. As jsonb it is parsed
# once, as json for every field that is asked for. An event of no order has no id here, which the table refuses.
INSERT_EVENTS = """
INSERT INTO order_events (
    order_id, kind, ts_event, qty, price, execution_id, broker_id, reason, replaced_by, fee)
SELECT o.order_id, e ->> 2, (e ->> 3)::bigint, (e ->> 5)::numeric, (e ->> 6)::numeric, e ->> 7, e ->> 8,
    e ->> 9, e ->> 10, (e ->> 11)::numeric
FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS events(e, place)
LEFT JOIN orders o ON o.order_id = e ->> 1 ORDER BY place"""
_MOMENT = "timestamptz 'epoch' + ({} / 1000) * interval '1 microsecond'"
INSERT_TRADES = f"""
INSERT INTO new_trades (
    algo_run_id, order_id, execution_id, symbol, operation, qty, price, trade_fee, indicators,
    stop_price, target_price, reason, client_time, tstamp, ts_ns, expire_tstamp)
SELECT o.algo_run_id, e.order_id, e.execution_id, e.symbol, e.side, e.qty, e.price, fee, indicators,
    stop_price, target_price, reason, {_MOMENT.format("decided_ns")}, {_MOMENT.format("time")}, time,
    CASE WHEN live THEN NULL ELSE {_MOMENT.format("time")} END
FROM {_OF_EXECUTIONS} LEFT JOIN orders o USING (order_id) ORDER BY place"""
INSERT_FLOWS = f"""
INSERT INTO account_transactions (account_id, amount, tstamp)
SELECT $2, (f ->> 1)::numeric, {_MOMENT.format("(f ->> 0)::bigint")}
FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS flows(f, place) ORDER BY place"""


class Books(Protocol):
    """What a ledger in memory gives away; `flows` are changes of cash as (ns, dollars)."""

    @property
    def orders(self) -> Sequence[LedgerOrder]:
        """Orders, each with all its events and executions."""

    @property
    def events(self) -> Sequence[OrderEvent]:
        """What happened to them, in order."""

    @property
    def executions(self) -> Sequence[Execution]:
        """Their fills, in order."""

    @property
    def flows(self) -> Sequence[tuple[int, Decimal]]:
        """Changes of cash."""


class Encoded(msgspec.Struct, frozen=True):
    """A part of a backtest's rows, each field an array of JSON.

    `count`: of how many orders; `has_changes`: whether any of them takes the place of another.
    """

    count: int
    has_changes: bool
    orders: bytes
    events: bytes
    executions: bytes
    flows: bytes


def encoded(books: Books) -> Encoded:
    """Return what a ledger gave away, to be written. Events of what is no order of these have no place there."""
    ids = {order.order_id for order in books.orders}
    return Encoded(
        len(ids),
        any(order.replaces is not None for order in books.orders),
        _encode(books.orders),
        _encode([event for event in books.events if event.order_id in ids]),
        _encode(books.executions),
        _encode(books.flows),
    )


def joined(arrays: Iterable[bytes]) -> str:
    """Return arrays of JSON as one; empty text for nothing."""
    found = [array[1:-1] for array in arrays if array != _NOTHING]
    return f"[{b','.join(found).decode()}]" if found else ""
