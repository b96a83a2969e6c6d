"""Splits and dividends over REST, as Alpaca's corporate actions API has them, up to the tape's day."""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from liualgotrader.data.lake import Action, ActionKind
from liualgotrader.exchange.replies import date_of, reply, symbols_of, whole
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.shapes import Json
from liualgotrader.venue.orders import Rejection

MOST = 1_000


class ActionsApi:
    """The handler; it only looks things up."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        """Return the path."""
        return [web.get("/v1/corporate-actions", self.actions, allow_head=False)]

    async def actions(self, request: web.Request) -> web.Response:
        """Return actions by kind, oldest first; today's when no days are asked for."""
        today = self._exchange.tape.date
        start = date_of(request, "start") or today
        end = min(date_of(request, "end") or today, today)
        symbols = set(symbols_of(request)) or set(self._exchange.tape.instruments)
        kinds = [f"{kind}s" for kind in request.query.get("types", "").split(",") if kind]
        found = [
            action
            for action in self._exchange.actions.begun
            if start <= action.ex_date <= end
            and action.symbol in symbols
            and (not kinds or _kind(action) in kinds)
        ]
        first = self._first(request, len(found))
        last = first + whole(request, "limit", 100, MOST)
        page: dict[str, list[Json]] = {}
        for action in found[first:last]:
            page.setdefault(_kind(action), []).append(self._row(action))
        token = str(last) if last < len(found) else None
        return reply({"corporate_actions": page, "next_page_token": token})

    def _first(self, request: web.Request, count: int) -> int:
        token = request.query.get("page_token") or "0"
        if not token.isdecimal() or int(token) > count:
            raise Rejection(400, 40010001, "invalid page_token")
        return int(token)

    def _row(self, action: Action) -> Json:
        day = str(action.ex_date)
        common = {
            "id": self._exchange.ids.named(f"action-{action.symbol}-{day}-{action.kind}"),
            "symbol": action.symbol,
            "process_date": day,
            "ex_date": day,
        }
        value = action.value or Decimal(1)
        if action.kind is ActionKind.DIVIDEND:
            return common | {
                "cusip": "", "rate": float(value), "special": False, "foreign": False,
            }  # fmt: skip
        if value > 1:
            return common | {"cusip": "", "new_rate": float(value), "old_rate": 1}
        rates = {"new_rate": 1, "old_rate": float(1 / value)}
        return common | {"old_cusip": "", "new_cusip": ""} | rates


def _kind(action: Action) -> str:
    if action.kind is ActionKind.DIVIDEND:
        return "cash_dividends"
    return "forward_splits" if (action.value or 0) > 1 else "reverse_splits"
