"""The rows of Massive's REST answers. Bars' times are Unix ms; trades' and quotes' are ns."""

from __future__ import annotations

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import AssetClass
from liualgotrader.exchange.encode import number
from liualgotrader.exchange.massive.words import (
    COINBASE,
    IEX,
    NASDAQ_TAPE,
    REGULAR,
    SELL_SIDE,
    decimal,
    ms,
    sequence,
)
from liualgotrader.exchange.shapes import Json


def bar_row(bar: Bar) -> Json:
    """Return a bar as aggregates have it."""
    return {**bar_values(bar), "t": ms(bar.start), "n": bar.count or 0}


def bar_values(bar: Bar) -> Json:
    """Return a bar without its time, as snapshots have days."""
    return {
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": number(bar.volume),
        "vw": bar.vwap if bar.vwap is not None else bar.close,
    }


def trade_row(trade: Trade, number_of: int, asset_class: AssetClass) -> Json:
    """Return a print of the history."""
    ns = trade.ts_event
    row: Json = {
        "id": str(number_of),
        "price": trade.price,
        "size": number(trade.size),
        "participant_timestamp": ns,
    }
    if asset_class is AssetClass.CRYPTO:
        return {**row, "exchange": COINBASE, "conditions": [SELL_SIDE]}
    return {
        **row,
        "decimal_size": decimal(trade.size),
        "exchange": IEX,
        "conditions": [REGULAR],
        "sip_timestamp": ns,
        "sequence_number": sequence(ns),
        "tape": NASDAQ_TAPE,
    }


def quote_row(quote: Quote) -> Json:
    """Return a quote of the history; only stocks have one."""
    ns = quote.ts_event
    return {
        "ask_exchange": IEX,
        "ask_price": quote.ask,
        "ask_size": number(quote.ask_size),
        "bid_exchange": IEX,
        "bid_price": quote.bid,
        "bid_size": number(quote.bid_size),
        "participant_timestamp": ns,
        "sip_timestamp": ns,
        "sequence_number": sequence(ns),
        "tape": NASDAQ_TAPE,
    }


def last_trade(trade: Trade, number_of: int) -> Json:
    """Return the newest print, in the short names of snapshots and of the last trade."""
    ns = trade.ts_event
    return {
        "c": [REGULAR],
        "i": str(number_of),
        "p": trade.price,
        "s": number(trade.size),
        "ds": decimal(trade.size),
        "t": ns,
        "x": IEX,
    }


def last_quote(quote: Quote) -> Json:
    """Return the newest quote: capitals are the ask."""
    return {
        "P": quote.ask,
        "S": number(quote.ask_size),
        "p": quote.bid,
        "s": number(quote.bid_size),
        "t": quote.ts_event,
    }
