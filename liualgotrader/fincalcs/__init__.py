"""Indicators and chart reading over floats: batch functions and their incremental twins."""

from liualgotrader.fincalcs.moving import EMA, MACD, SMA, WMA, MacdSeries, ema, macd, sma, wma
from liualgotrader.fincalcs.rolling import (
    Bollinger,
    BollingerSeries,
    RollingMax,
    RollingMin,
    StdDev,
    bollinger,
    rolling_max,
    rolling_min,
    stddev,
)
from liualgotrader.fincalcs.wilder import ATR, RSI, atr, rsi, true_range

__all__ = [
    "ATR",
    "EMA",
    "MACD",
    "RSI",
    "SMA",
    "WMA",
    "Bollinger",
    "BollingerSeries",
    "MacdSeries",
    "RollingMax",
    "RollingMin",
    "StdDev",
    "atr",
    "bollinger",
    "ema",
    "macd",
    "rolling_max",
    "rolling_min",
    "rsi",
    "sma",
    "stddev",
    "true_range",
    "wma",
]
