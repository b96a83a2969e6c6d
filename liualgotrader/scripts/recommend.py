"""`liu recommend`: which of the installed strategies fits a symbol, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

_DATE = click.DateTime(["%Y-%m-%d"])


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()


@click.command(context_settings={"max_content_width": 110})
@click.argument("symbols", nargs=-1, required=True)
@click.option(
    "--scale",
    type=click.Choice(["minute", "day"]),
    help="Bars to decide on; by the minute where there are minutes, unless said.",
)
@click.option("--from", "first", type=_DATE, metavar="DATE", help="First day of the history.")
@click.option("--to", "last", type=_DATE, metavar="DATE", help="Its last day.")
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    default=5,
    show_default=True,
    help="Into how many parts it is cut; the first only teaches, the others test.",
)
@click.option(
    "--metric",
    type=click.Choice(["sharpe", "return", "profit_factor"]),
    default="sharpe",
    show_default=True,
    help="What the best is the best by.",
)
@click.option("--strategies", callback=_names, metavar="a,b", help="Only these.")
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Try the strategies of a plan too, on its terms.",
)
@click.option(
    "--cash", metavar="DOLLARS", help="What each strategy has to itself; 100,000 unless said."
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
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line.")
def recommend(symbols: tuple[str, ...], **options: Any) -> int:
    """Try every installed strategy on each symbol, out of sample, and say which one fits and how sure that is.

    What is found is kept for scanners. A symbol of which you have no history yet may be one of the five that come with
    the package: AAPL, FB, GOOG, IBM, MSFT.
    """
    # Lazily: `liu --help` must not wait for the libraries that a run needs.
    from liualgotrader.scripts.recommend_run import run_recommend

    return run_recommend(symbols, options)
