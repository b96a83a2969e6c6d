"""The strategy under NautilusTrader's BacktestEngine, its log and risk engine off.

Its market orders fill at the close of the bar that they were decided on.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from nautilus_trader.backtest.engine import (  # type: ignore[import-not-found]
    BacktestEngine,
    BacktestEngineConfig,
)
from nautilus_trader.common.config import LoggingConfig  # type: ignore[import-not-found]
from nautilus_trader.indicators import SimpleMovingAverage  # type: ignore[import-not-found]
from nautilus_trader.model.currencies import USD  # type: ignore[import-not-found]
from nautilus_trader.model.data import Bar, BarType  # type: ignore[import-not-found]
from nautilus_trader.model.enums import (  # type: ignore[import-not-found]
    AccountType,
    OmsType,
    OrderSide,
)
from nautilus_trader.model.identifiers import (  # type: ignore[import-not-found]
    InstrumentId,
    Symbol,
    Venue,
)
from nautilus_trader.model.instruments import Equity  # type: ignore[import-not-found]
from nautilus_trader.model.objects import Money, Price, Quantity  # type: ignore[import-not-found]
from nautilus_trader.persistence.wranglers import BarDataWrangler  # type: ignore[import-not-found]
from nautilus_trader.risk.config import RiskEngineConfig  # type: ignore[import-not-found]
from nautilus_trader.trading.strategy import Strategy  # type: ignore[import-not-found]

from tools.benchmarks.backtest_peers.measured import Stopwatch, report
from tools.benchmarks.backtest_peers.workload import CASH, FAST, QUANTITY, SLOW, Workload

VENUE = Venue("XNYS")


class Crossing(Strategy):  # type: ignore[misc]
    """Hold one symbol while its fast average is above the slow one."""

    def __init__(self, instrument: InstrumentId, bar_type: BarType) -> None:
        super().__init__()
        self._instrument = instrument
        self._bar_type = bar_type
        self._quantity = Quantity.from_int(QUANTITY)
        self._fast = SimpleMovingAverage(FAST)
        self._slow = SimpleMovingAverage(SLOW)

    def on_start(self) -> None:
        """Ask for the bars and let the engine feed the averages."""
        self.register_indicator_for_bars(self._bar_type, self._fast)
        self.register_indicator_for_bars(self._bar_type, self._slow)
        self.subscribe_bars(self._bar_type)

    def on_bar(self, bar: Bar) -> None:
        """Decide on one bar."""
        if not self._slow.initialized:
            return
        fast, slow = self._fast.value, self._slow.value
        if fast > slow:
            if self.portfolio.is_flat(self._instrument):
                self._order(OrderSide.BUY)
        elif fast < slow and self.portfolio.is_net_long(self._instrument):
            self._order(OrderSide.SELL)

    def _order(self, side: OrderSide) -> None:
        self.submit_order(self.order_factory.market(self._instrument, side, self._quantity))


def engine_for(workload: Workload) -> BacktestEngine:
    """Return an engine with everything added and nothing run."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True), risk_engine=RiskEngineConfig(bypass=True)
        )
    )
    engine.add_venue(
        VENUE, OmsType.NETTING, AccountType.MARGIN, [Money(CASH, USD)], base_currency=USD
    )
    step = "1-MINUTE" if workload.period == "minute" else "1-DAY"
    index = pd.DatetimeIndex(workload.ends, tz="UTC")
    for name, bars in zip(workload.symbols, workload.ohlcv, strict=True):
        key = InstrumentId(Symbol(name), VENUE)
        share = Equity(key, Symbol(name), USD, 4, Price(0.0001, 4), Quantity.from_int(1), 0, 0)
        engine.add_instrument(share)
        bar_type = BarType.from_str(f"{key}-{step}-LAST-EXTERNAL")
        frame = pd.DataFrame(bars, index, columns=["open", "high", "low", "close", "volume"])
        engine.add_data(BarDataWrangler(bar_type, share).process(frame))
        engine.add_strategy(Crossing(key, bar_type))
    return engine


def equity(engine: BacktestEngine, workload: Workload) -> Decimal:
    """Return the balance and what the open positions have gained by the last close."""
    worth: Decimal = engine.portfolio.account(VENUE).balance_total(USD).as_decimal()
    last = dict(zip(workload.symbols, workload.ohlcv[:, -1, 3], strict=True))
    for position in engine.cache.positions_open():
        price = Price(last[position.instrument_id.symbol.value], 4)
        worth += position.unrealized_pnl(price).as_decimal()
    return worth


def main() -> None:
    """Run the workload that the first argument names."""
    workload = Workload.load(Path(sys.argv[1]))
    engine = engine_for(workload)
    watch = Stopwatch()
    with watch:
        engine.run()
    # An order that fills in parts, for lack of volume in a bar, is one.
    filled = sum(order.is_closed and order.filled_qty > 0 for order in engine.cache.orders())
    held = float(equity(engine, workload))
    report(workload.bars, watch, filled, held, version("nautilus_trader"))


if __name__ == "__main__":
    main()
