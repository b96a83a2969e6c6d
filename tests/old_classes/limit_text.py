from typing import Dict, List, Tuple

from liualgotrader.common.trading_data import positions
from liualgotrader.strategies.base import Strategy, StrategyType


class LimitText(Strategy):
    """Numbers as text; buys a little below, sells a little above."""

    def __init__(self, batch_id: str, schedule: List[Dict], ref_run_id: int = None,
                 data_loader=None, fractional: bool = False, lot: float = 7):
        self.lot = lot
        self.filled = []
        super().__init__(name="LimitText", type=StrategyType.DAY_TRADE, batch_id=batch_id,
                         schedule=schedule, ref_run_id=ref_run_id, data_loader=data_loader,
                         fractional=fractional)

    async def run(self, symbol, shortable, position, now, minute_history, portfolio_value=None,
                  debug=False, backtesting=False) -> Tuple[bool, Dict]:
        price = minute_history.close[-1]
        assert positions.get(symbol, 0) == position
        if not position:
            return (
                True,
                {"side": "buy", "qty": str(self.lot), "type": "limit",
                 "limit_price": f"{price * 0.9995:.2f}"},
            )
        return (
            True,
            {"side": "sell", "qty": str(position), "type": "limit",
             "limit_price": str(round(price * 1.0005, 2))},
        )

    async def buy_callback(self, symbol, price, qty):
        self.filled.append(("buy", symbol, price, qty))

    async def sell_callback(self, symbol, price, qty):
        self.filled.append(("sell", symbol, price, qty))
