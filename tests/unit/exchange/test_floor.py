"""The floor lives through a tape and arriving requests in one fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.exchange.app import Settings, build
from liualgotrader.exchange.days import session_of
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.tape import ListTape, TapeEvent
from liualgotrader.venue.orders import VenueEvent

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = date(2026, 1, 15)
OPEN, CLOSE = session_of(DAY).open, session_of(DAY).close


class Notes:
    """An audience that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []

    def trade(self, event: Trade, number: int) -> None:
        self.heard.append(("trade", event.price))

    def quote(self, event: Quote) -> None:
        self.heard.append(("quote", event.ask))

    def minute(self, bar: Bar, today: Bar | None) -> None:
        self.heard.append(("minute", bar.close))

    def second(self, bar: Bar, today: Bar) -> None:
        self.heard.append(("second", (bar.start - OPEN, bar.close, bar.volume, today.volume)))

    def update(self, event: VenueEvent) -> None:
        self.heard.append((str(event.kind), event.ts - OPEN))

    def notice(self, channel: str, symbol: str, ts: int, message: Mapping[str, Any]) -> None:
        self.heard.append((channel, ts - OPEN))


def trade(at: int, price: float) -> Trade:
    return Trade("AAPL", OPEN + at, price, 100.0)


def quote(at: int, ask: float) -> Quote:
    return Quote("AAPL", OPEN + at, ask - 0.01, ask, 500.0, 500.0)


def exchange_of(*events: TapeEvent) -> tuple[Exchange, Notes]:
    tape = ListTape(
        date=DAY,
        instruments=[Instrument(symbol="AAPL")],
        events=events,
        start=OPEN,
        end=CLOSE,
    )
    exchange, _ = build(tape, Settings(latency=SECOND // 2))
    notes = Notes()
    exchange.floor.audience = notes
    return exchange, notes


def order(exchange: Exchange, **fields: str) -> str:
    body = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "1"}
    return exchange.submit(body | fields).id


def test_minute_bar_is_told_before_the_next_minutes_print() -> None:
    exchange, notes = exchange_of(trade(1, 10.0), trade(59 * SECOND, 11.0), trade(MINUTE, 12.0))
    exchange.floor.advance(OPEN + MINUTE)
    assert notes.heard == [("trade", 10.0), ("trade", 11.0), ("minute", 11.0), ("trade", 12.0)]


def test_seconds_are_told_whole_once_somebody_wants_them() -> None:
    half = SECOND // 2
    exchange, notes = exchange_of(
        trade(half, 10.0), trade(half + 2, 11.0), trade(SECOND, 12.0), trade(59 * SECOND, 13.0)
    )
    exchange.floor.advance(OPEN + half)
    exchange.floor.make_seconds()
    exchange.floor.advance(OPEN + MINUTE)
    assert notes.heard == [
        ("trade", 10.0),
        ("trade", 11.0),
        ("trade", 12.0),
        ("second", (SECOND, 12.0, 100.0, 300.0)),
        ("trade", 13.0),
        ("second", (59 * SECOND, 13.0, 100.0, 400.0)),
        ("minute", 13.0),
    ]


def test_order_is_there_when_the_market_moves_at_the_moment_of_its_arrival() -> None:
    exchange, notes = exchange_of(quote(0, 10.0), quote(SECOND // 2, 11.0))
    exchange.floor.advance(OPEN)
    order(exchange)
    exchange.floor.advance(OPEN + SECOND)
    assert notes.heard == [
        ("quote", 10.0),
        ("new", SECOND // 2),
        ("fill", SECOND // 2),
        ("quote", 11.0),
    ]
    assert str(exchange.venue.executions[0].price) == "10.0"


def test_bar_of_the_tape_is_seen_before_the_close_that_ends_it() -> None:
    last = Bar("AAPL", CLOSE - MINUTE, 10.0, 10.0, 5.0, 9.0, 1_000.0)
    first = Bar("AAPL", OPEN, 10.0, 10.0, 10.0, 10.0, 1_000.0)
    exchange, notes = exchange_of(first, last)
    exchange.floor.advance(OPEN + MINUTE)
    order(exchange, type="limit", limit_price="8")
    exchange.floor.advance(CLOSE)
    kinds = [kind for kind, _ in notes.heard]
    assert kinds == ["minute", "new", "minute", "fill"]


def test_day_order_expires_at_the_close_without_any_event() -> None:
    exchange, notes = exchange_of(quote(0, 10.0))
    exchange.floor.advance(OPEN)
    order(exchange, type="limit", limit_price="8")
    exchange.floor.advance(CLOSE + SECOND)
    assert notes.heard[-1] == ("expired", CLOSE - OPEN)


def test_refusal_on_arrival_becomes_a_rejected_order() -> None:
    exchange, notes = exchange_of(quote(0, 10.0), quote(SECOND, 11.0))
    exchange.floor.advance(OPEN)
    first = order(exchange, type="limit", limit_price="9")
    exchange.floor.advance(OPEN + SECOND)
    exchange.cancel(first)
    late = exchange.replace(first, {"limit_price": "8"})
    exchange.floor.advance(OPEN + 2 * SECOND)
    assert [kind for kind, _ in notes.heard][-3:] == ["canceled", "replace_rejected", "rejected"]
    rejected = exchange.desk.find(late.id)
    assert rejected is not None and str(rejected.status) == "rejected"


def test_budget_stops_the_tape_between_two_events() -> None:
    exchange, notes = exchange_of(*(trade(i, 10.0 + i) for i in range(5)))
    assert not exchange.floor.advance(OPEN + SECOND, 2)
    assert len(notes.heard) == 2
    assert exchange.floor.advance(OPEN + SECOND, 10)
    assert len(notes.heard) == 5


steps = st.lists(st.integers(1, 40 * SECOND), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_how_the_tape_is_cut_into_windows_changes_nothing(windows: list[int]) -> None:
    events = [
        quote(0, 10.0),
        *(
            event
            for i in range(1, 60)
            for event in (
                quote(i * 2 * SECOND, 10.0 + i % 7 / 100),
                trade(i * 2 * SECOND + 5, 10.0 + i % 5 / 100),
            )
        ),
    ]

    def live(stops: list[int]) -> list[tuple[str, object]]:
        exchange, notes = exchange_of(*events)
        exchange.floor.advance(OPEN)
        for price in ("10.01", "10.02", "9.99"):
            order(exchange, type="limit", limit_price=price, client_order_id=price)
        at = OPEN
        for stop in stops:
            at += stop
            exchange.floor.advance(at)
        exchange.floor.advance(OPEN + 1000 * SECOND)
        return notes.heard

    assert live(windows) == live([])
