"""`liualgotrader.common.assets`: how fine a coin's quantity is, by what the venue says of it."""

from __future__ import annotations

from liualgotrader.common.instruments import Instrument, pair_symbol
from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.world import current


def round_asset(symbol: str, value: float) -> float:
    """Return a quantity rounded down to what can be traded."""
    return float(_instrument(symbol).qty(value))


def get_asset_min_qty(symbol: str) -> float:
    """Return the smallest step of a quantity."""
    instrument = _instrument(symbol)
    return float(min(instrument.lot, instrument.fraction))


def get_asset_precision(symbol: str) -> int:
    """Return how many places that step has."""
    instrument = _instrument(symbol)
    exponent = min(instrument.lot, instrument.fraction).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def _instrument(symbol: str) -> Instrument:
    ctx = current().context("assets")
    for name in (symbol, symbol.upper(), pair_symbol(symbol.upper())):
        if name in ctx.symbols:
            return ctx.instrument(name)
    raise unanswerable(
        f"the precision of {symbol}", "it is known of the symbols that the strategy was given"
    )
