"""Recognise single candles and pairs of them by their shape.

All take (open, high, low, close) in that order; a pair is two such tuples, the older first. Prices
are counted in whole ticks, so that 10.02 against 10.00 is two cents and not 1.9999999999999574;
`tick` is a cent unless said otherwise (sub-dollar shares: 0.0001). NaN raises ValueError.

The thresholds are LiuAlgoTrader's: fixed numbers of ticks and ratios within the candle. TA-Lib's
CDL functions measure against the average candle of the ten bars before, and thus see other things:

* `doji`, `four_price_doji`: body exactly zero, hence also CDLDOJI, which allows a tenth of the
  average range. The reverse does not hold.
* `gravestone_doji`: may have a lower shadow of up to half the upper; CDLGRAVESTONEDOJI wants next
  to none. `dragonfly_candle` is its mirror, but for a tighter body (CDLDRAGONFLYDOJI).
* `spinning_top`: wants shadows alike and twice the body together; CDLSPINNINGTOP wants each longer
  than the body, the body below average, and does not compare the shadows.
* `bullish_candle`, `bearish_candle` have no counterpart (CDLLONGLINE and CDLMARUBOZU ask for more).
"""

from typing import NamedTuple

CENT = 0.01

Candle = tuple[float, float, float, float]


class _Shape(NamedTuple):
    """A candle in ticks: body is above zero when it closed higher than it opened."""

    body: int
    upper: int
    lower: int

    @property
    def size(self) -> int:
        return abs(self.body)

    @property
    def shadow(self) -> int:
        return self.upper + self.lower


def _shape(candle: Candle, tick: float) -> _Shape:
    opened, high, low, closed = (round(price / tick) for price in candle)
    return _Shape(closed - opened, high - max(opened, closed), min(opened, closed) - low)


def gravestone_doji(
    open: float, high: float, low: float, close: float, *, tick: float = CENT
) -> bool:
    """Tell a body of at most a tick under an upper shadow more than twice the lower."""
    shape = _shape((open, high, low, close), tick)
    return shape.size < 2 < shape.shadow and shape.lower * 2 < shape.upper


def four_price_doji(
    open: float, high: float, low: float, close: float, *, tick: float = CENT
) -> bool:
    """Tell a bar that traded at one price only."""
    return _shape((open, high, low, close), tick) == (0, 0, 0)


def doji(open: float, high: float, low: float, close: float, *, tick: float = CENT) -> bool:
    """Tell a bar that closed where it opened, having been both above and below."""
    shape = _shape((open, high, low, close), tick)
    return shape.body == 0 and shape.lower >= 1 and shape.upper >= 1


def spinning_top(open: float, high: float, low: float, close: float, *, tick: float = CENT) -> bool:
    """Tell a small body between two shadows of more than two ticks that differ by under a fifth.

    Integers keep the bounds strict: 4 < 5 * upper / lower < 6, and twice the body at least.
    """
    shape = _shape((open, high, low, close), tick)
    return (
        shape.shadow >= 2 * shape.size
        and min(shape.upper, shape.lower) > 2
        and 4 * shape.lower < 5 * shape.upper < 6 * shape.lower
    )


def bullish_candle(
    open: float, high: float, low: float, close: float, *, tick: float = CENT
) -> bool:
    """Tell a rise of more than two ticks that is over 1.2 times the shadows."""
    shape = _shape((open, high, low, close), tick)
    return shape.body > 2 and 5 * shape.body > 6 * shape.shadow


def bearish_candle(
    open: float, high: float, low: float, close: float, *, tick: float = CENT
) -> bool:
    """Tell a fall of at least a tick."""
    return _shape((open, high, low, close), tick).body < 0


def dragonfly_candle(
    open: float, high: float, low: float, close: float, *, tick: float = CENT
) -> bool:
    """Tell a bar that closed where it opened, its lower shadow more than twice the upper."""
    shape = _shape((open, high, low, close), tick)
    return shape.body == 0 and shape.lower > 2 * shape.upper


def spinning_top_bearish_followup(first: Candle, second: Candle, *, tick: float = CENT) -> bool:
    """Tell a spinning top that a falling bar follows."""
    return spinning_top(*first, tick=tick) and bearish_candle(*second, tick=tick)


def bullish_candle_followed_by_dragonfly(
    first: Candle, second: Candle, *, tick: float = CENT
) -> bool:
    """Tell a bullish candle and, opening above its close, a dragonfly."""
    return (
        bullish_candle(*first, tick=tick)
        and dragonfly_candle(*second, tick=tick)
        and round(second[0] / tick) > round(first[3] / tick)
    )
