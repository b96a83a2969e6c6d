"""Massive's reference data: tickers, splits, dividends, and when markets are open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from aiohttp import web

from liualgotrader.common.calendar import Session, us_equities
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.data.lake.actions import Action, ActionKind
from liualgotrader.exchange.massive.door import not_found
from liualgotrader.exchange.massive.market_api import MARKETS, MassiveMarket
from liualgotrader.exchange.massive.questions import Question
from liualgotrader.exchange.massive.words import ticker
from liualgotrader.exchange.replies import NEW_YORK, reply
from liualgotrader.exchange.shapes import Json

_MOST = 1_000
_USUAL, _USUAL_TICKERS = 10, 100
_HOLIDAYS_AHEAD = 366
_EXCHANGES = ("NYSE", "NASDAQ")


class ReferenceApi:
    """The handlers; they only look things up."""

    def __init__(self, market: MassiveMarket) -> None:
        self._market = market

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        paths = {
            "/v3/reference/tickers": self.tickers,
            "/v3/reference/tickers/{ticker}": self.one_ticker,
            "/v3/reference/splits": self.splits,
            "/v3/reference/dividends": self.dividends,
            "/v1/marketstatus/now": self.status,
            "/v1/marketstatus/upcoming": self.holidays,
        }
        return [web.get(path, handler, allow_head=False) for path, handler in paths.items()]

    async def tickers(self, request: web.Request) -> web.Response:
        """Return the tickers of a market, or of all."""
        asked = Question(request, self._market.now)
        markets = [asked.text("market")] if asked.text("market") else list(MARKETS)
        search = asked.text("search").lower()
        rows = [
            _ticker_row(instrument)
            for name in markets
            if name in MARKETS and asked.flag("active", True)
            for instrument in self._market.instruments(MARKETS[name])
        ]
        rows = [
            row
            for row in rows
            if asked.is_within("ticker", row["ticker"])
            and search in f"{row['ticker']} {row['name']}".lower()
        ]
        rows.sort(key=lambda row: row["ticker"], reverse=asked.text("order") == "desc")
        limit = asked.limit(_USUAL_TICKERS, _MOST)
        return asked.page(range(len(rows)), limit, rows.__getitem__)

    async def one_ticker(self, request: web.Request) -> web.Response:
        """Return one ticker."""
        found = self._market.instrument(request.match_info["ticker"])
        if found is None:
            not_found("Ticker not found.")
        return Question(request, self._market.now).answer(results=_ticker_row(found))

    async def splits(self, request: web.Request) -> web.Response:
        """Return the splits of the past, newest first unless asked otherwise."""
        return self._actions(request, ActionKind.SPLIT, "execution_date")

    async def dividends(self, request: web.Request) -> web.Response:
        """Return the dividends of the past, newest first unless asked otherwise."""
        return self._actions(request, ActionKind.DIVIDEND, "ex_dividend_date")

    def _actions(self, request: web.Request, kind: ActionKind, date: str) -> web.Response:
        asked = Question(request, self._market.now)
        make = _split_row if kind is ActionKind.SPLIT else _dividend_row
        rows = [
            make(action)
            for action in self._market.actions.begun
            if action.kind is kind
            and asked.is_within("ticker", action.symbol)
            and asked.is_within(date, action.ex_date.isoformat())
        ]
        rows.sort(key=lambda row: row[date], reverse=asked.text("order", "desc") == "desc")
        return asked.page(range(len(rows)), asked.limit(_USUAL, _MOST), rows.__getitem__)

    async def status(self, request: web.Request) -> web.Response:
        """Return whether markets are open now."""
        session, now = self._market.exchange.session, self._market.now
        early = session.pre_open <= now < session.open
        late = session.close <= now < session.post_close
        is_open = session.open <= now < session.close
        word = "open" if is_open else "extended-hours" if early or late else "closed"
        return reply(
            {
                "afterHours": late,
                "currencies": {"crypto": "open", "fx": "closed"},
                "earlyHours": early,
                "exchanges": {"nasdaq": word, "nyse": word, "otc": "closed"},
                "market": word,
                "serverTime": _local(now),
            }
        )

    async def holidays(self, request: web.Request) -> web.Response:
        """Return the days of a year on which the market is shut, or shuts early."""
        first = self._market.exchange.tape.date
        rows: list[Json] = []
        calendar = us_equities()
        for ahead in range(1, _HOLIDAYS_AHEAD):
            day = first + timedelta(days=ahead)
            if calendar.is_session(day):
                rows += _early_close(calendar.session(day))
            elif day.weekday() < 5:
                rows += [{"date": str(day), "exchange": e, "status": "closed"} for e in _EXCHANGES]
        return reply(rows)


def _ticker_row(instrument: Instrument) -> Json:
    symbol = instrument.symbol
    row: Json = {
        "ticker": ticker(symbol, instrument.asset_class),
        "name": instrument.name or symbol,
        "active": True,
    }
    if instrument.asset_class is AssetClass.CRYPTO:
        base, _, quote = symbol.partition("/")
        return {
            **row,
            "market": "crypto",
            "locale": "global",
            "currency_symbol": quote,
            "currency_name": quote,
            "base_currency_symbol": base,
            "base_currency_name": base,
        }
    return {
        **row,
        "market": "stocks",
        "locale": "us",
        "primary_exchange": "XNAS",
        "type": "CS",
        "currency_name": "usd",
    }


def _split_row(action: Action) -> Json:
    """Return a split: `split_from` old shares become `split_to` new ones."""
    to, of = (action.value or Decimal(1)).as_integer_ratio()
    return {
        "id": _id(action),
        "execution_date": action.ex_date.isoformat(),
        "split_from": of,
        "split_to": to,
        "ticker": action.symbol,
    }


def _dividend_row(action: Action) -> Json:
    return {
        "id": _id(action),
        "cash_amount": float(action.value or 0),
        "currency": "USD",
        "dividend_type": "CD",
        "ex_dividend_date": action.ex_date.isoformat(),
        "ticker": action.symbol,
    }


def _id(action: Action) -> str:
    return f"E{action.symbol}-{action.ex_date}-{action.kind.value}"


def _early_close(session: Session) -> list[Json]:
    closes = datetime.fromtimestamp(session.close // 1_000_000_000, NEW_YORK)
    if (closes.hour, closes.minute) == (16, 0):
        return []
    times = {"open": _utc(session.open), "close": _utc(session.close)}
    return [
        {"date": str(session.date), "exchange": e, "status": "early-close", **times}
        for e in _EXCHANGES
    ]


def _local(ns: int) -> str:
    return datetime.fromtimestamp(ns // 1_000_000_000, NEW_YORK).isoformat()


def _utc(ns: int) -> str:
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
