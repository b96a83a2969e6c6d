"""`liu check`: what is wrong with a plan, before a session finds out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan, plan_to_json
from liualgotrader.compat.making import make_scanner, make_strategy
from liualgotrader.engine.plan_reading import read_plan


@click.command()
@click.argument("plan", type=click.Path(path_type=Path), default="tradeplan.toml")
@click.option("--load", is_flag=True, help="Also run the files and make what they define.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as it was understood.")
def check(plan: Path, load: bool, as_json: bool) -> None:
    """Name every mistake in a tradeplan, each with its line.

    Strategies and scanners are read, not run, unless --load is given.
    """
    found = read_plan(plan, environ=os.environ)
    if load:
        _load(found)
    click.echo(plan_to_json(found).decode() if as_json else _summary(found))


def _load(plan: Plan) -> None:
    """Make every strategy and scanner. Raises ConfigError with all that cannot be made."""
    wrong = [_problem(lambda: make_strategy(each, plan)) for each in plan.strategies]  # noqa: B023 - called at once
    wrong += [_problem(lambda: make_scanner(each, plan)) for each in plan.scanners]  # noqa: B023 - called at once
    if any(wrong):
        raise ConfigError("\n".join(filter(None, wrong)))


def _problem(make: Callable[[], object]) -> str:
    try:
        make()
    except ConfigError as error:
        return str(error)
    return ""


def _summary(plan: Plan) -> str:
    session = plan.session
    speed = "lockstep" if session.lockstep else f"speed {session.speed:g}"
    parts = [f"{session.mode.value} session, {speed}"]
    parts.append("strategies " + (", ".join(each.name for each in plan.strategies) or "none"))
    parts.append("scanners " + (", ".join(each.name for each in plan.scanners) or "none"))
    if session.symbols:
        parts.append("symbols " + ", ".join(session.symbols))
    return f"{plan.filename} is right: {'; '.join(parts)}."
