"""Sessions seen and steered: `liu batches`, `status`, `halt`, `flatten`, `stop` and so on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg
import click
import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.models.batches import (
    Batch,
    Standing,
    find_batch,
    recent_batches,
    send_command,
    standing,
)
from liualgotrader.models.embedded import running_dsn
from liualgotrader.models.postgres import connect
from liualgotrader.scripts.home import DSN_VARIABLE, database, database_dir, liu_home

T = TypeVar("T")
_json = msgspec.json.Encoder(decimal_format="number")


def _ask(work: Callable[[asyncpg.Connection], Coroutine[Any, Any, T]]) -> T:
    async def connected(dsn: str) -> T:
        connection = await connect(dsn)
        try:
            return await work(connection)
        finally:
            await connection.close()

    with database() as dsn:
        return asyncio.run(connected(dsn))


def _must_be_up() -> None:
    """The embedded server runs while a session does, so without one there is nobody to tell."""
    if os.environ.get(DSN_VARIABLE) or running_dsn(database_dir(liu_home())) is not None:
        return
    raise ConfigError("no session is running here; `liu batches` lists those there were")


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print one object a line.")
def batches(limit: int, as_json: bool) -> None:
    """List the sessions, newest first."""
    found = _ask(lambda connection: recent_batches(connection, limit))
    for batch in found:
        click.echo(_json.encode(batch) if as_json else _line(batch))
    if not found and not as_json:
        click.echo("There has been no session yet; `trader` runs one.")


@click.command()
@click.argument("batch")
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line.")
def status(batch: str, as_json: bool) -> None:
    """Show how a session stands. The beginning of its id is enough."""

    async def work(connection: asyncpg.Connection) -> Standing:
        return await standing(connection, await find_batch(connection, batch))

    found = _ask(work)
    if as_json:
        click.echo(_json.encode(found))
        return
    click.echo(_line(found.batch))
    for run in found.runs:
        click.echo(f"  {run.strategy} in consumer {run.slot}: {run.end_reason or 'runs'}")
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
    async def work(connection: asyncpg.Connection) -> Batch:
        batch = await find_batch(connection, prefix)
        if batch.ended_at is not None:
            raise ConfigError(
                f"batch {batch.batch_id} is not running: it ended {_time(batch.ended_at)}"
                f" ({batch.end_reason})",
            )
        await send_command(connection, batch.batch_id, name, reason=reason)
        return batch

    _must_be_up()
    batch = _ask(work)
    click.echo(f"Told batch {batch.batch_id} to {name}.")


def _line(batch: Batch) -> str:
    state = "runs"
    if batch.ended_at is not None:
        state = f"ended {_time(batch.ended_at)}: {batch.end_reason}"
    elif batch.halted:
        state = f"halted: {batch.halted}"
    return f"{batch.batch_id}  {batch.environment}  began {_time(batch.started_at)}  {state}"


def _time(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
