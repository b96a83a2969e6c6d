"""The composition root: the only place that knows modes. A mode is a choice of adapters, made here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from liualgotrader.common.events import OrderEvent
from liualgotrader.common.plan import Mode, Plan, StrategyPlan
from liualgotrader.common.ports import ClosingData
from liualgotrader.compat.making import make_scanner, make_strategy
from liualgotrader.credentials.environments import is_loopback
from liualgotrader.credentials.secret import Secret
from liualgotrader.data.alpaca_stream import AlpacaStream
from liualgotrader.data.data_factory import Access, data_loader_factory, streaming_factory
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.data.market_status import MarketStatus
from liualgotrader.data.massive_stream import MassiveStream
from liualgotrader.data.vendor_stream import Sink
from liualgotrader.engine.settings import EngineSettings, StrategySettings, Window
from liualgotrader.links.socket import Tap
from liualgotrader.scanners.base import Scanner
from liualgotrader.strategies.base import Strategy
from liualgotrader.trading.alpaca import AlpacaTrader
from liualgotrader.trading.alpaca_stream import AlpacaOrderStream

_STANDING_SECONDS = 0.1


class Endpoints(msgspec.Struct, frozen=True):
    """Where the vendors are, and who we are to them. Passed to children through a pipe, never on a command line.

    Orders go to Alpaca, whose are `key` and `secret`. The addresses of data are those of the plan's vendor; `data_key`
    is Massive's.
    """

    trading_url: str
    data_url: str
    order_stream_url: str
    data_stream_url: str
    key: Secret
    secret: Secret
    feed: str = "iex"
    control_url: str | None = None
    data_key: Secret | None = None


class SessionConfig(msgspec.Struct, frozen=True):
    """What every process of a session is told when it is spawned.

    `past_seconds`: how long the bars are of the history that a plan is tried on instead; None in a session.
    """

    batch_id: str
    plan: Plan
    sources: dict[str, str]
    dsn: str
    home: str
    endpoints: Endpoints
    slots: tuple[str, ...]
    session_open: int
    session_close: int
    account_id: int
    portfolios: tuple[str, ...] = ()
    json_logs: bool = False
    clock_origin: int | None = None
    clock_offset: int = 0
    past_seconds: int | None = None

    @property
    def lockstep(self) -> bool:
        """Whether the exchange waits for the consumers."""
        return self.plan.session.lockstep

    @property
    def journals(self) -> Path:
        """Where this batch keeps its journals."""
        return Path(self.home) / "journals" / self.batch_id

    @property
    def captures(self) -> Path:
        """Where this batch keeps the frames of its streams."""
        return Path(self.home) / "captures" / self.batch_id

    @property
    def logs(self) -> Path:
        """Where this batch keeps its logs."""
        return Path(self.home) / "logs" / self.batch_id


class WallClock(Protocol):
    """The time of the session: the world's, or the tape's."""

    def begin(self, origin: int, started: int, speed: float) -> None:
        """Start to run: it was `origin` at the monotonic moment `started`; with speed 0 it stands."""

    def now(self) -> int:
        """Return it in ns UTC."""

    def seconds_until(self, ts: int) -> float:
        """Return how many seconds of the machine's time pass before `ts`; 0 when it has passed."""


class WorldClock:
    """Live and paper: the world's time. `offset`: ns to add to this machine's, for a market of its own time."""

    def __init__(self, offset: int = 0) -> None:
        self._offset = offset

    def begin(self, origin: int, started: int, speed: float) -> None:
        """Do nothing: the world does not wait."""

    def now(self) -> int:
        """Return the market's time."""
        return time.time_ns() + self._offset

    def seconds_until(self, ts: int) -> float:
        """Return the wait."""
        return max(0.0, (ts - self.now()) / 1e9)


class TapeClock:
    """Simulated: the tape's time stands until it begins, then runs with the monotonic clock, times the speed."""

    def __init__(self, origin: int) -> None:
        self._origin = origin
        self._started: int | None = None
        self._speed = 1.0

    def begin(self, origin: int, started: int, speed: float) -> None:
        """Start to run: it was `origin` at the monotonic moment `started`."""
        self._origin, self._started, self._speed = origin, started, speed

    def now(self) -> int:
        """Return the tape's time."""
        if self._started is None:
            return self._origin
        return self._origin + int((time.monotonic_ns() - self._started) * self._speed)

    def seconds_until(self, ts: int) -> float:
        """Return the wait; while the tape stands, how long to wait before looking again."""
        left = (ts - self.now()) / 1e9
        if left <= 0:
            return 0.0
        return left / self._speed if self._speed else _STANDING_SECONDS


def make_clock(config: SessionConfig) -> WallClock:
    """Return the session's clock."""
    if config.clock_origin is None:
        return WorldClock(config.clock_offset)
    return TapeClock(config.clock_origin)


def _headers(config: SessionConfig) -> dict[str, str]:
    return {"X-Liu-Lockstep": "1"} if config.lockstep else {}


def _access(config: SessionConfig) -> Access:
    at, session = config.endpoints, config.plan.session
    return Access(
        vendor=session.data,
        feed=at.feed,
        asset_class=session.asset_class,
        trading_url=at.trading_url,
        data_url=at.data_url,
        stream_url=at.data_stream_url,
        key=at.key,
        secret=at.secret,
        data_key=at.data_key or Secret(""),
        limited=session.mode is not Mode.SIMULATED,
        stream_format=session.stream_format,
    )


def make_data(config: SessionConfig, *, kept: bool = True) -> ClosingData:
    """Return market data on request. Of a real vendor days that are over are `kept` in the lake.

    What an exchange in a box shows is nobody's history.
    """
    world = config.plan.session.mode is not Mode.SIMULATED
    keeps = kept and world and not is_loopback(config.endpoints.trading_url)
    return data_loader_factory(
        _access(config),
        now=make_clock(config).now if world else None,
        keep_in=Path(config.home) / FOLDER if keeps else None,
    )


def make_trader(config: SessionConfig) -> AlpacaTrader:
    """Return the broker."""
    at = config.endpoints
    return AlpacaTrader(at.trading_url, key=at.key.reveal(), secret=at.secret.reveal())


def make_stream(
    config: SessionConfig,
    *,
    sink: Sink,
    on_mark: Callable[[int], None],
    on_live: Callable[[bool], None],
    on_status: Callable[[MarketStatus], None],
    tap: Tap | None = None,
) -> AlpacaStream | MassiveStream:
    """Return market data as it happens."""
    return streaming_factory(
        _access(config),
        events=config.plan.session.events,
        sink=sink,
        on_mark=on_mark,
        on_live=on_live,
        on_status=on_status,
        headers=_headers(config),
        random=Random(),
        tap=tap,
    )


def make_order_stream(
    config: SessionConfig,
    *,
    sink: Callable[[OrderEvent], None],
    on_mark: Callable[[int], None],
    on_live: Callable[[bool], None],
    tap: Tap | None = None,
) -> AlpacaOrderStream:
    """Return the broker's order events."""
    at = config.endpoints
    return AlpacaOrderStream(
        at.order_stream_url,
        key=at.key.reveal(),
        secret=at.secret.reveal(),
        sink=sink,
        on_mark=on_mark,
        on_live=on_live,
        headers=_headers(config),
        random=Random(),
        tap=tap,
    )


def plans_of(config: SessionConfig, slot: str) -> tuple[StrategyPlan, ...]:
    """Return the strategies of a slot: all, but a portfolio strategy only in the first."""
    first = not config.slots or slot == config.slots[0]
    return tuple(p for p in config.plan.strategies if first or p.name not in config.portfolios)


def make_strategies(config: SessionConfig, slot: str = "") -> list[Strategy]:
    """Return the plan's strategies, configured, from the sources that were read when the session began."""
    made = []
    for part in plans_of(config, slot) if slot else config.plan.strategies:
        source = config.sources.get(part.filename)
        made.append(
            make_strategy(
                part,
                config.plan,
                source=source,
                batch_id=config.batch_id,
                past_seconds=config.past_seconds,
            )
        )
    return made


def portfolio_strategies(config: SessionConfig) -> tuple[str, ...]:
    """Return the names of the strategies that live in one consumer and get all their symbols there."""
    return tuple(strategy.name for strategy in make_strategies(config) if strategy.portfolio)


def declared_forecasts(config: SessionConfig, slot: str = "") -> tuple[str, ...]:
    """Return the names of the stored forecasts that the strategies read, sorted."""
    return tuple(
        sorted({name for each in make_strategies(config, slot) for name in each.forecasts})
    )


def make_scanners(config: SessionConfig) -> list[Scanner]:
    """Return the plan's scanners, configured."""
    return [
        make_scanner(
            part,
            config.plan,
            source=config.sources.get(part.filename),
            batch_id=config.batch_id,
            past_seconds=config.past_seconds,
        )
        for part in config.plan.scanners
    ]


def engine_settings(config: SessionConfig, slot: str) -> EngineSettings:
    """Return what the engine of a slot needs of the plan."""
    plan = config.plan
    return EngineSettings(
        batch_id=config.batch_id,
        slot=slot,
        strategies=tuple(
            StrategySettings(
                name=part.name,
                windows=tuple(Window(w.start, w.duration) for w in part.schedule),
                portfolio_id=part.portfolio_id,
            )
            for part in plans_of(config, slot)
        ),
        portfolio_value=Decimal(plan.portfolio_value),
        risk=plan.risk,
        liquidation_minutes=plan.market_liquidation_end_time_minutes,
        bypass_market_schedule=plan.session.bypass_market_schedule,
        on_strategy_error=plan.on_strategy_error.value,
        max_order=plan.limits.max_order,
        max_position=plan.limits.max_position,
        protective_stops=plan.protective_stops,
    )


def source_files(plan: Plan) -> Iterable[str]:
    """Return the files whose text belongs in the journal's header."""
    return dict.fromkeys(
        [part.filename for part in plan.strategies] + [part.filename for part in plan.scanners]
    )


def environment_name(mode: Mode) -> str:
    """Return a mode's name in the tables."""
    return {Mode.SIMULATED: "SIMULATED", Mode.PAPER: "PAPER", Mode.LIVE: "PROD"}[mode]
