"""Which of the things that `backtest` can do is asked for, and whether its options fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from liualgotrader.scripts.backtest_replay import list_batches, replay_batch
from liualgotrader.scripts.backtest_stretch import run_stretch
from liualgotrader.scripts.backtest_what_if import run_what_if

_STRETCH = {
    "first": "--from",
    "last": "--to",
    "cash": "--cash",
    "benchmark": "--benchmark",
    "check_lookahead": "--check-lookahead",
    "check_scanner": "--check-scanner",
    "symbols": "--symbols",
    "scanners": "--scanners",
    "csv": "--csv",
}
_REPLAY = {
    "current": "--current",
    "strict": "--strict",
    "more": "--symbol",
    "duration": "--duration",
    "debug": "--debug",
}
_WHAT_IF = ("current", "plan", "strategies", "parameters", "strict", "more", "duration")


def dispatch(batch: str | None, lists: bool, options: dict[str, Any]) -> int:
    """Do what is asked for; return the exit code."""
    if lists:
        return list_batches(as_json=options["as_json"])
    if batch is None:
        _refuse(options, _REPLAY, "needs a BATCH to replay; `backtest --list` shows them")
        if options["first"] is None:
            raise click.UsageError(
                "say what to run: a BATCH (`backtest --list` shows them) or --from DATE"
            )
        return run_stretch(options)
    if Path(batch).suffix == ".toml":
        raise click.UsageError(
            f"{batch} is no BATCH: to run it over history, backtest --plan {batch} --from DATE"
        )
    _refuse(options, _STRETCH, f"is for a stretch of history, and {batch} is taken for a BATCH")
    if any(options[name] for name in _WHAT_IF):
        return run_what_if(batch, options)
    return replay_batch(batch, as_json=options["as_json"], debug=options["debug"])


def _refuse(options: dict[str, Any], names: dict[str, str], why: str) -> None:
    for name, option in names.items():
        if options[name]:
            raise click.UsageError(f"{option} {why}")
