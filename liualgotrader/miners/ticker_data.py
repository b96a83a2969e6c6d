"""What companies are and do, in the table `ticker_data`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from liualgotrader.common.errors import FeedError
from liualgotrader.common.ports import CompanyAPI, CompanyFacts
from liualgotrader.miners.bar_days import portions
from liualgotrader.miners.base import Miner, MinerContext, Row

NAMES = ("symbol", "name")
FACTS = ("symbol", "name", "description", "industry", "sector", "exchange")
LIKES = ("symbol", "name", "similar_tickers", "tags")

TOLD_BY_VENDOR = "similar: vendor"
"""The tag of a row whose likes are the vendor's own: `StockCluster` leaves it alone."""


class TickerData(Miner):
    """Keeps names, and where the vendor tells it industry, sector, exchange and likes, of the universe.

    Names are those of the vendor's list; a symbol that it does not list keeps its name, or goes by its
    symbol. Alpaca tells no more. Massive tells the rest in two requests a company: `details` companies a
    night at most, those that it was not asked for before.
    """

    details: int = 100

    async def run(self, ctx: MinerContext) -> int:
        """Write what is known; return how many rows are new or changed."""
        listed = {each.symbol: each.name for each in await ctx.assets()}
        where = {"symbol": list(ctx.symbols)}
        stored = {
            symbol: (name, exchange)
            for symbol, name, exchange in await ctx.tables.get(
                "ticker_data", (*NAMES, "exchange"), where=where
            )
        }
        rows: list[Row] = []
        for symbol in ctx.symbols:
            if symbol not in listed:
                ctx.skip(symbol, "the vendor does not list it")
            name = listed.get(symbol) or stored.get(symbol, ("", ""))[0] or symbol
            rows.append((symbol, name))
        changed = await ctx.tables.put("ticker_data", NAMES, rows, key=NAMES[:1])
        if ctx.companies is not None:
            # One whose exchange is empty was asked for, and is not known.
            lacking = [
                s for s in ctx.symbols if "/" not in s and stored.get(s, ("", None))[1] is None
            ]
            changed += await _ask(ctx, ctx.companies, lacking[: self.details], dict(rows))
        return changed


async def _ask(
    ctx: MinerContext, companies: CompanyAPI, symbols: Sequence[str], names: dict[str, str]
) -> int:
    """Ask for companies and keep what is told. Raises FeedError when not one portion is answered."""
    changed, failure, answered = 0, None, False
    for part in portions(symbols):
        try:
            told = await asyncio.gather(*map(companies.company, part))
        except FeedError as exc:
            failure = exc
            for symbol in part:
                ctx.skip(symbol, f"not asked for: {exc}")
            continue
        answered = True
        facts = [each or CompanyFacts(symbol=s) for s, each in zip(part, told, strict=True)]
        changed += await _keep(ctx, facts, names)
    if failure is not None and not answered:
        raise failure
    return changed


async def _keep(ctx: MinerContext, facts: Sequence[CompanyFacts], names: dict[str, str]) -> int:
    """Write what was told; return how many rows are new or changed."""
    rows = [
        (
            each.symbol,
            names[each.symbol],
            each.description,
            each.industry or None,
            each.sector or None,
            each.exchange,
        )
        for each in facts
    ]
    likes = [
        (each.symbol, names[each.symbol], list(each.similar), [TOLD_BY_VENDOR])
        for each in facts
        if each.similar
    ]
    await ctx.tables.put("ticker_data", LIKES, likes, key=LIKES[:1])
    return await ctx.tables.put("ticker_data", FACTS, rows, key=FACTS[:1])
