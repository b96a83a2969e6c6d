import asyncio

from liualgotrader.strategies.base import Strategy, StrategyType


class Waits(Strategy):
    def __init__(self, batch_id, data_loader=None, ref_run_id=None, schedule=[], how="sleep"):
        self.how = how
        super().__init__("Waits", StrategyType.DAY_TRADE, batch_id, schedule, ref_run_id, data_loader)

    async def deeper(self):
        await asyncio.sleep(0)  # only yields

    async def run(self, symbol, shortable, position, now, minute_history, portfolio_value=None,
                  debug=False, backtesting=False):
        if self.how == "sleep":
            await asyncio.sleep(1)
        elif self.how == "yield":
            await self.deeper()
        elif self.how == "gather":
            await asyncio.gather(self.deeper(), self.deeper())
        elif self.how == "swallow":
            try:
                await asyncio.sleep(2)
            except Exception:
                pass
        elif self.how == "task":
            asyncio.create_task(self.deeper())
        elif self.how == "session":
            import aiohttp

            async with aiohttp.ClientSession() as session:
                await session.get("http://127.0.0.1:9/")
        return False, {}
