"""`Strategy.is_viable`: asked before a symbol is traded, and what was said no to.

Round 1 is asked when a symbol is picked, of stored forecasts alone: a symbol that fails it is not given to the
strategy in this session. Round 2 is asked before every entry from flat, with the minutes of the last two hours.
Where engines live on over days, on day bars, only entries are asked: yesterday's no would be today's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from liualgotrader.common.clock import MINUTE
from liualgotrader.common.errors import NotLoaded
from liualgotrader.common.events import Bar
from liualgotrader.strategies.base import Strategy

if TYPE_CHECKING:
    from liualgotrader.engine.core import Engine
    from liualgotrader.engine.strategy_run import StrategyRun

RECENT_MINUTES = 120


class PassedOver(msgspec.Struct, frozen=True):
    """A symbol that a strategy did not want: `figure` is the forecast or measure, `value` what it was, if known."""

    strategy: str
    symbol: str
    round: int
    figure: str
    value: float | None
    reason: str
    time: int


def asks(strategy: Strategy) -> bool:
    """Return whether a strategy defines is_viable."""
    return type(strategy).is_viable is not Strategy.is_viable


def history_minutes(strategy: Strategy) -> int:
    """Return of how many minutes of history a strategy needs: for its warm-up, and for round 2."""
    return max(strategy.warmup, RECENT_MINUTES) if asks(strategy) else strategy.warmup


def forecast_of(
    values: Mapping[str, Mapping[str, float]], run: StrategyRun, symbol: str, name: str
) -> float | None:
    """Return a stored forecast. Raises NotLoaded for one that the strategy does not declare."""
    declared = run.strategy.forecasts
    if name not in declared:
        names = ", ".join(repr(each) for each in (*declared, name))
        raise NotLoaded(
            f"the forecast {name} is not loaded: declare it in class {type(run.strategy).__name__}:"
            f" forecasts = ({names},)"
        )
    return values.get(name, {}).get(symbol)


class Question:
    """Implements `strategies.base.Viability`: one question about one symbol. The first no is the one told."""

    __slots__ = ("_engine", "_run", "_said_no", "recent", "round", "symbol")

    def __init__(self, engine: Engine, run: StrategyRun, symbol: str, round_: int) -> None:
        self._engine = engine
        self._run = run
        self._said_no: tuple[str, float | None, str] | None = None
        self.symbol = symbol
        self.round = round_
        self.recent = None if round_ == 1 else _recent(engine, symbol)

    def forecast(self, name: str) -> float | None:
        """Return a stored forecast of the symbol for today, or None."""
        return forecast_of(self._engine.forecasts, self._run, self.symbol, name)

    def check(
        self, name: str, *, at_least: float | None = None, at_most: float | None = None
    ) -> bool:
        """Hold a forecast against bounds; one that there is not is out of bounds."""
        value = self.forecast(name)
        if value is None:
            self._no(name, None, f"there is no forecast {name} for today; market_miner makes them")
            return False
        return self.measure(name, value, at_least=at_least, at_most=at_most)

    def measure(
        self,
        name: str,
        value: float,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> bool:
        """Hold a figure against bounds; NaN is out of any."""
        if at_least is not None and not value >= at_least:
            self._no(name, value, f"{name} is {value:.6g}, and should be at least {at_least:.6g}")
            return False
        if at_most is not None and not value <= at_most:
            self._no(name, value, f"{name} is {value:.6g}, and should be at most {at_most:.6g}")
            return False
        return True

    def _no(self, name: str, value: float | None, reason: str) -> None:
        if self._said_no is None:
            self._said_no = (name, value, reason)

    def answer(self, viable: object) -> PassedOver | None:
        """Return what came of it, given what is_viable returned: None for a symbol to trade."""
        if viable:
            return None
        figure, value, reason = self._said_no or ("", None, "is_viable said no without a figure")
        return PassedOver(
            self._run.name,
            self.symbol,
            self.round,
            figure,
            value,
            reason,
            self._engine.clock.now(),
        )


class Viabilities:
    """Asks the strategies of one engine. `passed_over`: what is to be written down, for who drives the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._refused: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str, str]] = set()
        self.passed_over: list[PassedOver] = []

    def begin_session(self) -> None:
        """Forget what was said of another day's forecasts."""
        self._refused.clear()
        self._told.clear()

    def may_begin(self, run: StrategyRun, symbol: str) -> bool:
        """Ask round 1. What is held or at work must be looked after, whatever is expected of it."""
        if not run.asks_viability or self._engine.settings.on_day_bars or run.disabled:
            return True
        if (run.name, symbol) in self._refused:
            return False
        book = self._engine.book
        if book.qty(run.name, symbol) or book.open_orders(run.name, symbol):
            return True
        passed = self._ask(run, symbol, 1)
        if passed is None:
            return not run.disabled
        self._refused.add((run.name, symbol))
        self._note(passed)
        return False

    def refusal(self, run: StrategyRun, symbol: str) -> str | None:
        """Ask round 2; return why a position may not be opened, or None."""
        passed = self._ask(run, symbol, 2)
        if passed is None:
            return f"{run.name} is disabled" if run.disabled else None
        self._note(passed)
        return passed.reason

    def _ask(self, run: StrategyRun, symbol: str, round_: int) -> PassedOver | None:
        question = Question(self._engine, run, symbol, round_)
        return question.answer(self._engine.ask(run, symbol, question))

    def _note(self, passed: PassedOver) -> None:
        """Write it down, of round 2 once a session: a strategy may want to enter on every bar."""
        key = (passed.strategy, passed.symbol, passed.figure)
        if passed.round == 1 or key not in self._told:
            self._told.add(key)
            self.passed_over.append(passed)


def _recent(engine: Engine, symbol: str) -> tuple[Bar, ...]:
    """Return the complete minutes that began within the last two hours, oldest first."""
    if engine.settings.on_day_bars or symbol not in engine.data:
        return ()
    known = engine.data[symbol]
    first = bisect_left(known.starts, engine.clock.now() - RECENT_MINUTES * MINUTE)
    return tuple(known.bar(place) for place in range(first, len(known)))
