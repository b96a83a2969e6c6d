"""Market data of pairs of currencies over REST, as Alpaca's crypto data API has it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from liualgotrader.common.events import Quote, Trade
from liualgotrader.exchange.encode import TAKER_SIDE
from liualgotrader.exchange.market_api import MarketApi
from liualgotrader.exchange.replies import reply, symbols_of
from liualgotrader.exchange.shapes import Json, when
from liualgotrader.venue.orders import Rejection

BASE = "/v1beta3/crypto/us"


class CryptoApi(MarketApi):
    """The handlers of pairs: other paths, other fields, no keys."""

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        paths: list[tuple[str, Any]] = [
            ("bars", self.bars),
            ("trades", self.trades),
            ("quotes", self.quotes),
            ("latest/bars", self.latest_bars),
            ("latest/trades", self.latest_trades),
            ("latest/quotes", self.latest_quotes),
            ("snapshots", self.snapshots),
        ]
        return [
            web.get(f"{BASE}/{path}", _pairs_only(handler), allow_head=False)
            for path, handler in paths
        ]

    async def snapshots(self, request: web.Request) -> web.Response:
        """Return everything latest of each pair."""
        known = self._exchange.tape.instruments
        found = {s: self._snapshot(s) for s in symbols_of(request) if s in known}
        return reply({"snapshots": found})

    def trade_row(self, trade: Trade, number_of: int) -> Json:
        """Return a print."""
        return {
            "t": when(trade.ts_event),
            "p": trade.price,
            "s": trade.size,
            "i": number_of,
            "tks": TAKER_SIDE,
        }

    def quote_row(self, quote: Quote) -> Json:
        """Return a quote."""
        return {
            "t": when(quote.ts_event),
            "bp": quote.bid,
            "bs": quote.bid_size,
            "ap": quote.ask,
            "as": quote.ask_size,
        }


def _pairs_only(handler: Any) -> Any:
    """Refuse symbols that are no pairs, as the vendor does: BTCUSD is none."""

    async def checked(request: web.Request) -> web.Response:
        for symbol in symbols_of(request):
            base, slash, quoted = symbol.partition("/")
            if not (slash and base.isalpha() and quoted.isalpha() and symbol.isupper()):
                text = f"invalid symbol: {symbol} does not match ^[A-Z]+/[A-Z]+$"
                raise Rejection(400, 40010001, text)
        response: web.Response = await handler(request)
        return response

    return checked
