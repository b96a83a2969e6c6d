"""At which moments histories are cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from liualgotrader.backtest.day_market import DAY
from liualgotrader.backtest.request import Asset, Request, Scale
from liualgotrader.common.calendar import new_york
from liualgotrader.honesty.decisions import Decision

T = TypeVar("T")
CUTS = 12


def spread(items: Sequence[T], most: int) -> list[T]:
    """Return up to `most` items, evenly over all, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def cuts(request: Request, decisions: Sequence[Decision], most: int = CUTS) -> list[int]:
    """Return moments just after decisions, ns UTC; after closes where nothing was decided.

    They are up to `most`, spread evenly over the decisions of each strategy, its first and its last
    among them, so that a busy one does not hide another; more than `most` only for that.
    By the day they are the ends of day bars: what a day's open was is known in its bar alone, and
    that is known at its end.
    """
    moments = [each.close for each in spread(request.sessions(), most)]
    if decisions:
        shares = _by_strategy(decisions)
        share = max(most // len(shares), 2)
        moments = [each.ts for some in shares for each in spread(some, share)]
    if request.scale is Scale.DAY:
        ends = _day_ends(request)
        moments = [next((end for end in ends if moment <= end), moment) for moment in moments]
    return sorted({moment + 1 for moment in moments})


def _by_strategy(decisions: Sequence[Decision]) -> list[list[Decision]]:
    shares: dict[str, list[Decision]] = {}
    for each in decisions:
        shares.setdefault(each.strategy, []).append(each)
    return list(shares.values())


def effective(request: Request, cut: int) -> int:
    """Return before which moment, ns UTC, an ex-date must have begun for its action to be known at a cut.

    By the day an action is known at the end of the session before its ex-date, when the engine
    lets it take effect.
    """
    if request.scale is Scale.MINUTE:
        return cut
    midnights = [end - DAY for end in _day_ends(request)]
    return next((midnight + 1 for midnight in midnights if midnight >= cut - 1), cut)


def _day_ends(request: Request) -> list[int]:
    coins = request.asset is Asset.CRYPTO
    return [(s.open if coins else new_york(s.date)) + DAY for s in request.sessions()]
