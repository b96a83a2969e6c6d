"""What is learnt from samples without single wild days bending it."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import HuberRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, RobustScaler

MOST_SPREADS = 4.0
"""Inputs count as no further from their median, in spans of their middle half."""


def robust_inputs() -> tuple[Any, Any]:
    """Return the steps that bring inputs to one scale, and what is far out nearer."""
    limits = {"a_min": -MOST_SPREADS, "a_max": MOST_SPREADS}
    return RobustScaler(), FunctionTransformer(np.clip, kw_args=limits)


def robust_line() -> Any:
    """Return a linear regression with Huber's loss, over inputs and targets of the same scale.

    Errors count squared while they are small and plainly once they are large (P. J. Huber, Robust
    estimation of a location parameter, Annals of Mathematical Statistics 35, 1964): an unrecorded
    split, or one day of panic, says little of other days.
    """
    line = make_pipeline(*robust_inputs(), HuberRegressor(alpha=10.0, max_iter=200))
    return TransformedTargetRegressor(line, transformer=RobustScaler())
