"""A venue for two or three days and short words for what is said to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import AssetClass, Instrument
from liualgotrader.common.orders import (
    OrderClass,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
)
from liualgotrader.venue.account import Account
from liualgotrader.venue.orders import OrderRequest
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session, SessionTimes
from liualgotrader.venue.venue import Events, Venue

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
DAYS = [
    Session(
        date=date(2026, 6, 15 + n),
        pre_open=n * 24 * HOUR + 8 * HOUR,
        open=n * 24 * HOUR + 13 * HOUR + HOUR // 2,
        close=n * 24 * HOUR + 20 * HOUR,
        post_close=n * 24 * HOUR + 24 * HOUR,
    )
    for n in range(3)
]
OPEN, CLOSE = DAYS[0].open, DAYS[0].close
COIN = Instrument("BTC/USD", AssetClass.CRYPTO, lot=Decimal("0.0001"), shortable=False)


def make(
    qty: int = 0,
    days: Sequence[Session] = DAYS,
    account: Account | None = None,
    **rules: Any,
) -> Venue:
    """Return a venue of given rules; so many A are held, and C has no price."""
    ids = count(1)
    account = Account(Decimal(100_000)) if account is None else account
    account.market.marks.update({"A": Decimal(50), "B": Decimal(50)})
    if qty:
        account.hold("A", Decimal(qty), Decimal(50))
    return Venue(
        account=account,
        instruments={symbol: Instrument(symbol) for symbol in "ABC"} | {COIN.symbol: COIN},
        sessions=SessionTimes(days),
        rules=VenueRules(**rules),
        ids=lambda: f"id-{next(ids)}",
    )


def ask_for(side: Side = Side.BUY, qty: str | None = "10", **fields: Any) -> OrderRequest:
    """Ask for an order for A, at the market unless told otherwise."""
    units = None if qty is None else Decimal(qty)
    return OrderRequest(**{"symbol": "A", "side": side, "qty": units, **fields})


def limit_order(limit: str, side: Side = Side.BUY, qty: str = "10", **fields: Any) -> OrderRequest:
    """Ask for a limit order."""
    return ask_for(side, qty, type=OrderType.LIMIT, limit=Decimal(limit), **fields)


def stop_order(trigger: str, side: Side = Side.BUY, qty: str = "10", **fields: Any) -> OrderRequest:
    """Ask for a stop order."""
    return ask_for(side, qty, type=OrderType.STOP, trigger=Decimal(trigger), **fields)


def bracket(target: str, stop: str, side: Side = Side.BUY, **fields: Any) -> OrderRequest:
    """Ask for an entry with both exits."""
    exits = {"take_profit": TakeProfit(Decimal(target)), "stop_loss": StopLoss(Decimal(stop))}
    return ask_for(side, order_class=OrderClass.BRACKET, **{**exits, **fields})


def oco(target: str, stop: str, side: Side = Side.SELL, qty: str = "10") -> OrderRequest:
    """Ask for both exits of what is held."""
    exits = {"take_profit": TakeProfit(Decimal(target)), "stop_loss": StopLoss(Decimal(stop))}
    return ask_for(side, qty, type=OrderType.LIMIT, order_class=OrderClass.OCO, **exits)


def a_bar(at: int, prices: str, volume: float = 1000.0) -> Bar:
    """Return a minute of A: open, high, low and close in one text."""
    o, h, lo, c = (float(p) for p in prices.split())
    return Bar("A", at, o, h, lo, c, volume)


def quote(venue: Venue, ts: int, bid: float, ask: float, size: float = 100.0) -> Events:
    """Show bid and ask of A, as many of each."""
    return venue.on_quote(Quote("A", ts, bid, ask, size, size), ts)


def trade(venue: Venue, ts: int, price: float, size: float = 100.0) -> Events:
    """Show a print of A."""
    return venue.on_trade(Trade("A", ts, price, size), ts)


def fills(venue: Venue) -> list[tuple[Decimal, Decimal]]:
    """Return quantity and price of all fills, oldest first."""
    return [(e.qty, e.price) for e in venue.executions]


def exact(*numbers: str) -> tuple[Decimal, ...]:
    """Return decimals."""
    return tuple(Decimal(number) for number in numbers)
