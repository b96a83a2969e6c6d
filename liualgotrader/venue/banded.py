"""A venue that keeps price bands. A class of its own, so that a venue without them pays nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from liualgotrader.common.events import Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.venue.account import Account
from liualgotrader.venue.price_bands import PriceBands
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import FAR, SessionTimes
from liualgotrader.venue.short_sale import Past
from liualgotrader.venue.venue import Events, Venue


class BandedVenue(Venue):
    """A venue whose symbols have price bands and pauses, made of the prints and quotes it is shown."""

    def __init__(
        self,
        *,
        account: Account,
        instruments: Mapping[str, Instrument],
        sessions: SessionTimes,
        rules: VenueRules,
        ids: Callable[[], str],
    ) -> None:
        super().__init__(
            account=account, instruments=instruments, sessions=sessions, rules=rules, ids=ids
        )
        self.bands = PriceBands(sessions, tier_1=rules.tier_1, leverage=rules.leverage)
        self.books.bands = self.bands

    def remember(self, past: Past) -> None:
        """Learn where to ask what was traded before: bands are as wide as the last close has it."""
        super().remember(past)
        self.bands.remember(past)

    def on_trade(self, trade: Trade, ts: int) -> Events:
        """See a print. What trades with it keeps to the bands as they were, which it then moves."""
        told = super().on_trade(trade, ts)
        if not self.books.is_crypto(trade.symbol):
            self.bands.trade(trade, ts)
        return told

    def on_quote(self, quote: Quote, ts: int) -> Events:
        """See a new best bid and ask, which may stand on a band."""
        told = super().on_quote(quote, ts)
        if not self.books.is_crypto(quote.symbol):
            self.bands.quote(quote, ts)
        return told

    def on_clock(self, ts: int) -> Events:
        """Live through limit states that become pauses, and all else."""
        self.bands.roll(ts)
        return super().on_clock(ts)

    def next_clock(self) -> int | None:
        """Return when something is due, a pause among it."""
        due = min(super().next_clock() or FAR, self.bands.due)
        return due if due < FAR else None
