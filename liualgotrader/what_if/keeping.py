"""The changed run as a batch of its own: orders, fills, figures and the report, as a backtest leaves them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from liualgotrader import __version__
from liualgotrader.analytics.backtest.page import render
from liualgotrader.analytics.backtest.rows import BacktestData, BacktestInfo, Candles, Curve
from liualgotrader.analytics.backtest.statistics import BacktestStatistics, backtest_statistics
from liualgotrader.analytics.backtest.summary import figures
from liualgotrader.analytics.gain_loss import gain_loss, trade_analysis
from liualgotrader.backtest.course import ENVIRONMENT
from liualgotrader.bootstrap import SessionConfig, plans_of
from liualgotrader.common.plan import Plan, plan_to_json
from liualgotrader.models.account_store import AccountStore
from liualgotrader.models.analysis_store import AnalysisStore
from liualgotrader.models.backtest_store import BacktestStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.closing import fill_of, order_of
from liualgotrader.what_if.living import Ran

MODE = "what_if"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept of a run."""

    batch_id: str
    data: BacktestData
    statistics: BacktestStatistics
    report: Path


def new_batch_id() -> str:
    """Return the id of a batch that is yet to be."""
    return str(uuid.uuid4())  # noqa: TID251 - the rim: where a batch is born


async def keep(
    store: SessionStore,
    ran: Ran,
    config: SessionConfig,
    *,
    source: str,
    home: Path,
    notices: Sequence[str],
) -> Kept:
    """Keep a run as a batch that names the batch `source` whose market it was. Raises StoreError."""
    batch_id = config.batch_id
    await store.create_batch(
        batch_id,
        environment=ENVIRONMENT,
        mode=MODE,
        build=__version__,
        plan=plan_to_json(config.plan),
        session_date=ran.date,
        source_batch_id=source,
    )
    try:
        await _keep_books(store, ran, config)
        kept = await _work_out(store, ran, config, source=source, home=home, notices=notices)
    except BaseException as exc:
        await store.end_batch(batch_id, reason=f"failed: {exc}")
        raise
    summary = figures(kept.statistics) | {"bars": ran.bars, "decisions": ran.decisions}
    known = (await store.find_batch(batch_id)).summary or {}
    await store.end_batch(
        batch_id,
        reason=f"what if, on the market of {source}",
        summary=known | msgspec.to_builtins(summary),
        report=str(kept.report),
    )
    return kept


async def _keep_books(store: SessionStore, ran: Ran, config: SessionConfig) -> None:
    facts = {
        "slots": list(config.slots),
        "portfolios": list(config.portfolios),
        "sources": config.sources,
    }
    await AccountStore(store.pool).note(config.batch_id, facts)
    account_id = await store.open_account(
        config.batch_id,
        broker=MODE,
        external_id=config.batch_id,
        cash=ran.cash,
        multiplier=ran.multiplier,
        shorting=ran.multiplier > 1,
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
    books = BacktestStore(store.pool)
    await books.append(config.batch_id, account_id=account_id, runs=runs, books=ran.books)
    await books.settle(account_id)


async def _work_out(
    store: SessionStore,
    ran: Ran,
    config: SessionConfig,
    *,
    source: str,
    home: Path,
    notices: Sequence[str],
) -> Kept:
    batch_id = config.batch_id
    data = BacktestData(
        info=_info(ran, config, source=source, notices=notices),
        cash_start=ran.cash,
        curve=Curve(
            ts=np.array(ran.curve_ts, dtype=np.int64),
            **{name: np.array(column) for name, column in ran.curve.items()},
        ),
        fills=tuple(fill_of(row) for row in await store.executions(batch_id)),
        orders=tuple(order_of(row) for row in await store.orders(batch_id)),
        candles=tuple(_candles(ran)),
        charges=ran.charges,
    )
    statistics = backtest_statistics(data)
    trips = statistics.trips
    await AnalysisStore(store.pool).save(
        batch_id, gains=gain_loss(trips), trips=trade_analysis(trips)
    )
    folder = home / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    report = folder / f"{batch_id}.html"
    report.write_text(render(data, statistics), encoding="utf-8")
    return Kept(batch_id=batch_id, data=data, statistics=statistics, report=report)


def _info(ran: Ran, config: SessionConfig, *, source: str, notices: Sequence[str]) -> BacktestInfo:
    return BacktestInfo(
        batch_id=config.batch_id,
        first=ran.date,
        last=ran.date,
        scale="minute",
        asset="crypto" if ran.around_the_clock else "equity",
        symbols=len(ran.symbols),
        days=1,
        bars=ran.bars,
        duration_s=round(ran.seconds, 3),
        build=__version__,
        plan=_plan_lines(config.plan),
        notices=tuple(notices),
        source=source,
    )


def _plan_lines(plan: Plan) -> tuple[tuple[str, str], ...]:
    slippage = f"{plan.slippage.bps} bps" if plan.slippage.model == "bps" else "none"
    parts = f"{plan.participation:.0%} of the volume" if plan.participation else "without limit"
    return (
        ("Order latency", f"{plan.session.latency} ms"),
        ("Fees", plan.fees.model),
        ("Slippage", slippage),
        ("Fills", parts),
        ("Picks", "as recorded"),
        ("Strategies", ", ".join(part.name for part in plan.strategies)),
    )


def _candles(ran: Ran) -> list[Candles]:
    ts = np.array(ran.curve_ts[-1:], dtype=np.int64)
    return [
        Candles(
            symbol=symbol,
            ts=ts,
            open=np.array([candle.open]),
            high=np.array([candle.high]),
            low=np.array([candle.low]),
            close=np.array([candle.close]),
            volume=np.array([candle.volume]),
        )
        for symbol, candle in ran.candles.items()
    ]
