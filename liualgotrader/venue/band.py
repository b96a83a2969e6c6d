"""One symbol's price bands on one day, made of its prints and quotes: reference, limit state, pause."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec

from liualgotrader.venue.luld import bands, has_bands, is_doubled, next_change, width
from liualgotrader.venue.luld_tables import (
    CLOSE_AS_REFERENCE_SINCE,
    LIMIT_STATE,
    LIVES,
    MEAN_OF,
    OPENING_WAIT,
    PAUSE,
)
from liualgotrader.venue.market import exact
from liualgotrader.venue.sessions import FAR, Session

# Prices are summed as whole ten-thousandths of a dollar, so that a mean does not drift.
_UNITS = 10_000


class NoticeKind(StrEnum):
    """What is told of a symbol's bands."""

    BANDS = "bands"
    PAUSED = "paused"
    RESUMED = "resumed"


class Notice(msgspec.Struct, frozen=True):
    """New bands, or a pause that begins or ends, at `ts`, ns UTC."""

    kind: NoticeKind
    symbol: str
    ts: int
    lower: Decimal
    upper: Decimal


class Terms(msgspec.Struct, frozen=True):
    """What of a symbol decides its bands for a day."""

    session: Session
    last_close: Decimal | None
    tier: int
    leverage: int


class Band:
    """One symbol on one day: its reference and bands, and whether it is in a limit state or paused.

    `lower` and `upper` are None while there are no bands; `ceiling` and `floor` the same as floats.
    """

    __slots__ = (
        "_prices",
        "_ratio",
        "_since",
        "_sum",
        "_terms",
        "_widens",
        "ceiling",
        "first_quote",
        "floor",
        "limit_since",
        "lower",
        "paused_until",
        "reference",
        "symbol",
        "tell",
        "upper",
    )

    def __init__(self, symbol: str, terms: Terms, tell: Callable[[Notice], None]) -> None:
        self.symbol = symbol
        self.tell = tell
        self._terms = terms
        self._prices: deque[tuple[int, int]] = deque()
        self._sum = 0
        self._ratio = (0, 1)
        self._since = 0
        self._widens = FAR
        self.reference: Decimal | None = None
        self.lower: Decimal | None = None
        self.upper: Decimal | None = None
        self.floor, self.ceiling = 0.0, float("inf")
        self.first_quote: Decimal | None = None
        self.limit_since: int | None = None
        self.paused_until: int | None = None

    # -- what is shown -----------------------------------------------------------------------------

    def print(self, price: float, ts: int) -> None:
        """See a print of regular hours. The first one, and the first after a pause, is a reference.

        One outside the bands counts for the mean as well: it did trade, so the real bands are others.
        """
        self._pass(ts)
        units = round(price * _UNITS)
        resumes = self.paused_until is not None and ts >= self.paused_until
        if resumes:
            self._prices.clear()
            self._sum = 0
        self._prices.append((ts, units))
        self._sum += units
        if resumes or (self.reference is None and ts < self._terms.session.open + OPENING_WAIT):
            self.paused_until = None
            self._refer(Decimal(units) / _UNITS, ts)
            if resumes:
                self._notify(NoticeKind.RESUMED, ts)
        elif self.paused_until is None:
            self._follow_mean(ts)

    def quote(self, bid: float, ask: float, ts: int) -> None:
        """See a quote of regular hours: one that stands on a band is a limit state."""
        self._pass(ts)
        if self.reference is None:
            self._open_on_quote(bid, ask, ts)
        if self.paused_until is not None:
            self._resume_on_quote(ts)
            return
        on_band = bid >= self.ceiling or 0 < ask <= self.floor
        if not on_band or bid > ask > 0:
            self.limit_since = None
        elif self.limit_since is None:
            self.limit_since = ts

    def roll(self, ts: int) -> None:
        """Live through what the clock alone does up to `ts`."""
        self._pass(ts)
        if self.reference is not None and self.paused_until is None:
            self._follow_mean(ts)

    def _pass(self, ts: int) -> None:
        """Let bands widen or narrow, and a limit state become a pause, when their time has come."""
        if self._widens <= ts:
            self._set_bands(ts)
        if self.limit_since is not None and ts >= self.limit_since + LIMIT_STATE:
            began = self.limit_since + LIMIT_STATE
            self.limit_since = None
            self.paused_until = began + PAUSE
            self._notify(NoticeKind.PAUSED, began)

    @property
    def due(self) -> int:
        """When the clock alone does something; FAR for never."""
        return FAR if self.limit_since is None else self.limit_since + LIMIT_STATE

    def allows(self, price: Decimal, ts: int) -> bool:
        """Whether something may trade at a price: not in a pause, nor outside the bands."""
        self.roll(ts)
        if self.paused_until is not None:
            return False
        return self.lower is None or self.upper is None or self.lower <= price <= self.upper

    # -- the reference -----------------------------------------------------------------------------

    def _follow_mean(self, ts: int) -> None:
        """Take the mean of five minutes for the reference when it has moved by a hundredth."""
        prices = self._prices
        while prices and prices[0][0] <= ts - MEAN_OF:
            self._sum -= prices.popleft()[1]
        if not prices or ts < self._since + LIVES:
            return
        # In whole numbers, for every print comes by: |sum/n - a/b| is a hundredth of a/b or more.
        count, (a, b) = len(prices), self._ratio
        if not a or abs(self._sum * b - a * count) * 100 >= a * count:
            self._refer(Decimal(self._sum) / (count * _UNITS), ts, (self._sum, count))

    def _open_on_quote(self, bid: float, ask: float, ts: int) -> None:
        """Open on a quote when no trade has opened the stock within five minutes."""
        terms = self._terms
        if self.first_quote is None and bid > 0 and ask > 0:
            self.first_quote = (exact(bid) + exact(ask)) / 2
        if ts < terms.session.open + OPENING_WAIT or self._prices:
            return
        by_close = terms.session.date >= CLOSE_AS_REFERENCE_SINCE
        opening = terms.last_close if by_close else self.first_quote
        if opening is not None:
            self._refer(opening, ts)

    def _resume_on_quote(self, ts: int) -> None:
        """End a pause of a symbol of which nothing is printed; others wait for the print."""
        if self.paused_until is not None and ts >= self.paused_until and not self._prices:
            self.paused_until = None
            self._notify(NoticeKind.RESUMED, ts)

    def _refer(self, reference: Decimal, ts: int, ratio: tuple[int, int] | None = None) -> None:
        self.reference = reference
        units, count = (reference * _UNITS).as_integer_ratio() if ratio is None else ratio
        self._ratio = units, count
        self._since = ts
        self._set_bands(ts)

    def _set_bands(self, ts: int) -> None:
        terms, reference = self._terms, self.reference
        if reference is None:
            return
        last_close = reference if terms.last_close is None else terms.last_close
        self._widens = next_change(terms.session, ts)
        before = self.lower, self.upper
        if has_bands(terms.session, ts, terms.tier):
            doubled = is_doubled(terms.session, ts, terms.tier, last_close)
            away = width(
                reference, last_close, tier=terms.tier, leverage=terms.leverage, doubled=doubled
            )
            self.lower, self.upper = bands(reference, away)
            self.floor, self.ceiling = float(self.lower), float(self.upper)
        else:
            self.lower = self.upper = None
            self.floor, self.ceiling = 0.0, float("inf")
        if before != (self.lower, self.upper):
            self._notify(NoticeKind.BANDS, ts)

    def _notify(self, kind: NoticeKind, ts: int) -> None:
        if self.lower is not None and self.upper is not None:
            self.tell(Notice(kind, self.symbol, ts, self.lower, self.upper))
