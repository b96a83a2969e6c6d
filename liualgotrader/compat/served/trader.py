"""`liualgotrader.trading.base` and `.trader_factory`: what a broker says without being asked anew."""

from __future__ import annotations

from typing import Any

import pandas as pd

from liualgotrader.common.instruments import Instrument
from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.frames import timestamp
from liualgotrader.compat.numbers import plain
from liualgotrader.compat.world import current

_RETURN_IT = "return the order from run() or run_all(): they are risk-checked and stored there"


class Trader:
    """Facts of the session, and of symbols. Orders are what `run` returns."""

    def __init__(self, queues: Any = None) -> None:
        """`queues`: taken and not used."""

    def get_market_schedule(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """Return when the session opens and closes, in New York."""
        ctx = current().context("Trader.get_market_schedule()")
        return timestamp(ctx.session_open), timestamp(ctx.session_close)

    def get_time_market_close(self) -> pd.Timedelta:
        """Return how long the session lasts still."""
        ctx = current().context("Trader.get_time_market_close()")
        return pd.Timedelta(ctx.session_close - ctx.clock.now(), unit="ns")

    async def is_market_open_today(self) -> bool:
        """Say yes: a session is on."""
        return True

    async def is_market_open(self, now: Any) -> bool:
        """Say whether a moment lies in the session."""
        opened, closed = self.get_market_schedule()
        return bool(opened <= pd.Timestamp(now) < closed)

    def get_position(self, symbol: str) -> float:
        """Return what the strategy holds."""
        return plain(current().context("Trader.get_position()").position(symbol))

    async def is_fractionable(self, symbol: str) -> bool:
        """Say whether parts of a share can be had."""
        return _instrument(symbol).fractionable

    async def is_shortable(self, symbol: str) -> bool:
        """Say whether it can be sold short."""
        return _instrument(symbol).shortable

    async def get_tradeable_symbols(self) -> list[str]:
        """Return what can be traded; in a strategy, what it was given."""
        return [each.symbol for each in _instruments()]

    async def get_shortable_symbols(self) -> list[str]:
        """Return what of it can be sold short."""
        return [each.symbol for each in _instruments() if each.shortable]

    async def reconnect(self) -> None:
        """Do nothing: connections are the framework's."""

    async def submit_order(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse."""
        raise unanswerable("Trader.submit_order()", _RETURN_IT)

    async def cancel_order(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse."""
        raise unanswerable(
            "Trader.cancel_order()",
            "limit orders are taken back after a minute; a class of today has ctx.cancel()",
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unanswerable(f"Trader.{name}()", _RETURN_IT)


def trader_factory(*args: Any) -> Trader:
    """Return it."""
    return Trader()


def get_trader_by_name(name: str) -> Trader:
    """Return it: there is one broker to a session."""
    return Trader()


def _instruments() -> list[Instrument]:
    world = current()
    if world.ctx is not None:
        return [world.ctx.instrument(symbol) for symbol in world.ctx.symbols]
    if world.assets is None:
        raise unanswerable("a Trader", "ask it in run()")
    return list(world.assets.instruments())


def _instrument(symbol: str) -> Instrument:
    for each in _instruments():
        if each.symbol in (symbol, symbol.upper()):
            return each
    raise ValueError(f"{symbol} is not among the symbols here")
