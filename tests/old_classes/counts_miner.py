from typing import Dict

from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.tlog import tlog
from liualgotrader.common.types import TimeScale
from liualgotrader.miners.base import Miner


class CountsMiner(Miner):
    def __init__(self, data: Dict, debug: bool = False):
        super().__init__(name="CountsMiner")
        self.days = data.get("days", 5)
        self.symbols = data["watch"]
        self.debug = debug
        self.found = {}

    async def run(self) -> bool:
        loader = DataLoader(TimeScale.day)
        for symbol in self.symbols:
            self.found[symbol] = loader[symbol].volume[-self.days :].mean()
            tlog(f"{symbol}: {self.found[symbol]}")
        return len(self.found) > 0
