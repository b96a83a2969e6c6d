"""Sessions seen and steered: `liu batches`, `status`, `halt`, `flatten`, `stop` and so on."""

from __future__ import annotations

import os

import click
import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.models.account_lock import NAME
from liualgotrader.models.embedded import running_dsn
from liualgotrader.models.postgres import translated
from liualgotrader.models.session_rows import BatchRow, PositionRow, RunRow
from liualgotrader.models.session_store import SessionStore
from liualgotrader.scripts.home import DSN_VARIABLE, database_dir, liu_home
from liualgotrader.scripts.stores import ask
from liualgotrader.scripts.times import utc

# A session holds its account's lock on a connection that bears its name, and dies with it.
_RUNNING = "SELECT substr(application_name, $1) FROM pg_stat_activity WHERE application_name ^@ $2"
_ORDERS = """
SELECT status, count(*) FROM orders WHERE batch_id = $1 GROUP BY status ORDER BY status"""

_json = msgspec.json.Encoder(decimal_format="number")


class Standing(msgspec.Struct, frozen=True):
    """How a session stands. `state` is running, ended, or died; `orders` counts them by status."""

    batch: BatchRow
    state: str
    runs: list[RunRow]
    positions: list[PositionRow]
    orders: dict[str, int]


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print one object a line.")
def batches(limit: int, as_json: bool) -> None:
    """List the sessions, newest first."""

    async def work(store: SessionStore) -> list[tuple[BatchRow, str]]:
        running = await _running(store)
        rows = await store.list_batches(limit=limit)
        return [(each, _state(each, running)) for each in rows]

    found = ask(SessionStore, work)
    for batch, state in found:
        row = {**msgspec.structs.asdict(batch), "state": state}
        click.echo(_json.encode(row) if as_json else _line(batch, state))
    if not found and not as_json:
        click.echo("There has been no session yet; `trader` runs one.")


@click.command()
@click.argument("batch")
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line.")
def status(batch: str, as_json: bool) -> None:
    """Show how a session stands. The beginning of its id is enough."""
    found = ask(SessionStore, lambda store: _standing(store, batch))
    if as_json:
        click.echo(_json.encode(found))
        return
    click.echo(_line(found.batch, found.state))
    for run in found.runs:
        click.echo(f"  {run.strategy} in consumer {run.slot}: {run.end_reason or found.state}")
    for each in found.positions:
        click.echo(f"  {each.strategy} holds {each.qty:f} {each.symbol} at {each.avg_price:f}")
    for name, count in found.orders.items():
        click.echo(f"  {count} orders {name}")


@click.command()
@click.argument("batch")
@click.option("--reason", default="operator", help="Kept with the session.")
def halt(batch: str, reason: str) -> None:
    """Allow no more entries in a session; exits go on."""
    _tell(batch, "halt", reason)


@click.command("resume-entries")
@click.argument("batch")
@click.option("--reason", default="operator", help="Kept with the session.")
def resume_entries(batch: str, reason: str) -> None:
    """Allow entries again after a halt."""
    _tell(batch, "resume", reason)


@click.command()
@click.argument("batch")
@click.option("--reason", default="operator", help="Kept with the session.")
def flatten(batch: str, reason: str) -> None:
    """Close all positions of a session at the market, and allow no more entries."""
    _tell(batch, "flatten", reason)


@click.command()
@click.argument("batch")
@click.option("--reason", default="operator", help="Kept with the session.")
def stop(batch: str, reason: str) -> None:
    """End a session in order, as Ctrl-C in its terminal does."""
    _tell(batch, "stop", reason)


def _tell(prefix: str, name: str, reason: str) -> None:
    async def work(store: SessionStore) -> BatchRow:
        batch = await store.find_batch(prefix)
        state = _state(batch, await _running(store))
        if state != "running":
            raise ConfigError(f"batch {batch.batch_id} is not running: {_explained(batch, state)}")
        await store.send_command(batch.batch_id, name, reason=reason)
        return batch

    # The embedded server runs as long as a session does, so without one there is nobody to tell.
    if not os.environ.get(DSN_VARIABLE) and running_dsn(database_dir(liu_home())) is None:
        raise ConfigError("no session is running here; `liu batches` lists those there were")
    click.echo(f"Told batch {ask(SessionStore, work).batch_id} to {name}.")


async def _standing(store: SessionStore, prefix: str) -> Standing:
    batch = await store.find_batch(prefix)
    held = await store.positions(batch.account_id) if batch.account_id is not None else []
    with translated("count the orders"):
        orders = await store.pool.fetch(_ORDERS, batch.batch_id)
    return Standing(
        batch=batch,
        state=_state(batch, await _running(store)),
        runs=await store.runs(batch.batch_id),
        positions=[each for each in held if each.qty and each.batch_id == batch.batch_id],
        orders={row[0]: row[1] for row in orders},
    )


async def _running(store: SessionStore) -> set[str]:
    with translated("look for running sessions"):
        rows = await store.pool.fetch(_RUNNING, len(NAME) + 1, NAME)
    return {row[0] for row in rows}


def _state(batch: BatchRow, running: set[str]) -> str:
    # PostgreSQL cuts an application's name at 63 bytes.
    if any(batch.batch_id.startswith(name) for name in running if name):
        return "running"
    return "ended" if batch.ended_at is not None else "died"


def _explained(batch: BatchRow, state: str) -> str:
    if state == "ended" and batch.ended_at is not None:
        return f"it ended {utc(batch.ended_at)}: {batch.end_reason}"
    if batch.environment == "BACKTEST":
        return "it has not ended"
    return f"it died; `trader --resume {batch.batch_id}` goes on"


def _line(batch: BatchRow, state: str) -> str:
    shown = state if state == "running" else _explained(batch, state)
    halted = f"; halted: {batch.halted}" if batch.halted and state == "running" else ""
    began = utc(batch.started_at)
    source = f"  of {batch.source_batch_id}" if batch.source_batch_id is not None else ""
    return f"{batch.batch_id}  {batch.environment}{source}  began {began}  {shown}{halted}"
