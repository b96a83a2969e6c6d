"""Whom miners ask: the box that is started for them, or a vendor by its keys."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.data.data_factory import data_loader_factory
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.days import FOREVER
from liualgotrader.data.lake.layout import FOLDER
from liualgotrader.mining.blind_data import BlindData
from liualgotrader.mining.context import OpenContext
from liualgotrader.mining.market import open_market
from liualgotrader.mining.night import night_at
from liualgotrader.mining.plan import DataPlan, DataSource, JobKind, JobPlan, MinerPlan
from liualgotrader.mining.split_data import SplitData
from liualgotrader.mining.task import Task

DAY_NS = 86_400_000_000_000
SPLIT_DAY = date(2005, 2, 28)
"""The day on which Apple's shares were split, two for one."""


def plan(folder: Path, **data: object) -> MinerPlan:
    return MinerPlan(filename=str(folder / "miner.toml"), data=DataPlan(**data))  # type: ignore[arg-type]


@pytest.mark.timeout(120)
async def test_a_box_is_asked_as_a_vendor_is_and_knows_no_later_split(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    box = plan(tmp_path, date=SPLIT_DAY)
    async with open_market(box, home=tmp_path, environ=environ, processes=2) as market:
        assert (market.keeps, market.access.limited) == (False, False)
        assert "simulated" in market.notice
        night = night_at(market.now)
        assert (night.day, night.next_day) == (date(2005, 2, 25), SPLIT_DAY)
        data = data_loader_factory(market.access, raw=True)
        blind = BlindData(SplitData(data, night), night)
        span = {"start": night.end - 10 * DAY_NS, "end": night.end + 10 * DAY_NS}
        bars = (await blind.bars(["AAPL"], seconds=86_400, **span))["AAPL"]
        assert bars[-1].start == night.end - DAY_NS
        # It closed at 88.99 on the Friday; divided by the split of the Monday that would be 44.50.
        assert bars[-1].close == pytest.approx(88.99, abs=0.005)
        assert {each.symbol for each in await blind.assets()} >= {"AAPL", "SIM01"}
        data.close()

        # The same exchange with keys and an address of one's own: a vendor on this machine.
        key, secret = market.access.key.reveal(), market.access.secret.reveal()
        environ |= {"APCA_API_BASE_URL": market.access.trading_url}
        vendor = plan(tmp_path, source=DataSource.ALPACA, feed="sip")
        with pytest.raises(ConfigError, match="no keys for"):
            async with open_market(vendor, home=tmp_path, environ=environ, processes=1):
                pytest.fail("without keys")
        environ |= {"APCA_API_KEY_ID": key, "APCA_API_SECRET_KEY": secret}
        async with open_market(vendor, home=tmp_path, environ=environ, processes=3) as world:
            assert (world.keeps, world.access.limited) == (False, False)
            assert (world.access.feed, world.access.processes) == ("sip", 3)
            assert night_at(world.now).day == night.day
        environ |= {"APCA_API_SECRET_KEY": "wrong" * 8}
        with pytest.raises(ConfigError, match="refused the keys"):
            async with open_market(vendor, home=tmp_path, environ=environ, processes=1):
                pytest.fail("with wrong keys")


@pytest.mark.timeout(120)
async def test_what_a_vendor_told_of_days_that_are_over_is_kept_as_it_was_traded(
    tmp_path: Path, database: str
) -> None:
    """The box stands in for a vendor whose word is history."""
    box = plan(tmp_path, date=SPLIT_DAY, symbols=("AAPL",))
    lake = Lake(tmp_path / FOLDER)
    async with open_market(box, home=tmp_path, environ={}, processes=1) as market:
        night = night_at(market.now)
        task = Task(
            job=JobPlan(name="job", kind=JobKind.MINER, class_name="", filename=""),
            night=night,
            data=box.data,
            access=market.access,
            keeps=True,
            dsn=database,
            home=str(tmp_path),
        )
        span = {"start": night.end - 10 * DAY_NS, "end": night.end + 10 * DAY_NS}
        async with OpenContext(task, lambda _: None) as ctx:
            assert ctx.symbols == ("AAPL",)
            told = (await ctx.data.bars(["AAPL"], seconds=86_400, **span))["AAPL"]
    assert told[-1].close == pytest.approx(88.99, abs=0.005)
    kept = lake.read(Kind.DAY, "AAPL", 0, FOREVER)
    assert kept.close.tolist() == [bar.close for bar in told]
    # The box's own clock is in Monday, whose split is known and counts for nobody yet.
    assert [action.ex_date for action in lake.actions("AAPL")] == [SPLIT_DAY]
    # Nobody is there any more: what is over is not asked for again.
    async with OpenContext(task, lambda _: None) as ctx:
        again = await ctx.data.bars(["AAPL"], seconds=86_400, **span)
        assert [bar.close for bar in again["AAPL"]] == [bar.close for bar in told]
        first = date(2005, 2, 16)
        history = ctx.history.bars("AAPL", 86_400, first, night.day)
        assert history.close.tolist() == [bar.close for bar in told]


async def test_a_day_that_the_box_has_not_is_told(tmp_path: Path) -> None:
    nowhere = plan(tmp_path, date=date(2024, 3, 6))
    with pytest.raises(ConfigError, match="there are no real daily bars of 2024-03-06"):
        async with open_market(nowhere, home=tmp_path, environ={}, processes=1):
            pytest.fail("without a day")
