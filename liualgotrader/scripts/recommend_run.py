"""What `liu recommend` does: find the histories, try the strategies, show and keep what comes of it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, redirect_stdout
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import click
import msgspec

from liualgotrader.backtest.overrides import Overrides, apply
from liualgotrader.backtest.request import Scale
from liualgotrader.common.plan import Plan
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.models.recommendation_store import RecommendationStore
from liualgotrader.models.slippage_store import SlippageStore
from liualgotrader.recommending.course import Asked, Subject, find, subjects
from liualgotrader.recommending.discovery import Sorted, chosen, installed, sort_out
from liualgotrader.recommending.findings import Finding
from liualgotrader.recommending.keeping import row_of
from liualgotrader.recommending.metric import Metric
from liualgotrader.recommending.past import write_bundle
from liualgotrader.recommending.running import Ran
from liualgotrader.scripts.backtest_stretch import dollars, interruptible
from liualgotrader.scripts.exits import DONE, FAILED, INTERRUPTED
from liualgotrader.scripts.home import database, liu_home
from liualgotrader.scripts.progress import console
from liualgotrader.scripts.recommend_words import as_value, lines

_json = msgspec.json.Encoder(decimal_format="number")


def run_recommend(symbols: Sequence[str], options: dict[str, Any]) -> int:
    """Find a strategy for each symbol; 1 when a strategy failed, 130 when interrupted.

    Raises ConfigError for what cannot be used, before anything is run.
    """
    home, given = liu_home(), _plan(options["plan"])
    asked = _asked(symbols, given or Plan(), options)
    # What strategies print when they are loaded is not this command's output.
    with redirect_stdout(sys.stderr):
        strategies = sort_out(chosen(installed(given), options["strategies"]), asked.plan)
    if asked.plan.slippage.model == "measured":
        with database() as dsn:
            asked = asyncio.run(_with_costs(dsn, asked))
    with ExitStack() as stack:
        found = subjects(asked, home, _bundle(stack, home))
        dsn = stack.enter_context(database())
        pressed = stack.enter_context(interruptible())
        findings = _find(found, asked, strategies, dsn, pressed, as_json=options["as_json"])
        is_interrupted = pressed() and len(findings) < len(found)
    if options["as_json"]:
        values = [as_value(each) for each in findings]
        told = {"findings": values, "interrupted": is_interrupted}
        sys.stdout.write(_json.encode(told).decode() + "\n")
    if is_interrupted:
        console.print(
            f"[yellow]Interrupted: {len(findings)} of {len(found)} symbols are done and kept.[/]"
        )
        return INTERRUPTED
    return FAILED if any(each.failed for each in findings) else DONE


def _asked(symbols: Sequence[str], plan: Plan, options: dict[str, Any]) -> Asked:
    terms = Overrides(
        fees=options["fees"], slippage=options["slippage"], latency=options["latency"]
    )
    first, last, scale = options["first"], options["last"], options["scale"]
    return Asked(
        symbols=symbols,
        plan=apply(plan, terms),
        scale=None if scale is None else Scale(scale),
        first=None if first is None else first.date(),
        last=None if last is None else last.date(),
        folds=options["folds"],
        metric=Metric(options["metric"]),
        cash=dollars(options["cash"]),
    )


async def _with_costs(dsn: str, asked: Asked) -> Asked:
    """Return what is asked with what trading was measured to cost, each figure from the day after it on."""
    async with await SlippageStore.open(dsn, max_size=1) as store:
        plan = await store.with_costs(asked.plan, date.min, date.max)
    return msgspec.structs.replace(asked, plan=plan)


def _plan(path: Path | None) -> Plan | None:
    return None if path is None else read_plan(path, environ=os.environ)


def _bundle(stack: ExitStack, home: Path) -> Callable[[], Path]:
    """Return what makes a lake of the package's own bars, once, and takes it away with the stack."""

    @cache
    def make() -> Path:
        folder = tempfile.TemporaryDirectory(prefix=".recommend-", dir=home)
        return write_bundle(Path(stack.enter_context(folder)))

    return make


def _find(
    found: Sequence[Subject],
    asked: Asked,
    strategies: Sorted,
    dsn: str,
    pressed: Callable[[], bool],
    *,
    as_json: bool,
) -> list[Finding]:
    """Show and keep each finding as it comes."""
    findings = []
    total = len(found) * len(strategies.fit)
    with console.status(f"Trying {len(strategies.fit)} strategies ...") as status:
        tried: list[Ran] = []

        def show(ran: Ran) -> None:
            tried.append(ran)
            status.update(f"{ran.symbol}: {ran.strategy} tried, {len(tried)} of {total}")

        for finding in find(found, asked, strategies, is_interrupted=pressed, show=show):
            asyncio.run(_keep(dsn, finding))
            findings.append(finding)
            if not as_json:
                status.stop()  # it would take what is printed for its own
                click.echo("\n".join(lines(finding)))
                status.start()
    return findings


async def _keep(dsn: str, finding: Finding) -> None:
    async with await RecommendationStore.open(dsn, max_size=1) as store:
        await store.save(row_of(finding))
