"""Strategies and scanners of the plan made: those of today as they are, those of 0.4 inside what drives them."""

from __future__ import annotations

from datetime import timedelta

from liualgotrader.common.old_classes import beside, written_for_0_4
from liualgotrader.common.plan import Plan, ScannerPlan, StrategyPlan
from liualgotrader.engine.loading import configure, is_built_in, load_class, source_of
from liualgotrader.scanners.base import Scanner
from liualgotrader.strategies.base import Strategy


def make_strategy(
    part: StrategyPlan,
    plan: Plan,
    *,
    source: str | None = None,
    batch_id: str = "",
    past_seconds: int | None = None,
) -> Strategy:
    """Return a strategy of the plan, configured. `source`: its text, in place of the file's own.

    `past_seconds`: how long the bars are of the history that it is tried on, None in a session: old classes are told.
    Raises ConfigError.
    """
    text = old_source(part.filename, source)
    if text is None:
        cls = load_class(part.filename, part.class_name, Strategy, source=source)
        return configure(cls, part.name, part.parameters)
    # What drives old classes brings pandas along: a plan without any does not pay for it.
    from liualgotrader.compat.old_making import old_strategy

    return old_strategy(part, plan, text, batch_id=batch_id, past_seconds=past_seconds)


def make_scanner(
    part: ScannerPlan,
    plan: Plan,
    *,
    source: str | None = None,
    batch_id: str = "",
    past_seconds: int | None = None,
) -> Scanner:
    """Return a scanner of the plan, configured; see `make_strategy`."""
    text = old_source(part.filename, source)
    if text is None:
        cls = load_class(part.filename, part.class_name, Scanner, source=source)
        scanner = configure(cls, part.name, part.parameters)
    else:
        from liualgotrader.compat.old_making import old_scanner

        scanner = old_scanner(part, plan, text, batch_id=batch_id, past_seconds=past_seconds)
    if part.recurrence is not None:
        scanner.every = timedelta(minutes=part.recurrence)
    return scanner


def old_source(filename: str, source: str | None = None) -> str | None:
    """Return the text of a file that was written for 0.4; None of one of today, or of none."""
    text = source_of(filename) if source is None else source
    if text is None or is_built_in(filename):
        return None
    is_old = written_for_0_4(text, lambda module: source_of(beside(filename, module)))
    return text if is_old else None
