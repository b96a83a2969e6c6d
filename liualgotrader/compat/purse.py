"""The cash that an old class may ask for: its portfolio's, or the account's where it has none.

0.4 left the booking to the strategy, in its callbacks; here it is done before those are called. So that a
callback can go through its motions, the fills that it is told of count as not booked until it books them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from liualgotrader.common.portfolio_note import PORTFOLIO_KEY, PortfolioNote, read_note
from liualgotrader.strategies.base import Context

ZERO = Decimal(0)


class Purse:
    """Answers for one strategy; dollars."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        text = ctx.load(PORTFOLIO_KEY)
        self._note: PortfolioNote | None = read_note(text) if text is not None else None
        self._flow = ZERO
        self._coming = ZERO
        self._untold = ZERO

    @property
    def size(self) -> Decimal:
        """What the portfolio began with; the plan's portfolio_value where there is none."""
        return self._ctx.portfolio_value if self._note is None else self._note.size

    @property
    def credit_line(self) -> Decimal:
        """How far cash may go below zero."""
        return ZERO if self._note is None else self._note.credit_line

    @property
    def balance(self) -> Decimal:
        """The cash, less what is told of just now until it is booked."""
        if self._note is None:
            booked = self._ctx.cash + self._coming
        else:
            booked = self._note.balance + self._flow
        return booked - self._untold

    def flow(self, amount: Decimal) -> None:
        """Hear of a fill that brought an amount; the account's own figure follows it."""
        self._flow += amount
        self._coming = amount

    def settled(self) -> None:
        """Hear that the account's figure has the last fill in it from now on."""
        self._coming = ZERO

    @contextmanager
    def telling(self, amount: Decimal) -> Iterator[None]:
        """Let an order that brought an amount count as not booked, while the strategy is told of it."""
        self._untold = amount
        try:
            yield
        finally:
            self._untold = ZERO

    def book(self, amount: Decimal) -> None:
        """Take note that the strategy has booked an amount of what it is told of."""
        if self._untold and (amount > 0) == (self._untold > 0):
            self._untold -= min(abs(amount), abs(self._untold)).copy_sign(amount)
