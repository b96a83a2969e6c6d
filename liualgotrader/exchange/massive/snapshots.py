"""Massive's snapshots: what is known of a ticker now. Days without a print are all zeros, as the vendor's are."""

from __future__ import annotations

from aiohttp import web

from liualgotrader.common.events import Bar
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.exchange.encode import number
from liualgotrader.exchange.massive.door import entitled, not_found
from liualgotrader.exchange.massive.market_api import MARKETS, MassiveMarket
from liualgotrader.exchange.massive.plans import MassivePlan
from liualgotrader.exchange.massive.questions import Question
from liualgotrader.exchange.massive.rows import (
    bar_row,
    bar_values,
    last_quote,
    last_trade,
)
from liualgotrader.exchange.massive.words import ticker
from liualgotrader.exchange.shapes import Json

_NOTHING: Json = dict.fromkeys(("o", "h", "l", "c", "v", "vw"), 0)


class SnapshotApi:
    """The handlers; they only look things up."""

    def __init__(self, market: MassiveMarket, plan: MassivePlan) -> None:
        self._market = market
        self._plan = plan

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        path = "/v2/snapshot/locale/{locale}/markets/{market}/tickers"
        return [
            web.get(path, self.several, allow_head=False),
            web.get(f"{path}/{{ticker}}", self.one, allow_head=False),
        ]

    async def several(self, request: web.Request) -> web.Response:
        """Return all tickers of a market, or those that are named."""
        asked, of = self._asked(request)
        named = [name for name in asked.text("tickers").split(",") if name]
        found = [i for name in named if (i := self._market.instrument(name)) is not None]
        rows = [self._row(i) for i in (found if named else self._market.instruments(of))]
        return asked.answer(tickers=rows, count=len(rows))

    async def one(self, request: web.Request) -> web.Response:
        """Return one ticker."""
        asked, _ = self._asked(request)
        found = self._market.instrument(request.match_info["ticker"])
        if found is None:
            not_found("NotFound: could not get snapshot")
        return asked.answer(ticker=self._row(found))

    def _asked(self, request: web.Request) -> tuple[Question, AssetClass]:
        entitled(self._plan.snapshots)
        of = MARKETS.get(request.match_info["market"])
        if of is None:
            not_found("market not found")
        return Question(request, self._market.now), of

    def _row(self, instrument: Instrument) -> Json:
        symbol, history = instrument.symbol, self._market.history
        days = self._market.actions.days(symbol, adjusted=True)
        today, minutes = history.today(symbol), history.minutes(symbol)
        trade, quote = history.last_trade(symbol), history.last_quote(symbol)
        row: Json = {
            "ticker": ticker(symbol, instrument.asset_class),
            "day": bar_values(today) if today is not None else _NOTHING,
            "prevDay": bar_values(days[-1]) if days else _NOTHING,
            "updated": self._market.now,
            **_change(today, days[-1] if days else None),
        }
        if minutes and today is not None:
            row["min"] = {**bar_row(minutes[-1]), "av": number(today.volume)}
        if self._plan.prints and trade is not None:
            row["lastTrade"] = last_trade(trade[1], trade[0])
        if self._plan.quotes and quote is not None:
            row["lastQuote"] = last_quote(quote)
        return row


def _change(today: Bar | None, before: Bar | None) -> Json:
    change = today.close - before.close if today is not None and before is not None else 0.0
    part = 100 * change / before.close if before is not None else 0.0
    return {"todaysChange": change, "todaysChangePerc": part}
