"""A golden case as it is written: a TOML file, and the text that it is expected to give."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from liualgotrader.backtest.request import Asset, Request, Scale
from liualgotrader.common.plan import Plan, ScannerPlan, StrategyPlan
from liualgotrader.common.plan_file import parse_plan
from liualgotrader.engine.loading import is_built_in, source_of

HERE = Path(__file__).parent
CASES = HERE / "cases"
STRATEGIES = HERE / "strategies"


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`why`: what must happen, by which rule. `plan`: a trade plan's text, its files in `strategies/`.

    `fills`: all fills, worked out by hand before the case was ever run; `must`: pieces of other lines, the
    same way. `first` and `last`: the days. `bars`: tables by symbol, see history.py. `rules`: the venue's, where they
    differ from the plan's. `forecasts`: by name and symbol, the same every day. `disputed`: how the
    product differs from what is expected, while nobody has decided who is right.
    """

    why: str
    plan: str
    fills: list[str]
    must: list[str] = []
    first: date
    last: date | None = None
    scale: Scale = Scale.MINUTE
    asset: Asset = Asset.EQUITY
    cash: Decimal | None = None
    bars: dict[str, str] = {}
    actions: list[dict[str, Any]] = []
    forecasts: dict[str, dict[str, float]] = {}
    rules: dict[str, Any] = {}
    disputed: str = ""

    def request(self) -> Request:
        """Return what the backtest is asked for. Raises PlanErrors for mistakes in the plan."""
        return Request(
            plan=self._plan(),
            first=self.first,
            last=self.last or self.first,
            scale=self.scale,
            asset=self.asset,
            cash=self.cash,
            rules=self.rules,
        )

    def _plan(self) -> Plan:
        plan = parse_plan(self.plan, environ={}, sources=lambda name: source_of(_placed(name)))
        return replace(
            plan, strategies=tuple(_with_files(plan.strategies)), scanners=_scanners(plan.scanners)
        )


def _scanners(parts: Iterable[ScannerPlan]) -> tuple[ScannerPlan, ...]:
    return tuple(replace(part, filename=_placed(part.filename)) for part in parts)


def _with_files(parts: Iterable[StrategyPlan]) -> Iterable[StrategyPlan]:
    for part in parts:
        yield replace(part, filename=_placed(part.filename))


def _placed(name: str) -> str:
    """Return the path of a file of `strategies/`; built-in modules are where they are."""
    return name if is_built_in(name) else os.fspath(STRATEGIES / name)


def case_names() -> list[str]:
    """Return the names of all cases."""
    return sorted(path.stem for path in CASES.glob("*.toml"))


def read_case(name: str) -> Case:
    """Return a case. Raises msgspec.ValidationError for keys that there are not."""
    return msgspec.toml.decode((CASES / f"{name}.toml").read_text(encoding="utf-8"), type=Case)


def expected_path(name: str) -> Path:
    """Return where the expected text of a case is."""
    return CASES / f"{name}.txt"
