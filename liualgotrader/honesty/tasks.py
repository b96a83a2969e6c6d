"""What a worker is asked, and what it answers."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from liualgotrader.backtest.backtest import Forecasts
from liualgotrader.backtest.request import Request
from liualgotrader.bootstrap import source_files
from liualgotrader.common.recommendations import Recommendation
from liualgotrader.data.lake import Action
from liualgotrader.engine.loading import source_of
from liualgotrader.honesty.decisions import Decision
from liualgotrader.honesty.scans import Scanned

WHOLE = 1 << 62
"""The cut of a history that is not cut."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Live a request up to `cut`, ns UTC: its strategies, or its scanners alone.

    `sources` are the texts of the plan's files, the same for all workers; `renames` are those after
    the cut by which symbols that the plan names get their names; `forecasts` are those stored for
    each day, which were made before it, and `recommendations` are asked for by the day. Only a task of
    the project's own making is ever read: it travels as a pickle.
    """

    request: Request
    sources: dict[str, str]
    cut: int
    scanners: bool
    renames: Sequence[Action] = ()
    forecasts: dict[date, Forecasts] = {}
    recommendations: Sequence[Recommendation] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a task. `failures`: strategies and scanners that raised; `error`: why there is nothing."""

    decisions: list[Decision] = []
    scans: list[Scanned] = []
    failures: list[str] = []
    error: str = ""


def sources_of(request: Request) -> dict[str, str]:
    """Return the texts of the files that a request's plan names, where they can be read."""
    found = {name: source_of(name) for name in source_files(request.plan)}
    return {name: text for name, text in found.items() if text is not None}


def write_task(path: Path, task: Task) -> None:
    """Write a task for a worker."""
    path.write_bytes(pickle.dumps(task))


def read_task(path: Path) -> Task:
    """Return the task that `write_task` wrote."""
    task = pickle.loads(path.read_bytes())
    assert isinstance(task, Task)  # ours: the parent wrote it into a folder of its own
    return task


def write_answer(path: Path, answer: Answer) -> None:
    """Write an answer for the parent."""
    path.write_bytes(msgspec.json.encode(answer))


def read_answer(path: Path) -> Answer:
    """Return the answer that `write_answer` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Answer)
