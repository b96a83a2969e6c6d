"""LiuAlgoTrader: algorithmic trading of US equities and crypto, one engine for every mode."""

__version__ = "0.5.0"
