"""`backtest`: replay a recorded session, or run a plan over a stretch of history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from liualgotrader.scripts.exits import run

_DATE = click.DateTime(["%Y-%m-%d"])


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()


@click.command(context_settings={"max_content_width": 110})
@click.argument("batch", required=False)
@click.option(
    "--from", "first", type=_DATE, metavar="DATE", help="First day of a stretch of history."
)
@click.option(
    "--to",
    "last",
    type=_DATE,
    metavar="DATE",
    help="Its last day; that of the history unless said.",
)
@click.option(
    "--plan",
    "plan",
    type=click.Path(path_type=Path, dir_okay=False),
    help="tradeplan.toml unless said.",
)
@click.option(
    "--scale",
    type=click.Choice(["minute", "day"]),
    default="minute",
    show_default=True,
    help="Bars to decide on.",
)
@click.option(
    "--asset",
    type=click.Choice(["equity", "crypto"]),
    default="equity",
    show_default=True,
    help="Whose trading days.",
)
@click.option(
    "--symbols", callback=_names, metavar="A,B", help="Trade these, whatever scanners say."
)
@click.option(
    "--scanners", callback=_names, metavar="a,b", help="Only these of the plan; none for none."
)
@click.option("--strategies", callback=_names, metavar="a,b", help="Only these of the plan.")
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="STRATEGY.KEY=VALUE",
    help="Another value of a parameter (repeatable).",
)
@click.option(
    "--cash", metavar="DOLLARS", help="Cash at the start; the plan's portfolio_value unless said."
)
@click.option(
    "--fees",
    metavar="MODEL",
    help="none, us_regulatory, per_share:DOLLARS[:MINIMUM], percent:PERCENT.",
)
@click.option(
    "--slippage",
    metavar="BPS",
    help="How much worse than the tape a market order fills; measured: as the miner Cost found it.",
)
@click.option("--latency", type=click.IntRange(0), metavar="MS", help="From decision to venue.")
@click.option("--benchmark", metavar="SYMBOL", help="Compare with holding this.")
@click.option(
    "--csv",
    "csv",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write equity, trades, fills, orders and months as CSV.",
)
@click.option(
    "--check-lookahead",
    is_flag=True,
    help="Run on truncated histories; report each decision that changes.",
)
@click.option("--check-scanner", is_flag=True, help="The same for the plan's scanners.")
@click.option("--current", is_flag=True, help="BATCH: what would today's files do on that market?")
@click.option("--strict", is_flag=True, help="BATCH: only symbols that were traded.")
@click.option(
    "--symbol",
    "more",
    multiple=True,
    metavar="S",
    help="BATCH: also this symbol, picked or not (repeatable).",
)
@click.option(
    "--duration",
    type=click.FloatRange(0, min_open=True),
    metavar="MIN",
    help="BATCH: only so many minutes from the open.",
)
@click.option(
    "--debug",
    multiple=True,
    metavar="S",
    help="BATCH: show each decision on this symbol (repeatable).",
)
@click.option(
    "--list", "lists", is_flag=True, help="List the recorded batches that can be replayed."
)
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line.")
def backtest(batch: str | None, lists: bool, **options: Any) -> int:
    """Replay the recorded session BATCH and prove that every decision is found again; with --current, --plan,
    --strategies or --param: what would have happened otherwise? Or run a plan over history: --from DATE [--to DATE].
    """
    # Lazily: `backtest --help` must not wait for the libraries that a run needs.
    from liualgotrader.scripts.backtest_dispatch import dispatch

    return dispatch(batch, lists, options)


def main() -> int:
    """Run `backtest`."""
    return run(backtest)
