"""One symbol's day of prints and quotes, made up so that its open, high, low, close and volume
come out exactly.

What is plausible here: most prints after the open and before the close, in bursts; large opening
and closing prints; a path that is a random walk tied down at the open, the extremes and the
close, noisier where trading is busier; prints that alternate between bid and ask; a spread that
grows with volatility.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar
from liualgotrader.exchange.columns import QUOTE, TRADE, Columns, Floats, Ints, joined, of_kind

LOT = 100
_ANCHORS = 4  # open, high, low, close
_SECOND = 1_000_000_000
_MILLISECOND = 1_000_000

# Shares of the day's volume in the opening and closing prints, about as on US exchanges.
_OPENING, _CLOSING = 0.03, 0.08
# The range of a random walk is 1.6 times its deviation (Feller 1951: the square root of 8 / pi).
_RANGE_OF_WALK = 1.6
# How long before its print a quote is shown, at most.
_QUOTE_LEAD = 2 * _SECOND


@dataclass(frozen=True, slots=True)
class Span:
    """Regular hours, ns UTC."""

    open: int
    close: int


def make_day(
    rng: np.random.Generator, day: Bar, *, symbol: int, span: Span, trades: int
) -> Columns:
    """Return about `trades` prints, each with the quote that it met, not yet in the order of time.

    The first print is the open, the last the close, the greatest the high, the least the low, and
    the sizes add up to the volume, in round lots but for the closing print. All lie in
    [span.open, span.close). Prices are on the tick, but for the four given ones where those are
    not. `symbol` is what the rows are marked with. Raises ConfigError for a bar that no prints
    could make.
    """
    _check(day)
    volume = int(day.volume)
    lot = LOT if volume >= LOT * _ANCHORS else 1
    count = max(_ANCHORS, min(trades, volume // lot))
    times = busy_times(rng, count, span)
    side = _sides(rng, count)
    spread = _spreads(rng, count, day)
    prices = _prices(rng, day, count=count, half_spread=side * spread / 2)
    prints = of_kind(
        TRADE, symbol=symbol, moment=times, values=(prices, _sizes(rng, count, volume, lot))
    )
    quotes = of_kind(
        QUOTE,
        symbol=symbol,
        moment=_quote_times(rng, times, span),
        values=(
            *_quotes(prices, side=side, spread=spread, ticks=_ticks(day)),
            *_depths(rng, count),
        ),
    )
    return joined((prints, quotes))


def _check(day: Bar) -> None:
    ends = (day.open, day.close)  # each by itself: min and max would overlook a NaN
    if not (0 < day.low and day.high < np.inf and all(day.low <= p <= day.high for p in ends)):
        raise ConfigError(f"{day.symbol}: no day has these prices: {day}")
    if not _ANCHORS <= day.volume < np.inf:
        raise ConfigError(
            f"{day.symbol}: a volume of {day.volume} is too small for a day of prints"
        )


def _ticks(day: Bar) -> int:
    """Return how many ticks a dollar has: cents from a dollar up, else hundredths (Rule 612)."""
    return 100 if day.low >= 1 else 10_000


def busy_times(rng: np.random.Generator, count: int, span: Span) -> Ints:
    """Draw growing times, 2 ns apart or more: many at the open and the close, in bursts."""
    minutes = 390
    part = (np.arange(minutes) + 0.5) / minutes
    busy = (
        0.55
        + 2.4 * np.exp(-part / 0.05)
        + 2.0 * np.exp(-(1 - part) / 0.05)
        + 0.5 * (part - 0.5) ** 2
    )
    busy *= rng.gamma(4.0, 0.25, minutes)
    until = np.concatenate(([0.0], np.cumsum(busy)))
    drawn = np.sort(
        np.interp(rng.random(count) * until[-1], until, np.arange(minutes + 1) / minutes)
    )
    length = span.close - span.open - 2 * _SECOND
    times: Ints = span.open + _SECOND + (drawn * length).astype(np.int64)
    times[0] = span.open + rng.integers(_MILLISECOND, 400 * _MILLISECOND)
    times += 2 * np.arange(count)
    times[-1] = span.close - rng.integers(_MILLISECOND, 200 * _MILLISECOND)
    return times


def _sides(rng: np.random.Generator, count: int) -> Ints:
    """Return +1 where a buyer took the ask, -1 where a seller hit the bid; both come in runs."""
    turns = rng.random(count) < 0.35
    sides: Ints = 1 - 2 * ((np.cumsum(turns) + rng.integers(2)) % 2)
    return sides


def _spreads(rng: np.random.Generator, count: int, day: Bar) -> Ints:
    """Return spreads in ticks, at least one: wider for what moves more and is traded less."""
    usual = (day.high - day.low) * _ticks(day) * 0.01 * (1 + 2e6 / day.volume)
    ticks: Ints = np.maximum(1, np.rint(usual * rng.lognormal(0, 0.5, count))).astype(np.int64)
    return ticks


def _prices(rng: np.random.Generator, day: Bar, *, count: int, half_spread: Floats) -> Floats:
    """Return the prints' prices: a tied walk, moved to the side that was hit, on the tick."""
    at = _anchors(rng, day, count)
    index = np.fromiter(sorted(at), np.int64, len(at))
    prices = np.array([at[i] for i in sorted(at)])
    walk = np.cumsum(rng.standard_t(6, count))
    walk *= (
        (day.high - day.low)
        / _RANGE_OF_WALK
        / max(float(np.std(np.diff(walk))), 1e-9)
        / np.sqrt(count)
    )
    row = np.arange(count)
    tied = walk - np.interp(row, index, walk[index]) + np.interp(row, index, prices)
    ticks = _ticks(day)
    on_tick = np.rint(_folded(tied, day.low, day.high) * ticks + half_spread) / ticks
    result = np.clip(on_tick, day.low, day.high)
    result[index] = prices
    return result


def _anchors(rng: np.random.Generator, day: Bar, count: int) -> dict[int, float]:
    """Say which print has which given price. A day that rises tends to see its low first."""
    at = {0: day.open, count - 1: day.close}
    extremes = [p for p in (day.low, day.high) if p not in (day.open, day.close)]
    if len(extremes) == 2 and rng.random() > (0.8 if day.close >= day.open else 0.2):
        extremes.reverse()
    places = 1 + (np.sort(rng.beta(0.8, 0.8, len(extremes))) * (count - 2)).astype(np.int64)
    for place, price in zip(places.tolist(), extremes, strict=True):
        place = min(place, count - 2)
        at[place if place not in at else _beside(place, count)] = price
    return at


def _beside(place: int, count: int) -> int:
    return place + 1 if place + 1 < count - 1 else place - 1


def _folded(walk: Floats, low: float, high: float) -> Floats:
    """Reflect at both ends what leaves the range; what is inside stays."""
    width = high - low
    if width <= 0:
        return np.full(len(walk), low)
    folded: Floats = high - np.abs((walk - low) % (2 * width) - width)
    return folded


def _sizes(rng: np.random.Generator, count: int, volume: int, lot: int) -> Floats:
    """Share the volume out in lots, one a print or more; an odd rest goes to the closing print."""
    weights = rng.lognormal(0, 1.1, count)
    weights *= (1 - _OPENING - _CLOSING) / weights[1:-1].sum()
    weights[0], weights[-1] = _OPENING, _CLOSING
    lots, odd = divmod(volume, lot)
    shares = (1 + rng.multinomial(lots - count, weights / weights.sum())) * lot
    shares[-1] += odd
    return shares.astype(np.float64)


def _quote_times(rng: np.random.Generator, times: Ints, span: Span) -> Ints:
    """Show each quote after the print before its own, before its own, and not long before."""
    room = np.diff(times, prepend=span.open)
    lead = (rng.random(len(times)) * np.minimum(room, _QUOTE_LEAD)).astype(np.int64)
    shown: Ints = times - np.clip(lead, 1, np.maximum(room - 1, 1))
    return shown


def _quotes(prices: Floats, *, side: Ints, spread: Ints, ticks: int) -> tuple[Floats, Floats]:
    """Put the quote, on the tick, around the print: a buyer paid the ask, a seller got the bid."""
    exact = np.round(prices * ticks, 4)
    bids = np.where(side > 0, np.ceil(exact) - spread, np.floor(exact))
    bids = np.maximum(bids, 1)
    asks = np.maximum(bids + spread, np.ceil(exact))
    return bids / ticks, asks / ticks


def _depths(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Return bid and ask sizes in shares, whole lots."""
    depths = rng.geometric(0.25, (2, count)) * float(LOT)
    return depths[0], depths[1]
