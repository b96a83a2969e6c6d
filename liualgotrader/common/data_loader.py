"""Bars as a strategy sees them: `data["AAPL"].close[-1]`. What a key means: see `DataLoader`."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import repeat
from math import isfinite
from operator import index, lt
from typing import TYPE_CHECKING, Any, Generic, SupportsIndex, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from liualgotrader.common.bar_keys import (
    SMALLEST_NS,
    Moment,
    is_count,
    midnight,
    nanoseconds,
    read_text,
)
from liualgotrader.common.errors import NotLoaded
from liualgotrader.common.events import SECOND, Bar
from liualgotrader.common.timestamps import format_time

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = ("open", "high", "low", "close", "volume")
_DAY = 86_400
_HALF_DAY_NS = _DAY // 2 * SECOND
# Bars that nobody has read yet are kept as they came. Enough to make moving them cheap, few enough
# that 1,000 symbols hold 60 MB of them.
_BLOCK = 512

_Value = TypeVar("_Value", bound=float)
_Scalar = TypeVar("_Scalar", bound=np.generic)


class Column(Generic[_Value, _Scalar]):
    """One field of a symbol's bars, oldest first; for what a key means, see `DataLoader`.

    A key gives a number, a slice a new one-dimensional numpy array: writing to it changes nothing
    here. `len` and iteration are those of a list.
    """

    __slots__ = ("_bars", "_values")

    def __init__(self, bars: _Series, values: Sequence[_Value]) -> None:
        self._bars = bars
        self._values = values

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[_Value]:
        self._bars.settle()
        return iter(self._values)

    @overload
    def __getitem__(self, key: Moment | SupportsIndex) -> _Value: ...
    @overload
    def __getitem__(self, key: slice) -> NDArray[_Scalar]: ...
    def __getitem__(self, key: Moment | SupportsIndex | slice) -> _Value | NDArray[_Scalar]:
        bars = self._bars
        if bars.pending:
            bars.settle()
        if type(key) is int and -SMALLEST_NS < key < SMALLEST_NS:
            try:
                return self._values[key]
            except IndexError:
                raise bars.missing(key) from None
        if isinstance(key, slice):
            return cast("NDArray[_Scalar]", np.array(self._values[bars.span(key)]))
        return self._values[bars.index_at(key)]

    def array(self) -> NDArray[_Scalar]:
        """Return a copy of the column, shape (bars,)."""
        return self[:]


class _Series:
    """What `SymbolData` says, but for the columns by name."""

    __slots__ = ("_columns", "_starts", "pending", "seconds", "symbol")

    def __init__(self, symbol: str, seconds: int) -> None:
        self.symbol = symbol
        self.seconds = seconds
        self.pending: list[Bar] = []
        self._starts = array("q")
        self._columns = tuple(array("d") for _ in _FIELDS)

    def __len__(self) -> int:
        self.settle()
        return len(self._starts)

    def __iter__(self) -> Iterator[Bar]:
        return (self.bar(place) for place in range(len(self)))

    @overload
    def __getitem__(self, key: Moment | SupportsIndex) -> Bar: ...
    @overload
    def __getitem__(self, key: slice) -> pd.DataFrame: ...
    def __getitem__(self, key: Moment | SupportsIndex | slice) -> Bar | pd.DataFrame:
        if isinstance(key, slice):
            return self._frame(self.span(key))
        return self.bar(self.index_at(key))

    @property
    def starts(self) -> Sequence[int]:
        """When each bar began, ns UTC, ascending: the live array, for searching; see also `time`."""
        self.settle()
        return self._starts

    def has(self, start: int) -> bool:
        """Whether there is a bar that began at `start` (ns UTC)."""
        self.settle()
        place = bisect_left(self._starts, start)
        return place < len(self._starts) and self._starts[place] == start

    def bar(self, place: int = -1) -> Bar:
        """Return a bar by its count; -1 is the newest. Raises IndexError."""
        self.settle()
        try:
            start = self._starts[place]
        except IndexError:
            raise self.missing(place) from None
        opened, high, low, close, volume = [column[place] for column in self._columns]
        return Bar(self.symbol, start, opened, high, low, close, volume, self.seconds)

    def newest(self, count: int) -> list[Bar]:
        """Return the newest bars, so many or as many as there are, oldest first."""
        begin = max(0, len(self) - count)
        columns = (column[begin:] for column in self._columns)
        starts = self._starts[begin:]
        return list(map(Bar, repeat(self.symbol), starts, *columns, repeat(self.seconds)))

    def index_at(self, key: Moment | SupportsIndex) -> int:
        """Return the place, 0 the oldest, of the bar that a key names. Raises IndexError."""
        size = len(self)
        if is_count(key):
            place = index(cast("SupportsIndex", key))
            place = place + size if place < 0 else place
            found = 0 <= place < size
        else:
            begin, end = self._bounds(read_text(key))
            is_moment = begin == end
            limit = end - self.seconds * SECOND + 1 if is_moment else end
            place = bisect_left(self._starts, limit) - 1
            found = place >= 0 and (is_moment or self._starts[place] >= begin)
        if not found:
            raise self.missing(key)
        return place

    def span(self, key: slice) -> slice:
        """Turn a slice of any keys into one of places. Raises ValueError for a step of moments."""
        start, stop = key.start, key.stop
        if (start is None or is_count(start)) and (stop is None or is_count(stop)):
            return key
        size = len(self)
        if key.step is not None:
            raise ValueError(f"{key}: only a slice of counts takes a step")
        if stop is not None and not is_count(stop):
            stop = bisect_left(self._starts, self._bounds(read_text(stop))[1])
            if start is not None and is_count(start):
                # The last bars up to the moment, not up to the newest.
                return slice(*slice(start, None).indices(stop)[:2])
        if start is not None and not is_count(start):
            start = bisect_left(self._starts, self._bounds(read_text(start))[0])
        return slice(*slice(start, stop).indices(size)[:2])

    def _bounds(self, key: object) -> tuple[int, int]:
        """Return where a date begins and ends, ns UTC; of a moment both are itself.

        A day bar is of the date of its noon, so that one which began at midnight UTC (crypto) is
        not taken for the day before.
        """
        if isinstance(key, date) and not isinstance(key, datetime):
            shift = _HALF_DAY_NS if self.seconds >= _DAY else 0
            return midnight(key) - shift, midnight(key + timedelta(days=1)) - shift
        moment = nanoseconds(key)
        return moment, moment

    def missing(self, key: object) -> IndexError:
        """Return the error that says what there is instead of `key`."""
        size = len(self)
        if not size:
            return IndexError(f"{self.symbol}: no bar for {key}, there are none yet")
        first, last = (format_time(self._starts[place]) for place in (0, -1))
        return IndexError(
            f"{self.symbol}: no bar for {key}; there are {size} of {self.seconds} s, the oldest "
            f"from {first}, the newest from {last}"
        )

    def settle(self) -> None:
        """Move the bars that wait into the columns."""
        pending = self.pending
        if not pending:
            return
        if len(pending) == 1:
            self._put(pending[0])
        else:
            self._put_all(pending)
        pending.clear()

    def _put_all(self, bars: list[Bar]) -> None:
        starts = [bar.start for bar in bars]
        known = self._starts
        if (known and starts[0] <= known[-1]) or not all(map(lt, starts, starts[1:])):
            for bar in bars:
                self._put(bar)
            return
        known.fromlist(starts)
        opened, high, low, close, volume = self._columns
        opened.fromlist([bar.open for bar in bars])
        high.fromlist([bar.high for bar in bars])
        low.fromlist([bar.low for bar in bars])
        close.fromlist([bar.close for bar in bars])
        volume.fromlist([bar.volume for bar in bars])

    def _put(self, bar: Bar) -> None:
        start = bar.start
        starts = self._starts
        if not starts or start > starts[-1]:
            starts.append(start)
            opened, high, low, close, volume = self._columns
            opened.append(bar.open)
            high.append(bar.high)
            low.append(bar.low)
            close.append(bar.close)
            volume.append(bar.volume)
            return
        place = bisect_left(starts, start)
        is_new = starts[place] != start
        if is_new:
            starts.insert(place, start)
        values = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        for column, value in zip(self._columns, values, strict=True):
            if is_new:
                column.insert(place, value)
            else:
                column[place] = value

    def adjust(self, ratio: float) -> None:
        """Restate all bars so far in new shares, `ratio` new ones for an old one, on the ex-date.

        Prices are divided, volumes multiplied. Raises ValueError unless `ratio` is above zero.
        """
        if not (isfinite(ratio) and ratio > 0):
            raise ValueError(f"{self.symbol}: a split gives {ratio} shares for one; it must be > 0")
        self.settle()
        *prices, volumes = self._columns
        for column in prices:
            column[:] = array("d", np.array(column) / ratio)
        volumes[:] = array("d", np.array(volumes) * ratio)

    def frame(self) -> pd.DataFrame:
        """Return a copy as a pandas frame indexed by the bars' starts in New York time."""
        return self[:]

    def _frame(self, span: slice) -> pd.DataFrame:
        import pandas as pd  # a session that never asks for a frame does not pay for pandas

        self.settle()
        starts = np.array(self._starts[span], dtype="datetime64[ns]")
        times = pd.DatetimeIndex(starts, tz="UTC").tz_convert("America/New_York")
        data: dict[str, Any] = {
            name: np.array(values[span])
            for name, values in zip(_FIELDS, self._columns, strict=True)
        }
        return pd.DataFrame(data, index=times)


class SymbolData(_Series):
    """The bars of one symbol and one duration, growing at the end.

    `open`, `high`, `low`, `close` (dollars), `volume` (shares or coins) and `time` (when each bar
    began, ns UTC) are columns. The symbol itself takes the same keys: `data["AAPL"][-1]` is a Bar,
    `data["AAPL"][a:b]` a pandas frame. Iteration gives Bars, oldest first.
    """

    __slots__ = ("close", "high", "low", "open", "time", "volume")

    def __init__(self, symbol: str, seconds: int) -> None:
        super().__init__(symbol, seconds)
        # Columns that referred to this object would keep it, and a day's bars, until the collector looks.
        twin = _Series(symbol, seconds)
        twin.pending, twin._starts, twin._columns = self.pending, self._starts, self._columns
        self.time: Column[int, np.int64] = Column(twin, self._starts)
        self.open, self.high, self.low, self.close, self.volume = (
            cast("Column[float, np.float64]", Column(twin, values)) for values in self._columns
        )


class DataLoader:
    """Admitted bars by symbol: the one place that says what a key means.

    `data[symbol]` holds minute bars (bars of `seconds`), `data.daily[symbol]` days before today.
    Columns (`open`, `high`, `low`, `close`, `volume`, `time`) and the symbol itself take the same
    keys; a column gives numbers and numpy arrays, a symbol Bars and pandas frames.

    | key | the bar |
    |---|---|
    | count `k` (numpy ints too) | counted like a list: 0 the oldest, -1 the newest |
    | moment: aware datetime, pandas Timestamp, ISO text with a zone, ns UTC from 10**15 on | the newest that was complete by then, as long ago as it may be |
    | date, or ISO text of one | the last that began on that day in New York; of day bars: that day's. Another day's bar is never given in its stead |

    | slice | the bars |
    |---|---|
    | `a:b:step` of counts | as of a list |
    | `a:b` of moments | that began in [a, b): `b` excluded |
    | `a:b` of dates | that began on the days from a to b, both included |
    | moment and date | each end by its own rule |
    | `-20:moment`, `-20:date` | the last 20 of those before the moment, or up to the end of the day |
    | `moment:k`, `date:k` | from there to the count `k` of the whole |
    | `a:`, `:b`, `:` | open ends: from the oldest, to the newest |

    A date is a day in New York, midnight to midnight, because that is what those who trade there
    mean by it; its midnight in UTC is the evening before. Hence minutes of a night session (from
    20:00) are of the calendar's day, not of the session's.

    Nothing ahead of now can be got, whatever the key: what was not admitted is not in here. Nothing
    is filled in. A key without a bar raises IndexError with the symbol and what there is, a slice
    without bars is empty, a symbol without bars raises NotLoaded; a moment without a zone
    ValueError, and so does a step in a slice of moments; what is no key TypeError.
    """  # noqa: E501 - rows of tables

    __slots__ = ("_by_symbol", "_daily", "_seconds", "waiting")

    def __init__(self, seconds: int = 60, *, daily: DataLoader | None = None) -> None:
        """`waiting`: by symbol, the newest bars, which nobody has read yet. Whoever has few more may add them there."""
        self._seconds = seconds
        self._by_symbol: dict[str, SymbolData] = {}
        self.waiting: dict[str, list[Bar]] = {}
        self._daily = daily

    @property
    def daily(self) -> DataLoader:
        """The daily bars; load them by declaring `warmup_days`. Where bars are days, they themselves."""
        return self if self._daily is None else self._daily

    @property
    def seconds(self) -> int:
        """How long the bars are that are held here: 60, or 86400 in a backtest by days."""
        return self._seconds

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
            what, more = (
                ("daily bar", "warmup_days") if self._seconds == _DAY else ("bar", "warmup")
            )
            raise NotLoaded(
                f"no {what} of {symbol} was admitted yet; to have history at the start, "
                f"declare `{more} = N` in the strategy",
            ) from None

    def admit(self, bar: Bar) -> None:
        """Add a bar that has become known.

        One that began when a known one did replaces it (a correction), an older one is put in
        place. Bars wait until somebody reads, in blocks of 512 at most: more than a session has.
        """
        data = self._by_symbol.get(bar.symbol)
        if data is None:
            data = self._new(bar.symbol)
        pending = data.pending
        pending.append(bar)
        if len(pending) >= _BLOCK:
            data.settle()

    def admit_row(self, symbol: str, bars: Sequence[Bar]) -> None:
        """Add what is known of a symbol, oldest first, as `admit` does one by one."""
        if not bars:
            return
        data = self._by_symbol.get(symbol)
        if data is None:
            data = self._new(symbol)
        data.pending += bars
        if len(data.pending) >= _BLOCK:
            data.settle()

    def _new(self, symbol: str) -> SymbolData:
        data = self._by_symbol[symbol] = SymbolData(symbol, self._seconds)
        self.waiting[symbol] = data.pending
        return data

    def adjust(self, symbol: str, ratio: float) -> None:
        """Restate a symbol's bars, daily ones too, for a split: see `SymbolData.adjust`.

        A symbol without bars has none to restate. Raises ValueError unless `ratio` is above zero.
        """
        if symbol in self._by_symbol:
            self._by_symbol[symbol].adjust(ratio)
        if self._daily is not None:
            self._daily.adjust(symbol, ratio)
