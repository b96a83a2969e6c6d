"""`liualgotrader.fincalcs.data_conditions`: prints that count are sorted out before they are seen."""

from __future__ import annotations

from typing import Any

TRADE_CONDITIONS: dict[Any, Any] = {}
QUOTE_SKIP_CONDITIONS: list[Any] = []
