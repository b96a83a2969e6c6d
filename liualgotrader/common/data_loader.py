"""Bars as a strategy sees them: `data["AAPL"].close[-1]`.

Only what was admitted is in here, so nothing is ahead of now.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime
from operator import index
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.errors import NotLoaded
from liualgotrader.common.events import SECOND, Bar

if TYPE_CHECKING:
    import pandas as pd

Moment = datetime | date | str | int
"""An aware datetime, a date (its midnight in UTC), ISO text of either, or ns UTC beyond 10**15."""

_FIELDS = ("open", "high", "low", "close", "volume")
_SMALLEST_NS = 10**15


def _ns(moment: Moment | SupportsIndex) -> int:
    if isinstance(moment, SupportsIndex):
        return index(moment)
    if isinstance(moment, str):
        moment = _read(moment)
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; say which, as in datetime(..., tzinfo=UTC)")
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * SECOND + moment.microsecond * 1000


def _read(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)


def _is_index(key: object) -> bool:
    if type(key) is int:
        return abs(key) < _SMALLEST_NS
    if isinstance(key, (str, date)):
        return False
    return isinstance(key, SupportsIndex) and abs(index(key)) < _SMALLEST_NS


def _are_indexes(key: slice) -> bool:
    """Whether a slice counts bars. Raises ValueError when one end counts and the other is a moment."""
    given = [_is_index(end) for end in (key.start, key.stop) if end is not None]
    if len(set(given)) > 1:
        raise ValueError(f"{key}: give both ends as counts, or both as moments")
    return all(given)


class Column:
    """One field of a symbol's bars, oldest first.

    `column[k]` with a small int counts like a list: 0 is the oldest bar, -1 the newest.
    `column[moment]` is the newest bar complete by that moment. `column[a:b]` with ints is a list
    slice; with moments it holds the bars that began in [a, b). A missing bar raises IndexError;
    nothing is ever filled in.
    """

    __slots__ = ("_bars", "_values")

    def __init__(self, bars: SymbolData, values: array[float]) -> None:
        self._bars = bars
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[float]:
        return iter(self._values)

    @overload
    def __getitem__(self, key: Moment | SupportsIndex) -> float: ...
    @overload
    def __getitem__(self, key: slice) -> NDArray[np.float64]: ...
    def __getitem__(self, key: Moment | SupportsIndex | slice) -> float | NDArray[np.float64]:
        if isinstance(key, slice):
            return np.array(self._values[self._bars.span(key)], dtype=np.float64)
        if _is_index(key):
            return self._values[key]  # type: ignore[index]
        return self._values[self._bars.index_at(key)]

    def array(self) -> NDArray[np.float64]:
        """Return a copy of the column, shape (bars,)."""
        return np.array(self._values, dtype=np.float64)


class SymbolData:
    """The bars of one symbol and one duration, growing at the end."""

    __slots__ = (
        "_columns",
        "_starts",
        "close",
        "high",
        "low",
        "open",
        "seconds",
        "symbol",
        "volume",
    )

    def __init__(self, symbol: str, seconds: int) -> None:
        self.symbol = symbol
        self.seconds = seconds
        self._starts = array("q")
        self._columns = tuple(array("d") for _ in _FIELDS)
        self.open, self.high, self.low, self.close, self.volume = (
            Column(self, values) for values in self._columns
        )

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def starts(self) -> array[int]:
        """When each bar began, ns UTC, ascending."""
        return self._starts

    def has(self, start: int) -> bool:
        """Whether there is a bar that began at `start` (ns UTC)."""
        index = bisect_left(self._starts, start)
        return index < len(self._starts) and self._starts[index] == start

    def bar(self, index: int = -1) -> Bar:
        """Return a bar; -1 is the newest."""
        opened, high, low, close, volume = (values[index] for values in self._columns)
        start = self._starts[index]
        return Bar(self.symbol, start, opened, high, low, close, volume, self.seconds)

    def index_at(self, moment: Moment | SupportsIndex) -> int:
        """Return the index of the newest bar complete by `moment`.

        Raises IndexError when there is none.
        """
        index = bisect_left(self._starts, _ns(moment) - self.seconds * SECOND + 1) - 1
        if index < 0:
            raise IndexError(f"{self.symbol}: no bar was complete by {moment}")
        return index

    def span(self, key: slice) -> slice:
        """Turn a slice of moments into one of indexes; a slice of small ints stays what it is."""
        if _are_indexes(key):
            return key
        if key.step is not None:
            raise ValueError("a slice of moments takes no step")
        start = 0 if key.start is None else bisect_left(self._starts, _ns(key.start))
        stop = len(self) if key.stop is None else bisect_left(self._starts, _ns(key.stop))
        return slice(start, stop)

    def admit(self, bar: Bar) -> None:
        """Add a bar.

        One that began when a known one did replaces it (a correction), an older one is put in
        place.
        """
        start = bar.start
        starts = self._starts
        values = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        if not starts or start > starts[-1]:
            starts.append(start)
            for column, value in zip(self._columns, values, strict=True):
                column.append(value)
            return
        index = bisect_left(starts, start)
        known = starts[index] == start
        if not known:
            starts.insert(index, start)
        for column, value in zip(self._columns, values, strict=True):
            if known:
                column[index] = value
            else:
                column.insert(index, value)

    def frame(self) -> pd.DataFrame:
        """Return a copy as a pandas frame indexed by the bars' starts in New York time."""
        import pandas as pd  # a session that never asks for a frame does not pay for pandas

        index = pd.DatetimeIndex(np.array(self._starts, dtype="datetime64[ns]"), tz="UTC")
        data: dict[str, Any] = {
            name: np.array(values) for name, values in zip(_FIELDS, self._columns, strict=True)
        }
        return pd.DataFrame(data, index=index.tz_convert("America/New_York"))


class DataLoader:
    """Admitted bars by symbol.

    `data[symbol]` holds minute bars, `data.daily[symbol]` days before today.
    """

    __slots__ = ("_by_symbol", "_daily", "_seconds")

    def __init__(self, seconds: int = 60, *, daily: DataLoader | None = None) -> None:
        self._seconds = seconds
        self._by_symbol: dict[str, SymbolData] = {}
        self._daily = daily

    @property
    def daily(self) -> DataLoader:
        """The daily bars; load them by declaring `warmup_days`."""
        if self._daily is None:
            raise NotLoaded("daily bars have no daily bars of their own")
        return self._daily

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._by_symbol

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_symbol)

    def __len__(self) -> int:
        return len(self._by_symbol)

    def __getitem__(self, symbol: str) -> SymbolData:
        try:
            return self._by_symbol[symbol]
        except KeyError:
            what, more = ("bar", "warmup") if self._seconds == 60 else ("daily bar", "warmup_days")
            raise NotLoaded(
                f"no {what} of {symbol} was admitted yet; to have history at the start, "
                f"declare `{more} = N` in the strategy",
            ) from None

    def admit(self, bar: Bar) -> None:
        """Add a bar that has become known."""
        data = self._by_symbol.get(bar.symbol)
        if data is None:
            data = self._by_symbol[bar.symbol] = SymbolData(bar.symbol, self._seconds)
        data.admit(bar)
