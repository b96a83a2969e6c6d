"""`liualgotrader.models.new_trades`."""

from __future__ import annotations

from typing import Any

from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.served.tlog import tlog_once
from liualgotrader.compat.world import current


class NewTrade:
    """A trade. Those of the session are rows already; what a strategy makes of its own is not stored."""

    def __init__(
        self,
        algo_run_id: int = 0,
        symbol: str = "",
        operation: str = "",
        qty: float = 0,
        price: float = 0,
        indicators: Any = None,
    ) -> None:
        self.algo_run_id = algo_run_id
        self.symbol = symbol
        self.operation = operation
        self.qty = qty
        self.price = price
        self.indicators = indicators if indicators is not None else {}
        self.trade_id = 0

    async def save(
        self,
        pool: Any = None,
        client_time: Any = None,
        stop_price: float = 0.0,
        target_price: float = 0.0,
        trade_fee: float = 0.0,
    ) -> None:
        """Take note: every execution is a row already."""
        tlog_once(
            "NewTrade.save(): every execution is stored by the framework; this one is not stored again"
        )

    @classmethod
    async def load_latest(cls, pool: Any, symbol: str, strategy_name: str) -> Any:
        """Return (run, indicators, stop, target, price, time) of the strategy's newest trade in a symbol, or None.

        Of trades before this life began only the position is known.
        """
        world = current()
        world.context("NewTrade.load_latest()")
        row = world.trades.latest(symbol) if world.trades is not None else None
        if row is None:
            return None
        return (
            0, row["price"], row["stop_price"], row["target_price"], row["indicators"], row["tstamp"],
        )  # fmt: skip

    @classmethod
    async def expire_trade(cls, *args: Any) -> None:
        """Refuse."""
        raise unanswerable(
            "NewTrade.expire_trade()", "rows are the framework's; correct them outside the session"
        )

    @classmethod
    async def rename_algo_run_id(cls, *args: Any) -> None:
        """Refuse."""
        raise unanswerable(
            "NewTrade.rename_algo_run_id()",
            "a resumed batch keeps its runs: `trader --resume BATCH`",
        )

    @classmethod
    async def get_run_symbols(cls, *args: Any) -> Any:
        """Refuse."""
        raise unanswerable("NewTrade.get_run_symbols()", "ask `liu db query` outside the session")

    @classmethod
    async def get_latest_algo_run_id(cls, *args: Any) -> Any:
        """Refuse."""
        raise unanswerable(
            "NewTrade.get_latest_algo_run_id()", "ask `liu db query` outside the session"
        )
