"""The account, its configuration, the clock, the calendar and the assets over REST."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from aiohttp import web

from liualgotrader.common.calendar import us_equities
from liualgotrader.exchange.days import sessions_between
from liualgotrader.exchange.replies import NEW_YORK, date_of, json_body, reply
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.shapes import Json, asset_json, money, text, when
from liualgotrader.venue.margin_tables import DAY_TRADING_FIELDS_GONE, INTRADAY
from liualgotrader.venue.orders import Rejection
from liualgotrader.venue.sessions import Session

ZERO = Decimal(0)


class AccountApi:
    """The handlers; they only translate."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._settings: Json = {
            "fractional_trading": True,
            "max_margin_multiplier": text(exchange.venue.account.multiplier),
            "no_shorting": not exchange.venue.books.rules.shorting,
            "suspend_trade": False,
            "trade_confirm_email": "none",
            "ptp_no_exception_entry": False,
            "max_options_trading_level": None,
        }
        if exchange.tape.date < DAY_TRADING_FIELDS_GONE:
            self._settings |= {"pdt_check": "entry", "dtbp_check": "entry"}

    def routes(self) -> list[web.RouteDef]:
        """Return the paths."""
        return [
            web.get("/v2/account", self.account, allow_head=False),
            web.get("/v2/account/configurations", self.configurations, allow_head=False),
            web.patch("/v2/account/configurations", self.configure),
            web.get("/v2/clock", self.clock, allow_head=False),
            web.get("/v2/calendar", self.calendar, allow_head=False),
            web.get("/v2/assets", self.assets, allow_head=False),
            web.get("/v2/assets/{symbol:.+}", self.asset, allow_head=False),
        ]

    async def account(self, request: web.Request) -> web.Response:
        """Return the account."""
        return reply(account_json(self._exchange))

    async def configurations(self, request: web.Request) -> web.Response:
        """Return the account's configuration."""
        return reply(self._settings)

    async def configure(self, request: web.Request) -> web.Response:
        """Refuse: what the account may do is decided when the exchange is started."""
        await json_body(request)
        raise Rejection(
            422, 42210000, "the configuration of a simulated account is fixed at its start"
        )

    async def clock(self, request: web.Request) -> web.Response:
        """Return the market's clock, on the tape's time."""
        now = self._exchange.clock.now()
        today = datetime.fromtimestamp(now / 1e9, UTC).date()
        sessions = sessions_between(today - timedelta(days=2), today + timedelta(days=12))
        body = {
            "timestamp": _local(now),
            "is_open": any(s.open <= now < s.close for s in sessions),
            "next_open": _local(next(s.open for s in sessions if s.open > now)),
            "next_close": _local(next(s.close for s in sessions if s.close > now)),
        }
        return reply(body)

    async def calendar(self, request: web.Request) -> web.Response:
        """Return trading days with their hours in New York."""
        day = self._exchange.tape.date
        start = date_of(request, "start") or day - timedelta(days=365)
        end = date_of(request, "end") or day + timedelta(days=30)
        return reply([_day(s) for s in sessions_between(start, end)] if start <= end else [])

    async def assets(self, request: web.Request) -> web.Response:
        """Return what can be traded."""
        status = request.query.get("status") or "active"
        kind = request.query.get("asset_class") or None
        found = [
            asset_json(instrument, asset_id=self._exchange.asset_id(symbol))
            for symbol, instrument in sorted(self._exchange.tape.instruments.items())
            if kind is None or instrument.asset_class == kind
        ]
        return reply(found if status in ("active", "all") else [])

    async def asset(self, request: web.Request) -> web.Response:
        """Return one asset by symbol or id."""
        asked = request.match_info["symbol"]
        instrument = self._exchange.instrument(asked)
        if instrument is None:
            raise Rejection(404, 40410000, f"asset not found for {asked}")
        return reply(asset_json(instrument, asset_id=self._exchange.asset_id(instrument.symbol)))


def account_json(exchange: Exchange) -> Json:
    """Return the account as the vendor words it; dollars as text, to the cent."""
    account, day = exchange.venue.account, exchange.venue.books.day_trading
    values = [account.market_value(p) for p in account.positions.values()]
    long = sum((v for v in values if v > 0), ZERO)
    short = sum((v for v in values if v < 0), ZERO)
    equity = account.equity()
    margin = (long - short) / 2
    power = money(exchange.venue.buying_power())
    return {
        "id": exchange.account_id,
        "account_number": f"PA{exchange.account_id[:8].upper()}",
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "currency": "USD",
        "buying_power": power,
        "regt_buying_power": power,
        "non_marginable_buying_power": money(account.withdrawable),
        "cash": money(account.cash),
        "accrued_fees": "0",
        "pending_transfer_in": "0",
        "pending_transfer_out": "0",
        "portfolio_value": money(equity),
        "equity": money(equity),
        "last_equity": money(exchange.opening_equity),
        "long_market_value": money(long),
        "short_market_value": money(short),
        "position_market_value": money(long - short),
        "initial_margin": money(margin),
        "maintenance_margin": money(day.maintenance()),
        "last_maintenance_margin": money(day.last_maintenance),
        "sma": "0",
        "multiplier": text(day.multiplier),
        "shorting_enabled": exchange.venue.books.rules.shorting and account.has_margin,
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "balance_asof": str(exchange.tape.date),
        "created_at": when(exchange.tape.start),
        "options_approved_level": 0,
        "options_trading_level": 0,
        "options_buying_power": "0",
        **_day_trading_fields(exchange),
    }


def _day_trading_fields(exchange: Exchange) -> Json:
    """Return what the account has of the pattern day trader's rules; nothing on days without them."""
    books = exchange.venue.books
    day = books.day_trading
    if exchange.tape.date >= DAY_TRADING_FIELDS_GONE:
        return {}
    day.read(books.uncharged)
    return {
        "pattern_day_trader": books.account.multiplier >= INTRADAY,
        "daytrade_count": day.count,
        "daytrading_buying_power": money(max(day.power(), ZERO)) if day.by_last_close else "0",
    }


def _local(ns: int) -> str:
    return datetime.fromtimestamp(ns // 1_000 / 1e6, NEW_YORK).isoformat()


def _day(session: Session) -> Json:
    return {
        "date": str(session.date),
        "open": _clock(session.open),
        "close": _clock(session.close),
        "session_open": "0400",
        "session_close": _clock(session.post_close).replace(":", ""),
        "settlement_date": str(_next_day(session.date)),
    }


def _clock(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, NEW_YORK).strftime("%H:%M")


def _next_day(day: date) -> date:
    """Return the session after a day: what is bought on it is settled then."""
    return us_equities().next_session(day).date
