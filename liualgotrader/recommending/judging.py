"""From the daily returns of all strategies to a verdict, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from liualgotrader.analytics.deflated_sharpe import Moments, deflated_sharpe, moments
from liualgotrader.analytics.reality_check import reality_check
from liualgotrader.analytics.rows import Floats
from liualgotrader.analytics.stationary_bootstrap import drawn_scores, share_above
from liualgotrader.recommending.findings import Sureness, Verdict
from liualgotrader.recommending.metric import Metric

ENOUGH_TRADES = 30
"""Round trips under which nothing is said of a strategy."""
ENOUGH_DAYS = 20
"""Sessions that a part has at least."""
ENOUGH_PARTS = 3
SURE = 0.9
"""From what confidence on a strategy is recommended."""
DRAWS = 2_000
_SEED = 1994


class Trials(msgspec.Struct, frozen=True, kw_only=True):
    """What the strategies of one symbol did: `returns` and `closed` trades, (n, days), by `names`; `held`, (days,).

    `followed`: what choosing by the past earned from `tested` on, the index of the first day after the
    first part; `shortest`: sessions of the shortest of `parts` parts.
    """

    names: Sequence[str]
    returns: Floats
    closed: Floats
    held: Floats
    followed: Floats
    tested: int
    parts: int
    shortest: int
    metric: Metric
    periods: int


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with what it rests on; `leader` and `second` are indices."""

    verdict: Verdict
    why: str
    leader: int | None = None
    second: int | None = None
    sure: Sureness | None = None
    confidence: float | None = None


def judge(trials: Trials) -> Judgement:
    """Say which strategy fits, or that none does, or that it cannot be told."""
    if why := _too_little(trials):
        return Judgement(verdict=Verdict.UNCLEAR, why=why)
    scores = trials.metric.scores(trials.returns, trials.periods)
    able = trials.closed.sum(axis=1) >= ENOUGH_TRADES
    order = sorted(np.flatnonzero(able), key=lambda index: -scores[index])
    leader, second = int(order[0]), int(order[1]) if len(order) > 1 else None
    if why := _beaten(trials, leader, scores[leader]):
        return Judgement(verdict=Verdict.NONE, why=why, leader=leader, second=second)
    sure = sureness(trials, leader, second)
    found = Judgement(verdict=Verdict.UNCLEAR, why="", leader=leader, second=second, sure=sure)
    if why := _lost_by_following(trials):
        return msgspec.structs.replace(found, why=why)
    confidence = sure.confidence
    verdict = Verdict.RECOMMENDED if confidence >= SURE else Verdict.UNCLEAR
    return msgspec.structs.replace(
        found, verdict=verdict, why=_so_sure(trials.names[leader], sure), confidence=confidence
    )


def sureness(trials: Trials, leader: int, second: int | None) -> Sureness:
    """Return how sure it is that the leader is better than holding, than the second, and than luck."""
    traded = np.flatnonzero(trials.closed.sum(axis=1) > 0)
    columns = np.vstack([trials.returns[traded], trials.held])

    def score(rows: Floats) -> Floats:
        return trials.metric.scores(rows, trials.periods)

    drawn, scores = drawn_scores(columns, score, draws=DRAWS, seed=_SEED), score(columns)
    place = {int(index): column for column, index in enumerate(traded)}
    than_second = None
    if second is not None:
        than_second = share_above(drawn[:, place[leader]], drawn[:, place[second]])
    return Sureness(
        than_holding=reality_check(
            drawn[:, :-1], scores[:-1], drawn[:, -1], scores[-1], of=place[leader]
        ),
        than_second=than_second,
        than_luck=_deflated(trials, leader),
    )


def _deflated(trials: Trials, leader: int) -> float | None:
    """Return the leader's deflated Sharpe ratio; strategies that never traded are no trials.

    Few trials tell little of how their ratios spread. Their variance counts as no less than what
    ratios of luck alone have, 1 / (days - 1) (Lo, "The Statistics of Sharpe Ratios", 2002).
    """
    known = [moments(row) for row in trials.returns[trials.closed.any(axis=1)]]
    ratios = [each.sharpe for each in known if isinstance(each, Moments)]
    own = moments(trials.returns[leader])
    if own is None:
        return None
    spread = float(np.var(ratios, ddof=1)) if len(ratios) > 1 else 0.0
    return deflated_sharpe(own, variance=max(spread, 1 / (own.count - 1)), trials=len(ratios))


def _too_little(trials: Trials) -> str:
    if trials.parts < ENOUGH_PARTS:
        return f"{trials.parts} parts are too few, {ENOUGH_PARTS} at least: --folds {ENOUGH_PARTS}"
    if trials.shortest < ENOUGH_DAYS:
        days = trials.returns.shape[1]
        return (
            f"parts of {trials.shortest} days are too short, {ENOUGH_DAYS} at least: give fewer --folds,"
            f" more history than {days} days, or another --scale"
        )
    if not trials.names:
        return "no strategy could be tried"
    most = int(trials.closed.sum(axis=1).max(initial=0))
    if most < ENOUGH_TRADES:
        return (
            f"no strategy closed {ENOUGH_TRADES} trades, the busiest {most}; give more history, or shorter"
            " bars"
        )
    return ""


def _beaten(trials: Trials, leader: int, score: float) -> str:
    metric, name = trials.metric, trials.names[leader]
    holding = metric.score(trials.held, trials.periods)
    if score <= holding:
        return (
            f"over all parts the best, {name}, has a {metric.words} of {_number(score, metric)}, holding"
            f" {_number(holding, metric)}"
        )
    if score <= metric.of_cash:
        return (
            f"over all parts the best, {name}, has a {metric.words} of {_number(score, metric)}; keep the"
            " cash"
        )
    return ""


def _lost_by_following(trials: Trials) -> str:
    metric = trials.metric
    followed = metric.score(trials.followed, trials.periods)
    holding = metric.score(trials.held[trials.tested :], trials.periods)
    least = max(holding, metric.of_cash)
    if followed > least:
        return ""
    what = "holding" if least == holding else "cash"
    return (
        f"who had chosen by the past would have had a {metric.words} of {_number(followed, metric)},"
        f" with {what} {_number(least, metric)}"
    )


def _so_sure(name: str, sure: Sureness) -> str:
    luck = "unknown" if sure.than_luck is None else in_percent(sure.than_luck)
    return (
        f"that {name} is better than holding is {in_percent(sure.than_holding)} sure, that it is no luck"
        f" {luck}"
    )


def in_percent(share: float) -> str:
    """Return how sure something is in words: never wholly, never not at all."""
    if share > 0.995:
        return "over 99 %"
    return f"{share * 100:.0f} %" if share > 0.005 else "under 1 %"


def _number(score: float, metric: Metric) -> str:
    return f"{score * 100:+.2f} %" if metric is Metric.RETURN else f"{score:.2f}"
