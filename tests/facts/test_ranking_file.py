"""ranking.toml against other arithmetic: numpy and TA-Lib."""

from __future__ import annotations

import math
import tomllib
from datetime import date
from typing import Any

import numpy as np
import pytest
import talib

from tests.facts.make import ranking as script
from tests.facts.make.bars import FOLDER, bars_of, floats

Case = dict[str, Any]

_CASES: list[Case] = tomllib.loads((FOLDER / "ranking.toml").read_text())["case"]

each_case = pytest.mark.parametrize("case", _CASES, ids=lambda c: f"{c['symbol']}-{c['day']}")


@each_case
def test_line_and_score_by_numpy_and_talib(case: Case) -> None:
    closes = floats(bars_of(case["symbol"], "split", date.fromisoformat(case["day"])).close)
    logs = np.log(closes[-90:])
    slope = float(np.polynomial.Polynomial.fit(np.arange(90), logs, 1).convert().coef[1])
    r2 = float(np.corrcoef(np.arange(90), logs)[0, 1] ** 2)
    assert slope == pytest.approx(float(case["slope"]), rel=1e-9)
    assert slope == pytest.approx(float(talib.LINEARREG_SLOPE(logs, 90)[-1]), rel=1e-9)
    assert r2 == pytest.approx(float(case["r2"]), rel=1e-9)
    for days, suffix in ((250, ""), (252, "_252")):
        annual = math.expm1(slope * days)
        assert annual == pytest.approx(float(case[f"annual{suffix}"]), rel=1e-9)
        assert annual * r2 == pytest.approx(float(case[f"score{suffix}"]), rel=1e-9)


@each_case
def test_sizes_by_talib(case: Case) -> None:
    bars = bars_of(case["symbol"], "split", date.fromisoformat(case["day"]))
    high, low, close = floats(bars.high), floats(bars.low), floats(bars.close)
    atrs = {
        "wilder": float(talib.ATR(high, low, close, 20)[-1]),
        "simple": float(talib.SMA(talib.TRANGE(high, low, close)[1:], 20)[-1]),
    }
    for name, atr in atrs.items():
        assert atr == pytest.approx(float(case[f"atr_{name}"]), rel=1e-9)
        assert math.floor(100_000 * 0.001 / atr) == case[f"shares_{name}"]
    assert (close[-1] > talib.SMA(close, 100)[-1]) == case["above_sma100"]
    moves = np.abs(np.diff(close[-90:]) / close[-90:-1])
    assert float(moves.max()) == pytest.approx(float(case["largest_move"]), rel=1e-9)


def test_ranks_go_by_score() -> None:
    for day in script.DAYS:
        of_the_day = [case for case in _CASES if case["day"] == day]
        by_score = sorted(of_the_day, key=lambda case: -float(case["score"]))
        assert [case["rank"] for case in by_score] == [1, 2, 3]


def test_a_split_spoils_raw_closes_only_where_it_lies_in_the_window() -> None:
    spoilt = [case for case in _CASES if "raw_score" in case]
    assert [(case["symbol"], case["day"]) for case in spoilt] == [("AAPL", "2005-03-31")]
    assert float(spoilt[0]["raw_score"]) < 0 < float(spoilt[0]["score"])


def test_the_script_makes_the_file() -> None:
    assert script.text() == (FOLDER / "ranking.toml").read_text(encoding="utf-8")
