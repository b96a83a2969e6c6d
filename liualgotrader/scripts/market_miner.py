"""`market_miner`: does a night's work, for scanners and strategies to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from liualgotrader.scripts.exits import run

_DATE = click.DateTime(["%Y-%m-%d"])


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()


@click.command(context_settings={"max_content_width": 110})
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False), default="miner.toml")
@click.option("--only", callback=_names, metavar="a,b", help="Only these, on what is there.")
@click.option("--since", type=_DATE, metavar="DATE", help="Work anew from this day on.")
@click.option("--day", type=_DATE, metavar="DATE", help="Work the night after this day again.")
@click.option("--dry-run", is_flag=True, help="Say what would run, in which order, for which day.")
@click.option(
    "--schedule",
    metavar='"18:30 America/New_York"',
    help="Stay up, and run at this time on trading days.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line.")
@click.option("--json-logs", is_flag=True, help="Write logs as JSON lines.")
def market_miner(plan: Path, **options: Any) -> int:
    """Run the miners of PLAN (miner.toml) in the order of their dependencies, independent ones at the same time.

    It may be run twice, and may be killed: what is done stays done. Exit code 1 when a miner failed.
    """
    # Lazily: `market_miner --help` must not wait for the libraries that a run needs.
    from liualgotrader.scripts.mining import mine

    return mine(plan, options)


def main() -> int:
    """Run `market_miner`."""
    return run(market_miner)
