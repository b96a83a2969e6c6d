"""`tradeplan.toml` from the disk, with the files that it names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan, ScannerPlan, StrategyPlan
from liualgotrader.common.plan_file import parse_plan
from liualgotrader.engine.loading import is_built_in, source_of

P = TypeVar("P", ScannerPlan, StrategyPlan)


def read_plan(
    path: Path,
    *,
    environ: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
) -> Plan:
    """Return a plan whose `filename`s, tapes and scenario are paths that can be opened from anywhere.

    Paths in the plan are relative to its own folder, or else to the current one. Raises ConfigError
    when it cannot be read, PlanErrors with everything that is wrong in it.
    """
    text = plan_text(path)

    def place(name: str) -> str:
        return found_file(name, path.parent)

    plan = parse_plan(
        text,
        filename=str(path),
        environ=environ,
        sources=lambda name: source_of(place(name)),
        options=options,
        exists=lambda name: Path(place(name)).is_file(),
    )
    return replace(
        plan,
        session=replace(
            plan.session,
            tape=tuple(place(name) for name in plan.session.tape),
            scenario=place(plan.session.scenario) if plan.session.scenario else None,
        ),
        scanners=tuple(_placed(plan.scanners, path.parent)),
        strategies=tuple(_placed(plan.strategies, path.parent)),
    )


def _placed(parts: Iterable[P], folder: Path) -> Iterable[P]:
    for part in parts:
        yield replace(part, filename=found_file(part.filename, folder))


def found_file(name: str, folder: Path) -> str:
    """Return where a file is that a plan in `folder` names; a built-in module stays as it is."""
    if is_built_in(name):
        return name
    beside = folder / os.path.expanduser(name)
    return str((beside if beside.exists() else Path(name).expanduser()).absolute())


def plan_text(path: Path) -> str:
    """Return the text of a plan. Raises ConfigError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; name the plan, or go to its folder"
        ) from None
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8 text") from exc
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror}") from exc
