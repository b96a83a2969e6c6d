"""What `backtest BATCH` and `backtest --list` do: prove that a recorded batch replays, and say which can be."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import click
import msgspec

from liualgotrader import __version__
from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.common.clock import NEVER
from liualgotrader.common.errors import LiuError
from liualgotrader.models.session_rows import OrderRow
from liualgotrader.models.session_store import SessionStore
from liualgotrader.replaying.catalogue import Recorded, recorded_batches
from liualgotrader.replaying.difference import differences, told
from liualgotrader.replaying.proof import Proof, prove
from liualgotrader.replaying.recording import Recording, load_recording
from liualgotrader.replaying.reliving import Lived
from liualgotrader.scripts.exits import DONE, FAILED
from liualgotrader.scripts.home import database, liu_home
from liualgotrader.scripts.stores import ask
from liualgotrader.scripts.times import utc
from liualgotrader.what_if.decisions import Decision, recorded_decisions

T = TypeVar("T")

_json = msgspec.json.Encoder(decimal_format="number")
_NANO = 1_000_000_000


class RecordedFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How the recorded session went, by its rows. Money in dollars; None where it never came to an end."""

    orders: int
    fills: int
    by_strategy: dict[str, str]
    equity_start: Decimal | None = None
    equity_end: Decimal | None = None
    fees: Decimal | None = None


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """What `backtest BATCH --json` prints. A proof trades nothing, so ratios and a report are None."""

    batch_id: str
    source_batch_id: str
    identical: bool
    decisions: int
    first_divergence: dict[str, Any] | None
    bars: int
    bars_per_s: float
    orders: int
    fills: int
    equity_start: Decimal | None
    equity_end: Decimal | None
    fees: Decimal | None
    sharpe: float | None = None
    max_drawdown: float | None = None
    report: str | None = None
    inputs: int
    losses: list[str]


def replay_batch(prefix: str, *, as_json: bool = False, debug: Sequence[str] = ()) -> int:
    """Replay the batch whose id begins with `prefix`, as a new batch; show what came of it.

    `debug`: symbols of which each decision that was found again is shown.
    Return 0 when every decision was found again, 1 when one was not. Raises ConfigError (exit code 2) for a batch
    that cannot be replayed.
    """
    with database() as dsn:
        recording = _visit(dsn, lambda store: load_recording(store, prefix, home=liu_home()))
        figures = _visit(dsn, lambda store: _figures(store, recording))
        batch_id = str(uuid.uuid4())
        _visit(dsn, lambda store: _begin(store, batch_id, recording))
        began = time.perf_counter()
        try:
            proof = prove(recording)
        except (LiuError, KeyboardInterrupt) as exc:
            why = str(exc) or "interrupted"
            _visit(dsn, lambda store: _end(store, batch_id, recording, f"failed: {why}", None))
            raise
        seconds = time.perf_counter() - began
        result = _result(batch_id, recording, proof, figures, seconds)
        _visit(dsn, lambda store: _end(store, batch_id, recording, _verdict(proof), result))
    for line in _debugged(recording, proof, debug) if debug else ():
        click.echo(line, err=as_json)
    for line in _told(recording, proof, figures, result, seconds):
        click.echo(line, err=as_json)
    if as_json:
        click.echo(_json.encode(result))
    return DONE if proof.identical else FAILED


def list_batches(*, limit: int = 20, as_json: bool = False) -> int:
    """Print the batches that can be replayed, newest first; return 0."""
    home = liu_home()
    found = ask(SessionStore, lambda store: recorded_batches(store, home=home, limit=limit))
    for each in found:
        click.echo(_json.encode(_row(each)) if as_json else _line(each))
    if not found and not as_json:
        click.echo("There is no recorded session here; `trader` runs one, and keeps its journals.")
    return DONE


# -- the database ------------------------------------------------------------------------------


def _visit(dsn: str, work: Callable[[SessionStore], Awaitable[T]]) -> T:
    async def visit() -> T:
        async with await SessionStore.open(dsn, max_size=1) as store:
            return await work(store)

    return asyncio.run(visit())


async def _begin(store: SessionStore, batch_id: str, recording: Recording) -> None:
    await store.create_batch(
        batch_id,
        environment="BACKTEST",
        mode="replay",
        build=__version__,
        plan=recording.lives[0].header.plan.encode(),
        session_date=recording.batch.session_date,
        source_batch_id=recording.batch.batch_id,
    )


async def _end(
    store: SessionStore, batch_id: str, recording: Recording, how: str, result: ReplayResult | None
) -> None:
    reason = f"replay of {recording.batch.batch_id}: {how}"
    summary = msgspec.to_builtins(result) if result is not None else None
    await store.end_batch(batch_id, reason=reason, summary=summary)


async def _figures(store: SessionStore, recording: Recording) -> RecordedFigures:
    batch = recording.batch
    orders = await store.orders(batch.batch_id)
    summary = batch.summary or {}
    money = {name: summary.get(name) for name in ("equity_start", "equity_end", "fees")}
    return RecordedFigures(
        orders=sum(order.status != "refused" for order in orders),
        fills=len(await store.executions(batch.batch_id)),
        by_strategy=dict(_by_strategy(orders)),
        **{name: Decimal(str(value)) for name, value in money.items() if value is not None},
    )


def _by_strategy(orders: list[OrderRow]) -> Iterator[tuple[str, str]]:
    count = Counter((order.strategy, order.status == "refused") for order in orders)
    for name in dict.fromkeys(order.strategy for order in orders):
        yield name, f"{count[name, False]:,} sent, {count[name, True]:,} refused"


# -- what is shown -----------------------------------------------------------------------------


def _result(
    batch_id: str, recording: Recording, proof: Proof, figures: RecordedFigures, seconds: float
) -> ReplayResult:
    return ReplayResult(
        batch_id=batch_id,
        source_batch_id=recording.batch.batch_id,
        identical=proof.identical,
        decisions=proof.decisions,
        first_divergence=_divergence(proof.first) if proof.first is not None else None,
        bars=proof.bars,
        bars_per_s=round(proof.bars / seconds, 1),
        orders=figures.orders,
        fills=figures.fills,
        equity_start=figures.equity_start,
        equity_end=figures.equity_end,
        fees=figures.fees,
        inputs=proof.inputs,
        losses=[str(loss) for loss in proof.losses],
    )


def _divergence(lived: Lived) -> dict[str, Any] | None:
    divergence = lived.divergence
    if divergence is None:
        return None
    return {
        "slot": lived.slot,
        "incarnation": lived.incarnation,
        "ts": divergence.ts,
        "time": _new_york(divergence.ts),
        "input": told(divergence.input),
        "expected": [told(each) for each in divergence.expected],
        "actual": [told(each) for each in divergence.actual],
        "differences": differences(divergence.expected, divergence.actual),
    }


def _new_york(ns: int) -> str:
    """Return ns UTC as `Wed 2013-01-23 09:42:13.500000000 New York`."""
    moment = datetime.fromtimestamp(ns // _NANO, UTC).astimezone(NEW_YORK)
    return f"{moment:%a %Y-%m-%d %H:%M:%S}.{ns % _NANO:09d} New York"


def _verdict(proof: Proof) -> str:
    if proof.first is not None and proof.first.divergence is not None:
        return f"diverged at {_new_york(proof.first.divergence.ts)}"
    return "identical, as far as it is recorded" if proof.losses else "identical"


def _told(
    recording: Recording,
    proof: Proof,
    figures: RecordedFigures,
    result: ReplayResult,
    seconds: float,
) -> Iterator[str]:
    batch = recording.batch
    yield f"Replay      of {batch.batch_id} ({batch.environment}, began {utc(batch.started_at)})"
    yield f"Batch       {result.batch_id}"
    yield f"Verdict     {_verdict(proof)}"
    yield (
        f"Compared    {proof.decisions:,} decisions on {proof.inputs:,} inputs, {proof.bars:,} bars among them, "
        f"in {seconds:.1f} s"
    )
    for each in proof.lives:
        yield f"Life        {_life(each)}"
    for name, counts in figures.by_strategy.items():
        yield f"Orders      {name}: {counts}"
    for loss in proof.losses:
        yield f"Lost        {loss}"
    if proof.first is not None:
        yield from _told_divergence(proof.first)


def _debugged(recording: Recording, proof: Proof, symbols: Sequence[str]) -> Iterator[str]:
    """Tell the decisions on these symbols that were found again, in time: of each life up to its divergence."""
    decisions: list[Decision] = []
    for life, lived in zip(recording.lives, proof.lives, strict=True):
        before = lived.divergence.ts if lived.divergence is not None else NEVER
        decisions += recorded_decisions(life, symbols, before=before)
    for decision in sorted(decisions, key=lambda each: each.ts):
        yield f"Decision    {decision}"


def _life(lived: Lived) -> str:
    how = "identical" if lived.divergence is None else "diverged"
    if lived.open_end:
        how += "; the recording ends inside an input"
    return (
        f"consumer {lived.slot}, life {lived.incarnation}: {lived.decisions:,} decisions on "
        f"{lived.inputs:,} inputs, {how}"
    )


def _told_divergence(lived: Lived) -> Iterator[str]:
    divergence = lived.divergence
    if divergence is None:
        return
    yield (
        f"Divergence  consumer {lived.slot}, life {lived.incarnation}, {_new_york(divergence.ts)}"
    )
    yield f"  input     {told(divergence.input)}"
    yield f"  expected  {told(divergence.expected)}"
    yield f"  actual    {told(divergence.actual)}"
    for line in differences(divergence.expected, divergence.actual):
        yield f"  differs   {line}"
    if lived.version != __version__:
        yield f"  recorded by version {lived.version}, replayed by {__version__}"


def _row(recorded: Recorded) -> dict[str, Any]:
    batch = recorded.batch
    return {
        "batch_id": batch.batch_id,
        "environment": batch.environment,
        "started_at": batch.started_at,
        "session_date": batch.session_date,
        "end_reason": batch.end_reason,
        "strategies": recorded.strategies,
        "orders": recorded.orders,
        "journal_bytes": recorded.journal_bytes,
    }


def _line(recorded: Recorded) -> str:
    batch = recorded.batch
    return (
        f"{batch.batch_id}  {batch.environment}  {utc(batch.started_at)}  "
        f"{', '.join(recorded.strategies) or 'no strategy'}  {recorded.orders:,} orders  "
        f"{recorded.journal_bytes / 1e6:,.2f} MB of journals"
    )
