"""One life of a plan on a history: its strategies, or its scanners alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from liualgotrader.backtest.course import backtest_config
from liualgotrader.common.recommendations import KnownRecommendations
from liualgotrader.data.lake import Lake
from liualgotrader.honesty.scans import scan_days
from liualgotrader.honesty.tasks import Answer, Task
from liualgotrader.honesty.watched import NamedLake, WatchedBacktest

BATCH = "00000000-0000-4000-8000-000000000000"
"""The same for every life, so that ids are the same."""


def live(task: Task, home: Path) -> Answer:
    """Do a task on the history under `home`. Raises LiuError."""
    root = home / "history"
    return asyncio.run(_scan(task, root) if task.scanners else _decide(task, root))


async def _decide(task: Task, root: Path) -> Answer:
    plan = task.request.plan
    config = backtest_config(plan, BATCH, seconds=task.request.scale.seconds, sources=task.sources)
    lake = NamedLake(root, plan.session.symbols, task.renames)
    backtest = WatchedBacktest(
        task.request,
        config,
        lake,
        cut=task.cut,
        forecasts=task.forecasts,
        recommendations=KnownRecommendations(task.recommendations),
    )
    decisions = await backtest.decide()
    return Answer(decisions=decisions, failures=backtest.failures)


async def _scan(task: Task, root: Path) -> Answer:
    request, lake = task.request, Lake(root)
    plan = msgspec.structs.replace(request.plan, strategies=())
    config = backtest_config(plan, BATCH, seconds=task.request.scale.seconds, sources=task.sources)
    return Answer(
        scans=await scan_days(
            config,
            lake,
            request.sessions(),
            request.scale,
            cut=task.cut,
            recommendations=KnownRecommendations(task.recommendations),
        )
    )
