"""walk_forward.toml by other arithmetic: numpy's splits, digitize and least squares, pandas' qcut."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from tests.facts.make.bars import FOLDER

Case = dict[str, Any]
Floats = NDArray[np.float64]

_FILE: dict[str, list[Case]] = tomllib.loads((FOLDER / "walk_forward.toml").read_text())


def _each(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", _FILE[kind], ids=lambda case: case["name"])


def _floats(texts: list[str]) -> Floats:
    return np.array([float(text) for text in texts])


def _close(text: str, number: float) -> bool:
    return float(text) == pytest.approx(number, abs=2e-12)


def _same_skill(case: Case, key: str, score: float, naive: float) -> None:
    if naive:
        assert _close(case[key], 1 - score / naive)
    else:
        assert key not in case


def _fitted(targets: Floats, case: Case, horizon: int) -> Floats:
    """Return the forecasts of a column of ones fitted by least squares at each fold's first row."""
    found: list[float] = []
    for begin in range(case["first"], len(targets), case["test"]):
        known = targets[: begin - horizon + 1]
        mean = float(np.linalg.lstsq(np.ones((len(known), 1)), known, rcond=None)[0][0])
        found += [mean] * min(case["test"], len(targets) - begin)
    return np.array(found)


@_each("walk")
def test_walks(case: Case) -> None:
    targets, first = _floats(case["targets"]), case["first"]
    came = targets[first:]
    predictions = _fitted(targets, case, case["horizon"])
    naive = pd.Series(targets).shift(case["horizon"]).to_numpy()[first:]
    assert _floats(case["predictions"]) == pytest.approx(predictions, abs=2e-12)
    assert _floats(case["naive"]).tolist() == naive.tolist()
    mae, mae_naive = float(np.abs(came - predictions).mean()), float(np.abs(came - naive).mean())
    assert _close(case["mae"], mae)
    assert _close(case["mae_naive"], mae_naive)
    _same_skill(case, "skill", mae, mae_naive)
    if "mae_by_fold" in case:
        errors = pd.Series(np.abs(came - predictions))
        by_fold = errors.groupby(np.arange(len(came)) // case["test"]).mean()
        assert _floats(case["mae_by_fold"]) == pytest.approx(by_fold.to_numpy(), abs=2e-12)


def test_other_readings_of_walks() -> None:
    walks = {case["name"]: case for case in _FILE["walk"]}
    late = walks["target_known_three_rows_later"]
    targets = _floats(late["targets"])
    leaky = np.abs(targets[late["first"] :] - _fitted(targets, late, 1)).mean()
    assert _close(late["leaky_mae"], float(leaky))
    folds = walks["folds_of_two"]
    targets = _floats(folds["targets"])
    kept = np.repeat(targets[folds["first"] - 1 : -1 : 2], 2)
    mae_kept = float(np.abs(targets[folds["first"] :] - kept).mean())
    assert _close(folds["mae_naive_at_fold"], mae_kept)
    assert _close(folds["skill_at_fold"], 1 - float(folds["mae"]) / mae_kept)


def _by(labels: Any, predictions: Floats, came: Floats) -> Floats:
    frame = pd.DataFrame({"bin": labels, "said": predictions, "came": came})
    bins = frame.groupby("bin", observed=True).agg({"said": ["count", "mean"], "came": "mean"})
    return bins.to_numpy(np.float64)


def _same_bins(case: Case, bins: Floats) -> None:
    assert np.array([_floats(row) for row in case["bins"]]) == pytest.approx(bins, abs=2e-12)


@_each("scores")
def test_scores(case: Case) -> None:
    predictions, targets = _floats(case["predictions"]), _floats(case["targets"])
    assert _close(case["mae"], float(np.abs(predictions - targets).mean()))
    labels = pd.qcut(pd.Series(predictions), case["quantiles"], labels=False)
    _same_bins(case, _by(labels, predictions, targets))
    # The same bins by cutting the sorted rows into runs of as many, the first ones longer by one.
    runs = np.array_split(np.argsort(predictions, kind="stable"), case["quantiles"])
    _same_bins(case, np.array([[len(r), predictions[r].mean(), targets[r].mean()] for r in runs]))


@_each("probability")
def test_probabilities(case: Case) -> None:
    predictions, came = _floats(case["predictions"]), np.array(case["outcomes"], np.float64)
    brier, base = float(((predictions - came) ** 2).mean()), float(came.mean())
    assert _close(case["brier"], brier)
    assert _close(case["base_rate"], base)
    brier_base = float(((base - came) ** 2).mean())
    assert _close(case["brier_base"], brier_base)
    _same_skill(case, "skill", brier, brier_base)
    if "before" in case:
        all_of_them = np.concatenate([case["before"], came])
        known = pd.Series(all_of_them).expanding().mean().shift().to_numpy()[len(case["before"]) :]
        before = float(((known - came) ** 2).mean())
        assert _close(case["brier_base_before"], before)
        _same_skill(case, "skill_before", brier, before)


@pytest.mark.parametrize(
    "case", [c for c in _FILE["probability"] if "bins" in c], ids=lambda case: case["name"]
)
def test_calibration(case: Case) -> None:
    predictions, came = _floats(case["predictions"]), np.array(case["outcomes"], np.float64)
    if "widths" in case:
        edges = np.array([k / case["widths"] for k in range(1, case["widths"])])
        bins = _by(np.digitize(predictions, edges), predictions, came)
    else:
        rank = pd.Series(predictions).rank(method="first")
        bins = _by(pd.qcut(rank, case["quantiles"], labels=False), predictions, came)
    _same_bins(case, bins)
    share, said, rate = bins[:, 0] / len(came), bins[:, 1], bins[:, 2]
    if "calibration_error" in case:
        assert _close(case["calibration_error"], float(share @ np.abs(said - rate)))
    if "reliability" in case:
        parts = (share @ (said - rate) ** 2, share @ (rate - came.mean()) ** 2, came.var())
        for name, part in zip(("reliability", "resolution", "uncertainty"), parts, strict=True):
            assert _close(case[name], float(part))
        assert _close(case["brier"], float(parts[0] - parts[1] + parts[2]))
