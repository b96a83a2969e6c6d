"""The runs of one symbol, put together into a finding."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec
import numpy as np

from liualgotrader import __version__
from liualgotrader.analytics.backtest.statistics import PERIODS
from liualgotrader.analytics.rows import Floats
from liualgotrader.common.calendar import Session
from liualgotrader.recommending.discovery import Sorted
from liualgotrader.recommending.figures import Figures, figures
from liualgotrader.recommending.findings import Finding, Part, Tried
from liualgotrader.recommending.judging import Judgement, Trials, judge
from liualgotrader.recommending.metric import Metric
from liualgotrader.recommending.parts import Choice, Span, cut, ranks, walk_forward
from liualgotrader.recommending.past import Past, held, version
from liualgotrader.recommending.running import Ran


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """How a symbol is judged: in how many `folds`, by which `metric`."""

    folds: int
    metric: Metric


class _Assembly:
    """The runs of a symbol over its sessions."""

    def __init__(
        self, past: Past, sessions: Sequence[Session], runs: Sequence[Ran], question: Question
    ) -> None:
        self.sessions = sessions
        self.names = [ran.strategy for ran in runs]
        self.periods = PERIODS[past.asset.value]
        self.metric = question.metric
        days = len(sessions)
        self.returns = np.array([ran.returns for ran in runs]).reshape(-1, days)
        self.closed = np.array([ran.closed for ran in runs], np.float64).reshape(-1, days)
        self.held = held(past, sessions)
        self.spans = cut(days, question.folds)
        self.tested = self.spans[0][1]
        self.choices = self._choices()
        self.followed = np.concatenate([choice.returns for choice in self.choices])

    def _choices(self) -> list[Choice]:
        if not self.names:
            return [Choice(None, np.zeros(end - begin)) for begin, end in self.spans[1:]]
        return walk_forward(self.returns, self.closed, self.spans, self.metric, self.periods)

    def judge(self) -> Judgement:
        return judge(
            Trials(
                names=self.names,
                returns=self.returns,
                closed=self.closed,
                held=self.held,
                followed=self.followed,
                tested=self.tested,
                parts=len(self.spans),
                shortest=min(end - begin for begin, end in self.spans),
                metric=self.metric,
                periods=self.periods,
            )
        )

    def figures(self, returns: Floats) -> Figures:
        """Return the figures of returns of the tested parts."""
        span = self.sessions[-1].close - self.sessions[self.tested - 1].close
        return figures(returns, span=span, periods=self.periods)

    def tried(self) -> list[Tried]:
        scores = self.metric.scores(self.returns, self.periods) if self.names else np.zeros(0)
        traded = self.closed.sum(axis=1) > 0
        places = [ranks(each, traded) for each in self._part_scores()]
        chosen = [choice.chosen for choice in self.choices]
        return [
            Tried(
                name=name,
                figures=self.figures(self.returns[index, self.tested :]),
                trades=int(self.closed[index, self.tested :].sum()),
                all_trades=int(self.closed[index].sum()),
                score=float(scores[index]),
                ranks=[place[index] for place in places],
                chosen=chosen.count(index),
            )
            for index, name in enumerate(self.names)
        ]

    def parts(self) -> list[Part]:
        return [
            self._part(span, scores, choice)
            for span, scores, choice in zip(
                self.spans, self._part_scores(), [None, *self.choices], strict=True
            )
        ]

    def _part_scores(self) -> list[Floats]:
        if not self.names:
            return [np.zeros(0) for _ in self.spans]
        return [self.metric.scores(self.returns[:, b:e], self.periods) for b, e in self.spans]

    def _part(self, span: Span, scores: Floats, choice: Choice | None) -> Part:
        begin, end = span
        earned = [_compound(row) for row in self.returns[:, begin:end]]
        chosen = choice.chosen if choice is not None else None
        return Part(
            first=self.sessions[begin].date,
            last=self.sessions[end - 1].date,
            returns=dict(zip(self.names, earned, strict=True)),
            scores=dict(zip(self.names, scores.tolist(), strict=True)),
            held=_compound(self.held[begin:end]),
            chosen=None if chosen is None else self.names[chosen],
            followed=None if choice is None else _compound(choice.returns),
        )


def assemble(
    past: Past,
    sessions: Sequence[Session],
    runs: Sequence[Ran],
    question: Question,
    strategies: Sorted,
) -> Finding:
    """Return what came of a symbol; runs that failed are named and count for nothing."""
    good = [ran for ran in runs if not ran.failure]
    whole = _Assembly(past, sessions, good, question)
    judged, tried = whole.judge(), whole.tried()
    name = dict(enumerate(whole.names))
    return Finding(
        symbol=past.symbol,
        scale=past.scale.value,
        metric=question.metric,
        first=sessions[0].date,
        through=sessions[-1].date,
        days=len(sessions),
        bundled=past.bundled,
        tried=tried,
        parts=whole.parts(),
        held=whole.figures(whole.held[whole.tested :]),
        followed=whole.figures(whole.followed),
        held_score=question.metric.score(whole.held, whole.periods),
        leader=None if judged.leader is None else name[judged.leader],
        second=None if judged.second is None else name[judged.second],
        sure=judged.sure,
        confidence=judged.confidence,
        verdict=judged.verdict,
        why=judged.why,
        left_out=strategies.left_out,
        failed={ran.strategy: ran.failure for ran in runs if ran.failure},
        code=code_version(strategies),
        data=version(past, sessions[-1].date),
    )


def code_version(strategies: Sorted) -> str:
    """Return the version of this package and a digest of the strategies' sources and parameters."""
    digest = hashlib.sha256()
    for part in strategies.fit:
        digest.update(msgspec.json.encode((part.name, part.parameters)))
        digest.update(strategies.sources[part.filename].encode())
    return f"{__version__}+{digest.hexdigest()[:12]}"


def _compound(returns: Floats) -> float:
    return float(np.prod(1.0 + returns) - 1.0)
