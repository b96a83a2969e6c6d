"""Floats made exact: never worse than asked, always on the tick and in the lot."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.instruments import (
    AssetClass,
    BadNumber,
    Instrument,
    exact_number,
    pair_symbol,
)

STOCK = Instrument("A")
COIN = Instrument(
    "BTC/USD", AssetClass.CRYPTO, fraction=Decimal("0.0001"), tick=Decimal("0.25"), shortable=False
)
WHOLE = Instrument("W", lot=Decimal(100), fractionable=False)
PRICES = st.floats(0.01, 1e6)
QUANTITIES = st.floats(0, 1e9)


@given(st.sampled_from([STOCK, COIN]), PRICES, st.booleans())
def test_a_limit_is_on_the_tick_and_never_worse_than_asked(
    instrument: Instrument, asked: float, buy: bool
) -> None:
    try:
        limit = instrument.limit(asked, buy=buy)
    except BadNumber:
        assert buy
        assert Fraction(repr(asked)) < Fraction(instrument.tick_at(Decimal(repr(asked))))
        return
    exact = Fraction(repr(asked))
    assert Fraction(limit) <= exact if buy else Fraction(limit) >= exact
    tick = Fraction(instrument.tick_at(Decimal(repr(asked))))
    assert abs(Fraction(limit) - exact) < tick
    assert Fraction(limit) / tick == int(Fraction(limit) / tick)


@given(st.sampled_from([STOCK, COIN, WHOLE]), QUANTITIES)
def test_a_quantity_is_never_more_than_asked_and_short_of_it_by_less_than_a_step(
    instrument: Instrument, asked: float
) -> None:
    qty = Fraction(instrument.qty(asked))
    step = Fraction(instrument.fraction if instrument.fractionable else instrument.lot)
    assert 0 <= qty <= Fraction(repr(asked)) < qty + step
    assert qty / step == int(qty / step)


@given(PRICES)
def test_a_trigger_is_the_nearest_tick(asked: float) -> None:
    price = Fraction(STOCK.price(asked))
    tick = Fraction(STOCK.tick_at(Decimal(repr(asked))))
    assert abs(price - Fraction(repr(asked))) <= tick / 2


@pytest.mark.parametrize(
    ("asked", "buy", "limit"),
    [
        (10.005, True, "10.00"),
        (10.005, False, "10.01"),
        (10.0, True, "10.00"),
        (0.1 + 0.2, True, "0.3000"),
        (0.12345, True, "0.1234"),
        (0.12345, False, "0.1235"),
        (0.99999, False, "1.0000"),
        (1.0001, True, "1.00"),
        (np.float64(10.019), True, "10.01"),
        (np.float32(0.5), True, "0.5000"),
        ("10.019", True, "10.01"),
        (10, True, "10.00"),
    ],
)
def test_limits_by_example(asked: Any, buy: bool, limit: str) -> None:
    assert str(STOCK.limit(asked, buy=buy)) == limit


@pytest.mark.parametrize(
    ("instrument", "asked", "qty"),
    [
        (STOCK, 2.5, "2.5"),
        (STOCK, 100, "100"),
        (STOCK, 1e-10, "0"),
        (STOCK, np.int64(7), "7"),
        (WHOLE, 250, "200"),
        (WHOLE, 99.9, "0"),
        (COIN, 0.12345, "0.1234"),
    ],
)
def test_quantities_by_example(instrument: Instrument, asked: Any, qty: str) -> None:
    assert str(instrument.qty(asked)) == qty


@pytest.mark.parametrize(
    "number",
    [float("nan"), float("inf"), float("-inf"), "ten", "", None, 1e15, -1e300, Decimal("sNaN")],
)
def test_what_is_no_number_is_refused_everywhere(number: Any) -> None:
    for refuse in (STOCK.price, STOCK.qty, exact_number):
        with pytest.raises(BadNumber):
            refuse(number)


@pytest.mark.parametrize("price", [0, -0.01, 0.00001])
def test_a_price_must_be_at_least_a_tick(price: float) -> None:
    with pytest.raises(BadNumber):
        STOCK.price(price)


def test_a_quantity_must_not_be_negative() -> None:
    with pytest.raises(BadNumber):
        STOCK.qty(-1)


@pytest.mark.parametrize(
    ("told", "pair"),
    [
        ("BTCUSD", "BTC/USD"),
        ("BTC/USD", "BTC/USD"),
        ("USDTUSD", "USDT/USD"),
        ("ETHBTC", "ETH/BTC"),
        ("SOLUSDT", "SOL/USDT"),
        ("USD", "USD"),
        ("AAPL", "AAPL"),
    ],
)
def test_a_pair_gets_its_slash_back(told: str, pair: str) -> None:
    assert pair_symbol(told) == pair
