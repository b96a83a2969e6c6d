"""What the command line changes of a plan."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Fees, Plan, ScannerPlan, Slippage, StrategyPlan
from liualgotrader.common.plan_errors import suggestion

P = TypeVar("P", ScannerPlan, StrategyPlan)
NONE = "none"


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """Options as they were given; None or empty keeps what the plan says.

    `parameters` are `STRATEGY.KEY=VALUE`, the value written as in the plan.
    """

    symbols: Sequence[str] = ()
    scanners: Sequence[str] = ()
    strategies: Sequence[str] = ()
    parameters: Sequence[str] = ()
    fees: str | None = None
    slippage: str | None = None
    latency: int | None = None


def apply(plan: Plan, given: Overrides) -> Plan:
    """Return the plan with the options' values. Raises ConfigError for what it cannot be."""
    session = plan.session
    if given.symbols:
        session = replace(session, symbols=tuple(dict.fromkeys(given.symbols)))
    if given.latency is not None:
        session = replace(session, latency=given.latency)
    scanners = plan.scanners
    if given.scanners:
        wanted = [name for name in given.scanners if name != NONE]
        scanners = tuple(_chosen(plan.scanners, wanted, "--scanners"))
    strategies = plan.strategies
    if given.strategies:
        strategies = tuple(_chosen(plan.strategies, given.strategies, "--strategies"))
    for text in given.parameters:
        strategies = tuple(_with_parameter(strategies, text))
    return replace(
        plan,
        session=session,
        scanners=scanners,
        strategies=strategies,
        fees=plan.fees if given.fees is None else _fees(given.fees),
        slippage=plan.slippage if given.slippage is None else _slippage(given.slippage),
    )


def _chosen(parts: Sequence[P], wanted: Iterable[str], option: str) -> Iterable[P]:
    names = {part.name: part for part in parts}
    for name in wanted:
        if name not in names:
            raise ConfigError(
                f"{option} {name}: the plan has no such part;"
                f" {suggestion(name, names, what='name') if names else 'it has none'}"
            )
        yield names[name]


def _with_parameter(strategies: Sequence[StrategyPlan], text: str) -> Iterable[StrategyPlan]:
    name, _, rest = text.partition(".")
    key, equals, value = rest.partition("=")
    if not (name and key and equals):
        raise ConfigError(f"--param {text}: write STRATEGY.KEY=VALUE, as in sma_cross.fast=5")
    names = {part.name for part in strategies}
    if name not in names:
        hint = suggestion(name, names, what="strategy")
        raise ConfigError(f"--param {text}: the plan has no strategy {name}; {hint}")
    for part in strategies:
        if part.name == name:
            part = replace(part, parameters=part.parameters | {key.strip(): _value(value)})
        yield part


def _value(text: str) -> Any:
    """Read a value as TOML; what is none is text, so that quotes need not be quoted from the shell."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _fees(text: str) -> Fees:
    """Read none, us_regulatory, per_share:0.005[:MINIMUM] or percent:0.1."""
    model, *numbers = text.split(":")
    amounts = [_number(number, f"--fees {text}") for number in numbers]
    makers: dict[str, tuple[range, Callable[..., Fees]]] = {
        "none": (range(1), lambda: Fees(model="none")),
        "us_regulatory": (range(1), lambda: Fees(model="us_regulatory")),
        "per_share": (
            range(1, 3),
            lambda each, least=Decimal(0): Fees(model="per_share", per_share=each, minimum=least),
        ),
        "percent": (range(1, 2), lambda part: Fees(model="percent", percent=part)),
    }
    if model not in makers or len(amounts) not in makers[model][0]:
        raise ConfigError(
            f"--fees {text}: write none, us_regulatory, per_share:DOLLARS[:MINIMUM] or percent:PERCENT"
        )
    return makers[model][1](*amounts)


def _slippage(text: str) -> Slippage:
    """Read basis points, or measured; 0 and none are none."""
    if text == NONE:
        return Slippage()
    if text == "measured":
        return Slippage(model="measured")
    bps = _number(text, f"--slippage {text}")
    return Slippage(model="bps", bps=bps) if bps else Slippage()


def _number(text: str, option: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{option}: {text!r} is no number") from None
    if not number.is_finite() or number < 0:
        raise ConfigError(f"{option}: {text} must be a number, 0 or more")
    return number
