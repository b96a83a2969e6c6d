"""Rows as lines of CSV, the form in which PostgreSQL's COPY takes them fastest from Python.

Nothing is quoted but text that strategies and brokers write; a field without anything in it is NULL, so empty text has
its quotes. Encoding a Decimal for the binary protocol costs twenty times what its digits cost. Without `!s` an f-string
asks a Decimal, an enumeration or a bool for its format, which takes three to ten times as long as its text.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.ledger_orders import Execution, LedgerOrder

ORDER_COLUMNS = (
    "algo_run_id batch_id account_id slot number strategy symbol order_id side order_type "
    "time_in_force order_class extended_hours qty notional limit_price trigger_price trail_price "
    "trail_percent reference_price indicators stop_price target_price reason is_exit status "
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
_EPOCH = date(1970, 1, 1).toordinal()


def _maybe(value: object) -> str:
    return "" if value is None else str(value)


def _text(value: str | None) -> str:
    if value is None:
        return ""
    if '"' in value:
        value = value.replace('"', '""')
    return f'"{value}"'


def _json(value: dict[str, Any]) -> str:
    return _text(msgspec.json.encode(value).decode()) if value else "{}"


@lru_cache(maxsize=8192)
def _time(ns: int) -> str:
    """Return a timestamptz, down to the microsecond; the rows of one transaction share most of theirs."""
    seconds, rest = divmod(ns, _SECOND)
    days, second = divmod(seconds, 86_400)
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return f"{_date(days)} {clock}.{rest // 1000:06d}+00"


@lru_cache(maxsize=64)
def _date(days: int) -> str:
    return str(date.fromordinal(_EPOCH + days))


def owner(slot: str, strategy: str, *, run: int, batch_id: str, account_id: int) -> tuple[str, str]:
    """Return what stands before and behind the number in the rows of one strategy's orders in one slot."""
    return f"{run},{_text(batch_id)},{account_id},{slot},", f",{_text(strategy)}"


def plan_of(order: LedgerOrder) -> str:
    """Return what a strategy plans with an order, as the rows of the order and of its fills have it."""
    o = order
    if o.stop is None and o.target is None and not o.indicators:
        return f"{{}},,,{_text(o.reason)}"
    return f"{_json(o.indicators)},{_maybe(o.stop)},{_maybe(o.target)},{_text(o.reason)}"


def order_line(order: LedgerOrder, number: int, owned: tuple[str, str], plan: str) -> str:
    """Return the line of an order; `owned` is from `owner`, `plan` from `plan_of`."""
    o = order
    return (
        f"{owned[0]}{number}{owned[1]},{_text(o.symbol)},{o.order_id},{o.side!s},{o.type!s},{o.tif!s},{o.order_class!s},"
        f"{o.extended_hours!s},{_maybe(o.qty)},{_prices(o)},{_maybe(o.reference_price)},{plan},"
        f"{o.is_exit!s},{o.status!s},{o.reserved!s},{o.decided_at},{_text(o.refusal)},{o.filled!s},"
        f"{_maybe(o.replaces)},{_text(o.broker_id)}\n"
    )


def _prices(order: LedgerOrder) -> str:
    """Return amount, limit, trigger and trails. Most orders have none of them."""
    o = order
    if (
        o.notional is None
        and o.limit is None
        and o.trigger is None
        and o.trail_price is None
        and o.trail_percent is None
    ):
        return ",,,,"
    return (
        f"{_maybe(o.notional)},{_maybe(o.limit)},{_maybe(o.trigger)},{_maybe(o.trail_price)},"
        f"{_maybe(o.trail_percent)}"
    )


def event_line(event: OrderEvent) -> str:
    """Return the line of what happened to an order."""
    e = event
    return (
        f"{e.order_id},{e.kind!s},{_text(e.execution_id)},{_maybe(e.qty)},{_maybe(e.price)},{e.fee!s},"
        f"{_text(e.broker_id)},{_text(e.replaced_by)},{_text(e.reason)},{e.time}\n"
    )


def trade_line(execution: Execution, run: int, plan: str, decided_at: int) -> str:
    """Return the line of an execution, its order's `plan_of` and decision among it."""
    e, executed = execution, _time(execution.time)
    return (
        f"{run},{e.order_id},{_text(e.execution_id)},{_text(e.symbol)},{e.side!s},{e.qty!s},{e.price!s},"
        f"{e.fee!s},{plan},{_time(decided_at)},{executed},{e.time},{'' if e.live else executed}\n"
    )


def money_line(account_id: int, time: int, amount: object) -> str:
    """Return the line of a change of cash."""
    return f"{account_id},{amount!s},{_time(time)}\n"
