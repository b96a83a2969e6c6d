"""Rows as lines of CSV, the form in which PostgreSQL's COPY takes them fastest from Python.

Nothing is quoted but text that strategies and brokers write; a field without anything in it is NULL, so empty text has
its quotes. Encoding a Decimal for the binary protocol costs twenty times what its digits cost.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.ledger_orders import Execution, LedgerOrder

ORDER_COLUMNS = (
    "algo_run_id batch_id account_id slot number strategy symbol order_id side order_type "
    "time_in_force order_class extended_hours qty notional limit_price trigger_price trail_price "
    "trail_percent reference_price stop_price target_price reason indicators is_exit status "
    "reserved decided_ns refusal filled replaces broker_id"
).split()
EVENT_COLUMNS = (
    "order_id kind execution_id qty price fee broker_id replaced_by reason ts_event"
).split()
TRADE_COLUMNS = (
    "algo_run_id order_id execution_id symbol operation qty price trade_fee indicators stop_price "
    "target_price reason client_time tstamp ts_ns expire_tstamp"
).split()
MONEY_COLUMNS = ("account_id", "amount", "tstamp")

_SECOND = 1_000_000_000


def _maybe(value: object) -> str:
    return "" if value is None else str(value)


def _text(value: str | None) -> str:
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"'


def _json(value: dict[str, Any]) -> str:
    return _text(msgspec.json.encode(value).decode()) if value else "{}"


def _time(ns: int) -> str:
    """Return a timestamptz, down to the microsecond."""
    second, rest = divmod(ns, _SECOND)
    return f"{_second(second)}.{rest // 1000:06d}+00"


@lru_cache(maxsize=1024)
def _second(second: int) -> str:
    """Return the text of a second: decisions and fills of all symbols share theirs."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S")


def owner(slot: str, strategy: str, *, run: int, batch_id: str, account_id: int) -> tuple[str, str]:
    """Return what stands before and behind the number in the rows of one strategy's orders in one slot."""
    return f"{run},{_text(batch_id)},{account_id},{slot},", f",{_text(strategy)}"


def order_line(order: LedgerOrder, number: int, owned: tuple[str, str]) -> str:
    """Return the line of an order; `owned` is from `owner`."""
    o = order
    return (
        f"{owned[0]}{number}{owned[1]},{_text(o.symbol)},{o.order_id},{o.side},{o.type},{o.tif},{o.order_class},"
        f"{o.extended_hours},{_maybe(o.qty)},{_maybe(o.notional)},{_maybe(o.limit)},"
        f"{_maybe(o.trigger)},{_maybe(o.trail_price)},{_maybe(o.trail_percent)},"
        f"{_maybe(o.reference_price)},{_maybe(o.stop)},{_maybe(o.target)},{_text(o.reason)},"
        f"{_json(o.indicators)},{o.is_exit},{o.status},{o.reserved},{o.decided_at},"
        f"{_text(o.refusal)},{o.filled},{_maybe(o.replaces)},{_text(o.broker_id)}\n"
    )


def event_line(event: OrderEvent) -> str:
    """Return the line of what happened to an order."""
    e = event
    return (
        f"{e.order_id},{e.kind},{_text(e.execution_id)},{_maybe(e.qty)},{_maybe(e.price)},{e.fee},"
        f"{_text(e.broker_id)},{_text(e.replaced_by)},{_text(e.reason)},{e.time}\n"
    )


def trade_line(execution: Execution, order: LedgerOrder, run: int) -> str:
    """Return the line of an execution."""
    e, executed = execution, _time(execution.time)
    return (
        f"{run},{order.order_id},{_text(e.execution_id)},{_text(e.symbol)},{e.side},{e.qty},{e.price},"
        f"{e.fee},{_json(order.indicators)},{_maybe(order.stop)},{_maybe(order.target)},"
        f"{_text(order.reason)},{_time(order.decided_at)},{executed},{e.time},"
        f"{'' if e.live else executed}\n"
    )


def money_line(account_id: int, time: int, amount: object) -> str:
    """Return the line of a change of cash."""
    return f"{account_id},{amount},{_time(time)}\n"
