"""The report as a browser, a hostile plan and a reader would find it."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from liualgotrader.analytics.backtest import calendar_axis
from liualgotrader.analytics.backtest.candle_chart import split_words
from liualgotrader.analytics.backtest.candles import MOST, fitted, merged
from liualgotrader.analytics.backtest.page import MOST_CHARTS, render
from liualgotrader.analytics.backtest.rows import Adjustment, BacktestData, Candles
from liualgotrader.analytics.backtest.statistics import backtest_statistics
from liualgotrader.analytics.backtest.tables import MOST_SYMBOLS, MOST_TRIPS
from liualgotrader.common.calendar import us_equities
from tests.unit.analytics.backtest.backtest_sample import sample
from tests.unit.analytics.test_report import HOSTILE, Reader, read

REPLACED = msgspec.structs.replace
HOUR = 3_600_000_000_000


def page_of(data: BacktestData) -> str:
    """Render a backtest."""
    return render(data, backtest_statistics(data))


@pytest.fixture(scope="module")
def data() -> BacktestData:
    """Three years of fourteen symbols."""
    return sample()


@pytest.fixture(scope="module")
def page(data: BacktestData) -> str:
    """Its page."""
    return page_of(data)


@pytest.fixture(scope="module")
def reader(page: str) -> Reader:
    """Its elements."""
    return read(page)


def test_every_element_is_closed_and_nothing_is_fetched(page: str, reader: Reader) -> None:
    assert page.startswith("<!DOCTYPE html>")
    assert len(reader.of("html")) == len(reader.of("main")) == 1
    assert "http" not in re.sub(r"http-equiv", "", page)
    for name, attributes in reader.seen:
        assert name not in ("link", "img", "iframe")
        assert not {"src", "href"} & set(attributes)


def test_a_page_is_a_function_of_its_values(data: BacktestData, page: str) -> None:
    assert page_of(data) == page


def test_the_headline_has_the_figures(page: str, reader: Reader) -> None:
    text = " ".join(reader.text)
    for wanted in (
        "2 January 2020 to 30 December 2022",
        "The prices are simulated.",
        "Growth a year",
        "SIMX, from the same start",
        "10,584 bars of 14 symbols in 756 sessions",
        "Portfolio value",
        "split 2 : 1",
    ):
        assert wanted in text
    assert not re.search(r"\b(nan|inf)\b", page.partition("<script>")[0], re.IGNORECASE)


def test_the_most_traded_symbols_are_drawn_and_the_rest_counted(reader: Reader) -> None:
    cards = [each for each in reader.of("figure") if "card" in (each["class"] or "")]
    assert len(cards) == MOST_CHARTS
    assert "the 12 most traded of 14 symbols; 2 were left out." in " ".join(reader.text)


def test_months_strategies_and_symbols_have_their_tables(reader: Reader) -> None:
    labels = {each.get("aria-label") for each in reader.of("table")}
    assert labels == {
        "Monthly returns in percent",
        "Strategies",
        "Symbols",
        "Trades",
        "Refused orders",
    }


def test_refusals_that_differ_in_figures_are_counted_together(reader: Reader) -> None:
    text = "|".join(reader.text)
    assert "buying power: needs …, has …|42|refused" in text
    assert "gross limit reached|42|refused" in text


def test_what_a_strategy_wrote_stays_text(data: BacktestData) -> None:
    fills = tuple(
        REPLACED(fill, reason=HOSTILE, indicators={HOSTILE: HOSTILE}) for fill in data.fills
    )
    orders = tuple(REPLACED(order, refusal=HOSTILE) for order in data.orders)
    info = REPLACED(data.info, notices=(HOSTILE,), plan=((HOSTILE, HOSTILE),), benchmark=HOSTILE)
    hostile = page_of(REPLACED(data, fills=fills, orders=orders, info=info))
    seen = read(hostile)
    assert not seen.of("img")
    assert len(seen.of("script")) == 3 + MOST_CHARTS
    assert "<script>alert" not in hostile


def test_data_for_the_pointer_is_json_with_as_many_values_as_places(page: str) -> None:
    found = re.findall(r'<script type="application/json">(.*?)</script>', page)
    assert len(found) == 1 + MOST_CHARTS
    for text in found:
        content = json.loads(text)
        assert len(content["at"]) == len(content["seconds"])
        assert all(0 <= place <= 1 for place in content["at"])
        assert all(len(each["values"]) == len(content["at"]) for each in content["series"])
        assert content["at"] == sorted(content["at"])


def test_an_interruption_is_the_first_thing_said(data: BacktestData) -> None:
    info = REPLACED(data.info, interrupted=True, last=dt.date(2022, 5, 3), source="0a1b")
    text = " ".join(read(page_of(REPLACED(data, info=info))).text)
    assert "Interrupted: what follows is up to 3 May 2022." in text
    assert "replays batch 0a1b" in text


def test_a_backtest_without_trades_or_benchmark_says_so(data: BacktestData) -> None:
    idle = REPLACED(data, fills=(), orders=(), adjustments=(), candles=(), benchmark=None)
    text = " ".join(read(page_of(idle)).text)
    for wanted in ("Nothing was traded.", "No trade was made.", "No order was refused."):
        assert wanted in text


def test_a_backtest_stopped_before_its_first_close_has_a_page(data: BacktestData) -> None:
    columns = ("ts", "equity", "cash", "long", "short", "fees")
    first = {name: getattr(data.curve, name)[:1] for name in columns}
    start = REPLACED(data, curve=REPLACED(data.curve, **first), fills=(), candles=(), orders=())
    assert "under a year" in " ".join(read(page_of(start)).text)


def test_symbols_without_prices_are_said_to_be_left_out(data: BacktestData) -> None:
    text = " ".join(read(page_of(REPLACED(data, candles=data.candles[:3]))).text)
    assert "the 3 most traded of 14 symbols; 11 were left out, 11 of them without prices." in text


def test_a_large_backtest_stays_small_and_quick() -> None:
    many = sample(symbols=250, every=4)
    assert len(many.fills) > 80_000
    began = time.monotonic()
    text = page_of(many)
    took = time.monotonic() - began
    print(f"{len(many.fills):,} fills: {len(text):,} characters in {took:.1f} s")
    assert len(text.encode()) < 3_000_000
    assert took < 10
    told = " ".join(read(text).text)
    assert f"The {MOST_TRIPS} of " in told
    assert f"The {MOST_SYMBOLS} of 250 symbols" in told


# -- candles --------------------------------------------------------------------------------------


def days_of(prices: list[float], first: dt.date) -> Candles:
    """Return day candles that open at these prices and close 1 higher."""
    days = us_equities().sessions(first, first + dt.timedelta(days=2 * len(prices) + 7))
    opening = np.array(prices)
    return Candles(
        symbol="AAPL",
        ts=np.array([day.close for day in days[: len(prices)]]),
        open=opening,
        high=opening + 2,
        low=opening - 3,
        close=opening + 1,
        volume=np.full(len(prices), 10.0),
    )


def test_days_become_weeks() -> None:
    # Thursday and Friday, then a week without Monday (Martin Luther King's day)
    made = merged(days_of([10, 20, 30, 25, 5, 40, 50], dt.date(2022, 1, 13)), "week")
    assert made.open.tolist() == [10, 30, 50]
    assert made.close.tolist() == [21, 41, 51]
    assert made.high.tolist() == [22, 42, 52]
    assert made.low.tolist() == [7, 2, 47]
    assert made.volume.tolist() == [20, 40, 10]


def test_no_candle_spans_a_split() -> None:
    days = days_of([100, 50, 51], dt.date(2022, 1, 10))
    made = merged(days, "week", [int(days.ts[1]) - 7 * HOUR])
    assert made.low.tolist() == [97, 47]


def test_candles_are_as_wide_as_it_takes() -> None:
    short, year = days_of([1.0] * MOST, dt.date(2020, 1, 2)), dt.date(2012, 1, 3)
    assert fitted(short, [])[1] == "day"
    weeks, width = fitted(days_of([1.0] * 1000, year), [])
    assert (width, len(weeks.ts)) == ("week", 208)
    months, width = fitted(days_of([1.0] * 1600, year), [])
    assert (width, len(months.ts)) == ("month", 77)


def test_a_split_is_said_in_whole_shares() -> None:
    assert split_words(Decimal(2)) == "split 2 : 1"
    assert split_words(Decimal("0.1")) == "split 1 : 10"
    assert split_words(Decimal(1) / Decimal(3)) == "split 1 : 3"
    assert split_words(Decimal("1.5")) == "split 1.5 : 1"


def test_actions_of_another_symbol_split_nothing(data: BacktestData) -> None:
    other = Adjustment(symbol="OTHER", ts=int(data.curve.ts[9]), ratio=Decimal(2))
    assert (
        fitted(data.candles[1], [other])[0].ts.tolist()
        == fitted(data.candles[1], [])[0].ts.tolist()
    )


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2022-01-03", "2022-01-10", ["4 Jan", "6 Jan", "8 Jan", "10 Jan"]),
        ("2022-01-03", "2022-05-31", ["Feb 2022", "Mar 2022", "Apr 2022", "May 2022"]),
        ("2020-01-02", "2022-12-30", ["Jul 2020", "Jan 2021", "Jul 2021", "Jan 2022", "Jul 2022"]),
        ("2010-01-04", "2022-12-30", ["2012", "2014", "2016", "2018", "2020", "2022"]),
    ],
)
def test_ticks_are_round_dates(first: str, last: str, labels: list[str]) -> None:
    days = us_equities()
    t0, t1 = (days.session(dt.date.fromisoformat(each)).open for each in (first, last))
    ticks = calendar_axis.date_ticks(t0, t1, most=6)
    assert [label for _, label in ticks] == labels
    assert all(t0 <= ts <= t1 for ts, _ in ticks)
