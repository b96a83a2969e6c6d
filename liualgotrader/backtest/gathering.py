"""What a backtest left behind, read back for its figures and its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np

from liualgotrader import __version__
from liualgotrader.analytics.backtest.rows import BacktestData, BacktestInfo, Candles, Curve
from liualgotrader.analytics.round_trips import Adjustment as Held
from liualgotrader.analytics.rows import Fill, PriceSeries
from liualgotrader.backtest.backtest import Backtest
from liualgotrader.backtest.batch import terms_of
from liualgotrader.backtest.request import Request
from liualgotrader.common.calendar import Session
from liualgotrader.data.lake import Kind, Lake, Rows, adjusted
from liualgotrader.data.lake.daily import daily_from_minutes
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.closing import order_of

# As many charts as the report draws, and some for symbols whose rows have no candles.
_CHARTS = 16
_BENCHMARK_BEFORE = timedelta(days=10)


async def gather(
    store: SessionStore,
    lake: Lake,
    request: Request,
    backtest: Backtest,
    *,
    batch_id: str,
    duration_s: float,
    notices: Sequence[str],
    source: str = "",
) -> BacktestData:
    """Return all that figures and report are made of."""
    fills = tuple(row.fill for row in await store.executions(batch_id))
    days, sessions = backtest.days, backtest.sessions
    info = BacktestInfo(
        batch_id=batch_id,
        first=sessions[0].date,
        last=days[-1].date if days else sessions[0].date,
        scale=request.scale.value,
        asset=request.asset.value,
        symbols=len(backtest.traded_symbols),
        days=len(days),
        bars=backtest.bars,
        duration_s=duration_s,
        build=__version__,
        plan=_terms(request),
        notices=tuple(notices),
        benchmark=request.benchmark or "",
        interrupted=len(days) < len(sessions),
        source=source,
    )
    columns = backtest.curve.columns()
    charges = backtest.simulation.venue.account.charges
    return BacktestData(
        info=info,
        cash_start=request.opening_cash,
        curve=Curve(ts=np.array(backtest.curve.ts, dtype=np.int64), **columns),
        fills=fills,
        orders=tuple(order_of(row) for row in await store.orders(batch_id)),
        adjustments=tuple(
            Held(symbol=a.symbol, ts=a.ts, ratio=a.ratio, cash=a.cash, new_symbol=a.new_symbol)
            for a in backtest.adjustments
        ),
        candles=tuple(_candles(lake, request, days, fills)),
        benchmark=_benchmark(lake, request, days),
        charges=sum((charge.amount for charge in charges), start=request.opening_cash * 0),
    )


def _terms(request: Request) -> tuple[tuple[str, str], ...]:
    names = ", ".join(part.name for part in request.plan.scanners)
    return terms_of(request.plan, picks=("Scanners", names or "none"))


def _candles(
    lake: Lake, request: Request, days: Sequence[Session], fills: Iterable[Fill]
) -> Iterable[Candles]:
    """Yield day candles of the symbols that were traded most, by dollars."""
    values: Counter[str] = Counter()
    for fill in fills:
        values[fill.symbol] += int(fill.qty * fill.price)
    for symbol, _ in values.most_common(_CHARTS):
        rows = _day_rows(lake, request, symbol, days[0].pre_open - _DAY, days[-1].post_close)
        if len(rows):
            yield Candles(
                symbol=symbol,
                ts=rows.start + _DAY,
                open=rows.open,
                high=rows.high,
                low=rows.low,
                close=rows.close,
                volume=rows.volume,
            )


_DAY = 86_400_000_000_000


def _day_rows(lake: Lake, request: Request, symbol: str, start: int, end: int) -> Rows:
    rows = lake.read(Kind.DAY, symbol, start, end)
    if len(rows):
        return rows
    minutes = lake.read(Kind.MINUTE, symbol, start, end)
    return daily_from_minutes(minutes, request.asset.calendar)


def _benchmark(lake: Lake, request: Request, days: Sequence[Session]) -> PriceSeries | None:
    """Return the benchmark's closes as a holder saw them who put dividends back into it."""
    if request.benchmark is None or not days:
        return None
    before = int(_BENCHMARK_BEFORE.total_seconds()) * 10**9
    end = days[-1].post_close
    rows = _day_rows(lake, request, request.benchmark, days[0].pre_open - before, end)
    rows = adjusted(rows, lake.actions(request.benchmark), as_of=end, dividends=True)
    closes = _closes_at(rows, request)
    return PriceSeries(request.benchmark, closes, rows.close, rows.low, rows.high)


def _closes_at(rows: Rows, request: Request) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return when each day closed: the curve is marked at the close, not at midnight."""
    calendar = request.asset.calendar
    moments = [calendar.session_at(int(start) + _DAY // 2) for start in rows.start]
    return np.array(
        [
            int(start) + _DAY if session is None else session.close
            for start, session in zip(rows.start, moments, strict=True)
        ],
        dtype=np.int64,
    )
