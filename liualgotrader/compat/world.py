"""What surrounds one old class: its modules, its files, and what is known of the account while it is at work.

0.4 kept such things in the globals of a process. Here each instance has its own, so that two strategies, two
engines or two days of a backtest share nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from liualgotrader.common.data_loader import SymbolData
from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.trading_data import new_trading_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from liualgotrader.common.instruments import Instrument
    from liualgotrader.compat.purse import Purse
    from liualgotrader.compat.trades import TradeRows
    from liualgotrader.strategies.base import Context


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run before it begins. Money in dollars, times in minutes.

    `past`: it is tried on history; `by_day`: on that of day bars.
    """

    name: str
    batch_id: str = ""
    environment: str = "unknown"
    past: bool = False
    by_day: bool = False
    portfolio_id: str | None = None
    portfolio_value: Decimal = Decimal(100_000)
    risk: float = 0.001
    liquidation_minutes: float = 15
    bypass_market_schedule: bool = False


class Source(Protocol):
    """Where the bars of a DataLoader come from."""

    @property
    def by_day(self) -> bool:
        """Whether bars are days here, whatever a DataLoader was made for."""

    def now(self) -> pd.Timestamp:
        """Return the moment up to which bars are known, in New York."""

    def symbols(self) -> list[str]:
        """Return the symbols that may be asked for."""

    def bars(
        self,
        symbol: str,
        *,
        daily: bool,
        since: int | None = None,
        at: int | None = None,
        count: int = 0,
    ) -> SymbolData:
        """Return a symbol's bars: from `since` (ns UTC) on, or the last `count`, with the one before `at`.

        Raises NothingLoaded for what is not there and could be.
        """


class Assets(Protocol):
    """What a broker says of symbols."""

    def instruments(self) -> Sequence[Instrument]:
        """Return those that can be traded."""


class World:
    """One old class's surroundings. `ctx`, `purse` and `trades` are a strategy's, once it has started."""

    def __init__(self, facts: Facts, *, filename: str = "", assets: Assets | None = None) -> None:
        self.facts = facts
        self.filename = filename
        self.files: set[str] = {filename}
        self.modules: dict[str, ModuleType] = {}
        self.trading_data = new_trading_data()
        self.config = new_config(facts)
        self.source: Source | None = None
        self.assets = assets
        self.ctx: Context | None = None
        self.purse: Purse | None = None
        self.trades: TradeRows | None = None
        self.said: set[str] = set()

    def context(self, what: str) -> Context:
        """Return the strategy's context. Raises Unanswerable where there is none (yet)."""
        if self.ctx is None:
            raise unanswerable(
                what, "ask in create() or later of a strategy; before that nothing is known"
            )
        return self.ctx

    def bars_source(self) -> Source:
        """Return where bars come from. Raises Unanswerable before there are any."""
        if self.source is None:
            raise unanswerable("a DataLoader", "read bars in create(), run() or run_all()")
        return self.source

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let what is served answer for this world."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[World] = ContextVar("liualgotrader_compat_world")


def current() -> World:
    """Return the world of the old class that is at work. Raises Unanswerable in a thread of its own making."""
    try:
        return _current.get()
    except LookupError:
        raise unanswerable(
            "a call outside its strategy",
            "call it from run() or run_all(), not from a thread or at exit",
        ) from None


def new_config(facts: Facts) -> ModuleType:
    """Return `liualgotrader.common.config` as a strategy of 0.4 read it."""
    config = ModuleType("liualgotrader.common.config")
    values: dict[str, Any] = {
        "batch_id": facts.batch_id,
        "build_label": "",
        "bypass_market_schedule": facts.bypass_market_schedule,
        "data_connector": None,
        "db_conn_pool": None,
        "debug_enabled": False,
        "default_stop": 0.95,
        "dsn": "",
        "env": facts.environment,
        "finnhub_websocket_limit": 50,
        "group_margin": 0.02,
        "market_close": None,
        "market_liquidation_end_time_minutes": facts.liquidation_minutes,
        "market_open": None,
        "polygon_seconds_timeout": 60,
        "portfolio_value": float(facts.portfolio_value),
        "risk": facts.risk,
        "total_tickers": 0,
        "trace_enabled": False,
        "tradeplan_folder": ".",
    }
    vars(config).update(values)
    return config
