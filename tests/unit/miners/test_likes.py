"""Names, and who moves with whom."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from liualgotrader.common.bar_table import BarTable
from liualgotrader.common.errors import FeedRefused
from liualgotrader.common.ports import CompanyFacts
from liualgotrader.miners.stock_cluster import StockCluster, correlations, nearest
from liualgotrader.miners.ticker_data import TickerData
from tests.miner_bench import World, day_bars, joined, sessions

DAYS = sessions(date(2024, 6, 3), date(2026, 3, 2))


def _family(symbol: str, of: str, noise: float) -> BarTable:
    """Return bars that move with another symbol's."""
    bars = day_bars(of, DAYS)
    wobble = np.exp(np.random.default_rng([*symbol.encode()]).normal(0, noise, len(DAYS)))
    columns = (column * wobble for column in (bars.open, bars.high, bars.low, bars.close))
    return BarTable(symbol, bars.start, *columns, bars.volume)  # type: ignore[call-arg]


def _world() -> World:
    world = World()
    tables = [_family(f"A{n}", "A", 0.002 * n) for n in range(4)]
    tables += [_family(f"B{n}", "B", 0.002 * n) for n in range(3)]
    world.lake = {(86_400, table.symbol): table for table in tables}
    world.names = {"A0": "Alpha", "A1": "", "B0": "Beta"}
    return world


SYMBOLS = ("A0", "A1", "A2", "A3", "B0", "B1", "B2")


async def test_names_are_kept_and_likes_come_beside_them() -> None:
    world = _world()
    ctx = world.at(DAYS[-1], ["A0", "A1", "B0"])
    assert await TickerData().run(ctx) == 3
    assert ctx.skipped == {}
    assert await StockCluster().run(world.at(DAYS[-1], SYMBOLS)) == 7
    rows = {row["symbol"]: row for row in world.tables.all("ticker_data")}
    assert rows["A0"] == {
        "symbol": "A0",
        "name": "Alpha",
        "similar_tickers": ["A1", "A2", "A3"],
    }
    assert set(rows["A3"]["similar_tickers"]) == {"A0", "A1", "A2"}
    assert rows["B2"]["similar_tickers"] == ["B0", "B1"]
    assert rows["A1"]["name"] == "A1"
    assert await TickerData().run(ctx) == 0
    assert await StockCluster().run(world.at(DAYS[-1], SYMBOLS)) == 0


async def test_names_do_not_depend_on_prices_of_any_day() -> None:
    rows = []
    for seed in (0, 7):
        world = _world()
        past = {key: table.cut(0, len(table) - 20) for key, table in world.lake.items()}
        world.lake = {
            (seconds, symbol): joined([table, day_bars(symbol, DAYS[-20:], seed=seed)])
            for (seconds, symbol), table in past.items()
        }
        assert await TickerData().run(world.at(DAYS[-21], SYMBOLS)) > 0
        rows.append(world.tables.all("ticker_data"))
    assert rows[0] == rows[1]


async def test_who_is_not_listed_keeps_its_name_and_is_named() -> None:
    world = _world()
    await TickerData().run(world.at(DAYS[-1], ["A0"]))
    world.names = {}
    ctx = world.at(DAYS[-1], ["A0", "ZZZ"])
    assert await TickerData().run(ctx) == 1
    assert set(ctx.skipped) == {"A0", "ZZZ"}
    assert [row["name"] for row in world.tables.all("ticker_data")] == ["Alpha", "ZZZ"]


class _Companies:
    """Implements `CompanyAPI`. `asked`: for whom, in order."""

    def __init__(self, known: dict[str, CompanyFacts], *, fails: bool = False) -> None:
        self.known = known
        self.fails = fails
        self.asked: list[str] = []

    async def company(self, symbol: str) -> CompanyFacts | None:
        self.asked.append(symbol)
        if self.fails:
            raise FeedRefused("no such plan")
        return self.known.get(symbol)

    def close(self) -> None:
        self.known.clear()


async def test_what_a_vendor_tells_is_asked_for_once_and_its_likes_stay() -> None:
    world = _world()
    facts = CompanyFacts(
        symbol="A0",
        industry="Paper mills",
        sector="Manufacturing",
        exchange="XNYS",
        similar=("KO",),
    )
    companies = _Companies({"A0": facts})
    for _ in range(3):
        ctx = world.at(DAYS[-1], ["A0", "A1", "A2"])
        ctx.companies = companies
        miner = TickerData()
        miner.details = 2
        await miner.run(ctx)
        await StockCluster().run(ctx)
    assert companies.asked == ["A0", "A1", "A2"]
    rows = {row["symbol"]: row for row in world.tables.all("ticker_data")}
    assert (rows["A0"]["industry"], rows["A0"]["sector"]) == ("Paper mills", "Manufacturing")
    assert rows["A0"]["similar_tickers"] == ["KO"]
    assert rows["A1"]["similar_tickers"] == ["A0", "A2"]
    assert (rows["A1"]["industry"], rows["A1"]["exchange"]) == (None, "")


async def test_a_vendor_that_tells_nothing_of_companies_is_the_outcome() -> None:
    world = _world()
    ctx = world.at(DAYS[-1], ["A0", "A1"])
    ctx.companies = _Companies({}, fails=True)
    with pytest.raises(FeedRefused, match="no such plan"):
        await TickerData().run(ctx)
    assert ctx.skipped["A0"] == "not asked for: no such plan"
    assert [row["name"] for row in world.tables.all("ticker_data")] == ["Alpha", "A1"]


async def test_the_future_changes_nothing() -> None:
    world, other = _world(), _world()
    for symbol in SYMBOLS:
        past = other.lake[86_400, symbol].cut(0, len(DAYS) - 20)
        other.lake[86_400, symbol] = joined([past, day_bars(symbol, DAYS[-20:], seed=4)])
        other.splits[symbol] = [(DAYS[-7], 4.0)]
    for each in (world, other):
        await StockCluster().run(each.at(DAYS[-21], SYMBOLS))
    assert world.tables.all("ticker_data") == other.tables.all("ticker_data") != []


async def test_who_has_no_returns_has_no_likes_and_is_named() -> None:
    world = _world()
    world.lake[86_400, "A3"] = world.lake[86_400, "A3"].cut(len(DAYS) - 30, len(DAYS))
    ctx = world.at(DAYS[-1], ["A0", "A1", "A3", "NONE"])
    await StockCluster().run(ctx)
    assert set(ctx.skipped) == {"A3", "NONE"}
    likes = {row["symbol"]: row["similar_tickers"] for row in world.tables.all("ticker_data")}
    assert likes == {"A0": ["A1"], "A1": ["A0"], "A3": [], "NONE": []}


async def test_one_symbol_and_none() -> None:
    assert await StockCluster().run(_world().at(DAYS[-1], ["A0"])) == 1
    assert await StockCluster().run(_world().at(DAYS[-1], [])) == 0
    assert await TickerData().run(_world().at(DAYS[-1], [])) == 0


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_correlations_are_those_of_pandas(gaps: float) -> None:
    rng = np.random.default_rng(5)
    returns = rng.normal(0.001, 0.02, (250, 12))
    returns[:, 3] = returns[:, 2] * 0.5 + rng.normal(0, 0.01, 250)
    returns[rng.random(returns.shape) < gaps] = np.nan
    expected = pd.DataFrame(returns).corr(min_periods=60).to_numpy()
    np.testing.assert_allclose(correlations(returns, 60), expected, atol=1e-8)


def test_what_never_moves_has_no_correlation() -> None:
    returns = np.random.default_rng(5).normal(0, 0.02, (100, 3))
    returns[:, 1] = 0.0
    found = correlations(returns, 60)
    assert np.isnan(found[1]).all()
    assert np.isnan(found[:, 1]).all()
    assert np.isfinite(found[0, 2])


def test_ties_go_to_the_first() -> None:
    matrix = np.array(
        [[1.0, 0.5, 0.5, 0.9], [0.5, 1.0, np.nan, 0.2], [0.5] * 4, [0.9, 0.2, 0.5, 1]]
    )
    assert nearest(matrix, count=2, least=0.3) == [[3, 1], [0], [0, 1], [0, 2]]
