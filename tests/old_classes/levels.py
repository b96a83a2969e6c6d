from liualgotrader.common.decorators import timeit
from liualgotrader.common.market_data import get_symbol_data
from liualgotrader.fincalcs.candle_patterns import bullish_candle, doji
from liualgotrader.fincalcs.resample import ResampleRangeType, resample
from liualgotrader.fincalcs.support_resistance import (StopRangeType, find_resistances,
                                                       find_supports, grouper)
from liualgotrader.fincalcs.vwap import add_daily_vwap, anchored_vwap
from liualgotrader.strategies.base import Strategy, StrategyType


class Levels(Strategy):
    """Everything that is computed from a frame."""

    def __init__(self, batch_id, data_loader=None, ref_run_id=None, schedule=[]):
        self.seen = {}
        super().__init__("Levels", StrategyType.DAY_TRADE, batch_id, schedule, ref_run_id, data_loader)

    @timeit
    async def noted(self, key, value):
        self.seen[key] = value

    async def run(self, symbol, shortable, position, now, minute_history, portfolio_value=None,
                  debug=False, backtesting=False):
        current = minute_history.close[-1]
        await self.noted("supports", find_supports(current, minute_history, now, StopRangeType.DAILY))
        self.seen["resistances"] = await find_resistances(symbol, self.name, current, minute_history)
        self.seen["five"] = resample(minute_history, ResampleRangeType.min_5)
        self.seen["group"] = list(grouper([100.0, 101.0, 120.0]))
        self.seen["done"] = add_daily_vwap(minute_history)
        self.seen["vwap"] = minute_history.vwap[-1]
        self.seen["anchored"] = anchored_vwap(minute_history, minute_history.index[1])
        last = minute_history.iloc[-1]
        self.seen["doji"] = doji(last.open, last.close, last.high, last.low)
        self.seen["bull"] = bullish_candle(last.open, last.high, last.low, last.close)
        self.seen["day"] = await get_symbol_data(symbol, now.date(), now.date(), self.data_loader)
        return False, {}
