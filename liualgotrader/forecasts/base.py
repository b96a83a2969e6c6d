"""What a forecast is: it is fed days that are over, and says what it expects of a symbol on the next one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

import msgspec

from liualgotrader.common.bar_table import BarTable


class MarketDay(msgspec.Struct, frozen=True, eq=False):
    """A trading day that is over, as a forecast is fed it.

    `minutes`: bars of its regular session, by symbol; `days`: day bars up to and including it, by
    symbol, divided by the splits so far; `profits`: by symbol, what the simulated runs of the day
    gained as a fraction of what was put in. `open` and `close` of the session in ns UTC.
    `is_final`: whether the minutes are the vendor's final ones, or what was heard live.
    """

    day: date
    open: int
    close: int
    is_final: bool
    minutes: Mapping[str, BarTable]
    days: Mapping[str, BarTable]
    profits: Mapping[str, float]


class CalibrationBin(msgspec.Struct, frozen=True):
    """What was expected on average in one part of the forecasts, and what came, over `count` of them."""

    expected: float
    came: float
    count: int


class Check(msgspec.Struct, frozen=True):
    """How well a forecast did, each day foretold from the days before it alone.

    `error` and `naive_error`: mean absolute error, or Brier score of a probability, of the forecast
    and of its naive baseline over the same `samples`; None without any.
    """

    samples: int
    error: float | None
    naive_error: float | None
    calibration: tuple[CalibrationBin, ...]

    @property
    def skill(self) -> float | None:
        """1 - error / naive_error: 0 is as good as the baseline, less is worse; None when nothing is known."""
        if self.error is None or not self.naive_error:
            return None
        return 1 - self.error / self.naive_error

    @property
    def beats_naive(self) -> bool:
        """Whether the forecast is better than its naive baseline."""
        return self.skill is not None and self.skill > 0


class Forecast:
    """Subclass this: one file, one forecast. Annotated class attributes are parameters; `miner.toml` may set them."""

    version: ClassVar[int] = 1
    """Count it up when the code changes what comes out: stored values of another version are made again."""

    name: str
    """The name under which values are stored and strategies ask for them; set by the framework."""

    def feed(self, day: MarketDay) -> None:
        """Learn from a day. Fed again, a day takes the place of what was fed of it: live first, final after."""
        raise NotImplementedError(f"{type(self).__name__} must define feed()")

    def value(self, symbol: str, day: date) -> float | None:
        """Return what is expected of a symbol on a day, from the days before it alone; None when nothing is known."""
        raise NotImplementedError(f"{type(self).__name__} must define value()")

    def check(self) -> Check:
        """Foretell each day that was fed from the days before it, and compare with what came."""
        raise NotImplementedError(f"{type(self).__name__} must define check()")
