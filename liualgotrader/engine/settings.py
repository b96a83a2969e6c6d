"""What the plan says that the engine needs, as plain values that fit into a journal header."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from liualgotrader.common.clock import MINUTE

DAY_SECONDS = 86_400


class Window(msgspec.Struct, frozen=True):
    """When entries are allowed: `start` minutes after the open, for `duration` minutes."""

    start: float
    duration: float

    def holds(self, since_open: int) -> bool:
        """Whether a moment, ns since the open, lies in the window; its end does not."""
        begin = self.start * MINUTE
        return begin <= since_open < begin + self.duration * MINUTE


class StrategySettings(msgspec.Struct, frozen=True):
    """One strategy of the plan. No window means the whole session."""

    name: str
    windows: tuple[Window, ...] = ()
    portfolio_id: str | None = None


class EngineSettings(msgspec.Struct, frozen=True):
    """One consumer's settings. Money in dollars, times in minutes.

    `bar_seconds`: of which length the bars are that strategies decide on and `ctx.data` holds; of
    day bars the day is not seen, so what is to be closed before its end is closed at the close.
    `protective_stops`: whether stops of positions rest at the broker.
    """

    batch_id: str
    slot: str
    strategies: tuple[StrategySettings, ...]
    portfolio_value: Decimal = Decimal(100_000)
    risk: float = 0.001
    liquidation_minutes: float = 15
    bypass_market_schedule: bool = False
    on_strategy_error: str = "hold"
    max_order: Decimal | None = None
    max_position: Decimal | None = None
    bar_seconds: int = 60
    protective_stops: bool = False

    @property
    def on_day_bars(self) -> bool:
        """Whether a bar is a day."""
        return self.bar_seconds == DAY_SECONDS
