"""What the account is worth, day after day."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from liualgotrader.venue.account import Account

# Charges taken one by one and all at once differ in the last digits of a float.
_NOISE = 1e-6


class CurveRows:
    """One row a session: when, and dollars of cash, long, short (<= 0) and fees so far."""

    def __init__(self) -> None:
        self.ts: list[int] = []
        self.cash: list[float] = []
        self.long: list[float] = []
        self.short: list[float] = []
        self.fees: list[float] = []
        self._charged = 0

    def mark(self, ts: int, account: Account, fees: Decimal) -> None:
        """Add a row as the account stands. `fees` are those of executions; what was charged is added."""
        values = [account.rough_value(each) for each in account.positions.values()]
        charged = sum((charge.amount for charge in account.charges), Decimal(0))
        self.ts.append(ts)
        self.cash.append(float(account.cash))
        self.long.append(sum(value for value in values if value > 0))
        self.short.append(sum(value for value in values if value < 0))
        self.fees.append(float(fees + charged))

    def charge(self, account: Account) -> None:
        """Take from the last row what the broker charged for its day once it was over."""
        charged = sum((charge.amount for charge in account.charges[self._charged :]), Decimal(0))
        self._charged = len(account.charges)
        if charged:
            self.cash[-1] -= float(charged)
            self.fees[-1] += float(charged)

    def end(self, ts: int, account: Account, fees: Decimal) -> None:
        """Add a row for what happened after the last close, if anything did."""
        last = self.cash[-1], self.long[-1], self.short[-1]
        self.mark(ts, account, fees)
        if all(abs(new - old) < _NOISE for new, old in zip(self._row(-1), last, strict=True)):
            for column in (self.ts, self.cash, self.long, self.short, self.fees):
                column.pop()

    def _row(self, index: int) -> tuple[float, float, float]:
        return self.cash[index], self.long[index], self.short[index]

    @property
    def equity(self) -> float:
        """Return what the account was worth at the last row, dollars."""
        return sum(self._row(-1))

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """Return cash, long, short, fees and equity as arrays of one length."""
        cash, long, short = (np.array(column) for column in (self.cash, self.long, self.short))
        return {
            "cash": cash,
            "long": long,
            "short": short,
            "fees": np.array(self.fees),
            "equity": cash + long + short,
        }
