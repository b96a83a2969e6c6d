"""What an old class can read of its trades: its own, since this life began, behind what it held then."""

from __future__ import annotations

from typing import Any

import pandas as pd

from liualgotrader.compat.frames import OldFrame
from liualgotrader.compat.numbers import plain
from liualgotrader.compat.placed import Placed

COLUMNS = (
    "symbol",
    "operation",
    "qty",
    "price",
    "tstamp",
    "client_time",
    "indicators",
    "stop_price",
    "target_price",
    "trade_fee",
    "algo_name",
    "batch_id",
)


class TradeRows:
    """Rows as 0.4's queries gave them, one for each position at the start and each order that was filled."""

    def __init__(self, name: str, batch_id: str) -> None:
        self._name = name
        self._batch_id = batch_id
        self._rows: list[dict[str, Any]] = []

    def open(self, symbol: str, qty: Any, price: Any, now: pd.Timestamp) -> None:
        """Begin with a position: signed quantity, average price."""
        side = "buy" if qty > 0 else "sell"
        self._add(symbol, side, plain(abs(qty)), float(price), now)

    def add(self, placed: Placed, now: pd.Timestamp) -> None:
        """Add an order that was filled, in part or in full."""
        self._add(
            placed.symbol,
            "buy" if placed.buy else "sell",
            plain(placed.filled),
            float(placed.price),
            now,
            indicators=placed.indicators,
            stop_price=placed.stop,
            target_price=placed.target,
            trade_fee=float(placed.fee),
        )

    def _add(
        self, symbol: str, operation: str, qty: Any, price: float, now: pd.Timestamp, **more: Any
    ) -> None:
        self._rows.append(
            {
                "symbol": symbol,
                "operation": operation,
                "qty": qty,
                "price": price,
                "tstamp": now,
                "client_time": str(now),
                "indicators": {},
                "stop_price": None,
                "target_price": None,
                "trade_fee": 0.0,
                "algo_name": self._name,
                "batch_id": self._batch_id,
                **more,
            }
        )

    def frame(self) -> OldFrame:
        """Return them, oldest first."""
        return OldFrame(self._rows, columns=list(COLUMNS))

    def latest(self, symbol: str) -> dict[str, Any] | None:
        """Return the newest of a symbol."""
        return next((row for row in reversed(self._rows) if row["symbol"] == symbol), None)
