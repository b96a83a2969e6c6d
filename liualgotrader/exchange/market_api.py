"""Market data over REST, as Alpaca's data API has it.

Never anything after the tape's current time.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.exchange.encode import (
    QUOTE_CONDITIONS,
    TAPE_CODE,
    TRADE_CONDITIONS,
    VENUE_CODE,
    number,
)
from liualgotrader.exchange.history import bar_window, window
from liualgotrader.exchange.replies import reply, symbols_of, time_of, whole
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.shapes import Json, when
from liualgotrader.venue.orders import Rejection

MOST = 10_000
MINUTE, HOUR, DAY = 60, 3_600, 86_400
_UNITS = {"min": MINUTE, "t": MINUTE, "hour": HOUR, "h": HOUR, "day": DAY, "d": DAY}
_TIMEFRAME = re.compile(r"(\d+)(min|t|hour|h|day|d)", re.IGNORECASE)
# The indexes of one symbol's rows in a range of time, and what makes a row of an index.
Rows = tuple[range, Callable[[int], Json]]
Find = Callable[[str, int, int], Rows]


class MarketApi:
    """The handlers; they only look things up."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._history = exchange.floor.history

    def routes(self) -> list[web.RouteDef]:
        """Return the paths, those with several symbols before those with one."""
        paths: list[tuple[str, Any]] = [
            ("bars", self.bars),
            ("trades", self.trades),
            ("quotes", self.quotes),
            ("bars/latest", self.latest_bars),
            ("trades/latest", self.latest_trades),
            ("quotes/latest", self.latest_quotes),
            ("snapshots", self.snapshots),
        ]
        routes = [
            web.get(f"/v2/stocks/{path}", handler, allow_head=False) for path, handler in paths
        ]
        for path, handler in [*paths[:-1], ("snapshot", self.snapshots)]:
            routes.append(web.get(f"/v2/stocks/{{symbol}}/{path}", handler, allow_head=False))
        return routes

    # ------------------------------------------------------------------ ranges

    async def bars(self, request: web.Request) -> web.Response:
        """Return bars of a timeframe: raw, or with `adjustment` divided by the splits since."""
        seconds = _seconds(request.query.get("timeframe", ""))
        adjusted = request.query.get("adjustment") in ("split", "all")

        def rows(symbol: str, start: int, end: int) -> Rows:
            if seconds == DAY:
                bars = self._exchange.actions.days_with_today(symbol, adjusted=adjusted)
            else:
                bars = self._history.bars(symbol, seconds)
            return bar_window(bars, start, end), lambda i: bar_json(bars[i])

        return self._pages(request, "bars", rows)

    async def trades(self, request: web.Request) -> web.Response:
        """Return prints."""

        def rows(symbol: str, start: int, end: int) -> Rows:
            prints = self._history.prints(symbol)
            return window(prints.time, start, end), lambda i: self.trade_row(prints.at(i), i + 1)

        return self._pages(request, "trades", rows)

    async def quotes(self, request: web.Request) -> web.Response:
        """Return quotes."""

        def rows(symbol: str, start: int, end: int) -> Rows:
            quotes = self._history.quotes(symbol)
            return window(quotes.time, start, end), lambda i: self.quote_row(quotes.at(i))

        return self._pages(request, "quotes", rows)

    def _pages(self, request: web.Request, name: str, find: Find) -> web.Response:
        """Return one page: symbols in alphabetical order, each in time.

        The token says where to go on.
        """
        one = request.match_info.get("symbol")
        symbols = sorted([one] if one else symbols_of(request))
        if not symbols:
            raise Rejection(400, 40010001, "symbols is required")
        start, end = self._range(request)
        step = -1 if request.query.get("sort") == "desc" else 1
        limit = whole(request, "limit", 1_000, MOST)
        page: dict[str, list[Json]] = {}
        token = None
        found = {symbol: find(symbol, start, end) for symbol in symbols}
        for count, (symbol, index) in enumerate(_from(found, _token(request), step)):
            if count == limit:
                token = urlsafe_b64encode(f"{symbol}|{index}".encode()).decode()
                break
            page.setdefault(symbol, []).append(found[symbol][1](index))
        if one:
            return reply({"symbol": one, name: page.get(one, []), "next_page_token": token})
        return reply({name: page, "next_page_token": token})

    def _range(self, request: web.Request) -> tuple[int, int]:
        """Return what is asked for, ended by now.

        Without a start the vendor takes today's beginning.
        """
        now = self._exchange.floor.now
        start, end = time_of(request, "start"), time_of(request, "end")
        return (
            self._exchange.tape.start if start is None else start,
            now if end is None else min(end, now),
        )

    # ------------------------------------------------------------------ the latest

    async def latest_bars(self, request: web.Request) -> web.Response:
        """Return the last complete minute bars."""
        return self._latest(request, "bar", self._last_minute)

    async def latest_trades(self, request: web.Request) -> web.Response:
        """Return the last prints."""
        return self._latest(request, "trade", self._last_trade)

    async def latest_quotes(self, request: web.Request) -> web.Response:
        """Return the last quotes."""
        return self._latest(request, "quote", self._last_quote)

    def _latest(
        self, request: web.Request, name: str, find: Callable[[str], Json | None]
    ) -> web.Response:
        one = request.match_info.get("symbol")
        if one:
            return reply({"symbol": one, name: find(one)})
        found = {symbol: find(symbol) for symbol in symbols_of(request)}
        return reply({f"{name}s": {s: row for s, row in found.items() if row is not None}})

    async def snapshots(self, request: web.Request) -> web.Response:
        """Return everything latest of each symbol."""
        one = request.match_info.get("symbol")
        if one:
            return reply({"symbol": one, **self._snapshot(one)})
        known = self._exchange.tape.instruments
        return reply({s: self._snapshot(s) for s in symbols_of(request) if s in known})

    def trade_row(self, trade: Trade, number_of: int) -> Json:
        """Return a print as this API words it."""
        return trade_json(trade, number_of)

    def quote_row(self, quote: Quote) -> Json:
        """Return a quote as this API words it."""
        return quote_json(quote)

    def _snapshot(self, symbol: str) -> Json:
        days = self._history.previous_days(symbol)
        today = self._history.today(symbol)
        return {
            "latestTrade": self._last_trade(symbol),
            "latestQuote": self._last_quote(symbol),
            "minuteBar": self._last_minute(symbol),
            "dailyBar": bar_json(today) if today is not None else None,
            "prevDailyBar": bar_json(days[-1]) if days else None,
        }

    def _last_trade(self, symbol: str) -> Json | None:
        last = self._history.last_trade(symbol)
        return self.trade_row(last[1], last[0]) if last is not None else None

    def _last_quote(self, symbol: str) -> Json | None:
        last = self._history.last_quote(symbol)
        return self.quote_row(last) if last is not None else None

    def _last_minute(self, symbol: str) -> Json | None:
        minutes = self._history.minutes(symbol)
        return bar_json(minutes[-1]) if minutes else None


def _from(
    found: dict[str, Rows], token: tuple[str, int] | None, step: int
) -> Iterator[tuple[str, int]]:
    for symbol, (indexes, _) in found.items():
        if token is not None and symbol < token[0]:
            continue
        ordered = indexes[::step]
        if token is not None and symbol == token[0] and token[1] in ordered:
            ordered = ordered[ordered.index(token[1]) :]
        for index in ordered:
            yield symbol, index


def _token(request: web.Request) -> tuple[str, int] | None:
    value = request.query.get("page_token")
    if not value:
        return None
    try:
        symbol, _, index = urlsafe_b64decode(value).decode().rpartition("|")
        return symbol, int(index)
    except ValueError:
        raise Rejection(400, 40010001, "invalid page_token") from None


def _seconds(timeframe: str) -> int:
    match = _TIMEFRAME.fullmatch(timeframe)
    seconds = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if not seconds or seconds > DAY:
        raise Rejection(400, 40010001, f"invalid timeframe: {timeframe}")
    return seconds


def bar_json(bar: Bar) -> Json:
    """Return a bar."""
    return {
        "t": when(bar.start),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": number(bar.volume),
        "n": bar.count or 0,
        "vw": bar.vwap if bar.vwap is not None else bar.close,
    }


def trade_json(trade: Trade, number_of: int) -> Json:
    """Return a print."""
    return {
        "t": when(trade.ts_event),
        "x": VENUE_CODE,
        "p": trade.price,
        "s": number(trade.size),
        "c": TRADE_CONDITIONS,
        "i": number_of,
        "z": TAPE_CODE,
    }


def quote_json(quote: Quote) -> Json:
    """Return a quote."""
    return {
        "t": when(quote.ts_event),
        "ax": VENUE_CODE,
        "ap": quote.ask,
        "as": number(quote.ask_size),
        "bx": VENUE_CODE,
        "bp": quote.bid,
        "bs": number(quote.bid_size),
        "c": QUOTE_CONDITIONS,
        "z": TAPE_CODE,
    }
