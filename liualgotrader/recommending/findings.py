"""What came of trying the strategies on a symbol, as it is shown, told in JSON, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import msgspec

from liualgotrader.recommending.figures import Figures
from liualgotrader.recommending.metric import Metric


class Verdict(StrEnum):
    """What is said in the end."""

    RECOMMENDED = "recommended"
    NONE = "none"
    UNCLEAR = "unclear"


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy. `figures` and `trades` (round trips that ended) are of the tested parts, `score` and
    `all_trades` of all parts; `ranks` its place in each part among those that ever traded, `chosen` in how many tested
    parts the past would have chosen it.
    """

    name: str
    figures: Figures
    trades: int
    all_trades: int
    score: float
    ranks: list[int | None]
    chosen: int

    @property
    def firsts(self) -> int:
        """In how many parts it was the best."""
        return self.ranks.count(1)


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the history, `first` to `last` session. Returns are fractions.

    `chosen`: the strategy that was best on all parts before, None for none; in the first part nothing
    is known, and `followed`, what the choice earned there, is None.
    """

    first: date
    last: date
    returns: dict[str, float]
    scores: dict[str, float]
    held: float
    chosen: str | None = None
    followed: float | None = None


class Sureness(msgspec.Struct, frozen=True, kw_only=True):
    """How sure it is that the leader is better, as fractions of 1.

    `than_holding`: White's reality check, `than_luck`: the deflated Sharpe ratio, None where it is not
    defined; both count how many were tried. `than_second`: in what share of histories drawn again its
    score is greater, None without a second.
    """

    than_holding: float
    than_second: float | None
    than_luck: float | None

    @property
    def confidence(self) -> float:
        """What is said in one number: the lower of both that must hold."""
        return min(self.than_holding, self.than_luck or 0.0)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a symbol.

    `followed`: what choosing by the past earned in the tested parts, all but the first; `held` what
    holding the symbol did. `leader`: the best over all parts of those with trades enough. `confidence` is
    None unless the leader beat holding and cash, and so did choosing by the past. `why`: a sentence
    for the verdict. `code` and `data`: digests of what was run, and on what.
    """

    symbol: str
    scale: str
    metric: Metric
    first: date
    through: date
    days: int
    bundled: bool
    tried: Sequence[Tried]
    parts: Sequence[Part]
    held: Figures
    followed: Figures
    held_score: float
    leader: str | None
    second: str | None
    sure: Sureness | None
    confidence: float | None
    verdict: Verdict
    why: str
    left_out: dict[str, str]
    failed: dict[str, str]
    code: str
    data: str

    @property
    def score(self) -> float | None:
        """The leader's score over all parts."""
        return next((each.score for each in self.tried if each.name == self.leader), None)
