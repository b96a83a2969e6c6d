"""Frames and columns take what pandas 1.5 took."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from liualgotrader.compat.frames import OldFrame, OldSeries

TIMES = pd.date_range("2021-03-08 09:30", periods=6, freq="min", tz="America/New_York")


def column() -> Any:
    return OldSeries([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], index=TIMES, name="close")


def test_a_whole_number_counts_where_the_index_holds_times() -> None:
    closes = column()
    assert (closes[-1], closes[0], closes[np.int64(-2)]) == (6.0, 1.0, 5.0)
    assert closes[TIMES[2]] == 3.0 and closes["2021-03-08 09:33"] == 4.0
    closes[-1] = 7.0
    closes[TIMES[0]] = 0.5
    assert closes.tolist() == [0.5, 2.0, 3.0, 4.0, 5.0, 7.0]


def test_where_the_index_holds_numbers_it_is_one_of_them() -> None:
    closes = OldSeries([1.0, 2.0], index=[10, 20])
    assert closes[10] == 1.0
    with pytest.raises(KeyError):
        closes[-1]


def test_what_is_computed_counts_too() -> None:
    closes = column()
    frame = OldFrame({"close": closes, "open": closes - 1})
    for found in (
        closes.rolling(2).mean(),
        closes.ewm(span=3).mean(),
        closes.diff().dropna().round(2),
        closes.resample("2min").last(),
        closes.between_time("9:30", "16:00"),
        frame.close,
        frame["open"],
        frame.resample("2min").last().close,
        pd.concat([closes, closes]),
        frame.iloc[:, 0],
    ):
        assert isinstance(found, OldSeries), found
        assert found[-1] == found.iloc[-1]
    assert isinstance(frame.iloc[-1], OldSeries) and frame.iloc[-1].close == 6.0


def test_what_later_versions_took_away() -> None:
    closes = column()
    longer = closes.append(closes[:1])
    assert len(longer) == 7 and longer[-1] == 1.0
    frame: Any = OldFrame({"close": [1.0, np.nan, 3.0]})
    assert frame.append(OldFrame({"close": [4.0]}), ignore_index=True).close[3] == 4.0
    assert frame.fillna(method="ffill").close.tolist() == [1.0, 1.0, 3.0]
    assert frame.close.fillna(method="bfill").tolist() == [1.0, 3.0, 3.0]
    assert frame.fillna(0).close.tolist() == [1.0, 0.0, 3.0]
    assert frame.close.fillna(5.0).tolist() == [1.0, 5.0, 3.0]
