from old_helper import Sizer, above_average
from old_package.signals import Signal, strength

from liualgotrader.strategies.base import Strategy, StrategyType


class WithHelper(Strategy):
    def __init__(self, batch_id, data_loader=None, ref_run_id=None, schedule=[], most=100):
        self.sizer = Sizer(most)
        super().__init__(name="WithHelper", type=StrategyType.DAY_TRADE, batch_id=batch_id,
                         schedule=schedule, data_loader=data_loader, ref_run_id=ref_run_id)

    async def run(self, symbol, shortable, position, minute_history, now, portfolio_value=None,
                  debug=False, backtesting=False):
        signal = strength(symbol, minute_history)
        if above_average(self.data_loader, symbol) and signal is not Signal.WEAK and not position:
            return True, {"side": "buy", "qty": self.sizer.size(symbol), "type": "market"}
        if position > 0 and signal is Signal.WEAK:
            return True, {"side": "sell", "qty": position, "type": "market"}
        return False, {}
