"""`[scanners.X]`, `[strategies.X]`, `[miners.X]`: users' classes and their parameters, read but not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from liualgotrader.common.old_classes import beside, old_declared, written_for_0_4
from liualgotrader.common.parameters import (
    BadParameter,
    BadSource,
    Declared,
    NoSuchClass,
    Sources,
    class_names_for,
    convert,
    declared,
)
from liualgotrader.common.plan import ScannerPlan, StrategyPlan, Window
from liualgotrader.common.plan_checks import Wrong, identifier, number, plain, text
from liualgotrader.common.plan_errors import nearest, suggestion
from liualgotrader.common.plan_table import Report, Table
from liualgotrader.common.toml_document import Document

Kind = Literal["scanner", "strategy", "miner", "forecast"]

BUILT_IN: dict[Kind, dict[str, str]] = {
    "scanner": {
        name: f"liualgotrader.scanners.{name}"
        for name in ("momentum", "gap", "volume", "recommended")
    },
    "strategy": {
        name: f"liualgotrader.strategies.{name}"
        for name in (
            "momentum_long",
            "momentum_short",
            "sma_cross",
            "sma_cross_trend",
            "macd_cross",
            "re_cycle",
            "cycle",
            "pair",
            "rebalance",
        )
    },
    "miner": {
        name: f"liualgotrader.miners.{name}"
        for name in (
            "catch_up",
            "cost",
            "daily_ohlc",
            "finalise",
            "gainloss",
            "portfolio",
            "stock_cluster",
            "ticker_data",
            "trade_analysis",
        )
    },
    "forecast": {
        name: f"liualgotrader.forecasts.{name}"
        for name in ("dip_10", "dip_45", "volatility", "momentum", "profitability", "rally")
    },
}
"""The module of each class that comes with the package."""

_SPELT_OTHERWISE = {"daily_ohlc": "DailyOHLC"}
"""Classes whose names are not made of their modules' by capitals."""

_MOMENTUM: dict[str, Any] = {
    "min_volume": float,
    "today_change_percent": float,
    "min_last_dv": float,
    "min_share_price": float,
    "max_share_price": float,
    "from_market_open": float,
    "max_symbols": int,
}
_HINTS = {
    "min_gap": "it is called today_change_percent",
    "provider": "leave it out: market data comes from the session's own provider",
}
_MISSPELT = 0.8
_A_YEAR = 525_600


class Found(NamedTuple):
    """The class behind a table, as far as it can be told; `declared` is None without its source."""

    class_name: str
    filename: str
    declared: Declared | None


def read_scanners(table: Table, sources: Sources) -> Iterator[ScannerPlan]:
    """Read `[scanners]`."""
    for name, one in table.tables():
        found = find_class(one, name, "scanner", sources)
        recurrence = one.take("recurrence", number(above=0, high=_A_YEAR), None)
        target = one.take("target_strategy_name", text, None)
        yield ScannerPlan(
            name=name,
            class_name=found.class_name,
            filename=found.filename,
            recurrence=recurrence,
            target_strategy_name=target,
            parameters=read_parameters(one, found.declared),
        )


def read_strategies(table: Table, sources: Sources) -> Iterator[StrategyPlan]:
    """Read `[strategies]`."""
    for name, one in table.tables():
        found = find_class(one, name, "strategy", sources)
        schedule = tuple(_window(each) for each in one.array("schedule"))
        portfolio = one.take("portfolio_id", text, None)
        yield StrategyPlan(
            name=name,
            class_name=found.class_name,
            filename=found.filename,
            schedule=schedule,
            portfolio_id=portfolio,
            parameters=read_parameters(one, found.declared),
        )


def _window(table: Table) -> Window:
    for key in ("start", "duration"):
        if key not in table:
            table.wrong(
                key,
                "is missing: minutes, from the open" if key == "start" else "is missing: minutes",
            )
    window = Window(
        start=table.take("start", number(low=0, high=_A_YEAR), 0.0),
        duration=table.take("duration", number(above=0, high=_A_YEAR), 1.0),
    )
    table.close({})
    return window


def find_class(table: Table, name: str, kind: Kind, sources: Sources) -> Found:
    """Find the class that a table names, by its name, `class_name`, and `filename`."""
    wanted = table.take("class_name", identifier, None)
    names = (wanted,) if wanted else class_names_for(name)
    filename = table.take("filename", text, None)
    likely = wanted or (name if name[:1].isupper() else names[min(1, len(names) - 1)])
    if filename is None:
        return _built_in(table, Found(likely, "", None), names, kind, sources)
    source = sources(filename)
    if source is None:
        table.wrong("filename", "there is no such file, or it cannot be read")
        return Found(likely, filename, None)
    return _read(table, Found(likely, filename, None), names, kind, source, sources)


def named_class(name: str, kind: Kind, sources: Sources, *, filename: str = "") -> tuple[str, str]:
    """Return the file and the class that a name means outside of a plan, as it would in one.

    Raises ConfigError.
    """
    report = Report("", Document({}, {}, [], True))
    written = {"filename": filename} if filename else {}
    found = find_class(Table(report, (name,), written), name, kind, sources)
    report.raise_if_any()
    return found.filename, found.class_name


def _built_in(
    table: Table, found: Found, names: tuple[str, ...], kind: Kind, sources: Sources
) -> Found:
    modules = BUILT_IN[kind]
    short = next((each for each in _module_names(names, kind) if each in modules), None)
    if short is None:
        if "filename" not in table:
            known = f" (built in are {', '.join(modules)})" if modules else ""
            hint = f"the file that defines class {found.class_name}"
            table.wrong("filename", f"is missing: {hint}{known}")
        return found
    found = found._replace(filename=modules[short])
    source = sources(found.filename)
    if source is not None:
        spelt = _SPELT_OTHERWISE.get(short, short)
        names = tuple(dict.fromkeys((*names, *class_names_for(short), spelt)))
        found = _read(table, found, names, kind, source, sources)
    if short == "momentum" and kind == "scanner":
        types = _MOMENTUM | (found.declared.types if found.declared else {})
        closed = Declared(found.class_name, types, frozenset(), True)
        return found._replace(declared=closed)
    return found


def _module_names(names: tuple[str, ...], kind: Kind) -> Iterator[str]:
    """Yield the modules that a class may be in: ReCycleStrategy in re_cycle."""
    for name in map(_snake, names):
        yield name
        yield name.removesuffix(f"_{kind}")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _read(
    table: Table,
    found: Found,
    names: tuple[str, ...],
    kind: Kind,
    source: str,
    sources: Sources,
) -> Found:
    try:
        answer = declared(source, names, filename=found.filename, sources=sources)
    except BadSource as exc:
        table.wrong("filename", f"is not Python: {exc}")
        return found
    if isinstance(answer, NoSuchClass):
        hint = suggestion(found.class_name, answer.classes, what="class")
        key = "class_name" if "class_name" in table else "filename"
        table.wrong(key, f"{found.filename} defines no class {found.class_name}; {hint}")
        return found
    if written_for_0_4(source, lambda module: sources(beside(found.filename, module))):
        answer = old_declared(source, answer, history=kind == "strategy")
        return found._replace(class_name=answer.class_name, declared=answer)
    base = kind.capitalize()
    if answer.closed and base not in answer.bases:
        name = answer.class_name
        table.wrong("filename", f"{name} is no {base}: write class {name}({base})")
    return found._replace(class_name=answer.class_name, declared=answer)


def read_parameters(table: Table, found: Declared | None) -> dict[str, Any]:
    """Take what is left of a table as parameters of the class."""
    framework = list(table.asked)
    parameters: dict[str, Any] = {}
    for key, value in table.rest():
        try:
            parameters[key] = plain(value)
            _check(key, parameters[key], found, framework)
        except Wrong as wrong:
            table.wrong(key, str(wrong))
    for key in sorted(found.required - parameters.keys()) if found else ():
        table.wrong(key, f"is missing: {found.class_name if found else ''} has no default for it")
    return parameters


def _check(key: str, value: Any, found: Declared | None, framework: list[str]) -> None:
    if found is not None and key in found.types:
        try:
            convert(value, found.types[key])
        except BadParameter as bad:
            raise Wrong(f"does not fit what {found.class_name} declares: {bad}") from bad
    elif found is not None and found.closed:
        hint = _HINTS.get(key) or suggestion(key, [*found.types, *framework], what="key")
        raise Wrong(f"{found.class_name} has no such parameter; {hint}")
    else:
        # Whether the class takes it cannot be known, so only what looks like a slip is named.
        close = nearest(key, framework, cutoff=_MISSPELT)
        if close is not None:
            raise Wrong(f"unknown key; the nearest valid key is {close}")
