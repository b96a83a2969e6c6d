"""What can be traded, and the one place where a float becomes an exact price or quantity."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Decimal,
    InvalidOperation,
)
from enum import StrEnum

import msgspec

from liualgotrader.common.errors import LiuError

Number = int | float | Decimal | str
_TOO_LARGE = Decimal(10) ** 15  # so that steps of 1e-9 still fit into the 28 digits of a Decimal
_TOO_LARGE_INT = 10**15
_ONE, _CENT, _SUB_CENT = Decimal(1), Decimal("0.01"), Decimal("0.0001")


_BILLIONTH = Decimal("0.000000001")


class BadNumber(LiuError, ValueError):
    """A price or quantity that no venue could take."""


class AssetClass(StrEnum):
    """What kind of thing it is; decides the calendar and the rules."""

    US_EQUITY = "us_equity"
    CRYPTO = "crypto"


class Instrument(msgspec.Struct, frozen=True, array_like=True):
    """A symbol with what its venue allows.

    `lot` is the smallest step of quantity for whole orders, `fraction` the smallest when fractions
    are allowed.
    """

    symbol: str
    asset_class: AssetClass = AssetClass.US_EQUITY
    lot: Decimal = Decimal(1)
    fraction: Decimal = Decimal("0.000000001")
    tick: Decimal | None = None
    fractionable: bool = True
    shortable: bool = True
    easy_to_borrow: bool = True
    marginable: bool = True
    name: str = ""

    def tick_at(self, price: Decimal) -> Decimal:
        """Return the price step at `price`.

        US equities: a cent from one dollar up, else 0.0001 (Rule 612).
        """
        if self.tick is not None:
            return self.tick
        return _CENT if price >= _ONE else _SUB_CENT

    def price(self, value: Number, *, rounding: str = ROUND_HALF_EVEN) -> Decimal:
        """Turn a price into an exact one on the tick.

        Raises BadNumber unless positive and finite.
        """
        exact = exact_number(value)
        if exact <= 0:
            raise BadNumber(f"{self.symbol}: a price must be positive, was {value!r}")
        tick = self.tick_at(exact)
        rounded = exact.quantize(tick, rounding=rounding)
        if self.tick is not None and rounded % tick:
            # A tick of 0.05, say: its places are not all there is to it.
            rounded = (exact / tick).to_integral_value(rounding=rounding) * tick
        if rounded <= 0:
            raise BadNumber(f"{self.symbol}: {value!r} is less than one tick ({tick})")
        return rounded

    def limit(self, value: Number, *, buy: bool) -> Decimal:
        """Turn a limit into one on the tick that is never worse than asked: buys down, sells up."""
        return self.price(value, rounding=ROUND_FLOOR if buy else ROUND_CEILING)

    def qty(self, value: Number) -> Decimal:
        """Turn a quantity into an exact one, rounded down to what can be traded.

        0 when too small.
        """
        if type(value) is int and 0 <= value < _TOO_LARGE_INT and self.lot == _ONE:
            return Decimal(value)
        exact = exact_number(value)
        if exact < 0:
            raise BadNumber(f"{self.symbol}: a quantity must not be negative, was {value!r}")
        if exact % self.lot:
            step = self.fraction if self.fractionable else self.lot
            exact = (exact / step).to_integral_value(rounding=ROUND_DOWN) * step
        return exact.normalize() + 0


def coin(symbol: str, decimals: int, *, name: str = "") -> Instrument:
    """Return a crypto pair whose prices have `decimals` places: paid in full, never short, billionths traded."""
    return Instrument(
        symbol,
        AssetClass.CRYPTO,
        lot=_BILLIONTH,
        fraction=_BILLIONTH,
        tick=Decimal(1).scaleb(-decimals),
        shortable=False,
        easy_to_borrow=False,
        marginable=False,
        name=name,
    )


_QUOTED = ("USDT", "USDC", "USD", "BTC")


def pair_symbol(symbol: str) -> str:
    """Return a pair with its slash: Alpaca's positions say BTCUSD, everything else of it BTC/USD."""
    if "/" in symbol:
        return symbol
    quoted = next((each for each in _QUOTED if symbol.endswith(each) and symbol != each), None)
    return symbol if quoted is None else f"{symbol.removesuffix(quoted)}/{quoted}"


def exact_number(value: Number) -> Decimal:
    """Return a number as a finite Decimal; numpy's numbers are taken as well.

    A float becomes the shortest decimal that reads back as it. Raises BadNumber on anything that is
    no finite number, or too large to be worked with exactly.
    """
    if type(value) is float and -_TOO_LARGE_INT < value < _TOO_LARGE_INT:
        return Decimal(repr(value))
    try:
        if isinstance(value, (int, Decimal, str)):
            exact = Decimal(value)
        else:
            exact = Decimal(repr(float(value)))
    except (InvalidOperation, TypeError, ValueError) as exc:
        raise BadNumber(f"not a number: {value!r}") from exc
    if not exact.is_finite() or abs(exact) >= _TOO_LARGE:
        raise BadNumber(f"not a finite number below {_TOO_LARGE}: {value!r}")
    return exact
