from liualgotrader.common.config import risk
from liualgotrader.models.accounts import Accounts
from liualgotrader.models.algo_run import AlgoRun
from liualgotrader.models.new_trades import NewTrade
from liualgotrader.strategies.base import Strategy, StrategyType


class _Once(Strategy):
    def __init__(self, batch_id, data_loader=None, ref_run_id=None, schedule=[], qty=100):
        self.qty = qty
        self.heard = []
        assert 0 < risk < 1
        super().__init__(type(self).__name__, StrategyType.SWING, batch_id, schedule, ref_run_id, data_loader)
        assert isinstance(self.algo_run, AlgoRun)

    async def run(self, symbol, shortable, position, now, minute_history, portfolio_value=None,
                  debug=False, backtesting=False):
        if position == 0:
            return True, {"side": "buy", "qty": self.qty, "type": "market"}
        return True, {"side": "sell", "qty": position, "type": "market"}


class WithFee(_Once):
    async def buy_callback(self, symbol, price, qty, now=None, trade_fee=0.0):
        before = await Accounts.get_balance(self.account_id)
        await Accounts.add_transaction(self.account_id, -price * qty)
        await Accounts.add_transaction(self.account_id, -trade_fee)
        after = await Accounts.get_balance(self.account_id)
        self.heard.append(("buy", symbol, price, qty, now, trade_fee, before, after))

    async def sell_callback(self, symbol, price, qty, now=None, trade_fee=0.0):
        self.heard.append(("sell", symbol, price, qty, now, trade_fee))
        trade = NewTrade(self.algo_run.run_id, symbol, "sell", qty, price, {})
        await trade.save(None, str(now))


class WithoutFee(_Once):
    async def buy_callback(self, symbol, price, qty, now=None):
        self.heard.append(("buy", symbol, price, qty, now))

    async def sell_callback(self, symbol, price, qty, now=None):
        self.heard.append(("sell", symbol, price, qty, now))


class Fails(_Once):
    async def buy_callback(self, symbol, price, qty, now=None, trade_fee=0.0):
        raise Exception("no money")
