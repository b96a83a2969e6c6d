"""`liualgotrader.strategies.base`: what an old strategy derives from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

import pandas as pd

from liualgotrader.common.clock import MINUTE
from liualgotrader.compat.errors import unanswerable
from liualgotrader.compat.served.accounts import Accounts
from liualgotrader.compat.served.algo_run import AlgoRun
from liualgotrader.compat.served.keystore import KeyStore
from liualgotrader.compat.world import World, current
from liualgotrader.strategies.base import StrategyType

__all__ = ["AlgoRun", "KeyStore", "Strategy", "StrategyType"]


class Strategy:
    """0.4's base, answered by the engine of today."""

    def __init__(
        self,
        name: str,
        type: StrategyType,
        batch_id: str,
        schedule: Sequence[Mapping[str, Any]] | None = None,
        ref_run_id: int | None = None,
        data_loader: Any = None,
        fractional: bool = False,
    ) -> None:
        self.name = name
        self.type = type
        self.batch_id = batch_id
        self.schedule = list(schedule or [])
        self.ref_run_id = ref_run_id
        self.data_loader = data_loader
        self.support_fractional = fractional
        self.account_id: int | None = None
        self.algo_run = AlgoRun(strategy_name=name, batch_id=batch_id)
        self.global_var: dict[str, str | None] = {}

    def __repr__(self) -> str:
        return self.name

    async def create(self) -> bool:
        """Say yes: the row of the run is the framework's."""
        await self.algo_run.save()
        return True

    async def should_run_all(self) -> bool:
        """Say no: `run` is called, symbol by symbol."""
        return False

    async def run(
        self, symbol: str, shortable: bool, position: float, *args: Any, **kwargs: Any
    ) -> tuple[bool, dict[str, Any]]:
        """Decide on one symbol."""
        raise NotImplementedError(f"{type(self).__name__} must define run()")

    async def run_all(
        self,
        symbols_position: dict[str, float],
        data_loader: Any,
        now: Any,
        *args: Any,
        **kwargs: Any,
    ) -> dict[str, dict[str, Any]]:
        """Decide on all symbols."""
        raise NotImplementedError(f"{type(self).__name__} must define run_all()")

    async def is_buy_time(self, now: Any) -> bool:
        """Say whether a window of the schedule is open; without one, or by days, always."""
        if self._has_no_minutes():
            return True
        since_open = _since_open(now)
        return any(
            float(window["start"])
            <= since_open
            < float(window["start"]) + float(window["duration"])
            for window in self.schedule
        )

    async def is_sell_time(self, now: Any) -> bool:
        """Say whether the first window has begun, and the close is further than the liquidation before it."""
        if self._has_no_minutes():
            return True
        world = current()
        ctx = world.context("is_sell_time()")
        left = (ctx.session_close - pd.Timestamp(now).value) / MINUTE
        started = any(float(window["start"]) <= _since_open(now) for window in self.schedule)
        return started and left > world.facts.liquidation_minutes

    def _has_no_minutes(self) -> bool:
        world = current()
        bypass = world.facts.bypass_market_schedule
        return bypass or not self.schedule or world.bars_source().by_day

    async def buy_callback(
        self, symbol: str, price: float, qty: float, now: Any = None, trade_fee: float = 0.0
    ) -> None:
        """Hear that an order to buy is over, and what it bought."""

    async def sell_callback(
        self, symbol: str, price: float, qty: float, now: Any = None, trade_fee: float = 0.0
    ) -> None:
        """Hear that an order to sell is over, and what it sold."""

    async def calc_qty(self, price: float, trade_fee_percentage: float = 0.0) -> float:
        """Return how much the portfolio's cash would buy."""
        cash = await Accounts.get_balance(self.account_id)
        qty = cash / (price * (1.0 + trade_fee_percentage))
        return qty if self.support_fractional else floor(qty)

    async def get_global_var(self, key: str, context: str | None = None) -> str | None:
        """Return what was kept under a key, in this session or an earlier one."""
        key = _key(key, context)
        if key not in self.global_var:
            self.global_var[key] = await KeyStore.load(key)
        return self.global_var[key]

    async def set_global_var(self, key: str, value: str, context: str | None = None) -> None:
        """Keep a text under a key, of a context if there is one: earlier versions of 0.4 had them."""
        key = _key(key, context)
        await KeyStore.save(key, value)
        self.global_var[key] = value

    @classmethod
    async def get_strategy(cls, *args: Any, **kwargs: Any) -> Any:
        """Refuse: the plan says which strategies there are."""
        raise unanswerable("Strategy.get_strategy()", "name it in the plan: [strategies.NAME]")


def _key(key: str, context: str | None) -> str:
    return key if context is None else f"{context}/{key}"


def _since_open(now: Any) -> float:
    world: World = current()
    return float(pd.Timestamp(now).value - world.context("is_buy_time()").session_open) / MINUTE
