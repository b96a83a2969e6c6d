"""The two that are compared: the code and the plan that were recorded, and what is to be tried in their place."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from liualgotrader.backtest.course import NOWHERE
from liualgotrader.backtest.overrides import Overrides, apply
from liualgotrader.bootstrap import SessionConfig, make_strategies
from liualgotrader.common.account_view import PortfolioView
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan
from liualgotrader.engine.loading import is_built_in, source_of
from liualgotrader.replaying.recording import Recording
from liualgotrader.strategies.base import Strategy
from liualgotrader.what_if.market import plan_of


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with the sources of its strategies by file name, and its portfolios as they were set aside."""

    plan: Plan
    sources: dict[str, str]
    portfolios: dict[str, PortfolioView] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried. `current`: the files as they are on the disk now. `plan`: another plan's strategies, parameters
    and limits. `strategies` and `parameters` as in `Overrides`. `fees`, `slippage` and `latency` are the venue's, so
    they hold for both variants.
    """

    current: bool = False
    plan: Plan | None = None
    strategies: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    fees: str | None = None
    slippage: str | None = None
    latency: int | None = None


def variants(recording: Recording, change: Change) -> tuple[Variant, Variant]:
    """Return what was recorded and what is tried in its place.

    Raises ConfigError for a file that is gone and for what the plan does not have.
    """
    kept = {name: text for life in recording.lives for name, text in life.header.sources.items()}
    venue = Overrides(fees=change.fees, slippage=change.slippage, latency=change.latency)
    recorded = apply(plan_of(recording), venue)
    plan = recorded if change.plan is None else on_recorded_market(change.plan, recorded)
    plan = apply(plan, Overrides(strategies=change.strategies, parameters=change.parameters))
    if not plan.strategies:
        raise ConfigError(f"{plan.filename}: there is no strategy in it; add [strategies.NAME]")
    sources = current_sources(plan) if change.current or change.plan is not None else kept
    return Variant(plan=recorded, sources=kept), Variant(plan=plan, sources=sources)


def unheard_channels(recorded: Plan, plan: Plan | None) -> list[str]:
    """Return the kinds of market data that a plan asks for and a session did not listen to."""
    wanted = plan.session.events if plan is not None else ()
    return [channel.value for channel in wanted if channel not in recorded.session.events]


def on_recorded_market(plan: Plan, recorded: Plan) -> Plan:
    """Return a plan as it trades on a recorded market: session, scanners and the venue's rules are those."""
    return replace(
        plan,
        session=recorded.session,
        scanners=recorded.scanners,
        fees=recorded.fees,
        slippage=recorded.slippage,
        participation=recorded.participation,
    )


def current_sources(plan: Plan) -> dict[str, str]:
    """Return the text of a plan's strategies as it is on the disk now. Raises ConfigError for a file that is gone."""
    sources = {}
    for part in plan.strategies:
        text = source_of(part.filename)
        if text is None:
            raise ConfigError(
                f"{part.filename}: the file of strategy {part.name} is gone, or cannot be read; put it back, or leave "
                "--current out: the journal keeps the code that was traded"
            )
        sources[part.filename] = text
    return sources


def config_of(
    variant: Variant, batch_id: str, slots: Iterable[str], portfolios: Iterable[str]
) -> SessionConfig:
    """Return what strategies and engines of a variant are made of; `portfolios` are the portfolio strategies."""
    return SessionConfig(
        batch_id=batch_id,
        plan=variant.plan,
        sources=variant.sources,
        dsn="",
        home="",
        endpoints=NOWHERE,
        slots=tuple(slots),
        session_open=0,
        session_close=0,
        account_id=0,
        portfolios=tuple(portfolios),
    )


def fresh_strategies(config: SessionConfig, slot: str = "") -> list[Strategy]:
    """Return a slot's strategies, or all of the plan, from modules that are no other's: consumers share no state.

    Raises ConfigError for one that cannot be loaded.
    """
    made = make_strategies(config, slot)
    for strategy in made:
        module = type(strategy).__module__
        if not is_built_in(module):
            sys.modules.pop(module, None)
    return made
