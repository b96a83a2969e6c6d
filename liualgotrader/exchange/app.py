"""One exchange on one port: REST, streams and the box's own pages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path
from weakref import WeakSet

import msgspec
from aiohttp import web

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.instruments import AssetClass
from liualgotrader.exchange.account_api import AccountApi
from liualgotrader.exchange.actions_api import ActionsApi
from liualgotrader.exchange.box_api import BoxApi
from liualgotrader.exchange.crypto_api import CryptoApi
from liualgotrader.exchange.data_stream import FEEDS, DataStream
from liualgotrader.exchange.days import session_of, sessions_around
from liualgotrader.exchange.delayed import DELAYED
from liualgotrader.exchange.faults.api import FaultsApi
from liualgotrader.exchange.faults.requests import faulty
from liualgotrader.exchange.faults.scenario import Scenario
from liualgotrader.exchange.ids import Ids
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.lockstep import LockstepDriver
from liualgotrader.exchange.log import Header, OrderLog
from liualgotrader.exchange.market_api import MarketApi
from liualgotrader.exchange.massive.door import is_massive, massive_door
from liualgotrader.exchange.massive.market_api import MassiveMarket, MassiveMarketApi
from liualgotrader.exchange.massive.plans import PLANS, MassivePlan
from liualgotrader.exchange.massive.reference_api import ReferenceApi
from liualgotrader.exchange.massive.snapshots import SnapshotApi
from liualgotrader.exchange.massive.stream import CLUSTERS, MassiveStream
from liualgotrader.exchange.outbox import IN_LOCKSTEP, SOCKETS, close_all
from liualgotrader.exchange.pacing import PacedDriver
from liualgotrader.exchange.replies import door, speak_errors
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.tape import Tape
from liualgotrader.exchange.trading_api import TradingApi
from liualgotrader.exchange.updates import UpdateStream
from liualgotrader.venue.account import Account
from liualgotrader.venue.banded import BandedVenue
from liualgotrader.venue.luld_tables import PHASES
from liualgotrader.venue.market import exact
from liualgotrader.venue.orders import Rejection
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import SessionTimes
from liualgotrader.venue.venue import Venue

MILLISECOND = 1_000_000
Driver = PacedDriver | LockstepDriver


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How an exchange is run. `speed` None is lockstep.

    `latency` in ns from acceptance to the venue. `not_before`, ns UTC: where a tape at a speed goes
    on at the earliest; what an earlier incarnation had told by then is not told again. `scenario`:
    what goes wrong.
    """

    cash: Decimal = Decimal(100_000)
    multiplier: Decimal = Decimal(4)
    rules: VenueRules = VenueRules()
    seed: int = 0
    latency: int = 500 * MILLISECOND
    speed: float | None = 1.0
    log: Path | None = None
    not_before: int = 0
    scenario: Scenario = Scenario()


class Address(msgspec.Struct, frozen=True):
    """Where an exchange is to be found, and the keys to it. Massive's API key is the secret."""

    trading_url: str
    data_url: str
    stream_url: str
    updates_url: str
    box_url: str
    key: str
    secret: str
    massive_url: str
    massive_stocks_url: str
    massive_crypto_url: str


def build(
    tape: Tape, settings: Settings, *, monotonic: Callable[[], int] = time.monotonic_ns
) -> tuple[Exchange, Driver]:
    """Return an exchange over a tape, recovered from a log that is there, and its driver."""
    if settings.latency < MILLISECOND:
        raise ConfigError("the order latency must be at least a millisecond")
    if settings.not_before and settings.speed is None:
        raise ConfigError("in lockstep the participants say where the tape goes on")
    crypto = _has_coins_only(tape)
    today = session_of(tape.date, around_the_clock=crypto)
    account = Account(settings.cash, multiplier=settings.multiplier)
    for symbol, bars in tape.daily_bars.items():
        if bars:
            account.market.marks[symbol] = exact(bars[-1].close)
    ids = Ids(settings.seed)
    banded = settings.rules.price_bands and not crypto and tape.date >= PHASES[0].since
    kind = BandedVenue if banded else Venue
    venue = kind(
        account=account,
        instruments=tape.instruments,
        sessions=SessionTimes([today] if crypto else sessions_around(tape.date)),
        rules=settings.rules,
        ids=ids,
    )
    venue.on_clock(tape.start - 1)
    header = Header(settings.seed, str(tape.date), tape.start, settings.latency)
    exchange = Exchange(
        tape=tape,
        venue=venue,
        ids=ids,
        session=today,
        latency=settings.latency,
        log=OrderLog(settings.log, header) if settings.log is not None else None,
        not_before=settings.not_before,
        scenario=settings.scenario,
    )
    driver: Driver = (
        LockstepDriver(exchange)
        if settings.speed is None
        else PacedDriver(exchange, settings.speed, monotonic=monotonic)
    )
    exchange.driver = driver
    return exchange, driver


def application(
    exchange: Exchange, driver: Driver, keys: Keys, plan: MassivePlan
) -> web.Application:
    """Return the web application. `plan` is what the key may do at Massive."""
    doors = [speak_errors, door(keys, is_massive), massive_door(keys, plan)]
    middlewares = [*doors, faulty(exchange.faults)]
    app = web.Application(middlewares=middlewares, client_max_size=1 << 20)
    app[SOCKETS] = WeakSet()
    app[IN_LOCKSTEP] = isinstance(driver, LockstepDriver)
    app.on_shutdown.append(close_all)
    taken: set[str] = set()

    async def data(request: web.Request) -> web.StreamResponse:
        feed = FEEDS[request.path]
        if feed == DELAYED and request.app[IN_LOCKSTEP]:
            raise Rejection(400, 40010001, "the delayed feed is not played in lockstep")
        feeds = exchange.delayed.feeds if feed == DELAYED else exchange.feeds
        return await DataStream(feeds, keys, taken, feed).serve(request)

    async def updates(request: web.Request) -> web.StreamResponse:
        return await UpdateStream(exchange.updates, keys).serve(request)

    app.router.add_get("/stream", updates, allow_head=False)
    for path in FEEDS:
        app.router.add_get(path, data, allow_head=False)
    app.add_routes(TradingApi(exchange).routes())
    app.add_routes(AccountApi(exchange).routes())
    app.add_routes(MarketApi(exchange).routes())
    app.add_routes(CryptoApi(exchange).routes())
    app.add_routes(ActionsApi(exchange).routes())
    app.add_routes(BoxApi(exchange, driver).routes())
    _add_massive(app, exchange, keys, plan)
    faults = FaultsApi(exchange, exchange.faults, lockstep=app[IN_LOCKSTEP])
    app.add_routes(faults.routes())
    return app


def _add_massive(app: web.Application, exchange: Exchange, keys: Keys, plan: MassivePlan) -> None:
    market = MassiveMarket(exchange)
    taken: dict[str, MassiveStream] = {}

    async def cluster(request: web.Request) -> web.StreamResponse:
        name = request.match_info["cluster"]
        return await MassiveStream(exchange.feeds, keys, plan, taken, name).serve(request)

    app.router.add_get(f"/{{cluster:{'|'.join(CLUSTERS)}}}", cluster, allow_head=False)
    app.add_routes(MassiveMarketApi(market, plan).routes())
    app.add_routes(SnapshotApi(market, plan).routes())
    app.add_routes(ReferenceApi(market).routes())


@asynccontextmanager
async def serving(
    exchange: Exchange,
    driver: Driver,
    keys: Keys,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    plan: MassivePlan = PLANS["advanced"],
) -> AsyncIterator[Address]:
    """Serve an exchange while the block runs. The tape moves once `driver.start()` is called.

    `plan` is what the key may do at Massive.

    Raises OSError when the port cannot be had. When the tape breaks, the block is cancelled and
    what broke it is raised: an exchange that answers and stands still would deceive.
    """
    block = asyncio.current_task()

    def interrupt(tape: asyncio.Task[None]) -> None:
        if block is not None and not tape.cancelled() and tape.exception() is not None:
            block.cancel()

    runner = web.AppRunner(
        application(exchange, driver, keys, plan), access_log=None, shutdown_timeout=0.5
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        tape = asyncio.create_task(driver.run())
        tape.add_done_callback(interrupt)
        try:
            yield _address(runner, keys, _has_coins_only(exchange.tape))
        finally:
            tape.cancel()
            with suppress(asyncio.CancelledError):
                await tape
    finally:
        await runner.cleanup()
        exchange.close()


def _has_coins_only(tape: Tape) -> bool:
    return all(i.asset_class is AssetClass.CRYPTO for i in tape.instruments.values())


def _address(runner: web.AppRunner, keys: Keys, coins: bool) -> Address:
    host, port = runner.addresses[0][:2]
    http, ws = f"http://{host}:{port}", f"ws://{host}:{port}"
    return Address(
        trading_url=http,
        data_url=http,
        stream_url=f"{ws}/v1beta3/crypto/us" if coins else f"{ws}/v2/sip",
        updates_url=f"{ws}/stream",
        box_url=f"{http}/box",
        key=keys.key,
        secret=keys.secret,
        massive_url=http,
        massive_stocks_url=f"{ws}/stocks",
        massive_crypto_url=f"{ws}/crypto",
    )
