"""Orders, positions and activities over REST, as Alpaca's trading API has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

import msgspec
from aiohttp import web

from liualgotrader.common.orders import OrderStatus
from liualgotrader.common.timestamps import parse_time
from liualgotrader.exchange.order_requests import malformed, number
from liualgotrader.exchange.replies import (
    flag,
    json_body,
    reply,
    symbols_of,
    time_of,
    whole,
)
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.shapes import (
    Json,
    fee_json,
    fill_json,
    position_json,
    text,
    without_slash,
)
from liualgotrader.venue.account import Position
from liualgotrader.venue.orders import Rejection, VenueOrder


class Wanted(msgspec.Struct, frozen=True):
    """Which orders a list is of; times ns UTC, both bounds left out."""

    status: str
    symbols: list[str]
    side: str | None
    after: int | None
    until: int | None
    nested: bool

    @classmethod
    def of(cls, request: web.Request) -> Wanted:
        """Return what a request asks for. Raises Rejection."""
        status = request.query.get("status") or "open"
        if status not in ("open", "closed", "all"):
            raise malformed(f"invalid status: {status}")
        return cls(
            status=status,
            symbols=symbols_of(request),
            side=request.query.get("side"),
            after=time_of(request, "after"),
            until=time_of(request, "until"),
            nested=flag(request, "nested"),
        )

    def takes(self, order: VenueOrder, created: int) -> bool:
        """Tell whether an order that was received at `created` is one of them."""
        return (
            (self.status == "all" or order.is_open == (self.status == "open"))
            and (not self.symbols or order.symbol in self.symbols)
            and (not self.side or order.side == self.side)
            and (self.after is None or created > self.after)
            and (self.until is None or created < self.until)
            and not (self.nested and order.parent is not None)
        )


_CATEGORIES = {"trade_activity": "FILL", "non_trade_activity": "FEE"}


class TradingApi:
    """The handlers; they only translate."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        return [
            web.post("/v2/orders", self.submit),
            web.get("/v2/orders", self.orders, allow_head=False),
            web.delete("/v2/orders", self.cancel_all),
            web.get("/v2/orders:by_client_order_id", self.order_by_client_id, allow_head=False),
            web.get("/v2/orders/{id}", self.order, allow_head=False),
            web.patch("/v2/orders/{id}", self.replace),
            web.delete("/v2/orders/{id}", self.cancel),
            web.get("/v2/positions", self.positions, allow_head=False),
            web.delete("/v2/positions", self.close_all),
            web.get("/v2/positions/{symbol}", self.position, allow_head=False),
            web.delete("/v2/positions/{symbol}", self.close),
            web.get("/v2/account/activities", self.activities, allow_head=False),
            web.get("/v2/account/activities/{kind}", self.activities, allow_head=False),
        ]

    # ------------------------------------------------------------------ orders

    async def submit(self, request: web.Request) -> web.Response:
        """Accept an order."""
        body = await json_body(request)
        return reply(self._exchange.order_json(self._exchange.submit(body)))

    async def cancel(self, request: web.Request) -> web.Response:
        """Accept a cancel."""
        self._exchange.cancel(request.match_info["id"])
        return web.Response(status=204)

    async def cancel_all(self, request: web.Request) -> web.Response:
        """Accept a cancel of every open order."""
        results = [{"id": order.id, "status": 200} for order in self._cancel_open()]
        return reply(results, 207)

    def _cancel_open(self) -> list[VenueOrder]:
        opened = {
            order.id: order
            for order in self._exchange.desk.orders()
            if order.is_open and order.status is not OrderStatus.PENDING_CANCEL
        }
        # A cancel ends the whole group, so one for each is enough.
        heads = [order for order in opened.values() if order.parent not in opened]
        families: dict[str, VenueOrder] = {}
        for order in heads:
            families.setdefault(order.parent or order.id, order)
        return [self._exchange.cancel(order.id) for order in families.values()]

    async def replace(self, request: web.Request) -> web.Response:
        """Accept a change."""
        body = await json_body(request)
        order = self._exchange.replace(request.match_info["id"], body)
        return reply(self._exchange.order_json(order))

    async def order(self, request: web.Request) -> web.Response:
        """Return one order."""
        order_id = request.match_info["id"]
        order = self._exchange.desk.find(order_id)
        if order is None:
            raise Rejection(404, 40410000, f"order not found for {order_id}")
        return reply(self._exchange.order_json(order))

    async def order_by_client_id(self, request: web.Request) -> web.Response:
        """Return one order by the client's id."""
        client_id = request.query.get("client_order_id", "")
        order = self._exchange.desk.find_client(client_id)
        if order is None:
            raise Rejection(404, 40410000, f"order not found for {client_id}")
        return reply(self._exchange.order_json(order))

    async def orders(self, request: web.Request) -> web.Response:
        """Return orders, newest first unless asked otherwise."""
        wanted = Wanted.of(request)
        limit = whole(request, "limit", 50, 500)
        desk = self._exchange.desk
        found = [order for order in desk.orders() if wanted.takes(order, desk.created(order))]
        if request.query.get("direction", "desc") != "asc":
            found.reverse()
        shown = [self._exchange.order_json(o, nested=wanted.nested) for o in found[:limit]]
        return reply(shown)

    # ------------------------------------------------------------------ positions

    async def positions(self, request: web.Request) -> web.Response:
        """Return all positions."""
        held = sorted(self._exchange.venue.account.positions.items())
        return reply([self._position(position) for _, position in held])

    async def position(self, request: web.Request) -> web.Response:
        """Return one position."""
        return reply(self._position(self._held(request)))

    async def close(self, request: web.Request) -> web.Response:
        """Accept an order that closes a position, or part of it."""
        position = self._held(request)
        qty = _part(abs(position.qty), request)
        return reply(self._exchange.order_json(self._close(position, qty)))

    async def close_all(self, request: web.Request) -> web.Response:
        """Accept an order for every position that closes it.

        `cancel_orders` cancels open orders before.
        """
        if flag(request, "cancel_orders"):
            self._cancel_open()
        results = []
        for _, position in sorted(self._exchange.venue.account.positions.items()):
            order = self._close(position, abs(position.qty))
            body = self._exchange.order_json(order)
            results.append(
                {
                    "symbol": without_slash(position.symbol),
                    "order_id": order.id,
                    "status": 200,
                    "body": body,
                }
            )
        return reply(results, 207)

    def _close(self, position: Position, qty: Decimal) -> VenueOrder:
        return self._exchange.submit(
            {
                "symbol": position.symbol,
                "qty": text(qty),
                "side": "sell" if position.qty > 0 else "buy",
                "type": "market",
                "time_in_force": "gtc" if "/" in position.symbol else "day",
            },
        )

    def _held(self, request: web.Request) -> Position:
        asked = request.match_info["symbol"]
        instrument = self._exchange.instrument(asked)
        symbol = instrument.symbol if instrument is not None else asked
        position = self._exchange.venue.account.positions.get(symbol)
        if position is None:
            raise Rejection(404, 40410000, f"position does not exist: {asked}")
        return position

    def _position(self, position: Position) -> Json:
        exchange, symbol = self._exchange, position.symbol
        mark = exchange.venue.account.market.value_mark(symbol, long=position.qty > 0)
        days = exchange.floor.history.previous_days(symbol)
        mark = position.avg_entry if mark is None else mark
        held = exchange.venue.held(symbol)
        return position_json(
            position,
            exchange.tape.instruments[symbol],
            asset_id=exchange.asset_id(symbol),
            mark=mark,
            last_day=Decimal(repr(days[-1].close)) if days else mark,
            available=position.qty - held if position.qty > 0 else position.qty + held,
        )

    # ------------------------------------------------------------------ activities

    async def activities(self, request: web.Request) -> web.Response:
        """Return what happened to the account, newest first unless asked otherwise: fills and fees."""
        of_category = _CATEGORIES.get(request.query.get("category", ""), "FILL,FEE")
        asked = request.match_info.get("kind") or request.query.get("activity_types", of_category)
        kinds = asked.split(",")
        found = self._fills() if "FILL" in kinds else []
        found += self._fees() if "FEE" in kinds else []
        found = list(_between(found, request))
        if request.query.get("direction", "desc") != "asc":
            found.reverse()
        token = request.query.get("page_token")
        if token:
            ids = [activity["id"] for activity in found]
            found = found[ids.index(token) + 1 :] if token in ids else []
        return reply(found[: whole(request, "page_size", 100, 100)])

    def _fees(self) -> list[Json]:
        return [
            fee_json(charge, number, account_id=self._exchange.account_id)
            for number, charge in enumerate(self._exchange.venue.account.charges)
        ]

    def _fills(self) -> list[Json]:
        filled: defaultdict[str, Decimal] = defaultdict(Decimal)
        activities = []
        for execution in self._exchange.venue.executions:
            order = self._exchange.desk.find(execution.order_id)
            if order is not None:
                filled[order.id] += execution.qty
                activities.append(
                    fill_json(
                        execution,
                        account_id=self._exchange.account_id,
                        order=order,
                        cumulative=filled[order.id],
                    ),
                )
        return activities


def _between(activities: Iterable[Json], request: web.Request) -> Iterable[Json]:
    date = request.query.get("date")
    after, until = time_of(request, "after"), time_of(request, "until")
    for activity in activities:
        stamp: str = activity.get("transaction_time") or activity["date"]
        at = parse_time(activity.get("transaction_time") or f"{stamp}T23:59:59Z")
        if (
            (not date or stamp.startswith(date))
            and (after is None or at > after)
            and (until is None or at < until)
        ):
            yield activity


def _part(held: Decimal, request: web.Request) -> Decimal:
    qty, percentage = number(request.query, "qty"), number(request.query, "percentage")
    if qty is not None:
        return min(qty, held)
    if percentage is not None:
        share = held * percentage / 100
        return share.quantize(Decimal("0.000000001"), rounding=ROUND_DOWN).normalize()
    return held
