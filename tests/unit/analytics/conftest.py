"""Fills in few words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.analytics.rows import Fill
from liualgotrader.common.orders import Side

Fills = Callable[..., list[Fill]]


@pytest.fixture
def fills() -> Fills:
    """Make fills of AAPL from (signed quantity, price) pairs, one a second from second 1 on."""

    def make(*pairs: tuple[str, str], fee: str = "0", **more: Any) -> list[Fill]:
        return [
            Fill(
                **{
                    "strategy": "s",
                    "symbol": "AAPL",
                    "side": Side.SELL if qty.startswith("-") else Side.BUY,
                    "qty": abs(Decimal(qty)),
                    "price": Decimal(price),
                    "fee": Decimal(fee),
                    "ts": number * 1_000_000_000,
                    "algo_run_id": 7,
                    **more,
                }
            )
            for number, (qty, price) in enumerate(pairs, 1)
        ]

    return make
