"""What the account is worth, day after day."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from liualgotrader.venue.account import Account


class CurveRows:
    """One row a session: when, and dollars of cash, long, short (<= 0) and fees so far."""

    def __init__(self) -> None:
        self.ts: list[int] = []
        self.cash: list[float] = []
        self.long: list[float] = []
        self.short: list[float] = []
        self.fees: list[float] = []

    def mark(self, ts: int, account: Account, fees: Decimal) -> None:
        """Add a row as the account stands. `fees` are those of executions; the day's are added."""
        values = [float(account.market_value(each)) for each in account.positions.values()]
        charged = sum((charge.amount for charge in account.charges), Decimal(0))
        self.ts.append(ts)
        self.cash.append(float(account.cash))
        self.long.append(sum(value for value in values if value > 0))
        self.short.append(sum(value for value in values if value < 0))
        self.fees.append(float(fees + charged))

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
