import asyncio
from datetime import datetime, timedelta
from typing import Dict, List, Tuple

import alpaca_trade_api as tradeapi
import numpy as np
from pandas import DataFrame as df

from liualgotrader.common import config
from liualgotrader.common.tlog import tlog
from liualgotrader.common.trading_data import (buy_indicators, buy_time,
                                               cool_down, latest_cost_basis,
                                               open_orders, sell_indicators,
                                               stop_prices, target_prices)
from liualgotrader.fincalcs.support_resistance import find_stop
from liualgotrader.strategies.base import Strategy, StrategyType


class MomentumLong(Strategy):
    name = "momentum_long"

    def __init__(
        self,
        batch_id: str,
        schedule: List[Dict],
        data_loader=None,
        ref_run_id: int = None,
        lookback: int = 3,
        max_price: float = 1000.0,
    ):
        self.lookback = lookback
        self.max_price = max_price
        super().__init__(
            name=self.name,
            type=StrategyType.DAY_TRADE,
            batch_id=batch_id,
            ref_run_id=ref_run_id,
            schedule=schedule,
            data_loader=data_loader,
        )

    async def buy_callback(self, symbol, price, qty, now=None, trade_fee=0.0):
        latest_cost_basis[symbol] = price
        tlog(f"{self.name} bought {qty} of {symbol} at {price}")

    async def sell_callback(self, symbol, price, qty, now=None, trade_fee=0.0):
        latest_cost_basis.pop(symbol, None)

    async def create(self) -> None:
        await super().create()
        tlog(f"strategy {self.name} created")

    async def run(
        self,
        symbol: str,
        shortable: bool,
        position: float,
        now: datetime,
        minute_history: df,
        portfolio_value: float = None,
        trading_api: tradeapi.REST = None,
        debug: bool = False,
        backtesting: bool = False,
    ) -> Tuple[bool, Dict]:
        close = minute_history["close"]
        current = close[-1]
        if symbol in open_orders:
            return False, {}
        if await self.is_buy_time(now) and not position:
            if symbol in cool_down and now < cool_down[symbol]:
                return False, {}
            if current > self.max_price:
                return False, {"reject": True}
            top = minute_history["high"][-self.lookback - 1 : -1].max()
            fast = close.ewm(span=3, adjust=False).mean()
            slow = close.ewm(span=8, adjust=False).mean()
            macd = fast - slow
            if current <= top or macd[-1] <= macd[-2]:
                return False, {}
            stop = find_stop(current, minute_history, now)
            stop = stop - current * 0.01 if stop else current * config.default_stop
            stop_prices[symbol] = min(stop, current * 0.995)
            target_prices[symbol] = current + 3 * (current - stop_prices[symbol])
            shares = int(portfolio_value * config.risk / (current - stop_prices[symbol]))
            shares = max(shares, 1)
            buy_indicators[symbol] = {"macd": macd[-5:].tolist(), "top": np.float64(top)}
            tlog(f"[{self.name}][{now}] {symbol} above {top}: buying {shares} at {current}")
            return True, {"side": "buy", "qty": str(shares), "type": "market"}
        if await self.is_sell_time(now) and position > 0:
            held = now - buy_time[symbol]
            if (
                current <= stop_prices[symbol]
                or current >= target_prices[symbol]
                or held > timedelta(minutes=6)
            ):
                sell_indicators[symbol] = {"held": held.total_seconds(), "reasons": "out"}
                cool_down[symbol] = now.replace(second=0, microsecond=0) + timedelta(minutes=2)
                return True, {"side": "sell", "qty": str(-position), "type": "market"}
        return False, {}
