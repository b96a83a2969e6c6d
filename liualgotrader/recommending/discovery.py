"""Which strategies are installed, and which of them can be tried on one symbol alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NamedTuple

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.parameters import class_names_for
from liualgotrader.common.plan import Plan, StrategyPlan
from liualgotrader.common.plan_classes import BUILT_IN
from liualgotrader.common.plan_errors import suggestion
from liualgotrader.compat.making import make_strategy, old_source
from liualgotrader.engine.loading import load_class, parameter_types, source_of
from liualgotrader.strategies.base import Strategy

_MINUTE = 60


class Sorted(NamedTuple):
    """Strategies that can be tried; why others cannot, by name; and what was wrong with the rest, by name.

    `sources`: the texts of the files of those that can be tried, as they were when they were loaded.
    """

    fit: list[StrategyPlan]
    left_out: dict[str, str]
    failed: dict[str, str]
    sources: dict[str, str]


def installed(plan: Plan | None = None) -> list[StrategyPlan]:
    """Return the built-in strategies, and those of a plan, which go before built-in ones of their name."""
    found = {name: _built_in(name, module) for name, module in BUILT_IN["strategy"].items()}
    for part in plan.strategies if plan is not None else ():
        found[part.name] = msgspec.structs.replace(part, portfolio_id=None)
    return list(found.values())


def chosen(parts: Sequence[StrategyPlan], names: Sequence[str]) -> list[StrategyPlan]:
    """Return the strategies of these names, all without one. Raises ConfigError for one that there is not."""
    known = {part.name: part for part in parts}
    for name in names:
        if name not in known:
            hint = suggestion(name, known, what="strategy")
            raise ConfigError(f"--strategies {name}: there is no such strategy; {hint}")
    return [known[name] for name in dict.fromkeys(names)] or list(parts)


def sort_out(parts: Iterable[StrategyPlan], plan: Plan) -> Sorted:
    """Load strategies and tell those that can be tried from those that cannot; `plan` has their terms."""
    sorted_ = Sorted([], {}, {}, {})
    for part in parts:
        source = source_of(part.filename)
        try:
            why = _why_not(part, plan, source)
        except ConfigError as exc:
            sorted_.failed[part.name] = str(exc)
            continue
        if why:
            sorted_.left_out[part.name] = why
        else:
            sorted_.fit.append(part)
            sorted_.sources[part.filename] = source or ""
    return sorted_


def _built_in(name: str, module: str) -> StrategyPlan:
    there = vars(import_module(module))
    class_name = next(each for each in class_names_for(name) if each in there)
    return StrategyPlan(name=name, class_name=class_name, filename=module)


def _why_not(part: StrategyPlan, plan: Plan, source: str | None) -> str:
    """Return why a strategy cannot be tried on one symbol alone, nothing when it can. Raises ConfigError."""
    is_old = old_source(part.filename, source) is not None
    if is_old:
        cls = type(make_strategy(part, plan, source=source, past_seconds=_MINUTE))
    else:
        cls = load_class(part.filename, part.class_name, Strategy, source=source)
    if cls.portfolio:
        return "it decides over several symbols at once"
    if cls.forecasts:
        return "it needs forecasts"
    missing = [] if is_old else _missing(cls, part)
    return f"{', '.join(missing)} must be given, in a plan (--plan)" if missing else ""


def _missing(cls: type, part: StrategyPlan) -> list[str]:
    """Return the parameters without a default that the plan does not give."""
    declared = parameter_types(cls)
    return [key for key in declared if key not in part.parameters and not hasattr(cls, key)]
