"""Limit Up-Limit Down, by tests/venue_cases/by_date/luld.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderStatus, OrderType, Side, TimeInForce
from liualgotrader.venue.account import Account
from liualgotrader.venue.band import Band, Notice, NoticeKind, Terms
from liualgotrader.venue.banded import BandedVenue
from liualgotrader.venue.luld import bands, has_bands, is_doubled, width
from liualgotrader.venue.luld_tables import DOUBLINGS, PHASES
from liualgotrader.venue.orders import OrderRequest
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session
from tests.unit.venue.rules_of_the_day import (
    Case,
    cases,
    facts,
    instant,
    moment,
    numbers,
    one_case,
    sessions,
)

_NOT_PLAYED = {
    "reopening_collar_after_limit_down": "the reopening auction is the tape's: its print is what it is",
}
_WIDTHS = (
    "bands_",
    "leveraged_etp",
    "open_before",
    "open_after",
    "close_",
    "early_close",
)
DAY = date(2026, 8, 11)
SECOND = 10**9


def _session(day: date) -> Session:
    return sessions(day, day).sessions[0]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _situations(given: dict[str, Any]) -> Iterator[tuple[datetime, int, Decimal, Decimal]]:
    """Yield moment, tier, last close and reference of all that a case asks for, in its order."""
    samples = given.get("samples") or [given]
    tiers = given.get("tiers") or [given.get("tier", 2)]
    every_tier = len(samples) == 1
    for at in _listed(given["at"]):
        for tier in tiers if every_tier else tiers[:1]:
            for sample in samples:
                yield at, tier, Decimal(sample["prior_close"]), Decimal(sample["reference"])


@pytest.mark.parametrize("case", cases("luld", *_WIDTHS))
def test_the_bands_are_so_wide(case: Case) -> None:
    given, expect = case["given"], case["expect"]
    found = []
    for at, tier, last_close, reference in _situations(given):
        session, ts = _session(at.date()), instant(at)
        doubled = is_doubled(session, ts, tier, last_close)
        leverage = int(given.get("leverage", 1))
        away = width(reference, last_close, tier=tier, leverage=leverage, doubled=doubled)
        found.append(bands(reference, away))
    assert [lower for lower, _ in found] == numbers(_listed(expect["lower"]))
    assert [upper for _, upper in found] == numbers(_listed(expect["upper"]))


@pytest.mark.parametrize("name", ["no_bands_outside_regular_hours", "phase_dates"])
def test_there_are_bands_at_their_times(name: str) -> None:
    given, expect = one_case("luld", name)
    samples = given.get("samples") or [{"tier": given["tier"], "at": at} for at in given["at"]]
    found = [
        has_bands(_session(each["at"].date()), instant(each["at"]), each["tier"])
        for each in samples
    ]
    assert found == expect["bands"]


# ---------------------------------------------------------------------------- the reference


def _band(day: date = DAY, last_close: str | None = "100", tier: int = 2) -> Band:
    close = None if last_close is None else Decimal(last_close)
    return Band("AAA", Terms(_session(day), close, tier, 1), lambda notice: None)


@pytest.mark.parametrize("name", ["reference_mean_ignores_size", "reference_old_trades_drop_out"])
def test_the_reference_is_the_mean_of_five_minutes(name: str) -> None:
    given, expect = one_case("luld", name)
    band = _band()
    in_force = Decimal(given["reference_in_force"])
    band._refer(in_force, moment(DAY, given["in_force_since"]))
    for each in given["trades"]:
        band.quote(1.0, 1000.0, moment(DAY, each["t"]))
        band._prices.append((moment(DAY, each["t"]), int(Decimal(each["price"]) * 10_000)))
        band._sum += int(Decimal(each["price"]) * 10_000)
    band.roll(moment(DAY, given["at"]))
    assert band.reference == Decimal(expect["reference"]) == Decimal(expect["mean"])


def test_a_move_of_less_than_a_hundredth_changes_nothing() -> None:
    given, expect = one_case("luld", "reference_small_move_is_ignored")
    found = []
    for mean in given["means"]:
        band = _band()
        band._refer(Decimal(given["reference_in_force"]), moment(DAY, time(10)))
        since = given["in_force_since_seconds"]
        band.print(float(mean), moment(DAY, time(10)) + since * SECOND)
        found.append(band.reference)
    assert found == numbers(expect["reference"])


def test_a_reference_lives_for_thirty_seconds() -> None:
    given, expect = one_case("luld", "reference_lives_30_seconds")
    band = _band()
    band._refer(Decimal(given["reference_in_force"]), moment(DAY, given["set_at"]))
    band.print(float(given["mean_from"]["mean"]), moment(DAY, given["mean_from"]["t"]))
    found = []
    for at in given["ask_at"]:
        band.roll(moment(DAY, at))
        found.append(band.reference)
    assert found == numbers(expect["reference"])


def test_the_opening_trade_is_the_first_reference() -> None:
    given, expect = one_case("luld", "opening_reference_by_trade")
    band = _band(given["date"], given["prior_close"], given["tier"])
    opening = given["listing_opening_trade"]
    band.print(float(opening["price"]), moment(given["date"], opening["t"]))
    assert [band.reference, band.lower, band.upper] == numbers(
        [expect["reference"], expect["lower"], expect["upper"]]
    )


def test_what_opens_on_a_quote_has_its_middle_and_later_the_last_close() -> None:
    given, expect = one_case("luld", "opening_on_a_quote_before_and_after_amendment_10")
    for number, day in enumerate(given["dates"]):
        band = _band(day, given["prior_close"], given["tier"])
        bid, ask = float(given["opening_quote"]["bid"]), float(given["opening_quote"]["ask"])
        band.quote(bid, ask, moment(day, time(9, 30, 1)))
        assert band.reference is None
        band.quote(bid, ask, moment(day, given["at"]))
        for name in ("reference", "lower", "upper"):
            assert getattr(band, name) == Decimal(expect[name][number])


# ---------------------------------------------------------------------------- states


class Closes:
    """A past of one close."""

    def __init__(self, close: str) -> None:
        self.close = float(close)

    def days(self, symbol: str, now: int) -> Sequence[Bar]:
        """Return a day of that close."""
        close = self.close
        return [Bar(symbol, 0, close, close, close, close, 1.0, 86_400)]

    def low(self, symbol: str, since: int, upto: int) -> float | None:
        """Return nothing."""
        return None


class Market:
    """A banded venue that opened at twenty dollars: its bands are 18 and 22."""

    def __init__(self, opening: str = "20.00", **rules: Any) -> None:
        ids = count(1)
        self.venue = BandedVenue(
            account=Account(Decimal(100_000)),
            instruments={"AAA": Instrument("AAA")},
            sessions=sessions(DAY, DAY + timedelta(days=3)),
            rules=VenueRules(**rules),
            ids=lambda: f"id-{next(ids)}",
        )
        self.venue.remember(Closes("20"))
        self.notices: list[Notice] = []
        self.venue.bands.listener = self.notices.append
        self.print(time(9, 30), opening)

    def print(self, at: time, price: str) -> None:
        """Print a hundred shares."""
        ts = moment(DAY, at)
        self.venue.on_clock(ts)
        self.venue.on_trade(Trade("AAA", ts, float(price), 100.0), ts)

    def quote(self, at: time, bid: str, ask: str) -> None:
        """Quote much."""
        ts = moment(DAY, at)
        self.venue.on_clock(ts)
        self.venue.on_quote(Quote("AAA", ts, float(bid), float(ask), 1e6, 1e6), ts)

    def order(self, at: time, side: Side, limit: str | None = None, **fields: Any) -> str:
        """Order ten shares; return the order's id."""
        kind = OrderType.MARKET if limit is None else OrderType.LIMIT
        price = None if limit is None else Decimal(limit)
        request = OrderRequest(
            symbol="AAA", side=side, qty=Decimal(10), type=kind, limit=price, **fields
        )
        events = self.venue.submit(request, moment(DAY, at))
        return events[0].order.id

    def told(self, kind: NoticeKind) -> list[int]:
        """Return when something was told."""
        return [notice.ts for notice in self.notices if notice.kind is kind]

    def fills(self) -> list[Decimal]:
        """Return the prices of all fills."""
        return [each.price for each in self.venue.executions]


def test_a_quote_that_leaves_the_band_in_time_pauses_nothing() -> None:
    given, expect = one_case("luld", "limit_state_clears_in_time")
    market = Market()
    for each in given["quotes"]:
        market.quote(each["t"], each["bid"], each["ask"])
    assert expect["pause"] is False
    market.quote(time(11, 1), "18.05", "18.10")
    assert market.told(NoticeKind.PAUSED) == []


def test_fifteen_seconds_on_the_band_pause_for_five_minutes() -> None:
    given, expect = one_case("luld", "limit_state_becomes_pause")
    market = Market()
    (quote,) = given["quotes"]
    market.quote(quote["t"], quote["bid"], quote["ask"])
    pause = moment(DAY, expect["pause_from"])
    assert market.venue.next_clock() == pause == moment(DAY, given["no_change_until"])
    market.venue.on_clock(pause)
    assert market.told(NoticeKind.PAUSED) == [pause]
    band = market.venue.bands._bands["AAA"]
    assert band.paused_until == moment(DAY, expect["earliest_reopening"])


def test_a_bid_on_the_upper_band_is_a_limit_state_too() -> None:
    given, expect = one_case("luld", "limit_up_state")
    market = Market()
    (quote,) = given["quotes"]
    market.quote(quote["t"], quote["bid"], quote["ask"])
    assert market.venue.bands._bands["AAA"].limit_since == moment(DAY, expect["limit_state_from"])


def test_a_straddle_is_no_limit_state() -> None:
    given, expect = one_case("luld", "straddle_state")
    market = Market()
    market.quote(time(11), given["quote"]["bid"], given["quote"]["ask"])
    assert market.venue.bands.due > moment(DAY, time(20))
    assert expect["automatic_pause"] is False
    market.order(time(11, 1), Side.SELL)
    assert market.fills() == []
    assert expect["trade_at_bid_allowed"] is False
    market = Market()
    market.quote(time(11), given["quote"]["bid"], given["quote"]["ask"])
    market.order(time(11, 1), Side.BUY)
    assert (market.fills() == [Decimal(given["quote"]["ask"])]) is expect["trade_at_ask_allowed"]


def test_nothing_trades_outside_the_bands() -> None:
    given, expect = one_case("luld", "trade_outside_bands_prevented")
    for price, allowed in zip(given["prices"], expect["allowed"], strict=True):
        market = Market()
        market.order(time(11), Side.BUY)
        market.print(time(11, 0, 1), price)
        assert bool(market.fills()) is allowed


def test_a_reopening_begins_with_new_bands() -> None:
    given, expect = one_case("luld", "reopening_sets_new_reference")
    market = Market()
    pause_from = given["pause_from"]
    market.quote((pause_from - timedelta(seconds=15)).time(), "17.95", "18.00")
    market.order(time(11, 1), Side.BUY)
    market.print(time(11, 4), "17.50")  # what is printed in the pause fills nothing
    assert market.fills() == []
    market.quote(time(11, 5, 18), "16.90", "17.00")
    assert market.fills() == []
    reopening = given["reopening"]
    market.print(reopening["t"].time(), reopening["price"])
    assert market.told(NoticeKind.RESUMED) == [instant(reopening["t"])]
    last = [notice for notice in market.notices if notice.kind is NoticeKind.BANDS][-1]
    assert (last.lower, last.upper) == (Decimal(expect["lower"]), Decimal(expect["upper"]))
    market.quote(time(11, 5, 21), "16.95", "17.05")
    assert market.fills() == [Decimal("17.05")]


def test_bands_do_not_move_in_a_pause() -> None:
    market = Market()
    market.quote(time(11), "17.95", "18.00")
    market.quote(time(11, 1), "17.95", "18.00")
    before = market.told(NoticeKind.BANDS)
    market.print(time(11, 2), "15.00")
    assert market.told(NoticeKind.BANDS) == before


def test_what_must_trade_at_once_is_cancelled_in_a_pause() -> None:
    market = Market()
    market.quote(time(11), "17.95", "18.00")
    order = market.order(time(11, 1), Side.BUY, tif=TimeInForce.IOC)
    found = market.venue.order(order)
    assert found is not None
    assert found.status is OrderStatus.CANCELED


def test_the_first_tier_is_narrower() -> None:
    market = Market(tier_1=frozenset({"AAA"}))
    (told,) = market.notices
    assert (told.lower, told.upper) == (Decimal("19.00"), Decimal("21.00"))


def test_a_new_day_begins_without_bands() -> None:
    market = Market()
    next_day = moment(DAY + timedelta(days=1), time(9, 30))
    market.venue.on_trade(Trade("AAA", next_day, 40.0, 100.0), next_day)
    assert market.notices[-1].lower == Decimal("36.00")


def test_the_tables_hold_the_days_on_file() -> None:
    _, *phases = facts("luld")["phase"]
    assert [row.since for row in PHASES] == [row["from"] for row in phases]
    assert [row.since for row in DOUBLINGS] == [row["from"] for row in facts("luld")["doubling"]]
