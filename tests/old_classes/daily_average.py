from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.types import TimeScale
from liualgotrader.strategies.base import Strategy, StrategyType


class DailyAverage(Strategy):
    """Minutes decide, days say whether."""

    def __init__(self, batch_id, data_loader=None, ref_run_id=None, schedule=[], days=10):
        self.days = days
        self.daily = DataLoader(TimeScale.day)
        super().__init__("DailyAverage", StrategyType.SWING, batch_id, schedule, ref_run_id, data_loader,
                         fractional=True)

    async def run(self, symbol, shortable, position, now, minute_history, portfolio_value=None,
                  debug=False, backtesting=False):
        average = self.daily[symbol].close[-self.days :].mean()
        if position or minute_history.close[-1] < average:
            return False, {}
        qty = await self.calc_qty(minute_history.close[-1], 0.001)
        return True, {"side": "buy", "qty": qty / 20, "type": "market"}
