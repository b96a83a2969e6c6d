"""`tradeplan.toml` to a Plan, or to everything that is wrong with it. Text in, values out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.common import plan_checks as check
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.parameters import Sources
from liualgotrader.common.plan import (
    Channel,
    ErrorPolicy,
    Fees,
    Limits,
    LossAction,
    Mode,
    Plan,
    Reconcile,
    Retention,
    Rules,
    SessionPlan,
    Slippage,
    Vendor,
)
from liualgotrader.common.plan_checks import Wrong
from liualgotrader.common.plan_classes import read_scanners, read_strategies
from liualgotrader.common.plan_rules import contradictions, missing_parts
from liualgotrader.common.plan_table import Report, Table
from liualgotrader.common.toml_document import Document, read_document

MAX_SYMBOLS_VARIABLE = "LIU_MAX_SYMBOLS"
CONSUMERS_VARIABLE = "NUM_CONSUMERS"
DATA_VARIABLE = "DATA_CONNECTOR"

_MOST_CONSUMERS = 256
_MOST_SYMBOLS = 100_000
_TOP_HINTS = {
    **{key: f"it belongs in [session]: session.{key}" for key in SessionPlan.__struct_fields__},
    **{key: f"it belongs in [limits]: limits.{key}" for key in Limits.__struct_fields__},
}
_SESSION_HINTS = {
    key: f"it belongs at the top of the file, above the first [table]: {key}"
    for key in (
        "portfolio_value",
        "risk",
        "participation",
        "on_strategy_error",
        "protective_stops",
    )
} | {"market_liquidation_end_time_minutes": "it belongs at the top of the file"}


def parse_plan(
    text: str,
    *,
    filename: str = "tradeplan.toml",
    environ: Mapping[str, str],
    sources: Sources,
    options: Mapping[str, Any] | None = None,
    exists: Callable[[str], bool] | None = None,
) -> Plan:
    """Return the plan that a text describes. Raises PlanErrors with every mistake.

    `sources` gives the text of a strategy's or scanner's file, or of a built-in one by its dotted
    module name; None when there is none. `options` override the file before the whole is judged:
    see `override`. `exists` says whether a tape's file is there; without it nobody looks.
    """
    document = read_document(text, filename)
    report = Report(filename, document)
    plan = _read(Table(report, (), document.data), environ, sources, filename)
    plan = _apply(plan, options or {}, report)
    for tape in plan.session.tape if exists else ():
        if exists and not exists(tape):
            report.add(("session", "tape"), f"there is no file {tape}")
    scenario = plan.session.scenario
    if scenario and exists and not exists(scenario):
        report.add(("session", "scenario"), f"there is no file {scenario}")
    _judge(plan, report, complete=document.complete)
    return plan


def override(plan: Plan, **options: Any) -> Plan:
    """Return a plan with what the command line says instead. Raises PlanErrors.

    `mode`, `tape` (a path or several), `speed`, `date`, `consumers` and `symbols` ("A,B" or
    several), each as text or as value; None leaves it as it is. A plan that is no longer simulated
    forgets its tape, speed, date and scenario.
    """
    report = Report(plan.filename, Document({}, {}, [], True))
    changed = _apply(plan, options, report)
    _judge(changed, report, complete=True)
    return changed


def _judge(plan: Plan, report: Report, *, complete: bool) -> None:
    for path, message in contradictions(plan):
        report.add(path, message)
    for path, message in missing_parts(plan) if complete else ():
        if not report.has_below(path):
            report.add(path, message)
    report.raise_if_any()


def _read(top: Table, environ: Mapping[str, str], sources: Sources, filename: str) -> Plan:
    plan = Plan(
        filename=filename,
        portfolio_value=top.take("portfolio_value", check.dollars(), Decimal(100_000)),
        risk=top.take("risk", check.number(above=0, high=1), 0.001),
        market_liquidation_end_time_minutes=top.take(
            "market_liquidation_end_time_minutes", check.whole(0, 390), 15
        ),
        on_strategy_error=top.take(
            "on_strategy_error", check.one_of(ErrorPolicy), ErrorPolicy.HOLD
        ),
        participation=top.take("participation", check.number(low=0, high=1), 0.1),
        protective_stops=top.take("protective_stops", check.flag, False),
        session=_session(top.table("session"), environ),
        limits=_limits(top.table("limits")),
        fees=_fees(top.table("fees")),
        slippage=_slippage(top.table("slippage")),
        rules=_rules(top.table("rules")),
        scanners=tuple(read_scanners(top.table("scanners"), sources)),
        strategies=tuple(read_strategies(top.table("strategies"), sources)),
    )
    top.close(_TOP_HINTS)
    return plan


def _session(table: Table, environ: Mapping[str, str]) -> SessionPlan:
    defaults = SessionPlan()
    events = check.several(check.one_of(Channel), at_least=1)
    most_symbols = _environment(table, environ, MAX_SYMBOLS_VARIABLE, _max_symbols)
    consumers = _environment(table, environ, CONSUMERS_VARIABLE, check.whole(0, _MOST_CONSUMERS))
    session = SessionPlan(
        **{
            name: table.take(name, each, getattr(defaults, name)) for name, each in _OPTIONS.items()
        },
        max_symbols=table.take("max_symbols", _max_symbols, most_symbols or defaults.max_symbols),
        link=table.take("link", check.word("queue", "pipe"), defaults.link),
        events=table.take("events", events, defaults.events),
        latency=table.take("latency", check.whole(0, 60_000), defaults.latency),
        skip_existing=table.take("skip_existing", check.flag, False),
        test_scanners=table.take("test_scanners", check.flag, False),
        bypass_market_schedule=table.take("bypass_market_schedule", check.flag, False),
        seed=table.take("seed", check.whole(0), 0),
        keep_journals=_retention(table.table("keep_journals")),
        min_free_disk=table.take("min_free_disk", check.size, defaults.min_free_disk),
        data=table.take("data", check.one_of(Vendor), _vendor(table, environ)),
        feed=table.take("feed", check.text, None),
        stream_format=table.take(
            "stream_format", check.word("msgpack", "json"), defaults.stream_format
        ),
        asset_class=table.take("asset_class", check.one_of(AssetClass), defaults.asset_class),
        capture=table.take("capture", check.flag, False),
        reconcile=table.take("reconcile", check.one_of(Reconcile), defaults.reconcile),
        scenario=table.take("scenario", check.text, None),
    )
    table.close(_SESSION_HINTS)
    if session.consumers is None and consumers:
        return msgspec.structs.replace(session, consumers=consumers)
    return session


_max_symbols = check.whole(1, _MOST_SYMBOLS)

_OPTIONS: dict[str, check.Check[Any]] = {
    "mode": check.one_of(Mode),
    "tape": check.one_or_several(check.text),
    "speed": check.speed,
    "date": check.day,
    "consumers": check.whole(1, _MOST_CONSUMERS),
    "symbols": check.several(check.symbol),
}
"""What the command line may override, and how each is checked there and in the file."""


def _vendor(table: Table, environ: Mapping[str, str]) -> Vendor:
    value = environ.get(DATA_VARIABLE, "").strip()
    try:
        return check.one_of(Vendor)(value.lower()) if value else SessionPlan().data
    except Wrong as wrong:
        table.report.add_environment(DATA_VARIABLE, value, str(wrong))
        return SessionPlan().data


def _environment(
    table: Table,
    environ: Mapping[str, str],
    name: str,
    whole: check.Check[int],
) -> int | None:
    value = environ.get(name, "").strip()
    if not value:
        return None
    try:
        return whole(_number(value))
    except Wrong as wrong:
        table.report.add_environment(name, value, str(wrong))
        return None


def _number(value: Any) -> Any:
    """Return text as the number that it spells, if it does: the command line has only text."""
    if not isinstance(value, str):
        return value
    for type_ in (int, float):
        try:
            return type_(value)
        except ValueError:
            continue
    return value


def _retention(table: Table) -> Retention:
    defaults = Retention()
    retention = Retention(
        days=table.take("days", check.whole(0, 36_500), defaults.days),
        size=table.take("size", check.size, defaults.size),
    )
    table.close({})
    return retention


def _limits(table: Table) -> Limits:
    limits = Limits(
        gross_exposure=table.take("gross_exposure", check.dollars(), None),
        net_exposure=table.take("net_exposure", check.dollars(), None),
        loss_of_day=table.take("loss_of_day", check.dollars(), None),
        on_loss=table.take("on_loss", check.one_of(LossAction), LossAction.STOP),
        orders_per_minute=table.take("orders_per_minute", check.whole(1, 1_000_000), None),
        max_position=table.take("max_position", check.dollars(), None),
        max_order=table.take("max_order", check.dollars(), None),
    )
    table.close({})
    return limits


def _fees(table: Table) -> Fees:
    defaults = Fees()
    models = check.word("none", "per_share", "percent", "us_regulatory")
    fees = Fees(
        model=table.take("model", models, defaults.model),
        per_share=table.take("per_share", check.dollars(zero=True), defaults.per_share),
        minimum=table.take("minimum", check.dollars(zero=True), defaults.minimum),
        percent=table.take("percent", _percent, defaults.percent),
    )
    table.close({})
    return fees


def _slippage(table: Table) -> Slippage:
    defaults = Slippage()
    slippage = Slippage(
        model=table.take("model", check.word("none", "bps", "measured"), defaults.model),
        bps=table.take("bps", _basis_points, defaults.bps),
    )
    table.close({})
    return slippage


def _rules(table: Table) -> Rules:
    rules = Rules(
        day_trading=table.take("day_trading", check.flag, True),
        intraday_margin_since=table.take("intraday_margin_since", check.day, None),
        cash_account=table.take("cash_account", check.flag, False),
        short_sale_test=table.take("short_sale_test", check.flag, True),
        price_bands=table.take("price_bands", check.flag, True),
        tier_1=table.take("tier_1", check.several(check.symbol), ()),
        leverage=_leverage(table.table("leverage")),
    )
    table.close({})
    return rules


def _leverage(table: Table) -> dict[str, int]:
    turns = check.whole(2, 3)
    names = [name for name, _ in table.rest()]
    return {name: table.take(name, turns, 2) for name in names}


def _percent(value: Any) -> Decimal:
    return Decimal(repr(check.number(low=0, high=100)(value)))


def _basis_points(value: Any) -> Decimal:
    return Decimal(repr(check.number(low=0, high=10_000)(value)))


def _apply(plan: Plan, options: Mapping[str, Any], report: Report) -> Plan:
    given = {name: value for name, value in options.items() if value not in (None, (), [])}
    if not given:
        return plan
    report.options = given
    found: dict[str, Any] = {}
    for name, value in given.items():
        try:
            found[name] = _OPTIONS[name](_as_written(name, value))
        except Wrong as wrong:
            report.add(("session", name), str(wrong))
    if found.get("mode", Mode.SIMULATED) is not Mode.SIMULATED:
        found = {"tape": (), "speed": 1.0, "date": None, "scenario": None, **found}
    return msgspec.structs.replace(plan, session=msgspec.structs.replace(plan.session, **found))


def _as_written(name: str, value: Any) -> Any:
    """Return an option's text as the value that the file would have."""
    if name == "symbols" and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if name == "tape" and not isinstance(value, str):
        return [str(part) for part in value] if isinstance(value, list | tuple) else str(value)
    return _number(value) if name in ("speed", "consumers") else value
