"""Orders to Alpaca: its trading REST, through the official client in a thread, as a Trader.

The client's request models are not used: they refuse fields and words that are newer than they are. Its plain
`get`, `post`, `patch` and `delete` are, and what comes back is read tolerantly.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient
from requests import RequestException
from requests.adapters import HTTPAdapter

from liualgotrader.common.errors import BrokerBusy, BrokerRefused, BrokerUnavailable
from liualgotrader.common.instruments import AssetClass, pair_symbol
from liualgotrader.common.orders import Approved, Cancel, OrderClass, Replace, Submit
from liualgotrader.common.ports import (
    BrokerAccount,
    BrokerActivity,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
)
from liualgotrader.common.timestamps import format_time, parse_time
from liualgotrader.trading.rate_limit import retry_after

_TIMEOUT = 10.0
_PAGE = 100
_LATER = (408,)


class _Bounded(HTTPAdapter):
    """Every request ends: without this the client waits for ever on a broker that does not answer."""

    def send(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["timeout"] = _TIMEOUT
        return super().send(*args, **kwargs)


def _client(url: str, key: str, secret: str) -> RESTClient:
    client = RESTClient(url, key, secret, api_version="v2", raw_data=True)
    # The client repeats 429 and 504 by itself, blindly; whether to ask again is decided here.
    client._retry = 0
    for scheme in ("http://", "https://"):
        client._session.mount(scheme, _Bounded())
    return client


class AlpacaTrader:
    """One account at Alpaca, or at whatever speaks its protocol. One request at a time, in order."""

    def __init__(self, url: str, *, key: str, secret: str) -> None:
        self._client = _client(url, key, secret)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alpaca-orders")
        self._broker_ids: dict[str, str] = {}

    def close(self) -> None:
        """Stop the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def send(self, approved: Approved) -> str | None:
        """Send one intent. Raises BrokerRefused, or BrokerUnavailable when nobody knows whether it arrived."""
        match approved.intent:
            case Submit() as order:
                return await self._submit(order)
            case Cancel(order_id=order_id):
                broker_id = await self._broker_id(order_id)
                await self._ask(self._client.delete, f"/orders/{broker_id}")
            case Replace() as change:
                broker_id = await self._broker_id(change.order_id)
                answer = await self._ask(
                    self._client.patch, f"/orders/{broker_id}", change_request(change)
                )
                self._broker_ids[change.new_id] = str(answer["id"])
        return None

    async def _submit(self, order: Submit) -> str:
        answer = await self._ask(self._client.post, "/orders", order_request(order))
        broker_id = str(answer["id"])
        self._broker_ids[order.order_id] = broker_id
        return broker_id

    async def _broker_id(self, order_id: str) -> str:
        if order_id not in self._broker_ids:
            found = await self.find(order_id)
            if found is None:
                raise BrokerRefused(404, None, f"the broker does not know order {order_id}")
            self._broker_ids[order_id] = found.broker_id
        return self._broker_ids[order_id]

    async def find(self, order_id: str) -> BrokerOrder | None:
        """Return the order with our id, or None when the broker does not know it."""
        return await self._found("/orders:by_client_order_id", {"client_order_id": order_id})

    async def find_known(self, broker_id: str) -> BrokerOrder | None:
        """Return the order with the broker's id, or None when there is none."""
        return await self._found(f"/orders/{broker_id}", {})

    async def _found(self, path: str, query: dict[str, str]) -> BrokerOrder | None:
        try:
            answer = await self._ask(self._client.get, path, query)
        except BrokerRefused as exc:
            if exc.status == 404:
                return None
            raise
        return _order(answer)

    async def clock(self) -> int:
        """Return the broker's time, ns UTC."""
        return parse_time((await self._ask(self._client.get, "/clock"))["timestamp"])

    async def account(self) -> BrokerAccount:
        """Return the account."""
        answer = await self._ask(self._client.get, "/account")
        return BrokerAccount(
            account_id=str(answer["account_number"]),
            cash=Decimal(answer["cash"]),
            equity=Decimal(answer["equity"]),
            buying_power=Decimal(answer["buying_power"]),
            multiplier=Decimal(answer.get("multiplier") or 1),
            shorting=bool(answer.get("shorting_enabled", False)),
        )

    async def positions(self) -> list[BrokerPosition]:
        """Return all positions."""
        rows = await self._ask(self._client.get, "/positions")
        return [_position(row) for row in rows]

    async def open_orders(self) -> list[BrokerOrder]:
        """Return all orders at work."""
        rows = await self._ask(self._client.get, "/orders", {"status": "open", "limit": 500})
        return [_order(row) for row in rows]

    async def fills(self, *, after: int) -> list[BrokerFill]:
        """Return the executions since `after`, oldest first."""
        found: list[BrokerFill] = []
        token: str | None = None
        while True:
            query = {"after": format_time(after), "direction": "asc", "page_size": _PAGE}
            if token is not None:
                query["page_token"] = token
            rows = await self._ask(self._client.get, "/account/activities/FILL", query)
            found += [_fill(row) for row in rows]
            if len(rows) < _PAGE:
                return found
            token = str(rows[-1]["id"])

    async def activities(self, *, since: str) -> list[BrokerActivity]:
        """Return what else moved the account on or after a day, oldest first; fees come when the day is over."""
        found: list[BrokerActivity] = []
        query = {"after": f"{since}T00:00:00Z", "direction": "asc", "page_size": _PAGE}
        query["category"] = "non_trade_activity"
        while True:
            rows = await self._ask(self._client.get, "/account/activities", query)
            found += [_activity(row) for row in rows if row.get("activity_type") != "FILL"]
            if len(rows) < _PAGE:
                return found
            query["page_token"] = str(rows[-1]["id"])

    async def _ask(self, call: Callable[..., Any], *args: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _translated, call, args)


def _translated(call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The one place where the vendor's errors become ours."""
    try:
        return call(*args)
    except APIError as exc:
        status = int(exc.status_code or 0)
        code, message = _error(exc)
        if status == 429:
            wait = retry_after(exc.response.headers)
            raise BrokerBusy(f"the broker answered 429: {message}", retry_after=wait) from exc
        if status >= 500 or status in _LATER:
            raise BrokerUnavailable(f"the broker answered {status}: {message}") from exc
        raise BrokerRefused(status, code, message) from exc
    except (RequestException, json.JSONDecodeError) as exc:
        raise BrokerUnavailable(f"no answer from the broker: {type(exc).__name__}") from exc


def _error(exc: APIError) -> tuple[int | None, str]:
    try:
        body = json.loads(str(exc))
    except json.JSONDecodeError:
        return None, str(exc)[:200]
    return body.get("code"), str(body.get("message", ""))[:500]


def order_request(order: Submit) -> dict[str, Any]:
    """Return a new order as Alpaca's POST /v2/orders wants it: numbers are strings."""
    body: dict[str, Any] = {
        "client_order_id": order.order_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.type.value,
        "time_in_force": order.tif.value,
    }
    numbers: Mapping[str, Decimal | None] = {
        "qty": order.qty,
        "notional": order.notional,
        "limit_price": order.limit,
        "stop_price": order.trigger,
        "trail_price": order.trail_price,
        "trail_percent": order.trail_percent,
    }
    body |= {name: f"{value:f}" for name, value in numbers.items() if value is not None}
    if order.extended_hours:
        body["extended_hours"] = True
    if order.order_class is not OrderClass.SIMPLE:
        body["order_class"] = order.order_class.value
    if order.take_profit is not None:
        body["take_profit"] = {"limit_price": f"{order.take_profit.limit:f}"}
    if order.stop_loss is not None:
        body["stop_loss"] = {"stop_price": f"{order.stop_loss.trigger:f}"}
        if order.stop_loss.limit is not None:
            body["stop_loss"]["limit_price"] = f"{order.stop_loss.limit:f}"
    return body


def change_request(change: Replace) -> dict[str, Any]:
    numbers = {
        "qty": change.qty,
        "limit_price": change.limit,
        "stop_price": change.trigger,
        "trail": change.trail,
    }
    body: dict[str, Any] = {
        name: f"{value:f}" for name, value in numbers.items() if value is not None
    }
    return body | {"client_order_id": change.new_id}


def _order(row: Mapping[str, Any]) -> BrokerOrder:
    average = row.get("filled_avg_price")
    return BrokerOrder(
        broker_id=str(row["id"]),
        order_id=str(row.get("client_order_id") or ""),
        symbol=str(row["symbol"]),
        side=str(row["side"]),
        status=str(row["status"]),
        qty=None if row.get("qty") is None else Decimal(row["qty"]),
        filled=Decimal(row.get("filled_qty") or 0),
        filled_avg_price=None if average is None else Decimal(average),
        updated_at=parse_time(row["updated_at"]) if row.get("updated_at") else 0,
    )


def _activity(row: Mapping[str, Any]) -> BrokerActivity:
    return BrokerActivity(
        activity_id=str(row["id"]),
        kind=str(row.get("activity_type") or ""),
        amount=Decimal(row.get("net_amount") or 0),
        date=str(row.get("date") or ""),
        description=str(row.get("description") or ""),
        symbol=str(row.get("symbol") or ""),
        qty=Decimal(row.get("qty") or 0),
    )


def _position(row: Mapping[str, Any]) -> BrokerPosition:
    qty = Decimal(row["qty"])
    if row.get("side") == "short" and qty > 0:
        qty = -qty
    symbol = str(row["symbol"])
    if row.get("asset_class") == AssetClass.CRYPTO:
        symbol = pair_symbol(symbol)
    return BrokerPosition(symbol, qty, Decimal(row["avg_entry_price"]))


def _fill(row: Mapping[str, Any]) -> BrokerFill:
    # An activity's id is "time::id"; the part behind is the execution's own.
    side = str(row["side"])
    return BrokerFill(
        execution_id=str(row["id"]).rpartition("::")[2],
        broker_id=str(row["order_id"]),
        symbol=str(row["symbol"]),
        side="buy" if side == "buy" else "sell",
        qty=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        time=parse_time(row["transaction_time"]),
        fee=Decimal(row.get("fee", 0)),
    )
