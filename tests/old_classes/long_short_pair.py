from datetime import datetime
from typing import Dict

from liualgotrader.common.tlog import tlog
from liualgotrader.strategies.base import Strategy, StrategyType


class LongShortPair(Strategy):
    name = "LongShortPair"

    def __init__(self, batch_id, data_loader, long: str, short: str, qty: int = 10,
                 ref_run_id=None, schedule=None):
        self.long, self.short, self.qty = long, short, qty
        self.turns = 0
        super().__init__(self.name, StrategyType.DAY_TRADE, batch_id, schedule or [],
                         ref_run_id=ref_run_id, data_loader=data_loader)

    async def should_run_all(self):
        return True

    async def run_all(self, symbols_position: Dict[str, float], data_loader, now: datetime,
                      portfolio_value: float = None, trading_api=None, debug: bool = False,
                      backtesting: bool = False) -> Dict[str, Dict]:
        if self.long not in symbols_position or self.short not in symbols_position:
            return {}
        try:
            a = data_loader[self.long].close[-5:]
            b = data_loader[self.short].close[-5:]
        except ValueError:
            return {}
        if len(a) < 5 or len(b) < 5:
            return {}
        spread = a.mean() / a[-1] - b.mean() / b[-1]
        long, short = symbols_position[self.long], symbols_position[self.short]
        if not long and not short and spread > 0.0002:
            self.turns += 1
            tlog(f"{now} spread {spread:.5f}: turn {self.turns}")
            return {
                self.short: {"side": "sell", "qty": self.qty, "type": "market"},
                self.long: {"side": "buy", "qty": self.qty, "type": "market"},
            }
        if spread < -0.0002 and long > 0 and short < 0:
            return {
                self.long: {"side": "sell", "qty": long, "type": "market"},
                self.short: {"side": "buy", "qty": -short, "type": "market"},
            }
        return {}
