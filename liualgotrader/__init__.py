"""LiuAlgoTrader: algorithmic trading of US equities and crypto, one engine for every mode.

The names below are what strategies, scanners and miners are written with. They are loaded when first asked for, so
that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liualgotrader.common.data_loader import DataLoader
    from liualgotrader.common.errors import LiuError, NotLoaded
    from liualgotrader.common.events import (
        Bar,
        CorporateAction,
        OrderEvent,
        OrderEventKind,
        Quote,
        TimerFired,
        Trade,
    )
    from liualgotrader.common.instruments import AssetClass, Instrument
    from liualgotrader.common.orders import Order, OrderClass, OrderType, Side, TimeInForce
    from liualgotrader.common.ports import Snapshot
    from liualgotrader.forecasts.base import Forecast
    from liualgotrader.miners.base import Miner, MinerContext
    from liualgotrader.scanners.base import ScanContext, Scanner
    from liualgotrader.strategies.base import Context, Strategy, StrategyType, Viability

__version__ = "0.5.0"

_HOMES = {
    "common.data_loader": ("DataLoader",),
    "common.errors": ("LiuError", "NotLoaded"),
    "common.events": (
        "Bar",
        "CorporateAction",
        "OrderEvent",
        "OrderEventKind",
        "Quote",
        "TimerFired",
        "Trade",
    ),
    "common.instruments": ("AssetClass", "Instrument"),
    "common.orders": ("Order", "OrderClass", "OrderType", "Side", "TimeInForce"),
    "common.ports": ("Snapshot",),
    "forecasts.base": ("Forecast",),
    "miners.base": ("Miner", "MinerContext"),
    "scanners.base": ("ScanContext", "Scanner"),
    "strategies.base": ("Context", "Strategy", "StrategyType", "Viability"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AssetClass",
    "Bar",
    "Context",
    "CorporateAction",
    "DataLoader",
    "Forecast",
    "Instrument",
    "LiuError",
    "Miner",
    "MinerContext",
    "NotLoaded",
    "Order",
    "OrderClass",
    "OrderEvent",
    "OrderEventKind",
    "OrderType",
    "Quote",
    "ScanContext",
    "Scanner",
    "Side",
    "Snapshot",
    "Strategy",
    "StrategyType",
    "TimeInForce",
    "TimerFired",
    "Trade",
    "Viability",
    "__version__",
]


if (_folder := Path(__file__).parent).joinpath("compiled.json").exists():
    import_module("liualgotrader.common.compiled").check(_folder)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'liualgotrader' has no attribute {name!r}")
    value = getattr(import_module(f"liualgotrader.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
