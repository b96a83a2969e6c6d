"""Classes of 0.4 made as its plan loader made them, and put inside what drives them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.old_classes import HISTORY
from liualgotrader.common.plan import Mode, Plan, ScannerPlan, StrategyPlan
from liualgotrader.compat.admitted import DAY_SECONDS
from liualgotrader.compat.driving import drive
from liualgotrader.compat.loading import old_class, old_instance
from liualgotrader.compat.scanner import OldScanner
from liualgotrader.compat.served.data_loader import DataLoader
from liualgotrader.compat.served.scanners_base import Scanner as OldScannerBase
from liualgotrader.compat.served.strategies_base import Strategy as OldBase
from liualgotrader.compat.strategy import OldStrategy
from liualgotrader.compat.world import Facts, World

_ENVIRONMENTS = {Mode.SIMULATED: "PAPER", Mode.PAPER: "PAPER", Mode.LIVE: "PROD"}
_MINUTES = 390
_DAYS = 250
"""How much history an old strategy is given unless it says: a session of minutes; of days, if it reads any."""


def old_strategy(
    part: StrategyPlan, plan: Plan, text: str, *, batch_id: str, past_seconds: int | None
) -> OldStrategy:
    """Return a strategy whose file's text is `text`. Raises ConfigError."""
    world = World(_facts(part, plan, batch_id, past_seconds=past_seconds), filename=part.filename)
    cls = old_class(world, text, part.class_name, OldBase)
    with world.active():
        loader = DataLoader()
    handed = {
        "batch_id": world.facts.batch_id,
        "data_loader": loader,
        "name": part.name,
        "portfolio_id": part.portfolio_id,
        "ref_run_id": None,
        "schedule": [{"start": w.start, "duration": w.duration} for w in part.schedule],
    }
    parameters = {key: value for key, value in part.parameters.items() if key not in HISTORY}
    old = old_instance(world, cls, parameters, handed)
    world.trading_data.strategies.append(old)
    history = {
        "warmup": _history("warmup", part, cls, _MINUTES),
        "warmup_days": _history("warmup_days", part, cls, _DAYS if "TimeScale.day" in text else 0),
    }
    facts = {
        "__doc__": cls.__doc__,
        "__module__": OldStrategy.__module__,
        "type": old.type,
        "portfolio": _runs_all(old, world),
        **history,
    }
    adapter: type[OldStrategy] = type(cls.__name__, (OldStrategy,), facts)
    strategy = adapter(old, world, loader)
    strategy.name = part.name
    return strategy


def old_scanner(
    part: ScannerPlan, plan: Plan, text: str, *, batch_id: str, past_seconds: int | None
) -> OldScanner:
    """Return a scanner whose file's text is `text`. Raises ConfigError."""
    world = World(_facts(part, plan, batch_id, past_seconds=past_seconds), filename=part.filename)
    minutes = part.recurrence
    cls = old_class(world, text, part.class_name, OldScannerBase)
    with world.active():
        loader = DataLoader()
    handed: dict[str, Any] = {
        "data_loader": loader,
        "data_source": None,
        "name": part.name,
        "recurrence": timedelta(minutes=minutes) if minutes is not None else None,
        "target_strategy_name": part.target_strategy_name,
    }
    is_told = past_seconds is not None or plan.session.mode is Mode.SIMULATED
    scanner = OldScanner(old_instance(world, cls, part.parameters, handed), world, is_told=is_told)
    scanner.name = part.name
    return scanner


def _facts(
    part: StrategyPlan | ScannerPlan, plan: Plan, batch_id: str, *, past_seconds: int | None
) -> Facts:
    past = past_seconds is not None
    return Facts(
        name=part.name,
        batch_id=batch_id,
        environment="BACKTEST" if past else _ENVIRONMENTS[plan.session.mode],
        past=past,
        by_day=past_seconds == DAY_SECONDS,
        portfolio_id=part.portfolio_id if isinstance(part, StrategyPlan) else None,
        portfolio_value=Decimal(plan.portfolio_value),
        risk=plan.risk,
        liquidation_minutes=plan.market_liquidation_end_time_minutes,
        bypass_market_schedule=plan.session.bypass_market_schedule,
    )


def _history(key: str, part: StrategyPlan, cls: type, default: int) -> int:
    return int(part.parameters.get(key, getattr(cls, key, default)))


def _runs_all(old: OldBase, world: World) -> bool:
    try:
        with world.active():
            return bool(drive(old.should_run_all(), world.files, "should_run_all()"))
    except Exception as exc:  # an author's code may raise anything
        where = f"{world.filename}: should_run_all() of {type(old).__name__}"
        raise ConfigError(
            f"{where} raised {type(exc).__name__}: {exc}; it is asked before the session"
        ) from exc
