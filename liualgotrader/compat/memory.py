"""`trading_data` kept true: positions and orders shown before each call, what a strategy wrote kept for a restart."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from liualgotrader.compat.numbers import plain
from liualgotrader.compat.trading_data import REMEMBERED
from liualgotrader.strategies.base import Context

KEY = "compat.trading_data"
_PRICES = ("latest_cost_basis", "latest_scalp_basis", "stop_prices", "target_prices")


class Memory:
    """One strategy's `trading_data`."""

    def __init__(self, data: ModuleType, ctx: Context) -> None:
        self._data: dict[str, dict[str, Any]] = vars(data)
        self._ctx = ctx
        self._kept = ctx.load(KEY) or "{}"

    def restore(self) -> None:
        """Take up what an earlier life wrote of what is held now."""
        held = self._ctx.positions()
        for name, values in json.loads(self._kept).items():
            self._data[name].update({s: _read(v) for s, v in values.items() if s in held})
        for symbol in held:
            price = self._ctx.entry_price(symbol)
            if price is not None:
                self._data["latest_cost_basis"].setdefault(symbol, float(price))
        self.show()

    def show(self) -> None:
        """Let `positions` be what the strategy holds: 0 of each of its symbols without a position."""
        shown = self._data["positions"]
        held = self._ctx.positions()
        for symbol in (*shown, *self._ctx.symbols):
            shown[symbol] = 0
        shown.update({symbol: plain(qty) for symbol, qty in held.items()})

    def show_one(self, symbol: str) -> None:
        """Do so for one symbol."""
        self._data["positions"][symbol] = plain(self._ctx.position(symbol))

    def keep(self) -> None:
        """Keep what the strategy wrote of what it holds or is about to."""
        held = {**self._data["open_orders"], **self._ctx.positions()}
        found = {
            name: {
                symbol: _text(self._data[name][symbol])
                for symbol in self._data[name]
                if symbol in held
            }
            for name in REMEMBERED
            if self._data[name]
        }
        text = json.dumps(
            {name: values for name, values in found.items() if values}, sort_keys=True
        )
        if text != self._kept:
            self._kept = text
            self._ctx.save(KEY, text)

    def split(self, symbol: str, ratio: Decimal) -> None:
        """Restate prices in new shares."""
        for name in _PRICES:
            value = self._data[name].get(symbol)
            if isinstance(value, int | float | np.number):
                self._data[name][symbol] = float(value) / float(ratio)


def _text(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return {"time": value.isoformat()}
    if isinstance(value, int | float | str | bool) or value is None:
        return value
    if isinstance(value, np.number | Decimal):
        return float(value)
    return {"lost": str(value)}


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return pd.Timestamp(value["time"]) if "time" in value else value.get("lost")
    return value
