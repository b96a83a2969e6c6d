"""A strategy at work in a consumer, with what its engine keeps for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from liualgotrader.engine.context import StrategyContext
from liualgotrader.engine.settings import StrategySettings
from liualgotrader.engine.viability import asks
from liualgotrader.strategies.base import Strategy

if TYPE_CHECKING:
    from liualgotrader.engine.core import Engine


class StrategyRun:
    """A strategy at work in this consumer."""

    __slots__ = (
        "asks_viability",
        "ctx",
        "disabled",
        "hears_orders",
        "keystore",
        "name",
        "rejected",
        "settings",
        "strategy",
        "symbols",
    )

    def __init__(self, engine: Engine, strategy: Strategy, settings: StrategySettings) -> None:
        self.name = settings.name
        self.settings = settings
        self.strategy = strategy
        self.disabled = False
        self.hears_orders = type(strategy).on_order is not Strategy.on_order
        self.asks_viability = asks(strategy)
        self.symbols: dict[str, None] = {}
        self.rejected: set[str] = set()
        self.keystore: dict[str, str] = {}
        self.ctx = StrategyContext(engine, self)
