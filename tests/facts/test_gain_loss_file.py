"""gain_loss.toml by sums of fills in fractions, and by the cash that moved."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.facts.make.bars import FOLDER, rounded

Book = dict[str, Any]

_BOOKS: list[Book] = tomllib.loads((FOLDER / "gain_loss.toml").read_text())["book"]


class Trip:
    """A round trip, from its fills: quantities are positive, `sign` is 1 for a long."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.held = Fraction(0)
        self.opened: list[tuple[Fraction, Fraction, Fraction | None]] = []
        self.closed: list[tuple[Fraction, Fraction]] = []
        self.fees = Fraction(0)

    def split(self, ratio: Fraction) -> None:
        """Turn every share and price so far into those after a split."""
        self.held *= ratio
        self.opened = [
            (q * ratio, p / ratio, s / ratio if s is not None else None) for q, p, s in self.opened
        ]
        self.closed = [(q * ratio, p / ratio) for q, p in self.closed]


def _number(fill: dict[str, str], key: str) -> Fraction | None:
    return Fraction(fill[key]) if key in fill else None


def _trips(fills: list[dict[str, str]]) -> list[Trip]:
    trips: list[Trip] = []
    for fill in fills:
        if "split" in fill:
            trips[-1].split(Fraction(fill["split"]))
            continue
        sign = 1 if fill["side"] == "buy" else -1
        qty, price = Fraction(fill["qty"]), Fraction(fill["price"])
        now = trips[-1] if trips and trips[-1].held else None
        if now is not None and now.sign != sign:
            closing = min(qty, now.held)
            now.closed.append((closing, price))
            now.held -= closing
            now.fees += _number(fill, "fee") or 0
            qty -= closing
            if not qty:
                continue
            assert "fee" not in fill, "how a flip's fee is shared is not decided"
            now = None
        if now is None:
            now = Trip(sign)
            trips.append(now)
        now.opened.append((qty, price, _number(fill, "stop")))
        now.held += qty
        now.fees += _number(fill, "fee") or 0
    return trips


def _value(fills: list[tuple[Fraction, ...]]) -> Fraction:
    return sum((fill[0] * fill[1] for fill in fills), Fraction(0))


def _risk(trip: Trip) -> Fraction | None:
    if any(stop is None for _, _, stop in trip.opened):
        return None
    return sum((q * abs(p - s) for q, p, s in trip.opened if s is not None), Fraction(0)) or None


def _figures(trip: Trip, last: Fraction | None) -> Iterator[tuple[str, Fraction]]:
    """Yield what a trip of the file has."""
    put_in, out = _value([o[:2] for o in trip.opened]), _value(list(trip.closed))
    entered, left = (
        sum((fill[0] for fill in side), Fraction(0)) for side in (trip.opened, trip.closed)
    )
    entry, risk = put_in / entered, _risk(trip)
    gain = trip.sign * (out - entry * left)
    yield from {"qty": entered, "entry": entry, "exit": out / left, "put_in": put_in}.items()
    yield from {"gain": gain, "percent": 100 * gain / put_in}.items()
    if risk:
        yield "risk", risk
    if trip.held:
        assert last is not None
        marked = trip.sign * (out + trip.held * last - put_in)
        yield from {"open_qty": trip.held, "open_cost": entry, "marked": marked}.items()
        yield from {
            "percent_marked": 100 * marked / put_in,
            "r_marked": marked / (risk or 1),
        }.items()
    elif risk:
        yield "r_units", gain / risk
        yield from _other_readings(trip, gain)
    if trip.fees:
        net = gain - trip.fees
        yield from {"fees": trip.fees, "net": net, "percent_net": 100 * net / put_in}.items()
        yield "r_net", net / (risk or 1)


def _other_readings(trip: Trip, gain: Fraction) -> Iterator[tuple[str, Fraction]]:
    stops = {stop for _, _, stop in trip.opened}
    first_qty, first_price, first_stop = trip.opened[0]
    if len(stops) > 1 and first_stop is not None:
        yield "r_by_first_stop", gain / sum(q * abs(p - first_stop) for q, p, _ in trip.opened)
        yield "r_by_first_risk", gain / (first_qty * abs(first_price - first_stop))


def _texts(figures: dict[str, Fraction]) -> dict[str, Decimal]:
    return {name: Decimal(rounded(number, 10)) for name, number in figures.items()}


@pytest.mark.parametrize("book", _BOOKS, ids=lambda book: book["name"])
def test_trips(book: Book) -> None:
    last = Fraction(book["last"]) if "last" in book else None
    trips = _trips(book["fills"])
    assert len(trips) == len(book["trip"]) == book["total"]["trips"]
    for trip, expected in zip(trips, book["trip"], strict=True):
        assert expected["side"] == ("long" if trip.sign == 1 else "short")
        given = {name: Decimal(text) for name, text in expected.items() if name != "side"}
        assert _texts(dict(_figures(trip, last))) == given


@pytest.mark.parametrize("book", _BOOKS, ids=lambda book: book["name"])
def test_totals(book: Book) -> None:
    total, trips = book["total"], _trips(book["fills"])
    put_in = sum((_value([o[:2] for o in trip.opened]) for trip in trips), Fraction(0))
    gain = sum((dict(_figures(trip, Fraction(0)))["gain"] for trip in trips), Fraction(0))
    figures = {"put_in": put_in, "gain": gain, "percent": 100 * gain / put_in}
    if (most := _most(book["fills"])) != put_in:
        figures |= {"most_put_in": most, "percent_of_most": 100 * gain / most}
    assert _texts(figures) == {name: Decimal(total[name]) for name in total if name != "trips"}


def _most(fills: list[dict[str, str]]) -> Fraction:
    """Return the largest cost, by mean cost, of what was held at one time."""
    qty = cost = most = Fraction(0)
    for fill in fills:
        if "split" in fill:
            qty *= Fraction(fill["split"])
            continue
        change = Fraction(fill["qty"]) * (1 if fill["side"] == "buy" else -1)
        price = Fraction(fill["price"])
        if qty * change >= 0:
            cost += abs(change) * price
        elif abs(change) <= abs(qty):
            cost *= 1 - abs(change) / abs(qty)
        else:
            cost = abs(qty + change) * price
        qty += change
        most = max(most, cost)
    return most


@pytest.mark.parametrize("book", _BOOKS, ids=lambda book: book["name"])
def test_gain_is_what_came_in_less_what_went_out(book: Book) -> None:
    cash, held = Fraction(0), Fraction(0)
    for fill in book["fills"]:
        if "split" in fill:
            held *= Fraction(fill["split"])
            continue
        change = Fraction(fill["qty"]) * (1 if fill["side"] == "buy" else -1)
        held, cash = held + change, cash - change * Fraction(fill["price"])
    gains = sum(Fraction(trip.get("marked", trip["gain"])) for trip in book["trip"])
    assert cash + held * Fraction(book.get("last", "0")) == gains
