"""The price bands of all symbols as a tape of prints and quotes makes them, limit states and pauses.

Bars do not suffice: a minute tells neither the mean of its trades nor whether a quote stood on a band
for fifteen seconds. Where they are all there is, there are no bands, and none are needed: what was
paused has no bars, and no price of a bar was outside the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from liualgotrader.common.events import Quote, Trade
from liualgotrader.venue.band import Band, Notice, Terms
from liualgotrader.venue.market import exact
from liualgotrader.venue.sessions import FAR, SessionTimes
from liualgotrader.venue.short_sale import Past


class PriceBands:
    """The bands of all symbols. `listener` hears of what changes; nobody until one is set."""

    def __init__(
        self, sessions: SessionTimes, *, tier_1: frozenset[str], leverage: Mapping[str, int]
    ) -> None:
        self._sessions = sessions
        self._tier_1 = tier_1
        self._leverage = leverage
        self._past: Past | None = None
        self._bands: dict[str, Band] = {}
        self._limits: dict[str, Band] = {}
        self._open = self._close = 0
        self.listener: Callable[[Notice], None] | None = None

    def remember(self, past: Past) -> None:
        """Learn where to ask for last closes; without one a symbol's first reference stands for it."""
        self._past = past

    def trade(self, trade: Trade, ts: int) -> None:
        """See a print."""
        band = self._at(trade.symbol, ts)
        if band is not None:
            band.print(trade.price, ts)
            if self._limits:
                self._watch(band)

    def quote(self, quote: Quote, ts: int) -> None:
        """See a quote."""
        band = self._at(quote.symbol, ts)
        if band is not None:
            band.quote(quote.bid, quote.ask, ts)
            if self._limits or band.limit_since is not None:
                self._watch(band)

    def allows(self, symbol: str, price: Decimal, ts: int) -> bool:
        """Whether a symbol may trade at a price now."""
        band = self._bands.get(symbol)
        if band is None or not self._open <= ts < self._close:
            return True
        return band.allows(price, ts)

    @property
    def due(self) -> int:
        """When a limit state becomes a pause, ns UTC; FAR for never."""
        if not self._limits:
            return FAR
        return min((band.due for band in self._limits.values()), default=FAR)

    def roll(self, ts: int) -> None:
        """Let limit states that are old enough become pauses."""
        if not self._limits:
            return
        for band in [band for band in self._limits.values() if band.due <= ts]:
            band.roll(ts)
            self._watch(band)

    def _watch(self, band: Band) -> None:
        if band.limit_since is not None:
            self._limits[band.symbol] = band
        else:
            self._limits.pop(band.symbol, None)

    def _at(self, symbol: str, ts: int) -> Band | None:
        """Return a symbol's day, begun by its first event; None outside regular hours."""
        if not self._open <= ts < self._close:
            session = self._sessions.current(ts)
            if not session.open <= ts < session.close:
                return None
            self._open, self._close = session.open, session.close
            self._bands.clear()
            self._limits.clear()
        band = self._bands.get(symbol)
        if band is None:
            band = self._bands[symbol] = Band(symbol, self._terms(symbol, ts), self._tell)
        return band

    def _terms(self, symbol: str, ts: int) -> Terms:
        session = self._sessions.current(ts)
        days = self._past.days(symbol, session.open) if self._past is not None else ()
        last_close = exact(days[-1].close) if days else None
        tier = 1 if symbol in self._tier_1 else 2
        return Terms(session, last_close, tier, self._leverage.get(symbol, 1))

    def _tell(self, notice: Notice) -> None:
        if self.listener is not None:
            self.listener(notice)
