"""What became of the tape's shares by its day: splits and dividends, and bars made comparable with today's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from liualgotrader.common.corporate_actions import split_bar
from liualgotrader.common.events import Bar
from liualgotrader.data.lake.actions import Action, ActionKind
from liualgotrader.data.lake.bundled import bundled_actions
from liualgotrader.exchange.days import midnight
from liualgotrader.exchange.history import History
from liualgotrader.exchange.tape import Tape


class PastActions:
    """The splits and dividends whose ex-date is the tape's day or an earlier one.

    A tape may bring its own (`actions`); of others what comes with the package is known
    (`data/lake/bundled_actions.csv`).
    """

    def __init__(self, tape: Tape, history: History) -> None:
        self._tape = tape
        self._history = history

    @cached_property
    def begun(self) -> list[Action]:
        """All of them, oldest first."""
        own: Sequence[Action] | None = getattr(self._tape, "actions", None)
        return sorted(
            action
            for action in (bundled_actions() if own is None else own)
            if action.kind in (ActionKind.SPLIT, ActionKind.DIVIDEND)
            and action.symbol in self._tape.instruments
            and action.ex_date <= self._tape.date
        )

    def days(self, symbol: str, *, adjusted: bool) -> list[Bar]:
        """Return the days before today's, oldest first: as traded, or divided by the splits since."""
        bars = self._history.previous_days(symbol)
        for action in self.begun if adjusted else ():
            if action.symbol == symbol and action.kind is ActionKind.SPLIT and action.value:
                begins, ratio = midnight(action.ex_date), float(action.value)
                bars = [split_bar(bar, begins, ratio) for bar in bars]
        return bars

    def days_with_today(self, symbol: str, *, adjusted: bool) -> list[Bar]:
        """Return the days with today's so far, as vendors' daily bars have it."""
        today = self._history.today(symbol)
        days = self.days(symbol, adjusted=adjusted)
        return days if today is None else [*days, today]
