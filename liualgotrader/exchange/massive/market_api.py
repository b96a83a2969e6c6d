"""Massive's market data over REST: aggregates, trades, quotes, the last of them.

Never anything after the tape's time, and of minutes and seconds only complete ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from aiohttp import web

from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.exchange.bars import join
from liualgotrader.exchange.history import bar_window, window
from liualgotrader.exchange.massive.door import bad_request, entitled, not_found
from liualgotrader.exchange.massive.plans import MassivePlan
from liualgotrader.exchange.massive.questions import Question, day_bounds, moments
from liualgotrader.exchange.massive.rows import (
    bar_row,
    last_quote,
    last_trade,
    quote_row,
    trade_row,
)
from liualgotrader.exchange.massive.words import COINBASE, SELL_SIDE, ms, ticker
from liualgotrader.exchange.service import Exchange

_SPANS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
DAY = 86_400
_MOST = 50_000
_USUAL_BARS, _USUAL_TICKS = 5_000, 1_000
MARKETS = {"stocks": AssetClass.US_EQUITY, "crypto": AssetClass.CRYPTO}


class MassiveMarket:
    """What the handlers look things up in, by the vendor's tickers."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.history = exchange.floor.history
        self.actions = exchange.actions
        self._by_ticker = {
            ticker(i.symbol, i.asset_class): i for i in exchange.tape.instruments.values()
        }

    @property
    def now(self) -> int:
        """The tape's time."""
        return self.exchange.floor.now

    def instrument(self, name: str) -> Instrument | None:
        """Return what a ticker stands for."""
        return self._by_ticker.get(name)

    def instruments(self, asset_class: AssetClass) -> list[Instrument]:
        """Return all of a class, by ticker."""
        found = sorted(self._by_ticker.items())
        return [each for _, each in found if each.asset_class is asset_class]


class MassiveMarketApi:
    """The handlers; they only look things up."""

    def __init__(self, market: MassiveMarket, plan: MassivePlan) -> None:
        self._market = market
        self._plan = plan

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        aggs = "/v2/aggs/ticker/{ticker}"
        paths = {
            f"{aggs}/range/{{multiplier}}/{{span}}/{{first}}/{{last}}": self.bars,
            f"{aggs}/prev": self.previous,
            "/v2/aggs/grouped/locale/{locale}/market/{market}/{date}": self.grouped,
            "/v3/trades/{ticker}": self.trades,
            "/v3/quotes/{ticker}": self.quotes,
            "/v2/last/trade/{ticker}": self.last_trade,
            "/v2/last/nbbo/{ticker}": self.last_quote,
            "/v1/last/crypto/{base}/{quote}": self.last_coin_trade,
        }
        return [web.get(path, handler, allow_head=False) for path, handler in paths.items()]

    async def bars(self, request: web.Request) -> web.Response:
        """Return bars of a span that begin in a range, both ends included."""
        asked, at = Question(request, self._market.now), request.match_info
        adjusted = asked.flag("adjusted", True)
        found = self._market.instrument(at["ticker"])
        coins = found is not None and found.asset_class is AssetClass.CRYPTO
        first, _ = moments(at["first"], "from", coins=coins)
        _, last = moments(at["last"], "to", coins=coins)
        bars = self._bars(found.symbol, at, adjusted) if found is not None else []
        rows: Sequence[int] = bar_window(bars, first, min(last, asked.as_of))
        rows = rows[::-1] if asked.text("sort") == "desc" else rows
        limit = asked.limit(_USUAL_BARS, _MOST)
        count = len(rows[asked.offset : asked.offset + limit])
        return asked.page(
            rows,
            limit,
            lambda index: bar_row(bars[index]),
            ticker=at["ticker"],
            queryCount=count,
            resultsCount=count,
            adjusted=adjusted,
        )

    def _bars(self, symbol: str, at: web.UrlMappingMatchInfo, adjusted: bool) -> list[Bar]:
        multiplier, span = at["multiplier"], _SPANS.get(at["span"])
        if span is None:
            bad_request(f"this exchange in a box has {', '.join(_SPANS)}, not '{at['span']}'")
        if not multiplier.isdigit() or not 1 <= int(multiplier) * span <= DAY:
            bad_request(f"'{multiplier} {at['span']}' is no span of a day at most")
        seconds = int(multiplier) * span
        history = self._market.history
        if seconds < DAY:
            if at["span"] == "second":
                return join(history.seconds(symbol, self._market.now), seconds)
            return history.bars(symbol, seconds)
        return self._market.actions.days_with_today(symbol, adjusted=adjusted)

    async def previous(self, request: web.Request) -> web.Response:
        """Return the day before."""
        asked, name = Question(request, self._market.now), request.match_info["ticker"]
        adjusted = asked.flag("adjusted", True)
        found = self._market.instrument(name)
        days = (
            self._market.actions.days(found.symbol, adjusted=adjusted) if found is not None else []
        )
        rows = range(len(days))[-1:]
        return asked.page(
            rows,
            1,
            lambda index: {"T": name, **bar_row(days[index])},
            ticker=name,
            queryCount=len(rows),
            resultsCount=len(rows),
            adjusted=adjusted,
        )

    async def grouped(self, request: web.Request) -> web.Response:
        """Return one day of every ticker of a market."""
        asked, at = Question(request, self._market.now), request.match_info
        try:
            day = date.fromisoformat(at["date"])
        except ValueError:
            bad_request("Could not parse the time parameter: 'date'. Use YYYY-MM-DD")
        if at["market"] not in MARKETS:
            not_found("market not found")
        adjusted = asked.flag("adjusted", True)
        of = MARKETS[at["market"]]
        first, last = day_bounds(day, coins=of is AssetClass.CRYPTO)
        bars = [
            bar
            for each in self._market.instruments(of)
            for bar in self._market.actions.days_with_today(each.symbol, adjusted=adjusted)
            if first <= bar.start <= last
        ]
        names = [ticker(bar.symbol, of) for bar in bars]
        return asked.page(
            range(len(bars)),
            max(len(bars), 1),
            lambda index: {"T": names[index], **bar_row(bars[index])},
            queryCount=len(bars),
            resultsCount=len(bars),
            adjusted=adjusted,
        )

    async def trades(self, request: web.Request) -> web.Response:
        """Return prints."""
        entitled(self._plan.prints)
        asked = Question(request, self._market.now)
        found = self._market.instrument(request.match_info["ticker"])
        prints = self._market.history.prints(found.symbol if found is not None else "")
        of = found.asset_class if found is not None else AssetClass.US_EQUITY
        rows = _ordered(asked, window(prints.time, *asked.times("timestamp")))
        limit = asked.limit(_USUAL_TICKS, _MOST)
        return asked.page(rows, limit, lambda index: trade_row(prints.at(index), index + 1, of))

    async def quotes(self, request: web.Request) -> web.Response:
        """Return quotes."""
        entitled(self._plan.quotes)
        asked = Question(request, self._market.now)
        found = self._market.instrument(request.match_info["ticker"])
        quotes = self._market.history.quotes(found.symbol if found is not None else "")
        rows = _ordered(asked, window(quotes.time, *asked.times("timestamp")))
        limit = asked.limit(_USUAL_TICKS, _MOST)
        return asked.page(rows, limit, lambda index: quote_row(quotes.at(index)))

    async def last_trade(self, request: web.Request) -> web.Response:
        """Return the newest print."""
        entitled(self._plan.prints)
        asked, name = Question(request, self._market.now), request.match_info["ticker"]
        found = self._market.instrument(name)
        last = self._market.history.last_trade(found.symbol) if found is not None else None
        if last is None:
            not_found("Ticker not found.")
        count, trade = last
        return asked.answer(results={"T": name, **last_trade(trade, count)})

    async def last_quote(self, request: web.Request) -> web.Response:
        """Return the newest quote."""
        entitled(self._plan.quotes)
        asked, name = Question(request, self._market.now), request.match_info["ticker"]
        found = self._market.instrument(name)
        last = self._market.history.last_quote(found.symbol) if found is not None else None
        if last is None:
            not_found("Ticker not found.")
        return asked.answer(results={"T": name, **last_quote(last)})

    async def last_coin_trade(self, request: web.Request) -> web.Response:
        """Return the newest print of a pair."""
        entitled(self._plan.prints)
        asked, at = Question(request, self._market.now), request.match_info
        last = self._market.history.last_trade(f"{at['base']}/{at['quote']}")
        if last is None:
            not_found("Ticker not found.")
        _, trade = last
        row = {
            "conditions": [SELL_SIDE],
            "exchange": COINBASE,
            "price": trade.price,
            "size": trade.size,
            "timestamp": ms(trade.ts_event),
        }
        return asked.answer(last=row, symbol=f"{at['base']}-{at['quote']}")


def _ordered(asked: Question, rows: range) -> range:
    """Return rows as they are asked for; newest first is this API's default."""
    return rows if asked.text("order", "desc") == "asc" else rows[::-1]
