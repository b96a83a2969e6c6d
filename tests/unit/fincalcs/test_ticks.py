"""Which floats count for decimals, and for which."""

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.fincalcs.ticks import TICKS, ticks


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10.05, 10_050_000_000),
        (-0.0001, -100_000),
        (0.000000001, 1),
        (0.0, 0),
        (-0.0, 0),
        (2_097_151.999999999, 2_097_151_999_999_999),
        (2_097_152.000000001, 2_097_152_000_000_001),
        (8_999_999_999.99, 8_999_999_999_990_000_000),
        (1e17, 10**26),
    ],
)
def test_a_price_is_its_number_of_ticks(value: float, expected: int) -> None:
    assert ticks(value) == expected


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, 1 / 3, 1e-10, 5e-324, 2_097_152.1 + 1e-9 / 3, math.pi * 1e5, math.nan,
              math.inf, -math.inf],
)  # fmt: skip
def test_what_has_more_places_is_none(value: float) -> None:
    assert ticks(value) is None


@settings(deadline=None)
@given(
    st.one_of(
        st.floats(),
        st.tuples(st.integers(-(10**16), 10**16), st.integers(0, 11)).map(
            lambda pair: float(Decimal(pair[0]).scaleb(-pair[1]))
        ),
        st.floats(2.0**20, 2.0**22),
    )
)
def test_ticks_are_those_of_the_decimal_that_is_shown(value: float) -> None:
    """The quick way below 2**21 finds what `repr` says."""
    shown = Decimal(repr(value))
    if not shown.is_finite():
        assert ticks(value) is None
        return
    # A float without places is the whole number that it is, beyond what repr shows of it.
    numerator, denominator = (Decimal(value) if value.is_integer() else shown).as_integer_ratio()
    whole, rest = divmod(numerator * TICKS, denominator)
    assert ticks(value) == (None if rest else whole)
