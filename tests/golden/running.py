"""A case lived through with the product's own backtest, its rows kept in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np

from liualgotrader.analytics.backtest.rows import BacktestData, BacktestInfo, Candles, Curve
from liualgotrader.analytics.backtest.statistics import BacktestStatistics, backtest_statistics
from liualgotrader.analytics.round_trips import Adjustment as Held
from liualgotrader.analytics.rows import Fill, OrderRow
from liualgotrader.backtest.backtest import Backtest
from liualgotrader.backtest.course import backtest_config
from liualgotrader.backtest.history import DAY
from liualgotrader.backtest.request import Request
from liualgotrader.common.ledger_orders import Execution, LedgerOrder
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.data.lake.daily import daily_from_minutes
from liualgotrader.trading.memory_ledger import Finished
from tests.golden.case import Case
from tests.golden.history import write_history

BATCH = "00000000-0000-4000-8000-000000000000"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """All that a case is judged by. `disagreements`: how ledger and broker differ in the end."""

    backtest: Backtest
    orders: list[LedgerOrder]
    executions: list[Execution]
    statistics: BacktestStatistics
    disagreements: tuple[str, ...]


class Collected:
    """Implements `backtest.Sink`: keeps all that is over."""

    def __init__(self) -> None:
        self.orders: list[LedgerOrder] = []
        self.executions: list[Execution] = []
        self.flows: list[tuple[int, Decimal]] = []

    def keep(self, finished: Finished) -> None:
        """Keep what is over."""
        self.orders += finished.orders
        self.executions += finished.executions
        self.flows += finished.flows


Change = Callable[[Request], Request]


def run_case(case: Case, folder: Path, change: Change = lambda request: request) -> Outcome:
    """Live through a case, with its history in `folder` and what it asks for changed by `change`."""
    lake = write_history(folder, case.bars, case.actions)
    request = change(case.request())
    collected = Collected()
    backtest = Backtest(
        request,
        backtest_config(request.plan, BATCH, seconds=request.scale.seconds),
        lake,
        collected,
        forecasts={session.date: case.forecasts for session in request.sessions()},
    )
    asyncio.run(backtest.run(lambda session: True))
    executions = sorted(collected.executions, key=lambda each: (each.time, each.order_id))
    orders = sorted(collected.orders, key=lambda order: (order.decided_at, order.order_id))
    data = _data(request, lake, backtest, orders=orders, executions=executions)
    statistics = backtest_statistics(data)
    return Outcome(
        backtest=backtest,
        orders=orders,
        executions=executions,
        statistics=statistics,
        disagreements=tuple(_disagreements(case, backtest, collected)),
    )


def _disagreements(case: Case, backtest: Backtest, collected: Collected) -> Iterator[str]:
    """Yield where the venue's books and the ledger's differ, on money, on what is held, on what is open."""
    account, view = backtest.simulation.venue.account, backtest.simulation.ledger.view
    if view.cash != account.cash:
        yield f"the ledger has {view.cash} in cash, the broker {account.cash}"
    flows = sum((amount for _, amount in collected.flows), case.request().opening_cash)
    if flows != view.cash:
        yield f"the flows come to {flows}, the ledger's cash is {view.cash}"
    held: Counter[str] = Counter()
    for (_, symbol), holding in view.holdings.items():
        held[symbol] += holding.qty  # type: ignore[assignment]  # Decimals add up as well
    broker = {symbol: position.qty for symbol, position in account.positions.items()}
    if {symbol: qty for symbol, qty in held.items() if qty} != broker:
        yield f"the ledger holds {dict(held)}, the broker {broker}"
    ours = sorted(view.orders)
    theirs = sorted(order.client_id for order in backtest.simulation.venue.open_orders())
    if ours != theirs:
        yield f"open in the ledger are {ours}, at the broker {theirs}"


def _data(
    request: Request,
    lake: Lake,
    backtest: Backtest,
    *,
    orders: list[LedgerOrder],
    executions: list[Execution],
) -> BacktestData:
    by_id = {order.order_id: order for order in orders}
    days, sessions = backtest.days, backtest.sessions
    charges = backtest.simulation.venue.account.charges
    return BacktestData(
        info=BacktestInfo(
            batch_id=BATCH,
            first=sessions[0].date,
            last=days[-1].date,
            scale=request.scale.value,
            asset=request.asset.value,
            symbols=len(backtest.traded_symbols),
            days=len(days),
            bars=backtest.bars,
            duration_s=0.0,
            build="",
        ),
        cash_start=request.opening_cash,
        curve=Curve(ts=np.array(backtest.curve.ts, np.int64), **backtest.curve.columns()),
        fills=tuple(_fill(each, by_id[each.order_id]) for each in executions),
        orders=tuple(map(_order, orders)),
        adjustments=tuple(
            Held(symbol=a.symbol, ts=a.ts, ratio=a.ratio, cash=a.cash, new_symbol=a.new_symbol)
            for a in backtest.adjustments
        ),
        candles=tuple(_candles(request, lake, {each.symbol for each in executions})),
        charges=sum((charge.amount for charge in charges), Decimal(0)),
    )


def _fill(row: Execution, order: LedgerOrder) -> Fill:
    return Fill(
        strategy=row.strategy,
        symbol=row.symbol,
        side=row.side,
        qty=row.qty,
        price=row.price,
        ts=row.time,
        fee=row.fee,
        order_id=row.order_id,
        execution_id=row.execution_id or "",
        stop=order.stop,
        target=order.target,
    )


def _order(row: LedgerOrder) -> OrderRow:
    return OrderRow(
        order_id=row.order_id,
        strategy=row.strategy,
        symbol=row.symbol,
        side=row.side,
        order_type=row.type.value,
        status=row.status.value,
        decided=row.decided_at,
        qty=row.qty,
        filled=row.filled,
    )


def _candles(request: Request, lake: Lake, symbols: set[str]) -> Iterable[Candles]:
    end = 1 << 62
    for symbol in sorted(symbols):
        rows = lake.read(Kind.DAY, symbol, 0, end)
        if not len(rows):
            minutes = lake.read(Kind.MINUTE, symbol, 0, end)
            rows = daily_from_minutes(minutes, request.asset.calendar)
        if len(rows):
            yield Candles(
                symbol=symbol,
                ts=rows.start + DAY,
                open=rows.open,
                high=rows.high,
                low=rows.low,
                close=rows.close,
                volume=rows.volume,
            )
