"""What is worked out when a session is over: fees, gains, round trips, and the report that a person reads."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from liualgotrader import __version__
from liualgotrader.analytics.analysis import Analysis, analyse
from liualgotrader.analytics.report import render
from liualgotrader.analytics.rows import (
    Company,
    FeedSummary,
    OrderRow,
    PriceSeries,
    Reconciliation,
    RunRow,
    SessionData,
    SessionInfo,
)
from liualgotrader.bootstrap import SessionConfig, environment_name
from liualgotrader.common.errors import FeedError
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Side
from liualgotrader.common.ports import DataAPI, Trader
from liualgotrader.credentials.redaction import KNOWN
from liualgotrader.models.account_store import AccountStore
from liualgotrader.models.analysis_store import AnalysisStore
from liualgotrader.models.session_rows import OrderRow as StoredOrder
from liualgotrader.models.session_store import SessionStore

log = logging.getLogger(__name__)

INVENTED = "Simulated"
"""How the names of companies begin that exist only on the exchange in a box."""


def session_date(config: SessionConfig) -> dt.date:
    """Return the day of a session; US sessions begin and end on one day in UTC."""
    return dt.datetime.fromtimestamp(config.session_open / 1e9, dt.UTC).date()


async def book_fees(store: AccountStore, trader: Trader, config: SessionConfig) -> Decimal:
    """Book what the broker charged apart from executions, each fee once; return all of it."""
    total = Decimal(0)
    for activity in await trader.activities(since=session_date(config).isoformat()):
        if activity.kind != "FEE":
            continue
        total -= activity.amount
        await store.book_fee(
            config.account_id,
            activity_id=activity.activity_id,
            amount=-activity.amount,
            why=activity.description or "fee",
        )
    return total


def order_of(row: StoredOrder) -> OrderRow:
    """Return an order as analytics takes it."""
    return OrderRow(
        order_id=row.order_id,
        strategy=row.strategy,
        symbol=row.symbol,
        side=Side(row.side),
        order_type=row.order_type,
        status=row.status,
        decided=row.decided_at,
        qty=row.qty,
        notional=row.notional,
        limit=row.limit_price,
        trigger=row.trigger_price,
        filled=row.filled,
        reason=row.reason,
        refusal=row.refusal or "",
    )


async def _prices(
    data: DataAPI, config: SessionConfig, symbols: Sequence[str]
) -> tuple[PriceSeries, ...]:
    """Return the minute closes of the traded symbols; a report without prices is better than none."""
    if not symbols:
        return ()
    try:
        bars = await data.bars(
            symbols, start=config.session_open, end=config.session_close, seconds=60
        )
    except FeedError as exc:
        log.warning("the report has no prices: %s", exc)
        return ()
    return tuple(PriceSeries.of(symbol, bars.get(symbol, [])) for symbol in symbols)


def _company(instrument: Instrument) -> Company:
    return Company(instrument.symbol, instrument.name, instrument.name.startswith(INVENTED))


async def gather(
    store: SessionStore,
    data: DataAPI,
    config: SessionConfig,
    *,
    cash_start: Decimal,
    charges: Decimal,
    feed: FeedSummary,
    reconciliation: Reconciliation,
    end_reason: str,
    notice: str,
) -> SessionData:
    """Read all that a session left behind."""
    executions = await store.executions(config.batch_id)
    fills = tuple(row.fill for row in executions)
    picks = await store.load_picks(config.batch_id)
    instruments = {pick.symbol: pick.picked.instrument for pick in picks}
    batch = await store.find_batch(config.batch_id)
    runs = await store.runs(config.batch_id)
    info = SessionInfo(
        batch_id=config.batch_id,
        mode=config.plan.session.mode.value,
        environment=environment_name(config.plan.session.mode),
        session_date=session_date(config),
        open=config.session_open,
        close=config.session_close,
        symbols=len(instruments),
        consumers=len(config.slots),
        build=__version__,
        started=batch.started_at,
        end_reason=end_reason,
        plan=_plan_lines(config),
        companies=tuple(_company(instrument) for instrument in instruments.values()),
        intraday_simulated=bool(notice),
        notice=notice,
    )
    return SessionData(
        session=info,
        cash_start=cash_start,
        charges=charges,
        fills=fills,
        orders=tuple(order_of(row) for row in await store.orders(config.batch_id)),
        prices=await _prices(data, config, sorted({fill.symbol for fill in fills})),
        runs=tuple(
            RunRow(
                algo_run_id=run.algo_run_id,
                strategy=run.strategy,
                slot=run.slot,
                end_reason=run.end_reason or end_reason,
            )
            for run in runs
        ),
        feed=feed,
        reconciliation=reconciliation,
    )


def _plan_lines(config: SessionConfig) -> tuple[tuple[str, str], ...]:
    session = config.plan.session
    return (
        ("Speed", "lockstep" if session.lockstep else f"{session.speed:g} times real time"),
        ("Order latency", f"{session.latency} ms"),
        ("Scanners", ", ".join(part.name for part in config.plan.scanners) or "none"),
        ("Strategies", ", ".join(part.name for part in config.plan.strategies) or "none"),
    )


async def write_report(dsn_store: AnalysisStore, data: SessionData, folder: Path) -> Path:
    """Analyse a session, store gains and round trips, write the page; return its path."""
    analysis: Analysis = analyse(data)
    await dsn_store.save(
        data.session.batch_id, gains=analysis.gain_loss, trips=analysis.trade_analysis
    )
    return await asyncio.to_thread(_write, folder, data.session.batch_id, render(data, analysis))


def _write(folder: Path, batch_id: str, page: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{batch_id}.html"
    path.write_bytes(KNOWN.blanked(page.encode()))
    return path
