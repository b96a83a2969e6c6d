"""What a plan must be as a whole: where one part contradicts another, or something is missing."""

from __future__ import annotations

from collections.abc import Iterator

from liualgotrader.common.plan import (
    FEEDS,
    REGULAR_MINUTES,
    Mode,
    Plan,
    ScannerPlan,
    SessionPlan,
    StrategyPlan,
)
from liualgotrader.common.plan_errors import suggestion
from liualgotrader.common.toml_lines import Path

Finding = tuple[Path, str]

_DAY_MINUTES = 1440


def contradictions(plan: Plan) -> Iterator[Finding]:
    """Find what is written and cannot be meant, with the path of the key to change."""
    yield from _session(plan.session)
    yield from _schedules(plan)
    yield from _targets(plan)
    yield from _ranges(plan)
    yield from _money(plan)


def missing_parts(plan: Plan) -> Iterator[Finding]:
    """Find what must be written and is not."""
    session = plan.session
    if not plan.strategies and not session.test_scanners:
        hint = "add a [strategies.NAME], or set session.test_scanners = true"
        yield ("strategies",), f"there is no strategy: {hint}"
    if not plan.scanners and (session.test_scanners or not session.symbols):
        hint = "add a [scanners.NAME]"
        also = "" if session.test_scanners else ", or session.symbols"
        yield ("scanners",), f"there is nothing to trade: {hint}{also}"


def _session(session: SessionPlan) -> Iterator[Finding]:
    if session.mode is not Mode.SIMULATED:
        only = f"is only for a simulated session, and mode is {session.mode}"
        if session.speed != 1:
            yield ("session", "speed"), only
        if session.tape:
            yield ("session", "tape"), only
        if session.date is not None:
            yield ("session", "date"), only
        if session.scenario is not None:
            yield ("session", "scenario"), only
    feeds = FEEDS[session.data, session.asset_class]
    if session.feed_name not in feeds:
        kind = f"{session.data}'s feeds of {session.asset_class}"
        yield ("session", "feed"), f"is none of {kind}: {', '.join(feeds)}"
    if len(session.symbols) > session.max_symbols:
        count = f"{len(session.symbols)} symbols"
        yield ("session", "symbols"), f"{count} are more than max_symbols ({session.max_symbols})"


def _schedules(plan: Plan) -> Iterator[Finding]:
    end = _DAY_MINUTES if plan.session.bypass_market_schedule else REGULAR_MINUTES
    for strategy in plan.strategies:
        for index, window in enumerate(strategy.schedule):
            path: Path = ("strategies", strategy.name, "schedule", index)
            if window.start >= end:
                yield (*path, "start"), f"is after the session's end, {end} minutes from the open"
            elif window.start + window.duration > end:
                most = f"{end - window.start:g}"
                yield (*path, "duration"), f"ends after the session: at most {most} from that start"


def _targets(plan: Plan) -> Iterator[Finding]:
    names = [strategy.name for strategy in plan.strategies]
    for scanner in plan.scanners:
        target = scanner.target_strategy_name
        if target is not None and target not in names:
            hint = suggestion(target, names, what="strategy")
            path = ("scanners", scanner.name, "target_strategy_name")
            yield path, f"there is no such strategy; {hint}"


def _ranges(plan: Plan) -> Iterator[Finding]:
    parts: list[tuple[str, ScannerPlan | StrategyPlan]] = []
    parts += [("scanners", each) for each in plan.scanners]
    parts += [("strategies", each) for each in plan.strategies]
    for section, part in parts:
        for key, low in part.parameters.items():
            high = part.parameters.get(f"max_{key[4:]}") if key.startswith("min_") else None
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                yield (section, part.name, key), f"is more than max_{key[4:]} ({high})"


def _money(plan: Plan) -> Iterator[Finding]:
    limits, fees = plan.limits, plan.fees
    gross, net = limits.gross_exposure, limits.net_exposure
    if gross is not None and net is not None and net > gross:
        yield ("limits", "net_exposure"), f"is more than gross_exposure ({gross}), so never reached"
    if fees.model == "per_share" and not fees.per_share:
        yield ("fees", "model"), "needs per_share, in dollars"
    if fees.model == "percent" and not fees.percent:
        yield ("fees", "model"), "needs percent, of the traded value"
    if plan.slippage.model == "bps" and not plan.slippage.bps:
        yield ("slippage", "model"), "needs bps, in basis points"
