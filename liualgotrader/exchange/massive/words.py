"""How Massive names and writes things: tickers, times, sizes, exchanges."""

from __future__ import annotations

from liualgotrader.common.instruments import AssetClass

MILLISECOND = 1_000_000
DAY_NS = 86_400_000_000_000

# Of the lists under /v3/reference/exchanges and /v3/reference/conditions.
IEX, NASDAQ_TAPE, COINBASE = 15, 3, 1
REGULAR = 0
SELL_SIDE = 2


def ticker(symbol: str, asset_class: AssetClass) -> str:
    """Return a symbol as REST names it: `AAPL`, and `X:BTCUSD` for BTC/USD."""
    return f"X:{symbol.replace('/', '')}" if asset_class is AssetClass.CRYPTO else symbol


def pair(symbol: str) -> str:
    """Return a symbol of the crypto stream: `BTC-USD` for BTC/USD."""
    return symbol.replace("/", "-")


def symbol_of(pair: str) -> str:
    """Return the symbol that the crypto stream calls so."""
    return pair.replace("-", "/")


def ms(ns: int) -> int:
    """Return a time as the vendor writes most: Unix ms, the rest cut off."""
    return ns // MILLISECOND


def sequence(ns: int) -> int:
    """Return a sequence number: growing within a day, as the vendor promises, and with gaps."""
    return ns % DAY_NS


def decimal(value: float) -> str:
    """Return a size that may be a fraction as the vendor's text: `100`, `0.25`."""
    whole = int(value)
    return str(whole) if whole == value else repr(value)
