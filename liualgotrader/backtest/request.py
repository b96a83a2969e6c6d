"""What a backtest is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from liualgotrader.common.calendar import Calendar, Session, crypto, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan
from liualgotrader.simulation.venue_of_plan import INTRADAY_MARGIN


class Scale(StrEnum):
    """How long the bars are that strategies decide on."""

    MINUTE = "minute"
    DAY = "day"

    @property
    def seconds(self) -> int:
        """The length of a bar."""
        return 60 if self is Scale.MINUTE else 86_400


class Asset(StrEnum):
    """Which market's calendar counts."""

    EQUITY = "equity"
    CRYPTO = "crypto"

    @property
    def calendar(self) -> Calendar:
        """Its trading days."""
        return us_equities() if self is Asset.EQUITY else crypto()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of history, `first` to `last` included, and the plan to run over it.

    `cash`: dollars at the start, None for the plan's portfolio_value. `benchmark`: a symbol of the
    lake that the result is compared with. `rules`: by name what the venue's rules have in place of
    the plan's, as `VenueRules` has it.
    """

    plan: Plan
    first: date
    last: date
    scale: Scale = Scale.MINUTE
    asset: Asset = Asset.EQUITY
    cash: Decimal | None = None
    benchmark: str | None = None
    rules: Mapping[str, Any] = {}

    @property
    def opening_cash(self) -> Decimal:
        """The dollars at the start."""
        return self.plan.portfolio_value if self.cash is None else self.cash

    @property
    def multiplier(self) -> Decimal:
        """Dollars of positions per dollar of equity: coins are paid in full."""
        return Decimal(1) if self.asset is Asset.CRYPTO else INTRADAY_MARGIN

    def sessions(self) -> Sequence[Session]:
        """Return the trading days. Raises ConfigError when there is none."""
        found = self.asset.calendar.sessions(self.first, self.last)
        if not found:
            raise ConfigError(
                f"no trading day from {self.first} to {self.last}; give another --from and --to"
            )
        return found


class Progress(msgspec.Struct, frozen=True):
    """How far a backtest has come: `day` of `days`, `bars` so far, wall seconds since it began."""

    day: date
    done: int
    days: int
    bars: int
    seconds: float
    equity: float


Show = Callable[[Progress], None]
