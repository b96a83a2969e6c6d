"""The report as a browser, a hostile plan and a reader would find it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from liualgotrader.analytics.analysis import analyse
from liualgotrader.analytics.report import figures, plot, render, tables
from liualgotrader.analytics.report.markup import VOID, Markup, join, tag
from liualgotrader.analytics.report.plot import Panel
from liualgotrader.analytics.rows import (
    Company,
    PositionDifference,
    Reconciliation,
    SessionData,
)
from tests.report_sample import CLOSE, MINUTE, OPEN, sample

HOSTILE = "</script><script>alert('x')</script>\"'><img src=x onerror=alert(1)>&\x00\x1b"


class Reader(HTMLParser):
    """Checks that every element is closed where it should be, and keeps what was seen."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice: {tag} {attrs}"
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def of(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a name."""
        return [attributes for tag, attributes in self.seen if tag == name]


def read(page: str) -> Reader:
    """Parse a whole page."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def page_of(data: SessionData) -> str:
    """Render what a session left."""
    return render(data, analyse(data))


@pytest.fixture(scope="module")
def page() -> str:
    """A page of an ordinary day."""
    return page_of(sample())


def test_every_element_is_closed(page: str) -> None:
    reader = read(page)
    assert len(reader.of("html")) == len(reader.of("main")) == len(reader.of("body")) == 1
    assert page.startswith("<!DOCTYPE html>")


def test_nothing_is_fetched_from_anywhere(page: str) -> None:
    reader = read(page)
    assert "://" not in page
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in reader.seen}
    assert not [a for _, a in reader.seen if {"src", "href", "srcset"} & set(a)]
    assert not re.search(r"@import|url\(|fetch\(|XMLHttp", page)
    (policy,) = [a for a in reader.of("meta") if a.get("http-equiv")]
    assert (policy["content"] or "").startswith("default-src 'none'")


def test_equal_sessions_give_equal_pages(page: str) -> None:
    assert page_of(sample()) == page


def test_a_day_of_sixty_symbols_stays_under_two_megabytes() -> None:
    data = sample(60, 6)
    text = page_of(data)
    assert len(data.fills) > 1_500
    assert len(read(text).of("figure")) == 61
    assert len(text.encode()) < 2_000_000


def test_names_from_plans_and_strategies_cannot_become_markup() -> None:
    page = page_of(_hostile(sample(6)))
    reader = read(page)
    scripts = [attributes.get("type") for attributes in reader.of("script")]
    assert scripts == ["application/json", "application/json", None]  # equity, one symbol, ours
    assert "img" not in {tag for tag, _ in reader.seen}
    assert not [a for _, a in reader.seen if any(name.startswith("on") for name in a)]
    assert "\x00" not in page
    assert "\x1b" not in page
    assert any("onerror=alert(1)" in text for text in reader.text)


def _hostile(data: SessionData) -> SessionData:
    def renamed(rows: tuple[object, ...], **names: object) -> tuple[object, ...]:
        return tuple(msgspec.structs.replace(row, **names) for row in rows)  # type: ignore[type-var]

    words = {"strategy": HOSTILE, "symbol": HOSTILE, "reason": HOSTILE}
    session = msgspec.structs.replace(
        data.session,
        batch_id=HOSTILE,
        end_reason=HOSTILE,
        notice=HOSTILE,
        build=HOSTILE,
        plan=((HOSTILE, HOSTILE),),
        companies=(Company(HOSTILE, HOSTILE, True),),
    )
    assert data.feed is not None
    incidents = renamed(data.feed.incidents, state=HOSTILE, symbols=(HOSTILE,), reason=HOSTILE)
    return msgspec.structs.replace(
        data,
        session=session,
        fills=renamed(data.fills, **words, order_id=HOSTILE, indicators={HOSTILE: HOSTILE}),
        orders=renamed(data.orders, **words, refusal=HOSTILE, order_type=HOSTILE),
        prices=renamed(data.prices, symbol=HOSTILE),
        runs=renamed(data.runs, strategy=HOSTILE, end_reason=HOSTILE),
        feed=msgspec.structs.replace(data.feed, incidents=incidents),
    )


def test_what_the_script_reads_is_json_of_the_same_points_as_drawn(page: str) -> None:
    blocks = re.findall(r'<script type="application/json">(.*?)</script>', page)
    assert len(blocks) == 13
    equity = json.loads(blocks[0])
    assert [each["name"] for each in equity["series"]] == ["Equity", "Drawdown", "Long", "Short"]
    assert len(equity["gaps"]) == len(equity["series"][0]["values"])
    assert sum(equity["gaps"]) == equity["span"] == 390 * 60
    curve = analyse(sample()).curve
    assert equity["series"][0]["values"][-1] == round(float(curve.equity[-1]), 2)


def test_a_simulated_session_says_so_and_names_what_is_invented(page: str) -> None:
    (notice,) = re.findall(r'<aside class="notice">.*?</aside>', page)
    assert "Simulated, not real" in notice
    assert "No trade took place at these times" in notice
    assert "9 companies are invented" in notice
    assert "ZQ9X (Simulated Company 9)" in notice
    assert "AAPL" not in notice


def test_a_real_session_has_no_notice() -> None:
    data = sample(4)
    session = msgspec.structs.replace(
        data.session, mode="paper", companies=(), intraday_simulated=False
    )
    assert '<aside class="notice"' not in page_of(msgspec.structs.replace(data, session=session))


def test_books_that_differ_are_told_at_the_top() -> None:
    books = Reconciliation(
        ledger_cash=Decimal("100.00"),
        broker_cash=Decimal("99.99"),
        differences=(PositionDifference("AAPL", Decimal(10), Decimal(-5)),),
    )
    page = page_of(msgspec.structs.replace(sample(4), reconciliation=books))
    assert "Ledger differs from broker: cash $100.00 against $99.99, 1 position" in page
    assert "ledger 10, broker −5" in page
    assert "Ledger equals broker" not in page


def test_a_session_that_did_nothing_still_has_a_report() -> None:
    data = sample(4)
    empty = SessionData(session=data.session, cash_start=Decimal(1000))
    page = page_of(empty)
    read(page)
    assert "Nothing was traded." in page
    assert "No order was refused." in page


def test_a_symbol_without_bars_shows_its_trades() -> None:
    data = msgspec.structs.replace(sample(4), prices=())
    reader = read(page_of(data))
    marks = [a for a in reader.of("g") if (a.get("class") or "").startswith("mark")]
    assert len(marks) > 10


def test_each_refused_order_is_listed_with_its_reason(page: str) -> None:
    assert "buying power: needs 31,400.00, has 12,050.32" in page
    assert "gross limit" in page
    assert page.count("<td>refused</td>") == 2


def test_trades_beyond_what_a_page_can_hold_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_TRIPS", 5)
    page = page_of(sample(4))
    assert page.count('<tr class="trip">') == 5
    assert "The first 5 of 9 trades; the database has them all." in page


def test_orders_filled_in_parts_are_one_triangle_with_stop_and_target() -> None:
    data = sample(4, 1)
    fills = [fill for fill in data.fills if fill.symbol == "MSFT"]
    page = page_of(data)
    (card,) = [each for each in page.split("<figure")[2:] if "<h3>MSFT</h3>" in each]
    assert card.count('<g class="mark') == len({fill.order_id for fill in fills}) == 3
    assert card.count('class="mark buy entry"') == 1
    assert card.count('class="mark sell exit"') == 2
    assert f"stop ${fills[0].stop}, target ${fills[0].target}" in card


# -- the parts ------------------------------------------------------------------------------------


def test_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "a<b", Markup("<br>"), None, title='"q"', hidden=True, id=None) == (
        '<p title="&quot;q&quot;" hidden>a&lt;b<br></p>'
    )
    assert join("<", Markup("<")) == "&lt;<"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (figures.dollars(Decimal("-1234.5")), "−$1,234.50"),
        (figures.dollars(3, plus=True), "+$3.00"),
        (figures.dollars(-0.001, plus=True), "$0.00"),
        (figures.dollars(None), "–"),
        (figures.price(Decimal("12.3")), "12.30"),
        (figures.price(Decimal("12.34567")), "12.3457"),
        (figures.price(Decimal("0.0000123")), "0.0000123"),
        (figures.price(5, 4), "5.0000"),
        (figures.percent(-0.0123), "−1.23\u00a0%"),
        (figures.quantity(Decimal("-1200.500")), "−1,200.5"),
        (figures.quantity(Decimal("1E+3")), "1,000"),
        (figures.duration(59 * 10**9), "59\u00a0s"),
        (figures.duration(3_905 * 10**9), "1\u00a0h 05\u00a0min"),
        (figures.clock(OPEN), "09:30:00"),
        (figures.indicators({"rsi": 61.234567, "n": 2, "up": True}), "rsi 61.235, n 2, up True"),
        (figures.shortened("x" * 300), "x" * 199 + "…"),
    ],
)
def test_figures_read_as_people_write_them(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.0, 1.0, 6, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (98.7, 101.2, 5, [99.0, 99.5, 100.0, 100.5, 101.0]),
        (98.7, 101.2, 3, [99.0, 100.0, 101.0]),
        (-0.013, 0.0, 3, [-0.01, -0.005, 0.0]),
        (23.001, 23.019, 3, [23.005, 23.01, 23.015]),
        (-20_000.0, 190_000.0, 3, [0.0, 100_000.0]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, expected: list[float]) -> None:
    assert plot.ticks(low, high, most) == pytest.approx(expected)


def test_time_ticks_are_round_in_new_york() -> None:
    assert [figures.clock(ts, seconds=False) for ts in plot.time_ticks(OPEN, CLOSE)] == [
        f"{hour}:00" for hour in range(10, 17)
    ]
    few = plot.time_ticks(OPEN + 7 * MINUTE, OPEN + 21 * MINUTE)
    assert [figures.clock(ts, seconds=False) for ts in few] == [
        "09:38",
        "09:40",
        "09:42",
        "09:44",
        "09:46",
        "09:48",
        "09:50",
    ]


def test_thinning_keeps_the_ends_and_the_extremes() -> None:
    values = np.random.default_rng(1).normal(size=5_000)
    kept = plot.thinned(values)
    assert len(kept) <= plot.MOST_POINTS
    assert (kept[0], kept[-1]) == (0, 4_999)
    assert (values[kept].min(), values[kept].max()) == (values.min(), values.max())
    assert plot.thinned(values[:400]).tolist() == list(range(400))


def test_a_panel_puts_time_across_in_percent_and_values_up_in_pixels() -> None:
    panel = Panel(t0=0, t1=200, low=10.0, high=20.0, top=5, height=100)
    assert (panel.x(50), panel.y(20.0), panel.y(10.0)) == (25.0, 5.0, 105.0)
    assert panel.shows(10.0)
    assert not panel.shows(9.9)


def test_a_scale_of_equal_values_is_not_empty() -> None:
    low, high = plot.span([5.0, 5.0])
    assert low < 5.0 < high
