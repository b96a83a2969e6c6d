"""What strategies see of a symbol before it is theirs to trade, and who still waits for it."""

from __future__ import annotations

from operator import lt
from typing import TYPE_CHECKING

from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.events import Bar, HistoryLoaded
from liualgotrader.engine.settings import DAY_SECONDS
from liualgotrader.engine.viability import history_minutes

if TYPE_CHECKING:
    from liualgotrader.engine.strategy_run import StrategyRun


class WarmUp:
    """History on its way into the data, and the strategies that get no events until it is there."""

    def __init__(self, data: DataLoader, seconds: int) -> None:
        """`seconds`: of which length the bars are that strategies decide on."""
        self._data = data
        self._seconds = seconds
        self._waiting: set[tuple[str, str]] = set()

    def expect(self, run: StrategyRun, symbol: str) -> None:
        """A symbol is new to a strategy: it waits if it declared history."""
        if history_minutes(run.strategy) or run.strategy.warmup_days:
            self._waiting.add((run.name, symbol))

    def waits(self, run: StrategyRun, symbol: str) -> bool:
        """Whether a strategy must not see a symbol's events yet."""
        return (run.name, symbol) in self._waiting

    def learn(self, history: HistoryLoaded) -> list[Bar]:
        """Put history into the data; return the bars to decide on that are newer than all known before.

        A live bar may have come first, so what is older than the newest is put in its place, and
        what is known already stays as it was seen.
        """
        symbol, data = history.symbol, self._data
        if self._seconds != DAY_SECONDS:
            for bar in history.bars:
                if bar.seconds == DAY_SECONDS:
                    data.daily.admit(bar)
        bars = [bar for bar in history.bars if bar.seconds == self._seconds]
        if symbol not in data and _ascend(bars):
            data.admit_row(symbol, bars)  # so it is nearly every morning, with every symbol
            return bars
        newest = last = data[symbol].starts[-1] if symbol in data else -1
        fresh = []
        for bar in bars:
            start = bar.start
            if start > newest:
                fresh.append(bar)
            if start > last:
                data.admit(bar)
                last = start
            elif not self._knows(symbol, start):
                data.admit(bar)
        return fresh

    def _knows(self, symbol: str, start: int) -> bool:
        return symbol in self._data and self._data[symbol].has(start)

    def due(self, run: StrategyRun, history: HistoryLoaded, fresh: list[Bar]) -> list[Bar]:
        """Return the bars that a strategy is shown now.

        One that waited sees the newest `warmup` bars, with those that came live meanwhile. The
        others see only what a gap left out, as far as it is news.
        """
        symbol = history.symbol
        if history.gap:
            return [] if self.waits(run, symbol) else fresh
        if not self.waits(run, symbol):
            return []
        self._waiting.discard((run.name, symbol))
        if symbol not in self._data:
            return []
        return self._data[symbol].newest(run.strategy.warmup)


def _ascend(bars: list[Bar]) -> bool:
    starts = [bar.start for bar in bars]
    return all(map(lt, starts, starts[1:]))
