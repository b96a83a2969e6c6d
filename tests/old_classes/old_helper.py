from __future__ import annotations

from dataclasses import dataclass, field

from liualgotrader.common.tlog import tlog
from liualgotrader.common.trading_data import buy_indicators


@dataclass
class Sizer:
    most: int
    seen: dict[str, int] = field(default_factory=dict)

    def size(self, symbol: str) -> int:
        self.seen[symbol] = self.seen.get(symbol, 0) + 1
        buy_indicators[symbol] = {"times": self.seen[symbol]}
        return min(self.most, 10 * self.seen[symbol])


def above_average(data_loader, symbol: str) -> bool:
    closes = data_loader[symbol].close[-4:]
    tlog(f"{symbol}: {len(closes)} closes")
    return bool(closes[-1] > closes.mean())
