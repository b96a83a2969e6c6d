"""What the market has shown of each symbol: its newest quote, trade and bar, and what is left."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.orders import Side
from liualgotrader.venue.orders import ZERO


def exact(value: float) -> Decimal:
    """Turn a market price or size into the decimal that was printed."""
    return Decimal(repr(value))


class Market:
    """The newest of everything. The dictionaries are written by whoever feeds the venue.

    `marks` are prices known before the first event (an earlier session's close). `since` is where
    the part of the day began in which one trades: what was shown before it prices nothing.
    """

    __slots__ = ("_closes", "_taken", "bars", "marks", "quotes", "trades")

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}
        self.trades: dict[str, Trade] = {}
        self.bars: dict[str, Bar] = {}
        self.marks: dict[str, Decimal] = {}
        self._closes: dict[str, tuple[Bar, Decimal]] = {}
        self._taken: dict[str, tuple[Quote, dict[Side, Decimal]]] = {}

    def shows(self, symbol: str) -> bool:
        """Whether there was ever a quote or a print of a symbol, so that it can be traded between bars."""
        return symbol in self.quotes or symbol in self.trades

    def is_seen_finely(self, symbol: str, since: int) -> bool:
        """Whether a quote or print of a symbol was seen since then: bars are coarse beside them."""
        if not self.shows(symbol):
            return False
        return self.quote(symbol, since) is not None or self.printed(symbol, since) is not None

    def quote(self, symbol: str, since: int) -> Quote | None:
        """Return the quote on hand, if it is not older than `since`."""
        quote = self.quotes.get(symbol)
        return quote if quote is not None and quote.ts_event >= since else None

    def printed(self, symbol: str, since: int) -> Decimal | None:
        """Return the price of the last print since then."""
        trade = self.trades.get(symbol)
        return exact(trade.price) if trade is not None and trade.ts_event >= since else None

    def last_seen(self, symbol: str, since: int = 0) -> Decimal | None:
        """Return the last print or bar's close, whichever is newer."""
        trade = self.trades.get(symbol)
        bar = self.bars.get(symbol)
        newer = bar is not None and (trade is None or bar.start >= trade.ts_event)
        if bar is not None and newer and bar.start >= since:
            return self._close(symbol, bar)
        return self.printed(symbol, since)

    def _close(self, symbol: str, bar: Bar) -> Decimal:
        """Return a bar's close, worked out once: every order of the account asks for all positions'."""
        known = self._closes.get(symbol)
        if known is None or known[0] is not bar:
            known = self._closes[symbol] = (bar, exact(bar.close))
        return known[1]

    def last(self, symbol: str) -> Decimal | None:
        """Return the last price known, the one from before the first event included."""
        bar = self.bars.get(symbol)
        if bar is not None and symbol not in self.trades:
            return self._close(symbol, bar)
        seen = self.last_seen(symbol)
        return seen if seen is not None else self.marks.get(symbol)

    def far_side(self, symbol: str, side: Side, since: int = 0) -> Decimal | None:
        """Return the ask for a buyer, the bid for a seller; None when that side offers nothing."""
        quote = self.quote(symbol, since)
        if quote is None:
            return None
        price, size = _far(quote, side)
        return exact(price) if price > 0 and size > 0 else None

    def midpoint(self, symbol: str, since: int = 0) -> Decimal | None:
        """Return the middle of the quote, None without both sides."""
        ask = self.far_side(symbol, Side.BUY, since)
        bid = self.far_side(symbol, Side.SELL, since)
        return (ask + bid) / 2 if ask is not None and bid is not None else None

    def spread(self, symbol: str) -> Decimal | None:
        """Return ask less bid, None without both sides."""
        ask = self.far_side(symbol, Side.BUY)
        bid = self.far_side(symbol, Side.SELL)
        return max(ask - bid, ZERO) if ask is not None and bid is not None else None

    def value_mark(self, symbol: str, *, long: bool) -> Decimal | None:
        """Return the price at which a position is valued, the worse side where nothing printed."""
        bar = self.bars.get(symbol)
        if bar is not None and symbol not in self.trades:
            return self._close(symbol, bar)
        seen = self.last_seen(symbol)
        if seen is None:
            seen = self.far_side(symbol, Side.SELL if long else Side.BUY)
        return seen if seen is not None else self.marks.get(symbol)

    def shown(self, symbol: str, side: Side) -> Decimal:
        """Return what is left of the size that the newest quote shows to `side`."""
        quote = self.quotes[symbol]
        return exact(_far(quote, side)[1]) - self._taken_of(quote)[side]

    def take(self, symbol: str, side: Side, qty: Decimal) -> None:
        """Take from what the newest quote shows; it is gone until the next quote."""
        taken = self._taken_of(self.quotes[symbol])
        taken[side] += min(qty, self.shown(symbol, side))

    def _taken_of(self, quote: Quote) -> dict[Side, Decimal]:
        known = self._taken.get(quote.symbol)
        if known is None or known[0] is not quote:
            known = self._taken[quote.symbol] = (quote, {Side.BUY: ZERO, Side.SELL: ZERO})
        return known[1]


def _far(quote: Quote, side: Side) -> tuple[float, float]:
    return (quote.ask, quote.ask_size) if side is Side.BUY else (quote.bid, quote.bid_size)
