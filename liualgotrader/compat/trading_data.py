"""`liualgotrader.common.trading_data`: dictionaries by symbol that 0.4 and its strategies wrote into."""

from __future__ import annotations

from types import ModuleType

REMEMBERED = (
    "buy_time",
    "cool_down",
    "latest_cost_basis",
    "latest_scalp_basis",
    "stop_prices",
    "target_prices",
)
"""What a strategy writes there and needs again after a restart."""

_NAMES = (
    *REMEMBERED,
    "buy_indicators",
    "down_cross",
    "industry_trend",
    "last_used_strategy",
    "open_order_strategy",
    "open_orders",
    "partial_fills",
    "partial_fills_fee",
    "positions",
    "quotes",
    "sector_trend",
    "sell_indicators",
    "snapshot",
    "symbol_resistance",
    "voi",
    "voi_ask",
    "voi_bid",
    "volume_today",
)


def new_trading_data() -> ModuleType:
    """Return the module with empty dictionaries."""
    module = ModuleType("liualgotrader.common.trading_data")
    for name in _NAMES:
        setattr(module, name, {})
    module.strategies = []  # type: ignore[attr-defined]
    module.queues = None  # type: ignore[attr-defined]
    return module
