from datetime import datetime, timedelta
from typing import List, Optional

from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.tlog import tlog
from liualgotrader.scanners.base import Scanner
from liualgotrader.trading.trader_factory import trader_factory


class CheapScanner(Scanner):
    name = "CheapScanner"

    def __init__(self, data_loader: DataLoader, max_price: float, recurrence: Optional[timedelta] = None,
                 target_strategy_name: str = None, data_source: object = None, **kwargs):
        self.max_price = max_price
        self.more = kwargs
        super().__init__(name=self.name, data_loader=data_loader, recurrence=recurrence,
                         target_strategy_name=target_strategy_name, data_source=data_source)

    async def run(self, back_time: datetime = None) -> List[str]:
        found = []
        for symbol in await trader_factory().get_tradeable_symbols():
            try:
                close = self.data_loader[symbol].close[back_time]
            except ValueError as e:
                tlog(f"{symbol}: {e}")
                continue
            if close <= self.max_price:
                found.append(symbol.lower())
        tlog(f"{back_time}: {found}")
        return found
