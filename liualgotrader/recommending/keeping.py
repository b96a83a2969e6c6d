"""A finding as it is kept for scanners."""

from __future__ import annotations

from math import isfinite

import msgspec

from liualgotrader.models.recommendation_store import RecommendationRow
from liualgotrader.recommending.findings import Finding


def row_of(finding: Finding) -> RecommendationRow:
    """Return the row of `recommendations`; the strategy is named only where there is a confidence in it."""
    sure, score = finding.confidence is not None, finding.score
    return RecommendationRow(
        symbol=finding.symbol,
        scale=finding.scale,
        through=finding.through,
        strategy=finding.leader if sure else None,
        verdict=finding.verdict.value,
        why=finding.why,
        metric=finding.metric.value,
        score=score if sure and score is not None and isfinite(score) else None,
        confidence=finding.confidence,
        folds=msgspec.to_builtins(list(finding.parts)),
        code_version=finding.code,
        data_version=finding.data,
    )
