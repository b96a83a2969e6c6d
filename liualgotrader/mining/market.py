"""Whom a night's miners ask for market data, and what time it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from liualgotrader.bootstrap import WorldClock
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Mode, Plan, SessionPlan, Vendor
from liualgotrader.credentials.environments import is_loopback
from liualgotrader.credentials.secret import Secret
from liualgotrader.data.data_factory import Access
from liualgotrader.mining.plan import DataSource, MinerPlan
from liualgotrader.mining.task import logs_of
from liualgotrader.session.box import Box
from liualgotrader.session.box_arguments import box_arguments
from liualgotrader.session.world import endpoints_of, keys_of, market_offset

_BOX = "miners"


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """Where to ask. `now`: the market's time, ns UTC. `keeps`: whether what it says is history.

    `notice`: what a reader must know of the prices.
    """

    access: Access
    now: int
    keeps: bool
    notice: str = ""


@asynccontextmanager
async def open_market(
    plan: MinerPlan, *, home: Path, environ: Mapping[str, str], processes: int
) -> AsyncIterator[Market]:
    """Give the market that a plan names, for as long as it is used. `processes`: how many will ask at once.

    Raises ConfigError, for keys that are missing or wrong too, or BrokerUnavailable.
    """
    if plan.data.source is DataSource.BOX:
        box = await Box.start(_arguments(plan, home), logs_of(home) / "exchange.log")
        try:
            yield await _box_market(box)
        finally:
            await box.stop()
    else:
        yield await _world_market(plan, environ, processes)


def _arguments(plan: MinerPlan, home: Path) -> list[str]:
    """Return the box's command line: its tape stands before its day, as in the night before it."""
    data = plan.data
    session = SessionPlan(speed="max", seed=data.seed, date=data.date, tape=data.tape)
    # Nobody trades there, so nothing in its log is worth going on from.
    (home / "exchange" / f"{_BOX}.log").unlink(missing_ok=True)
    return box_arguments(Plan(session=session), home, _BOX)


async def _box_market(box: Box) -> Market:
    at, clock = box.address, await box.clock()
    access = Access(
        vendor=Vendor.ALPACA,
        feed="iex",
        asset_class=AssetClass.US_EQUITY,
        trading_url=at.trading_url,
        data_url=at.data_url,
        stream_url=at.stream_url,
        key=Secret(at.key),
        secret=Secret(at.secret),
        data_key=Secret(at.secret),
        limited=False,
    )
    return Market(access=access, now=clock.tape_ns, keeps=False, notice=clock.notice)


async def _world_market(plan: MinerPlan, environ: Mapping[str, str], processes: int) -> Market:
    data = plan.data
    session = SessionPlan(mode=Mode(data.account), data=Vendor(data.source.value), feed=data.feed)
    as_plan = Plan(filename=plan.filename, session=session)
    at = endpoints_of(as_plan, environ, keys_of(as_plan, environ))
    in_box = is_loopback(at.trading_url)
    access = Access(
        vendor=session.data,
        feed=at.feed,
        asset_class=session.asset_class,
        trading_url=at.trading_url,
        data_url=at.data_url,
        stream_url=at.data_stream_url,
        key=at.key,
        secret=at.secret,
        data_key=at.data_key or Secret(""),
        limited=not in_box,
        processes=processes,
    )
    now = WorldClock(await market_offset(at)).now()
    # What an exchange in a box shows is nobody's history.
    return Market(access=access, now=now, keeps=not in_box)
