import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.clock import MINUTE
from liualgotrader.fincalcs import (
    BarSeries,
    Bucket,
    Resampler,
    ResampleRangeType,
    complete_by,
    resample,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HALF_PAST = 30 * MINUTE  # an open that is no multiple of an hour
Row = tuple[int, float, float, float, float, float]

WIDTHS = st.sampled_from(list(ResampleRangeType))
PRICES = st.floats(0.01, 1e6)
MINUTES = st.lists(st.integers(0, 400), max_size=60, unique=True).map(sorted)


@st.composite
def _bars(draw: st.DrawFn) -> list[Row]:
    minutes = draw(MINUTES)
    prices = [draw(st.tuples(PRICES, PRICES, PRICES, PRICES)) for _ in minutes]
    volumes = [draw(st.floats(0, 1e9)) for _ in minutes]
    return [
        (minute * MINUTE, o, max(o, h, low, c), min(o, h, low, c), c, volume)
        for minute, (o, h, low, c), volume in zip(minutes, prices, volumes, strict=True)
    ]


def _columns(rows: list[Row]) -> tuple[Ints, Floats, Floats, Floats, Floats, Floats]:
    times = np.array([row[0] for row in rows], dtype=np.int64)
    opened, high, low, close, volume = (
        np.array([row[place] for row in rows], dtype=float) for place in range(1, 6)
    )
    return times, opened, high, low, close, volume


def _rows(bars: BarSeries) -> list[tuple[float, ...]]:
    return [tuple(float(value) for value in row) for row in zip(*bars, strict=True)]


def _stepwise(rows: list[Row], to: ResampleRangeType, opens: list[int]) -> list[Bucket]:
    resampler = Resampler(to, opens[0] if opens else 0)
    ahead = opens[1:]
    out: list[Bucket] = []
    for row in rows:
        while ahead and row[0] >= ahead[0]:
            out.extend(resampler.open_session(ahead.pop(0)))
        out.extend(resampler.update(*row))
    return [*out, *resampler.flush()]


@settings(deadline=None)
@given(
    rows=_bars(),
    to=WIDTHS,
    opens=st.lists(st.integers(0, 400), max_size=3, unique=True).map(sorted),
)
def test_batch_gives_the_bits_of_the_incremental_resampler(
    rows: list[Row], to: ResampleRangeType, opens: list[int]
) -> None:
    session_opens = [minute * MINUTE for minute in opens]
    batch = resample(*_columns(rows), to=to, session_opens=session_opens)
    assert _rows(batch) == _stepwise(rows, to, session_opens)


@settings(deadline=None)
@given(rows=_bars(), to=WIDTHS)
def test_buckets_keep_the_extremes_and_the_volume(rows: list[Row], to: ResampleRangeType) -> None:
    bars = resample(*_columns(rows), to=to)
    assert sum(bars.volume) == pytest.approx(sum(row[5] for row in rows))
    assert max(bars.high, default=0) == max((row[2] for row in rows), default=0)
    assert min(bars.low, default=0) == min((row[3] for row in rows), default=0)
    assert set(bars.times.tolist()) == {row[0] // to.width * to.width for row in rows}


def test_hand_worked_five_minutes() -> None:
    minutes = [0, 1, 4, 5, 12]
    bars = resample(
        [minute * MINUTE for minute in minutes],
        [1, 2, 3, 4, 5],
        [9, 8, 7, 6, 5],
        [0.5, 0.25, 0.75, 4, 5],
        [2, 3, 4, 5, 6],
        [10, 20, 30, 40, 50],
        to=ResampleRangeType.min_5,
    )
    assert _rows(bars) == [
        (0, 1, 9, 0.25, 4, 60),
        (5 * MINUTE, 4, 6, 4, 5, 40),
        (10 * MINUTE, 5, 5, 5, 6, 50),
    ]


def test_hours_are_counted_from_the_open() -> None:
    times = np.arange(0, 180, 10) * MINUTE
    price = np.ones(len(times))
    columns = (times, price, price, price, price, price)
    plain = resample(*columns, to=ResampleRangeType.min_60)
    anchored = resample(*columns, to=ResampleRangeType.min_60, session_opens=[HALF_PAST])
    assert (plain.times // MINUTE).tolist() == [0, 60, 120]
    assert (anchored.times // MINUTE).tolist() == [-30, 30, 90, 150]
    assert anchored.volume.tolist() == [3, 6, 6, 3]


def test_bucket_before_the_open_is_cut_off_by_it() -> None:
    times = np.array([60, 80, 89, 90, 100]) * MINUTE
    price = np.arange(5.0)
    bars = resample(
        times,
        price,
        price,
        price,
        price,
        price,
        to=ResampleRangeType.min_60,
        session_opens=[0, 90 * MINUTE],
    )
    assert (bars.times // MINUTE).tolist() == [60, 90]
    assert bars.close.tolist() == [2.0, 4.0]


def test_bucket_is_out_as_soon_as_its_last_bar_is_in() -> None:
    resampler = Resampler(ResampleRangeType.min_2)
    assert resampler.update(0, 1, 4, 1, 3, 10) == ()
    assert resampler.current == Bucket(0, 1, 4, 1, 3, 10)
    assert resampler.update(MINUTE, 3, 5, 2, 2, 5) == (Bucket(0, 1, 5, 1, 2, 15),)
    assert resampler.current is None


def test_bar_after_a_gap_completes_the_bucket_before_it_and_perhaps_its_own() -> None:
    resampler = Resampler(ResampleRangeType.min_5)
    resampler.update(0, 1, 1, 1, 1, 1)
    assert resampler.update(9 * MINUTE, 2, 2, 2, 2, 2) == (
        Bucket(0, 1, 1, 1, 1, 1),
        Bucket(5 * MINUTE, 2, 2, 2, 2, 2),
    )


def test_bar_that_is_late_for_its_bucket_is_refused() -> None:
    resampler = Resampler(ResampleRangeType.min_5)
    resampler.update(6 * MINUTE, 1, 1, 1, 1, 1)
    with pytest.raises(ValueError, match="precedes"):
        resampler.update(MINUTE, 1, 1, 1, 1, 1)


def test_only_buckets_complete_by_now_are_shown() -> None:
    times = np.arange(12) * MINUTE
    price = np.ones(12)
    bars = resample(times, price, price, price, price, price, to=ResampleRangeType.min_5)
    known = {
        minute: len(complete_by(bars, minute * MINUTE, to=ResampleRangeType.min_5).times)
        for minute in (0, 4, 5, 9, 10, 14, 15)
    }
    assert known == {0: 0, 4: 0, 5: 1, 9: 1, 10: 2, 14: 2, 15: 3}


def test_empty_history_gives_no_buckets() -> None:
    bars = resample([], [], [], [], [], [], to=ResampleRangeType.min_15)
    assert [len(column) for column in bars] == [0] * 6
