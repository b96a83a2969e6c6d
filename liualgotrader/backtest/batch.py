"""A backtest's batch in the database: its account and runs before, its figures and its page after."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from liualgotrader.analytics.backtest.page import render
from liualgotrader.analytics.backtest.rows import BacktestData
from liualgotrader.analytics.backtest.statistics import BacktestStatistics
from liualgotrader.analytics.gain_loss import gain_loss, trade_analysis
from liualgotrader.bootstrap import SessionConfig, plans_of
from liualgotrader.common.plan import Plan, Slippage
from liualgotrader.models.account_store import AccountStore
from liualgotrader.models.analysis_store import AnalysisStore
from liualgotrader.models.session_store import SessionStore

ENVIRONMENT = "BACKTEST"


def new_batch_id() -> str:
    """Return the id of a batch that is yet to be."""
    return str(uuid.uuid4())  # noqa: TID251 - the rim: where a batch is born


async def open_books(
    store: SessionStore,
    config: SessionConfig,
    *,
    broker: str,
    cash: Decimal,
    multiplier: Decimal,
    facts: Mapping[str, Any],
) -> tuple[int, dict[tuple[str, str], int]]:
    """Open a batch's account and begin its runs; return their ids, runs by (strategy, slot).

    `facts` are noted with the batch beside its slots and sources. Raises StoreError.
    """
    noted = {
        "slots": list(config.slots),
        "portfolios": list(config.portfolios),
        "sources": config.sources,
        **facts,
    }
    await AccountStore(store.pool).note(config.batch_id, noted)
    account_id = await store.open_account(
        config.batch_id,
        broker=broker,
        external_id=config.batch_id,
        cash=cash,
        multiplier=multiplier,
        shorting=multiplier > 1,
    )
    runs = {
        (part.name, slot): await store.begin_run(
            config.batch_id,
            strategy=part.name,
            slot=slot,
            parameters=part.parameters,
            portfolio_id=part.portfolio_id,
        )
        for slot in config.slots
        for part in plans_of(config, slot)
    }
    return account_id, runs


async def save_trips(store: SessionStore, batch_id: str, statistics: BacktestStatistics) -> None:
    """Keep the analysis of each round trip. Raises StoreError."""
    trips = statistics.trips
    await AnalysisStore(store.pool).save(
        batch_id, gains=gain_loss(trips), trips=trade_analysis(trips)
    )


def write_report(data: BacktestData, statistics: BacktestStatistics, home: Path) -> Path:
    """Write the page of a batch and return where it is."""
    folder = home / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{data.info.batch_id}.html"
    path.write_text(render(data, statistics), encoding="utf-8")
    return path


def terms_of(plan: Plan, *, picks: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the plan's terms as a page shows them; `picks` says where its symbols came from."""
    parts = f"{plan.participation:.0%} of the volume" if plan.participation else "without limit"
    return (
        ("Order latency", f"{plan.session.latency} ms"),
        ("Fees", plan.fees.model),
        ("Slippage", _slippage(plan.slippage)),
        ("Fills", parts),
        picks,
        ("Strategies", _names([part.name for part in plan.strategies])),
    )


def _slippage(slippage: Slippage) -> str:
    if slippage.model == "none":
        return "none"
    if slippage.model == "bps":
        return f"{slippage.bps} bps"
    symbols = len({cost.symbol for cost in slippage.costs})
    return f"as measured of {symbols} symbols, {slippage.bps} bps of others"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
