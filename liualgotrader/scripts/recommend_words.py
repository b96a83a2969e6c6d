"""A finding of `liu recommend` in words, and as the value that --json prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from liualgotrader.recommending.figures import Figures
from liualgotrader.recommending.findings import Finding, Tried, Verdict
from liualgotrader.recommending.judging import in_percent

_HEADS = f"{'return':>12} {'a year':>10} {'Sharpe':>7} {'drawdown':>10} {'trades':>7}  place in each part"


def as_value(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON has it. `recommended` is the strategy that is, or null."""
    value: dict[str, Any] = msgspec.to_builtins(finding)
    is_recommended = finding.verdict is Verdict.RECOMMENDED
    return value | {
        "recommended": finding.leader if is_recommended else None,
        "score": finding.score,
    }


def lines(finding: Finding) -> Iterator[str]:
    """Yield the lines of a finding, an empty one at the end."""
    yield _heading(finding)
    count, since = len(finding.parts), finding.parts[1].first
    tested = "part 2" if count == 2 else f"parts 2 to {count}"
    yield f"After fees, in {tested}, from {since} on; the best over all parts first:"
    width = max(len(name) for name in _names(finding))
    yield f"{'':<{width}} {_HEADS}"
    for each in sorted(finding.tried, key=_order):
        if _is_idle(each):
            yield f"{each.name:<{width}} made no trade"
        else:
            places = " ".join("-" if place is None else str(place) for place in each.ranks)
            yield f"{each.name:<{width}} {_figures(each.figures)} {each.trades:>7,}  {places}"
    for name, why in finding.left_out.items():
        yield f"{name:<{width}} left out: {why}"
    for name, why in finding.failed.items():
        yield f"{name:<{width}} failed: {why}"
    yield f"{_CHOSEN:<{width}} {_figures(finding.followed)}          {_choices(finding)}"
    yield f"{_held(finding):<{width}} {_figures(finding.held)}"
    yield _verdict(finding)
    yield ""


_CHOSEN = "chosen by the past"


def _held(finding: Finding) -> str:
    return f"holding {finding.symbol}"


def _names(finding: Finding) -> list[str]:
    names = [each.name for each in finding.tried]
    return [*names, *finding.left_out, *finding.failed, _CHOSEN, _held(finding)]


def _order(tried: Tried) -> tuple[bool, float, str]:
    return _is_idle(tried), -tried.score, tried.name


def _is_idle(tried: Tried) -> bool:
    """Whether it did nothing at all; one that never left a position has closed no trade, but figures."""
    return not tried.all_trades and tried.figures.sharpe is None


def _heading(finding: Finding) -> str:
    source = "; the bars come with the package" if finding.bundled else ""
    return (
        f"{finding.symbol} by the {finding.scale}, {finding.first} to {finding.through}:"
        f" {finding.days:,} days in {len(finding.parts)} parts{source}"
    )


def _figures(figures: Figures) -> str:
    growth = "-" if figures.growth is None else _percent(figures.growth)
    ratio = "-" if figures.sharpe is None else f"{figures.sharpe:.2f}"
    return (
        f"{_percent(figures.total_return):>12} {growth:>10} {ratio:>7}"
        f" {_percent(figures.drawdown):>10}"
    )


def _percent(fraction: float) -> str:
    text = f"{fraction * 100:+,.2f} %"
    return text[1:] if text in ("+0.00 %", "-0.00 %") else text


def _choices(finding: Finding) -> str:
    chosen = [part.chosen or "cash" for part in finding.parts[1:]]
    return ", ".join(chosen)


def _verdict(finding: Finding) -> str:
    why = finding.why
    match finding.verdict:
        case Verdict.RECOMMENDED:
            return f"{finding.leader} fits: {why}{_second(finding)}."
        case Verdict.NONE:
            return f"None of them beats holding it: {why}."
    if finding.leader is None:
        return f"Not enough to tell: {why}."
    return f"Not enough to tell, though {finding.leader} leads: {why}{_second(finding)}."


def _second(finding: Finding) -> str:
    if finding.sure is None or finding.sure.than_second is None:
        return ""
    share = in_percent(finding.sure.than_second)
    return f"; that it is better than the second, {finding.second}, {share}"
