"""`liualgotrader.common.data_loader`: 0.4's view of the bars that are known now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from liualgotrader.compat.errors import NothingLoaded, unanswerable
from liualgotrader.compat.frames import COLUMNS, PRICES, OldFrame, OldSeries, column_of, frame_of
from liualgotrader.compat.reading import ask
from liualgotrader.compat.served.types import TimeScale
from liualgotrader.compat.world import Source, current


class DataLoader:
    """`loader["AAPL"].close[-1]`, `.close[now]`, `.close["2021-03-01":"2021-03-05"]`, `["AAPL"].symbol_data`.

    Blind past now. What was not loaded raises NothingLoaded, with what to add to the plan.
    """

    def __init__(
        self, scale: TimeScale = TimeScale.minute, connector: Any = None, concurrency: int = 0
    ) -> None:
        """`connector`, `concurrency`: taken and not used; the bars are the session's."""
        self.scale = scale
        self._find: Callable[[], Source] = _source_of_world()

    def __getitem__(self, symbol: str) -> SymbolData:
        return SymbolData(self._find, symbol, daily=self.scale is TimeScale.day)

    def __getattr__(self, symbol: str) -> SymbolData:
        if symbol.startswith("_"):
            raise AttributeError(symbol)
        return self[symbol]

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, symbol: str) -> bool:
        return self.exist(symbol)

    def keys(self) -> list[str]:
        """Return the symbols that there are bars of."""
        return self._find().symbols()

    def exist(self, symbol: str) -> bool:
        """Say whether there are bars of a symbol."""
        known = self.keys()
        return symbol in known or symbol.upper() in known

    def pre_fetch(self, symbols: Iterable[str], start: Any = None, end: Any = None) -> None:
        """Do nothing: what can be had is loaded, or is fetched when it is asked for."""

    @property
    def data_api(self) -> Any:
        """Refuse: vendors are asked by scanners of today, whose `ctx.data` this would be."""
        raise unanswerable(
            "DataLoader.data_api",
            "read bars with loader[symbol], or ask ctx.data in a Scanner of today",
        )


class SymbolData:
    """One symbol's bars: columns, and rows as pandas gives them."""

    def __init__(self, find: Callable[[], Source], symbol: str, *, daily: bool) -> None:
        self._find = find
        self._symbol = symbol
        self._daily = daily

    @property
    def symbol_data(self) -> OldFrame:
        """All bars that are known, as a frame."""
        return frame_of(self._find().bars(self._symbol, daily=self._daily))

    def __getitem__(self, key: Any) -> Any:
        bars, places = ask(self._find(), self._symbol, key, daily=self._daily)
        if isinstance(places, slice):
            return frame_of(bars, places)
        return frame_of(bars, slice(places, places + 1)).iloc[0]

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("loc", "iloc", "apply")):
            return getattr(self.symbol_data, name)
        if name not in COLUMNS:
            raise AttributeError(
                f"{self._symbol} has no column {name!r}; there are {', '.join(COLUMNS)}"
            )
        return Column(self._find, self._symbol, name, daily=self._daily)

    def __len__(self) -> int:
        return len(self._find().bars(self._symbol, daily=self._daily))


class Column:
    """One column of a symbol's bars: a key gives a number, a slice a pandas series, anything else is the series'."""

    def __init__(self, find: Callable[[], Source], symbol: str, name: str, *, daily: bool) -> None:
        self._find = find
        self._symbol = symbol
        self._name = name
        self._daily = daily

    def __call__(self) -> OldSeries:
        return column_of(self._find().bars(self._symbol, daily=self._daily), self._name)

    def __getitem__(self, key: Any) -> Any:
        bars, places = ask(self._find(), self._symbol, key, daily=self._daily)
        if isinstance(places, slice):
            return column_of(bars, self._name, places)
        if self._name in PRICES:
            return getattr(bars, self._name)[places]
        return float(column_of(bars, self._name, slice(places, places + 1)).iloc[0])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            series = self()
        except NothingLoaded:
            series = OldSeries([], dtype=float)
        return getattr(series, name)

    def __len__(self) -> int:
        return len(self._find().bars(self._symbol, daily=self._daily))


def _source_of_world() -> Callable[[], Source]:
    """Return how to find the bars: those of the class that makes the loader."""
    return current().bars_source


def data_loader_factory(connector: Any = None) -> DataLoader:
    """Return a loader of minutes."""
    return DataLoader()
