"""The simulated day: honours its daily bars to the cent, is the same every time, and has
something to find."""

import itertools
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.calendar import new_york, us_equities
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.data.daily_history import COMPANIES, real_daily_bars
from liualgotrader.exchange.columns import QUOTE, TRADE, Columns
from liualgotrader.exchange.intraday import Span, make_day
from liualgotrader.exchange.simulated_companies import generator, instrument
from liualgotrader.exchange.simulated_day import DEFAULT_DATE, SimulatedDay, simulated_day
from liualgotrader.exchange.tape import moment

SPAN = Span(1_000_000_000_000, 1_000_000_000_000 + 390 * 60_000_000_000)


@pytest.fixture(scope="module")
def tape() -> SimulatedDay:
    return simulated_day(7)


def rows(columns: Columns, kind: int, symbol: int) -> Columns:
    return columns.take((columns.kind == kind) & (columns.symbol == symbol))


def assert_honours(bar: Bar, prints: Columns) -> None:
    price, size = prints.values[0], prints.values[1]
    made = (price[0], price.max(), price.min(), price[-1], size.sum())
    assert made == (bar.open, bar.high, bar.low, bar.close, bar.volume), bar
    assert size.min() >= 1
    assert (size[:-1] % 100 == 0).all() or bar.volume < 400


def test_every_symbols_prints_make_its_daily_bar(tape: SimulatedDay) -> None:
    assert len(tape.bars) == 60
    for number, bar in enumerate(tape.bars.values()):
        assert_honours(bar, rows(tape.columns, TRADE, number))


def test_the_default_day_is_of_the_promised_size(tape: SimulatedDay) -> None:
    trades = int((tape.columns.kind == TRADE).sum())
    assert 150_000 <= trades <= 250_000
    assert len(tape.columns) == 2 * trades
    counts = np.bincount(tape.columns.symbol[tape.columns.kind == TRADE])
    assert 2_000 <= counts.min() and counts.max() <= 4_000


def test_real_companies_open_and_close_as_they_did() -> None:
    bars = simulated_day(1, date=date(2013, 1, 24)).bars
    apple = bars["AAPL"]
    assert (apple.open, apple.high, apple.low, apple.close) == (460.0, 465.73, 450.25, 450.5)
    assert apple.volume == 52_173_300


def test_events_come_in_the_order_of_time_within_regular_hours(tape: SimulatedDay) -> None:
    session = us_equities().session(tape.date)
    moments = tape.columns.moment
    assert (np.diff(moments) >= 0).all()
    assert session.open <= moments[0] and moments[-1] < session.close
    assert tape.start <= moments[0] and moments[-1] <= tape.end
    head = [event for event, _ in zip(tape.events(), range(2_000), strict=False)]
    assert [moment(event) for event in head] == moments[:2_000].tolist()
    assert {type(event) for event in head} == {Trade, Quote}


def test_every_print_lies_within_the_quote_shown_before_it(tape: SimulatedDay) -> None:
    for number, bar in enumerate(tape.bars.values()):
        prints, quotes = rows(tape.columns, TRADE, number), rows(tape.columns, QUOTE, number)
        assert (np.diff(prints.moment) > 0).all()
        assert (quotes.moment < prints.moment).all()
        assert (quotes.moment[1:] > prints.moment[:-1]).all()
        bid, ask, *_ = quotes.values
        price = prints.values[0]
        assert ((bid <= price) & (price <= ask)).all(), bar.symbol
        assert np.rint((ask - bid) * 100).min() >= 1
        for column in quotes.values[:2]:
            assert np.abs(column * 100 - np.rint(column * 100)).max() < 1e-6


def test_prints_of_simulated_companies_are_on_the_tick(tape: SimulatedDay) -> None:
    simulated = tape.columns.symbol >= len(COMPANIES)
    prices = tape.columns.values[0][simulated & (tape.columns.kind == TRADE)]
    assert all(Decimal(repr(p)) % Decimal("0.01") == 0 for p in np.unique(prices).tolist())


def test_trading_is_busiest_at_the_open_and_the_close(tape: SimulatedDay) -> None:
    session = us_equities().session(tape.date)
    half_hours = (tape.columns.moment - session.open) // (30 * 60_000_000_000)
    counts = np.bincount(half_hours, minlength=13)
    middle = counts[3:10].mean()
    assert counts[0] > 1.8 * middle and counts[12] > 1.8 * middle


def digest(tape: SimulatedDay) -> str:
    columns = tape.columns
    parts = (columns.moment, columns.kind, columns.symbol, *columns.values)
    return sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    small = [simulated_day(seed, symbols=8, trades_per_symbol=50) for seed in (3, 3, 4)]
    assert list(small[0].events()) == list(small[1].events())
    assert list(small[0].events()) == list(small[0].events())
    assert small[0].daily_bars == small[1].daily_bars
    assert digest(small[0]) != digest(small[2])


def test_another_process_with_another_hash_seed_makes_the_same_day() -> None:
    code = (
        "from tests.unit.exchange.test_simulated_day import digest, simulated_day;"
        "print(digest(simulated_day(3, symbols=8, trades_per_symbol=50)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert out.strip() == digest(simulated_day(3, symbols=8, trades_per_symbol=50))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_there_is_something_for_every_scanner_to_find(seed: int) -> None:
    tape = simulated_day(seed)
    gaps, changes, volumes = [], [], []
    for symbol, bar in tape.bars.items():
        before = tape.daily_bars[symbol]
        usual = sum(b.volume for b in before[-20:]) / 20
        gaps.append(bar.open / before[-1].close - 1)
        changes.append(bar.close / before[-1].close - 1)
        volumes.append(bar.volume / usual)
    assert sum(gap > 0.035 for gap in gaps) >= 5
    assert sum(gap < -0.035 for gap in gaps) >= 5
    assert sum(0.05 <= change <= 0.15 for change in changes) >= 8
    assert sum(change < -0.04 for change in changes) >= 5
    assert sum(ratio > 3 for ratio in volumes) >= 5
    assert sum(abs(change) < 0.02 for change in changes) >= 15


def test_histories_end_before_the_session_and_are_whole(tape: SimulatedDay) -> None:
    for symbol, bars in tape.daily_bars.items():
        assert len(bars) == 250 or symbol == "FB", symbol
        assert bars[-1].time == new_york(date(2013, 1, 23))
        assert all(a.start < b.start for a, b in itertools.pairwise(bars))
        for bar in bars:
            assert 1 < bar.low <= min(bar.open, bar.close)
            assert max(bar.open, bar.close) <= bar.high and bar.volume > 0
    assert len(tape.daily_bars["FB"]) == 170  # it went public on 2012-05-18


def test_simulated_companies_cannot_be_taken_for_real_ones(tape: SimulatedDay) -> None:
    simulated = [i for s, i in tape.instruments.items() if s not in COMPANIES]
    assert len(simulated) == 55
    for one in simulated:
        assert any(c.isdigit() for c in one.symbol) and one.name.startswith("Simulated Company ")
    assert {i.shortable for i in simulated} == {True, False}
    assert {i.fractionable for i in simulated} == {True, False}
    assert any(i.shortable and not i.easy_to_borrow for i in simulated)
    assert not any(i.easy_to_borrow and not i.shortable for i in simulated)
    assert instrument(1) == instrument(1)


def test_real_bars_are_all_there_and_consistent() -> None:
    counts = {symbol: len(bars) for symbol, bars in real_daily_bars().items()}
    assert counts == {"AAPL": 3270, "FB": 196, "GOOG": 2148, "IBM": 3270, "MSFT": 3270}
    for bars in real_daily_bars().values():
        assert list(bars) == sorted(bars)
        assert all(bar.low <= min(bar.open, bar.close) for bar in bars.values())
        assert all(bar.high >= max(bar.open, bar.close) for bar in bars.values())


def test_an_earlier_day_has_the_companies_that_were_listed() -> None:
    tape = simulated_day(1, date=date(2003, 7, 3), trades_per_symbol=20)  # a half day
    assert [s for s in tape.bars if s in COMPANIES] == ["AAPL", "IBM", "MSFT"]
    assert len(tape.bars) == 60
    assert tape.columns.moment[-1] < us_equities().session(date(2003, 7, 3)).close


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2013, 1, 26), "nearest are of 2013-01-25 and 2013-01-28"),
        (date(2026, 3, 9), "from 2000-03-01 to 2013-03-01; the nearest are of 2013-03-01$"),
    ],
)
def test_a_day_without_real_bars_is_refused_with_its_neighbours(day: date, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        simulated_day(1, date=day)


def test_the_default_day_is_a_session_on_which_all_five_traded() -> None:
    assert us_equities().is_session(DEFAULT_DATE)
    assert all(DEFAULT_DATE in bars for bars in real_daily_bars().values())


@st.composite
def daily_bars(draw: st.DrawFn) -> Bar:
    cents = st.integers(100, 100_000)
    opened, close, a, b = (draw(cents) for _ in range(4))
    low, high = min(opened, close, a, b), max(opened, close, a, b)
    volume = draw(st.one_of(st.integers(4, 1_000), st.integers(1_000, 10**9)))
    return Bar("X", 0, opened / 100, high / 100, low / 100, close / 100, float(volume), 86_400)


@settings(max_examples=200, deadline=None)
@given(daily_bars(), st.integers(0, 2**32), st.integers(1, 300))
def test_any_possible_bar_is_honoured(bar: Bar, seed: int, trades: int) -> None:
    made = make_day(generator(seed), bar, symbol=0, span=SPAN, trades=trades).in_order()
    prints, quotes = rows(made, TRADE, 0), rows(made, QUOTE, 0)
    assert_honours(bar, prints)
    assert (np.diff(prints.moment) > 0).all()
    assert SPAN.open <= made.moment[0] and made.moment[-1] < SPAN.close
    assert (quotes.values[0] <= prints.values[0]).all()
    assert (prints.values[0] <= quotes.values[1]).all()


@pytest.mark.parametrize(
    "bar",
    [
        Bar("X", 0, 10.0, 9.0, 8.0, 8.5, 1000.0, 86_400),
        Bar("X", 0, 10.0, 11.0, 0.0, 10.5, 1000.0, 86_400),
        Bar("X", 0, 10.0, 11.0, 9.0, float("nan"), 1000.0, 86_400),
        Bar("X", 0, 10.0, 11.0, 9.0, 10.0, 3.0, 86_400),
    ],
)
def test_a_bar_that_no_prints_could_make_is_refused(bar: Bar) -> None:
    with pytest.raises(ConfigError, match="X: "):
        make_day(generator(1), bar, symbol=0, span=SPAN, trades=10)
