"""`liualgotrader.fincalcs.trends`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from liualgotrader.compat.served.data_loader import DataLoader
from liualgotrader.fincalcs import trends as today
from liualgotrader.fincalcs.trends import SeriesTrendType

__all__ = ["SeriesTrendType", "get_series_trend", "volatility"]


def get_series_trend(series: pd.Series[float]) -> tuple[float, SeriesTrendType]:
    """Return slope and trend of a series' last ten values."""
    return today.get_series_trend(series.to_numpy(dtype=float))


def volatility(data_loader: DataLoader, symbol: str, now: Any) -> float:
    """Return the deviation of the last 20 returns within 30 days."""
    closes = data_loader[symbol].close[now - timedelta(days=30) : now]
    return today.volatility(closes.to_numpy(dtype=float))
