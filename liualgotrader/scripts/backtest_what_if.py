"""What `backtest BATCH --current`, `--plan`, `--strategies`, `--param` and the like do: the same market, other code."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from liualgotrader.analytics.backtest.summary import lines
from liualgotrader.backtest.batch import new_batch_id
from liualgotrader.common.account_view import PortfolioView
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.models.portfolio import PortfolioStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.models.slippage_store import SlippageStore
from liualgotrader.replaying.recording import Recording, load_recording
from liualgotrader.scripts.exits import DONE, FAILED
from liualgotrader.scripts.home import database, liu_home
from liualgotrader.scripts.progress import console
from liualgotrader.what_if.clock_text import new_york_clock
from liualgotrader.what_if.comparison import Comparison, Row, compare
from liualgotrader.what_if.keeping import Kept, keep
from liualgotrader.what_if.living import Ran, Task, live_both
from liualgotrader.what_if.selection import Selection
from liualgotrader.what_if.variants import Change, Variant, config_of, unheard_channels, variants

_json = msgspec.json.Encoder(decimal_format="number")
_HEADINGS = (
    "Strategy", "Symbol", "Orders", "Fills", "P&L", "Difference", "First order that differs",
)  # fmt: skip
_CAPTION = "Unchanged -> changed; P&L after the fees of fills, what is held at its last price"
_ALIGNED = "<<>>>>>"


def run_what_if(batch: str, options: dict[str, Any]) -> int:
    """Run what was recorded and what is tried in its place over one recorded market; show how they differ.

    Return 0, also when they differ, and 1 when a strategy failed in the changed run that did not in the unchanged.
    Raises ConfigError (exit code 2) for a batch, a file, a symbol or a plan that cannot be used.
    """
    home = liu_home()
    with database() as dsn:
        return asyncio.run(_run(dsn, home, batch, options))


async def _run(dsn: str, home: Path, batch: str, options: dict[str, Any]) -> int:
    async with await SessionStore.open(dsn, max_size=2) as store:
        recording = await load_recording(store, batch, home=home)
        change = _change(options)
        pair: Sequence[Variant] = variants(recording, change)
        pair = [await _with_costs(store, recording, each) for each in pair]
        unchanged, changed = [await _with_portfolios(store, each) for each in pair]
        selection = await _selection(store, recording, options)
        batch_id, day = new_batch_id(), recording.batch.session_date
        expected = {} if day is None else await store.forecasts(None, day, day)
        tasks = [
            Task(
                recording=recording,
                variant=variant,
                selection=selection,
                home=str(home),
                batch_id=batch_id,
                forecasts=expected[day] if day in expected else {},
                debug=tuple(options["debug"]),
            )
            for variant in (unchanged, changed)
        ]
        before, after = await asyncio.to_thread(live_both, *tasks)
        notices = _notices(before, after, unheard_channels(unchanged.plan, change.plan))
        kept = await keep(
            store,
            after,
            config_of(changed, batch_id, after.slots, after.portfolios),
            source=recording.batch.batch_id,
            home=home,
            notices=notices,
        )
    return _show(before, after, compare(before, after), kept, options)


# -- what is asked for -------------------------------------------------------------------------


def _change(options: dict[str, Any]) -> Change:
    return Change(
        current=options["current"],
        plan=_plan(options["plan"]),
        strategies=options["strategies"],
        parameters=options["parameters"],
        fees=options["fees"],
        slippage=options["slippage"],
        latency=options["latency"],
    )


def _plan(path: Path | None) -> Plan | None:
    return read_plan(path, environ=os.environ) if path is not None else None


async def _selection(
    store: SessionStore, recording: Recording, options: dict[str, Any]
) -> Selection:
    only = None
    if options["strict"]:
        batch_id = recording.batch.batch_id
        traded = dict.fromkeys(row.symbol for row in await store.executions(batch_id))
        if not traded:
            raise ConfigError(f"--strict: nothing was traded in batch {batch_id}; leave it out")
        only = tuple(traded)
    return Selection(only=only, more=tuple(options["more"]), minutes=options["duration"])


async def _with_costs(store: SessionStore, recording: Recording, variant: Variant) -> Variant:
    """Return a variant with what trading was measured to cost before its session, if its plan asks and has it not."""
    day = recording.batch.session_date
    if day is None:
        return variant
    plan = await SlippageStore(store.pool).with_costs(variant.plan, day, day)
    return msgspec.structs.replace(variant, plan=plan)


async def _with_portfolios(store: SessionStore, variant: Variant) -> Variant:
    """Return a variant with the portfolios of its plan as they were when they were set aside."""
    portfolios, found = PortfolioStore(store.pool), {}
    for part in variant.plan.strategies:
        if part.portfolio_id is not None:
            row = await portfolios.portfolio(part.portfolio_id)
            found[part.name] = PortfolioView(row.portfolio_id, row.size, row.credit_line)
    return msgspec.structs.replace(variant, portfolios=found)


# -- what is shown -----------------------------------------------------------------------------


def _notices(before: Ran, after: Ran, unheard: Sequence[str]) -> list[str]:
    short = [symbol for symbol in after.short if symbol not in before.short]
    notices = list(after.notices)
    if short:
        notices.append(
            f"fewer bars were recorded than are declared for warm-up: {', '.join(short)}"
        )
    if unheard:
        notices.append(f"the session did not record what the plan asks for: {', '.join(unheard)}")
    return notices


def _show(
    before: Ran, after: Ran, comparison: Comparison, kept: Kept, options: dict[str, Any]
) -> int:
    failed = dict(after.failures).keys() - dict(before.failures).keys()
    if options["as_json"]:
        result = _result(before, after, comparison, kept)
        sys.stdout.write(_json.encode(result).decode() + "\n")
    for name, ran in (("unchanged", before), ("changed", after)):
        for decision in ran.told:
            console.print(f"{name:<9}  {decision}", markup=False, soft_wrap=True)
    for line in lines(kept.data, kept.statistics):
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"Report    {kept.report}", markup=False, soft_wrap=True)
    console.print(
        "\nUnchanged -> changed; P&L after the fees of fills, what is held at its last price"
    )
    for line in (*_table(comparison), *_totals(before, after), _verdict(comparison)):
        console.print(line, markup=False, soft_wrap=True)
    for line in _troubles(before, after):
        console.print(f"! {line}", markup=False, soft_wrap=True, style="yellow")
    return FAILED if failed else DONE


def _result(before: Ran, after: Ran, comparison: Comparison, kept: Kept) -> dict[str, Any]:
    told = kept.statistics
    fall = told.max_drawdown
    return {
        "batch_id": kept.batch_id,
        "source_batch_id": kept.data.info.source,
        "identical": comparison.identical,
        "decisions": after.decisions,
        "first_divergence": comparison.first,
        "bars": after.bars,
        "bars_per_s": round(after.bars / after.seconds, 1) if after.seconds else 0.0,
        "orders": told.orders,
        "fills": told.fills,
        "equity_start": round(told.equity_start, 6),
        "equity_end": round(told.equity_end, 6),
        "fees": told.fees,
        "sharpe": told.sharpe,
        "max_drawdown": fall.depth if fall is not None else None,
        "report": str(kept.report),
        "unchanged": {
            "orders": len(before.books.orders),
            "fills": sum(each.live for each in before.books.executions),
            "equity_end": before.equity,
            "fees": before.fees,
        },
        "differences": [_difference(row) for row in comparison.rows if row.first is not None],
    }


def _difference(row: Row) -> dict[str, Any]:
    first, second = row.unchanged, row.changed
    return {
        "strategy": row.strategy,
        "symbol": row.symbol,
        "orders": [first.orders, second.orders],
        "fills": [first.fills, second.fills],
        "pnl": [first.pnl, second.pnl],
    }


def _table(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each strategy and symbol, unchanged -> changed, and one for all of them."""
    cells = [_HEADINGS]
    for row in comparison.rows:
        first = "none" if row.first is None else new_york_clock(row.first)
        cells.append((row.strategy, row.symbol, *_cells([row]), first))
    cells.append(("Total", "", *_cells(comparison.rows), ""))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        texts = zip(line, widths, _ALIGNED, strict=True)
        yield "  ".join(f"{text:{side}{width}}" for text, width, side in texts).rstrip()


def _cells(rows: Sequence[Row]) -> tuple[str, str, str, str]:
    sides = [[row.unchanged for row in rows], [row.changed for row in rows]]
    orders = [sum(side.orders for side in own) for own in sides]
    fills = [sum(side.fills for side in own) for own in sides]
    before, after = (sum((side.pnl for side in own), start=Decimal(0)) for own in sides)
    return (
        f"{orders[0]:,} -> {orders[1]:,}",
        f"{fills[0]:,} -> {fills[1]:,}",
        f"{before:+,.2f} -> {after:+,.2f}",
        f"{after - before:+,.2f}",
    )


def _totals(before: Ran, after: Ran) -> Iterator[str]:
    yield f"Equity    {before.equity:,.2f} -> {after.equity:,.2f}"
    yield f"Fees      {before.fees:,.2f} -> {after.fees:,.2f}, those of the day included"


def _verdict(comparison: Comparison) -> str:
    if comparison.first is None:
        return "Verdict   identical: the same orders and fills in both runs"
    pair = [_order(comparison.first[name]) for name in ("unchanged", "changed")]
    return f"Verdict   different from {comparison.first['time']} on: {pair[0]} -> {pair[1]}"


def _order(order: dict[str, Any] | None) -> str:
    if order is None:
        return "no order"
    limit = f" limit {order['limit']}" if order["limit"] is not None else ""
    size = order["qty"] if order["qty"] is not None else f"{order['notional']} $ of"
    return (
        f"{order['strategy']} {order['side']} {size} {order['symbol']} {order['type']}{limit}, "
        f"{order['status']}, {order['filled']} filled"
    )


def _troubles(before: Ran, after: Ran) -> Iterator[str]:
    for name, ran in (("unchanged", before), ("changed", after)):
        for strategy, why in ran.failures:
            yield f"{name}: strategy {strategy} is disabled: {why}"
        for warning in ran.warnings:
            yield f"{name}: {warning}"
