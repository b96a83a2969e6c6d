"""`trader [tradeplan.toml]`: run one session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from liualgotrader.scripts.exits import run


@click.command(context_settings={"max_content_width": 110})
@click.argument(
    "plan", type=click.Path(path_type=Path, dir_okay=False), default=Path("tradeplan.toml")
)
@click.option("--mode", type=click.Choice(["simulated", "paper", "live"]), help="Where orders go.")
@click.option("--tape", multiple=True, help="A Parquet file to play (repeatable).")
@click.option("--speed", help="Times real time, or max: as fast as it goes, nothing lost.")
@click.option("--date", help="Which day of the tape.")
@click.option("--consumers", type=click.IntRange(1), help="How many consumer processes.")
@click.option("--symbols", help="Trade these (A,B), whatever scanners say.")
@click.option("--resume", metavar="BATCH", help="Go on with a session whose supervisor died.")
@click.option("--yes-live", is_flag=True, help="Trade real money without being asked.")
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line when done.")
@click.option("--json-logs", is_flag=True, help="Log lines as JSON.")
def trader(
    plan: Path, as_json: bool, json_logs: bool, resume: str | None, yes_live: bool, **options: Any
) -> int:
    """Run the session that PLAN describes (tradeplan.toml unless said otherwise)."""
    # Lazily: `trader --help` must not wait for the libraries that a session needs.
    from liualgotrader.scripts.session import run_session

    return run_session(
        plan, options, resume=resume, yes_live=yes_live, as_json=as_json, json_logs=json_logs
    )


def main() -> int:
    """Run `trader`."""
    return run(trader)
