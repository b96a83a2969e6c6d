"""Volume-weighted average price of a session, or from an anchor on: batch and incremental.

A bar counts with its typical price, (high + low + close) / 3. Sums start afresh with each session
and are never subtracted from one another, so a session's VWAP does not depend on the days before.
Where nothing has traded yet the price is NaN.
"""

from math import nan

import numpy as np
import numpy.typing as npt

from liualgotrader.fincalcs.arrays import FloatArray, all_nan, float_columns, nanoseconds


class VWAP:
    """Accumulate from the first bar on; `reset` starts again."""

    __slots__ = ("_turnover", "_volume", "ready", "value")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self._turnover = self._volume = 0.0
        self.ready = False
        self.value = nan

    def update(self, high: float, low: float, close: float, volume: float) -> float:
        """Take the next bar and return the price, NaN before the first share has traded."""
        self._turnover = turnover = self._turnover + (high + low + close) / 3.0 * volume
        self._volume = total = self._volume + volume
        if total > 0.0:
            self.value = turnover / total
            self.ready = True
        return self.value


class DailyVWAP:
    """Accumulate within a session; a change of `session_id` (a date, an opening time) resets."""

    __slots__ = ("_session_id", "_vwap", "ready", "value")

    def __init__(self) -> None:
        self._vwap = VWAP()
        self._session_id: int | None = None
        self.ready = False
        self.value = nan

    def update(
        self, high: float, low: float, close: float, volume: float, session_id: int
    ) -> float:
        """Take the session's next bar and return the price."""
        if session_id != self._session_id:
            self._session_id = session_id
            self._vwap.reset()
        self.value = self._vwap.update(high, low, close, volume)
        self.ready = self._vwap.ready
        return self.value


class AnchoredVWAP:
    """Accumulate from the first bar that starts at or after `anchor` (ns UTC)."""

    __slots__ = ("_vwap", "anchor", "ready", "value")

    def __init__(self, anchor: int) -> None:
        self.anchor = anchor
        self._vwap = VWAP()
        self.ready = False
        self.value = nan

    def update(self, high: float, low: float, close: float, volume: float, time: int) -> float:
        """Take the next bar and its start (ns UTC) and return the price, NaN before the anchor."""
        if time >= self.anchor:
            self.value = self._vwap.update(high, low, close, volume)
            self.ready = self._vwap.ready
        return self.value


def typical_price(high: npt.ArrayLike, low: npt.ArrayLike, close: npt.ArrayLike) -> FloatArray:
    """Return (high + low + close) / 3 (TA-Lib: TYPPRICE)."""
    highs, lows, closes = float_columns(high, low, close)
    return (highs + lows + closes) / 3.0


def daily_vwap(
    high: npt.ArrayLike,
    low: npt.ArrayLike,
    close: npt.ArrayLike,
    volume: npt.ArrayLike,
    session_ids: npt.ArrayLike,
) -> FloatArray:
    """Return the running VWAP of each session; bars of one session stand next to each other."""
    turnover, volumes = _turnover(high, low, close, volume)
    sessions = np.asarray(session_ids)
    if sessions.shape != volumes.shape:
        raise ValueError(f"expected {len(volumes)} session ids, got shape {sessions.shape}")
    edges = np.flatnonzero(sessions[1:] != sessions[:-1]) + 1
    spans = zip([0, *edges.tolist()], [*edges.tolist(), len(volumes)], strict=True)
    prices = [_running(turnover[start:end], volumes[start:end]) for start, end in spans]
    return np.concatenate(prices)


def anchored_vwap(
    high: npt.ArrayLike,
    low: npt.ArrayLike,
    close: npt.ArrayLike,
    volume: npt.ArrayLike,
    times: npt.ArrayLike,
    anchor: int,
) -> FloatArray:
    """Return the running VWAP from the first bar starting at or after `anchor` (ns UTC).

    Bars before the anchor get NaN; `times` are the bars' starts, int ns UTC, ascending.
    """
    turnover, volumes = _turnover(high, low, close, volume)
    first = int(np.searchsorted(nanoseconds(times, len(volumes)), anchor))
    prices = all_nan(len(volumes))
    prices[first:] = _running(turnover[first:], volumes[first:])
    return prices


def _turnover(
    high: npt.ArrayLike, low: npt.ArrayLike, close: npt.ArrayLike, volume: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    prices, volumes = float_columns(typical_price(high, low, close), volume)
    return prices * volumes, volumes


def _running(turnover: FloatArray, volumes: FloatArray) -> FloatArray:
    traded = np.add.accumulate(volumes)
    prices = all_nan(len(volumes))
    np.divide(np.add.accumulate(turnover), traded, out=prices, where=traded > 0.0)
    return prices
