import math
from datetime import date, datetime, timedelta
from typing import Dict, List

from liualgotrader.analytics.analysis import load_trades_by_portfolio
from liualgotrader.common import config
from liualgotrader.common.data_loader import DataLoader
from liualgotrader.common.tlog import tlog
from liualgotrader.common.types import AssetType, TimeScale
from liualgotrader.models.accounts import Accounts
from liualgotrader.models.portfolio import Portfolio
from liualgotrader.strategies.base import Strategy, StrategyType
from liualgotrader.trading.base import Trader


class SwingRebalance(Strategy):
    """Every few days: hold the strongest, sell what is below its average."""

    def __init__(self, batch_id: str, data_loader: DataLoader, portfolio_id: str,
                 rebalance_days: int = 5, top: int = 2, window: int = 20, ref_run_id: int = None,
                 **kwargs):
        self.portfolio_id = portfolio_id
        self.rebalance_days = rebalance_days
        self.top = top
        self.window = window
        super().__init__(name=type(self).__name__, type=StrategyType.SWING, batch_id=batch_id,
                         schedule=[], ref_run_id=ref_run_id, data_loader=data_loader)

    async def should_run_all(self) -> bool:
        return True

    async def create(self) -> bool:
        if not await super().create():
            return False
        try:
            await Portfolio.associate_batch_id_to_profile(
                portfolio_id=self.portfolio_id, batch_id=self.batch_id
            )
        except Exception:
            tlog("Probably already associated...")
            return False
        portfolio = await Portfolio.load_by_portfolio_id(self.portfolio_id)
        self.account_id = portfolio.account_id
        self.portfolio_size = portfolio.portfolio_size
        assert portfolio.asset_type == AssetType.US_EQUITIES
        return True

    async def buy_callback(self, symbol: str, price: float, qty: int, now: datetime = None,
                           trade_fee: float = 0.0) -> None:
        if not await Accounts.check_if_enough_balance_to_withdraw(self.account_id, price * qty):
            raise Exception(f"not enough balance to buy {qty} of {symbol}")
        await Accounts.add_transaction(account_id=self.account_id, amount=-price * qty, tstamp=now)
        if trade_fee:
            await Accounts.add_transaction(account_id=self.account_id, amount=-trade_fee, tstamp=now)

    async def sell_callback(self, symbol: str, price: float, qty: int, now: datetime = None,
                            trade_fee: float = 0.0) -> None:
        await Accounts.add_transaction(account_id=self.account_id, amount=price * qty, tstamp=now)

    async def rank(self, symbols: List[str], now: datetime, data_loader: DataLoader) -> List[str]:
        ranked = {}
        for symbol in symbols:
            closes = data_loader[symbol].close[now - timedelta(days=2 * self.window) : now]
            average = closes.rolling(self.window).mean().dropna()
            if not len(average) or closes[-1] < average.iloc[-1]:
                continue
            ranked[symbol] = closes.pct_change().sum() * math.sqrt(252)
        return sorted(ranked, key=lambda s: ranked[s], reverse=True)[: self.top]

    async def run_all(
        self,
        symbols_position: Dict[str, float],
        data_loader: DataLoader,
        now: datetime,
        portfolio_value: float = None,
        trader: Trader = None,
        debug: bool = False,
        backtesting: bool = False,
        fee_buy_percentage: float = 0.0,
        fee_sell_percentage: float = 0.0,
    ) -> Dict[str, Dict]:
        last = await self.get_global_var("last_rebalance")
        today = now.date() if isinstance(now, datetime) else now
        if last and (today - date.fromisoformat(last)).days < self.rebalance_days:
            return {}
        try:
            chosen = await self.rank(list(symbols_position), now, data_loader)
        except IndexError as e:
            tlog(f"not enough data: {e}")
            return {}
        trades = await load_trades_by_portfolio(self.portfolio_id)
        held = {}
        for _, row in trades.iterrows():
            sign = 1 if row.operation == "buy" else -1
            held[row.symbol] = held.get(row.symbol, 0) + sign * float(row.qty)
        actions = {}
        for symbol, qty in held.items():
            if qty > 0 and symbol not in chosen:
                actions[symbol] = {"side": "sell", "qty": str(qty), "type": "market"}
        cash = await Accounts.get_balance(self.account_id)
        new = [symbol for symbol in chosen if not held.get(symbol)]
        for symbol in new:
            price = data_loader[symbol].close[now]
            qty = int(0.9 * cash / self.top / price)
            if qty > 0:
                actions[symbol] = {"side": "buy", "qty": str(qty), "type": "market"}
        await self.set_global_var("last_rebalance", today.isoformat())
        tlog(f"{config.env} {now}: rebalanced into {chosen}, cash {cash:.2f}")
        return actions
