"""What authors do with indicators besides updating them, plain or compiled: derive from them, copy them."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from liualgotrader.fincalcs import (
    ATR,
    EMA,
    MACD,
    RSI,
    SMA,
    WMA,
    Bollinger,
    RollingMax,
    RollingMin,
    StdDev,
)

VALUES = [10.0, 10.5, 10.25, 11.0, 10.75, 10.5, 11.25, 11.5, 11.25, 12.0]
MAKERS: list[Callable[[], Any]] = [
    lambda: SMA(3),
    lambda: EMA(3),
    lambda: WMA(3),
    lambda: MACD(fast=2, slow=3, signal=2),
    lambda: RollingMax(3),
    lambda: RollingMin(3),
    lambda: StdDev(3),
    lambda: Bollinger(3),
    lambda: RSI(3),
    lambda: ATR(3),
]


def feed(indicator: Any, value: float) -> float:
    """Take a value, as a bar's high, low and close where it takes bars."""
    if isinstance(indicator, ATR):
        return indicator.update(value + 1.0, value - 1.0, value)
    result: float = indicator.update(value)
    return result


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: type(make()).__name__)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_goes_on_by_itself(make: Callable[[], Any], copied: Callable[[Any], Any]) -> None:
    indicator = make()
    for value in VALUES[:6]:
        feed(indicator, value)
    other = copied(indicator)
    expected = [feed(indicator, value) for value in VALUES[6:]]
    assert [feed(other, value) for value in VALUES[6:]] == expected
    assert other.value == indicator.value


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: type(make()).__name__)
def test_a_class_of_ones_own_can_derive_from_it(make: Callable[[], Any]) -> None:
    base = type(make())

    class Counting(base):  # type: ignore[misc,valid-type]  # any of them
        """Counts its values."""

        count = 0

        def update(self, *values: float) -> float:
            self.count += 1
            result: float = super().update(*values)
            return result

    plain = make()
    arguments = {"fast": 2, "slow": 3, "signal": 2} if base is MACD else {"period": 3}
    own = Counting(**arguments)
    for value in VALUES:
        feed(plain, value)
        feed(own, value)
    assert (own.count, own.value, own.ready) == (len(VALUES), plain.value, True)
