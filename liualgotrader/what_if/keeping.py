"""The changed run as a batch of its own: orders, fills, figures and the report, as a backtest leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from liualgotrader import __version__
from liualgotrader.analytics.backtest.rows import BacktestData, BacktestInfo, Candles, Curve
from liualgotrader.analytics.backtest.statistics import BacktestStatistics, backtest_statistics
from liualgotrader.analytics.backtest.summary import figures
from liualgotrader.backtest.batch import (
    ENVIRONMENT,
    open_books,
    save_trips,
    terms_of,
    write_report,
)
from liualgotrader.bootstrap import SessionConfig
from liualgotrader.common.plan import plan_to_json
from liualgotrader.models.backtest_rows import encoded
from liualgotrader.models.backtest_store import BacktestStore, Owner
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.closing import order_of
from liualgotrader.what_if.living import Ran

MODE = "what_if"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept of a run."""

    batch_id: str
    data: BacktestData
    statistics: BacktestStatistics
    report: Path


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
    account_id, runs = await open_books(
        store, config, broker=MODE, cash=ran.cash, multiplier=ran.multiplier, facts={}
    )
    books = BacktestStore(store.pool)
    await books.append(Owner(config.batch_id, account_id, runs), [encoded(ran.books)])
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
        fills=tuple(row.fill for row in await store.executions(batch_id)),
        orders=tuple(order_of(row) for row in await store.orders(batch_id)),
        candles=tuple(_candles(ran)),
        charges=ran.charges,
    )
    statistics = backtest_statistics(data)
    await save_trips(store, batch_id, statistics)
    report = write_report(data, statistics, home)
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
        plan=terms_of(config.plan, picks=("Picks", "as recorded")),
        notices=tuple(notices),
        source=source,
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
