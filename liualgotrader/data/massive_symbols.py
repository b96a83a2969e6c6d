"""Symbols as Massive writes them: shares as everybody; BTC/USD is X:BTCUSD over REST, BTC-USD in the stream."""

from __future__ import annotations


def ticker_of(symbol: str) -> str:
    """Return a symbol's ticker, as the REST API has it."""
    return f"X:{symbol.replace('/', '')}" if "/" in symbol else symbol


def pair_of(symbol: str) -> str:
    """Return a symbol as the streams have it."""
    return symbol.replace("/", "-") if "/" in symbol else symbol


def symbol_of_pair(pair: str) -> str:
    """Return the symbol of a pair of the crypto stream."""
    return pair.replace("-", "/")
