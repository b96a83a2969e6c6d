"""Names of what can be traded, in the table `ticker_data`."""

from __future__ import annotations

from liualgotrader.miners.base import Miner, MinerContext, Row

COLUMNS = ("symbol", "name")


class TickerData(Miner):
    """Keeps the names of the universe, as the vendor's list of assets has them.

    Neither Alpaca's assets nor Massive's list of tickers tell sector and industry: what is in these columns is
    left alone. Symbols without a name go by their symbol, and keep a name that is there.
    """

    async def run(self, ctx: MinerContext) -> int:
        """Write the names; return how many rows are new or changed."""
        names = {each.symbol: each.name for each in await ctx.assets()}
        where = {"symbol": list(ctx.symbols)}
        stored: dict[str, str] = dict(await ctx.tables.get("ticker_data", COLUMNS, where=where))
        rows: list[Row] = []
        for symbol in ctx.symbols:
            if symbol not in names:
                ctx.skip(symbol, "the vendor does not list it")
            name = names.get(symbol) or stored.get(symbol) or symbol
            rows.append((symbol, name))
        return await ctx.tables.put("ticker_data", COLUMNS, rows, key=COLUMNS[:1])
