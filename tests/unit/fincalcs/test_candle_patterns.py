from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.fincalcs import (
    bearish_candle,
    bullish_candle,
    bullish_candle_followed_by_dragonfly,
    doji,
    dragonfly_candle,
    four_price_doji,
    gravestone_doji,
    spinning_top,
    spinning_top_bearish_followup,
)

Candle = tuple[float, float, float, float]  # open, high, low, close
Pattern = Callable[..., bool]
Floats = npt.NDArray[np.float64]

# an ordinary past for TA-Lib, which measures against the ten bars before: range 1.00, body 0.50
PAST: list[Candle] = [(10.25, 10.75, 9.75, 10.25 + 0.5 * (-1) ** i) for i in range(12)]


def _talib(oracle: Callable[..., npt.NDArray[np.int32]], candle: Candle) -> bool:
    columns = [np.array(column) for column in zip(*PAST, candle, strict=True)]
    return bool(oracle(*columns)[-1])


@pytest.mark.parametrize(
    ("pattern", "candle", "expected"),
    [
        (gravestone_doji, (10.00, 10.50, 10.00, 10.00), True),
        (gravestone_doji, (10.00, 10.50, 9.76, 10.01), True),  # lower 24, upper 49
        (gravestone_doji, (10.00, 10.50, 9.75, 10.00), False),  # the lower is half the upper
        (gravestone_doji, (10.00, 10.50, 10.00, 10.02), False),  # body of two ticks
        (gravestone_doji, (10.00, 10.01, 10.00, 10.00), False),  # hardly any shadow
        (four_price_doji, (10.00, 10.00, 10.00, 10.00), True),
        (four_price_doji, (10.00, 10.004, 9.996, 10.00), True),  # under half a tick
        (four_price_doji, (10.00, 10.01, 10.00, 10.00), False),
        (doji, (10.00, 10.01, 9.99, 10.00), True),
        (doji, (10.00, 10.50, 10.00, 10.00), False),  # never below
        (doji, (10.00, 10.50, 9.50, 10.01), False),
        (spinning_top, (10.00, 10.50, 9.60, 10.10), True),  # shadows 40 and 40
        (spinning_top, (10.10, 10.50, 9.65, 10.00), True),  # shadows 40 and 35
        (spinning_top, (10.10, 10.50, 9.50, 10.00), False),  # ratio exactly 0.8
        (spinning_top, (10.00, 10.13, 9.97, 10.10), False),  # six ticks of shadow, ten of body
        (spinning_top, (10.00, 10.06, 9.97, 10.03), True),  # shadows of three ticks
        (spinning_top, (10.00, 10.04, 9.98, 10.02), False),  # shadows of two
        (spinning_top, (10.00, 10.52, 9.98, 10.50), False),
        (bullish_candle, (10.00, 10.12, 10.00, 10.10), True),
        (bullish_candle, (10.00, 10.03, 10.00, 10.03), True),
        (bullish_candle, (10.00, 10.02, 10.00, 10.02), False),  # two ticks are not enough
        (bullish_candle, (10.00, 10.11, 10.00, 10.06), False),  # 6 is 1.2 times 5, not over it
        (bullish_candle, (10.10, 10.10, 10.00, 10.00), False),
        (bearish_candle, (10.00, 10.10, 9.90, 9.99), True),
        (bearish_candle, (10.00, 10.10, 9.90, 10.00), False),
        (bearish_candle, (10.00, 10.10, 9.90, 10.01), False),
        (dragonfly_candle, (10.00, 10.00, 9.50, 10.00), True),
        (dragonfly_candle, (10.00, 10.24, 9.51, 10.00), True),
        (dragonfly_candle, (10.00, 10.25, 9.50, 10.00), False),  # exactly twice
        (dragonfly_candle, (10.00, 10.01, 9.50, 10.01), False),  # a tick of body
        (dragonfly_candle, (10.00, 10.00, 10.00, 10.00), False),
    ],
)
def test_hand_worked_candles(pattern: Pattern, candle: Candle, expected: bool) -> None:
    assert pattern(*candle) is expected


def test_bearish_bar_after_a_spinning_top() -> None:
    top = (10.00, 10.50, 9.60, 10.10)
    assert spinning_top_bearish_followup(top, (10.10, 10.10, 9.90, 9.95))
    assert not spinning_top_bearish_followup(top, (10.10, 10.30, 9.90, 10.20))
    assert not spinning_top_bearish_followup((10.0, 10.5, 10.0, 10.5), (10.1, 10.1, 9.9, 9.95))


def test_dragonfly_that_opens_above_a_bullish_candle() -> None:
    rise = (10.00, 10.10, 10.00, 10.10)
    assert bullish_candle_followed_by_dragonfly(rise, (10.11, 10.11, 9.90, 10.11))
    assert not bullish_candle_followed_by_dragonfly(rise, (10.10, 10.10, 9.90, 10.10))
    assert not bullish_candle_followed_by_dragonfly(rise, (10.20, 10.40, 10.10, 10.30))
    assert not bullish_candle_followed_by_dragonfly(
        (10.1, 10.1, 10.0, 10.0), (10.2, 10.2, 9.9, 10.2)
    )


@pytest.mark.parametrize("price", [0.07, 1.13, 10.0, 137.29, 4_999.99])
def test_body_of_two_cents_is_two_cents_at_any_price(price: float) -> None:
    assert not gravestone_doji(price, price + 0.50, price, price + 0.02)
    assert gravestone_doji(price, price + 0.50, price, price + 0.01)


def test_finer_tick_sees_what_a_cent_hides() -> None:
    assert four_price_doji(0.5010, 0.5030, 0.5005, 0.5020)
    assert bullish_candle(0.5010, 0.5030, 0.5010, 0.5030, tick=0.0001)


def test_price_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        doji(float("nan"), 1.0, 1.0, 1.0)


@settings(deadline=None)
@given(
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_every_doji_is_one_for_talib(opened: int, closed: int, above: int, below: int) -> None:
    cents = (opened, max(opened, closed) + above, min(opened, closed) - below, closed)
    candle: Candle = tuple(cent / 100 for cent in cents)  # type: ignore[assignment]
    if doji(*candle) or four_price_doji(*candle):
        assert _talib(talib.CDLDOJI, candle)
    assert not (bullish_candle(*candle) and bearish_candle(*candle))


def test_dojis_among_daily_bars_are_dojis_for_talib(aapl: dict[str, Floats]) -> None:
    columns = [aapl[name] for name in ("open", "high", "low", "close")]
    theirs = talib.CDLDOJI(*columns)
    ours = [i for i, candle in enumerate(zip(*columns, strict=True)) if i >= 10 and doji(*candle)]
    assert len(ours) > 5
    assert theirs[ours].all()


@pytest.mark.parametrize(
    ("pattern", "oracle", "candle", "ours", "theirs"),
    [
        (gravestone_doji, talib.CDLGRAVESTONEDOJI, (10.0, 10.5, 10.0, 10.0), True, True),
        (gravestone_doji, talib.CDLGRAVESTONEDOJI, (10.0, 10.5, 9.8, 10.0), True, False),
        (gravestone_doji, talib.CDLGRAVESTONEDOJI, (10.0, 10.5, 10.0, 10.05), False, True),
        (dragonfly_candle, talib.CDLDRAGONFLYDOJI, (10.0, 10.0, 9.5, 10.0), True, True),
        (dragonfly_candle, talib.CDLDRAGONFLYDOJI, (10.0, 10.2, 9.5, 10.0), True, False),
        (dragonfly_candle, talib.CDLDRAGONFLYDOJI, (10.0, 10.05, 9.5, 10.05), False, True),
        (doji, talib.CDLDOJI, (10.0, 10.5, 9.5, 10.0), True, True),
        (doji, talib.CDLDOJI, (10.0, 10.5, 9.5, 10.05), False, True),
        (spinning_top, talib.CDLSPINNINGTOP, (10.0, 10.5, 9.6, 10.1), True, True),
        (spinning_top, talib.CDLSPINNINGTOP, (10.0, 10.2, 9.9, 10.1), True, False),
        (spinning_top, talib.CDLSPINNINGTOP, (10.0, 10.5, 9.8, 10.1), False, True),
    ],
)
def test_where_talib_agrees_and_where_its_definition_differs(
    pattern: Pattern,
    oracle: Callable[..., npt.NDArray[np.int32]],
    candle: Candle,
    ours: bool,
    theirs: bool,
) -> None:
    assert (pattern(*candle), _talib(oracle, candle)) == (ours, theirs)
