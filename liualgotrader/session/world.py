"""The market of a paper or live session: Alpaca's endpoints, its day, and whether its clock and ours agree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from liualgotrader.bootstrap import Endpoints, WorldClock
from liualgotrader.common.calendar import (
    NEW_YORK,
    Calendar,
    Session,
    crypto,
    trade_date,
    us_equities,
)
from liualgotrader.common.errors import BrokerRefused, ConfigError
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Plan, Vendor
from liualgotrader.common.ports import BrokerAccount
from liualgotrader.credentials.environments import Environment, is_loopback
from liualgotrader.credentials.finding import Credentials, find_credentials
from liualgotrader.credentials.secret import Secret
from liualgotrader.data.alpaca_feeds import DATA_BASE, STREAM_BASE
from liualgotrader.data.alpaca_feeds import stream_url as alpaca_stream
from liualgotrader.data.massive_feeds import API_BASE
from liualgotrader.data.massive_feeds import stream_url as massive_stream
from liualgotrader.session.market import Market
from liualgotrader.session.patience import patiently
from liualgotrader.trading.alpaca import AlpacaTrader

DATA_VARIABLE = "APCA_API_DATA_URL"
STREAM_VARIABLE = "APCA_API_STREAM_URL"
MASSIVE_VARIABLE = "MASSIVE_API_URL"
MASSIVE_STREAM_VARIABLE = "MASSIVE_STREAM_URL"

MOST_CLOCK_OFFSET = 1_000_000_000
"""How far this machine's clock may be from the broker's, ns: events are dropped at an age of five seconds."""

_PATIENCE_SECONDS = 20.0


def keys_of(plan: Plan, environ: Mapping[str, str]) -> Credentials:
    """Return Alpaca's keys for the plan's mode. Raises ConfigError that says what is missing or does not fit."""
    mode = Environment(plan.session.mode.value)
    return find_credentials(environ, Path(plan.filename).parent, Vendor.ALPACA, mode)


def endpoints_of(plan: Plan, environ: Mapping[str, str], keys: Credentials) -> Endpoints:
    """Return where a paper or live session trades."""
    session, trading_url = plan.session, keys.url
    if keys.secret is None:
        raise ConfigError("Alpaca's keys are two: a key and its secret")
    massive = session.data is Vendor.MASSIVE
    data_url, stream_url = (_massive_data if massive else _alpaca_data)(plan, environ, trading_url)
    return Endpoints(
        trading_url=trading_url,
        data_url=data_url,
        order_stream_url=trading_url.replace("http", "ws", 1) + "/stream",
        data_stream_url=stream_url,
        key=keys.key,
        secret=keys.secret,
        feed=session.feed_name,
        data_key=_massive_key(plan, environ) if massive else None,
    )


def _alpaca_data(plan: Plan, environ: Mapping[str, str], trading_url: str) -> tuple[str, str]:
    """Return where Alpaca's data is, on request and streamed."""
    data_url, stream_url = DATA_BASE, STREAM_BASE
    if is_loopback(trading_url):  # an exchange in a box serves everything on one port
        data_url, stream_url = trading_url, trading_url.replace("http", "ws", 1)
    data_url = environ.get(DATA_VARIABLE, "").strip().rstrip("/") or data_url
    stream_url = environ.get(STREAM_VARIABLE, "").strip() or stream_url
    return data_url, alpaca_stream(plan.session.feed_name, stream_url)


def _massive_data(plan: Plan, environ: Mapping[str, str], trading_url: str) -> tuple[str, str]:
    """Return where Massive's data is, on request and streamed."""
    base = environ.get(MASSIVE_VARIABLE, "").strip().rstrip("/")
    stream_base = environ.get(MASSIVE_STREAM_VARIABLE, "").strip() or None
    session = plan.session
    return base or API_BASE, massive_stream(session.feed_name, session.asset_class, stream_base)


def _massive_key(plan: Plan, environ: Mapping[str, str]) -> Secret:
    """Return Massive's key. Raises ConfigError that says where it was looked for."""
    return find_credentials(environ, Path(plan.filename).parent, Vendor.MASSIVE).key


def session_of(plan: Plan, now: int) -> Session:
    """Return the day that a session begun at `now` (ns UTC) trades.

    Raises ConfigError when that day has no trading, or none any more.
    """
    if plan.session.asset_class is AssetClass.CRYPTO:
        calendar: Calendar = crypto()
        day = dt.datetime.fromtimestamp(now // 1_000_000_000, dt.UTC).date()
    else:
        calendar, day = us_equities(), trade_date(now)
    is_over = not calendar.is_session(day) or now >= calendar.session(day).close
    if not is_over:
        return calendar.session(day)
    if plan.session.bypass_market_schedule and calendar.is_session(day):
        return calendar.session(day)
    following = _clock_time(calendar.next_session(day).open)
    raise ConfigError(
        f"the market is closed ({_clock_time(now)}); the next session opens {following}: start the session on that day"
    )


def _clock_time(ts: int) -> str:
    at = dt.datetime.fromtimestamp(ts // 1_000_000_000, NEW_YORK)
    return f"{at:%a %Y-%m-%d %H:%M} New York"


def clock_offset(url: str, told: int, before: int, after: int) -> int:
    """Return by how much to correct this machine's clock, ns, from one answer of the broker's clock.

    `told`: the broker's time; `before` and `after`: ours around the question. Raises ConfigError
    when they differ by more than MOST_CLOCK_OFFSET. An exchange in a box on this machine may play
    any day, and its time is taken.
    """
    offset = told - (before + after) // 2
    uncertain = (after - before) // 2
    if abs(offset) <= MOST_CLOCK_OFFSET + uncertain:
        return 0
    if is_loopback(url):
        return offset
    direction = "behind" if offset > 0 else "ahead of"
    raise ConfigError(
        f"this machine's clock is {abs(offset) / 1e9:.1f} s {direction} the broker's: events would be judged by "
        "wrong times. Set it (NTP), and start again"
    )


async def patient_account(endpoints: Endpoints) -> BrokerAccount:
    """Return the account behind the keys, asked for again while the broker does not answer.

    Raises ConfigError for wrong keys, or BrokerUnavailable.
    """
    trader = _trader(endpoints)
    try:
        with _keys_told(endpoints.trading_url):
            return await patiently(trader.account, seconds=_PATIENCE_SECONDS)
    finally:
        trader.close()


def _trader(at: Endpoints) -> AlpacaTrader:
    return AlpacaTrader(at.trading_url, key=at.key.reveal(), secret=at.secret.reveal())


@contextmanager
def _keys_told(url: str) -> Iterator[None]:
    """Let a refusal of the keys say what to look at."""
    try:
        yield
    except BrokerRefused as exc:
        raise ConfigError(
            f"{url} refused the keys ({exc}): check that key and secret belong together and to this account, and "
            "that they were not made anew since; `liu keys show alpaca` says where they were found"
        ) from exc


async def market_offset(endpoints: Endpoints) -> int:
    """Return by how much to correct this machine's clock, ns, by the broker's.

    Raises ConfigError, for wrong keys too, or BrokerUnavailable.
    """
    trader, ours = _trader(endpoints), WorldClock()
    try:
        with _keys_told(endpoints.trading_url):
            before = ours.now()
            told = await trader.clock()
        return clock_offset(endpoints.trading_url, told, before, ours.now())
    finally:
        trader.close()


async def world_market(plan: Plan, environ: Mapping[str, str], keys: Credentials) -> Market:
    """Return the market of a paper or live session; the broker is asked for its time.

    Raises ConfigError, for wrong keys too, or BrokerUnavailable.
    """
    endpoints = endpoints_of(plan, environ, keys)
    offset = await market_offset(endpoints)
    now = WorldClock(offset).now()
    day = session_of(plan, now)
    return Market(
        endpoints=endpoints,
        broker="alpaca",
        now=now,
        session_open=day.open,
        session_close=day.close,
        clock_offset=offset,
    )
