"""How good a forecast is, in words."""

from __future__ import annotations


def verdict(samples: int, error: float | None, naive_error: float | None, beats: bool) -> str:
    """Return in a line how good a forecast is beside its naive baseline; `beats` is what its check found."""
    if error is None or naive_error is None:
        return "nothing that it told has come yet, so nobody knows how good it is"
    figures = f"error {error:.4g}, naive {naive_error:.4g}, {samples:,} forecasts"
    skill = 1 - error / naive_error if naive_error else 0.0
    if beats:
        return f"{skill:.1%} better than its naive baseline ({figures})"
    luck = f": {skill:.1%} better, which may be luck" if skill > 0 else ""
    return f"no better than its naive baseline{luck} ({figures})"
