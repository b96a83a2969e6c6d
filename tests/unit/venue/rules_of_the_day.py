"""The answer files of tests/venue_cases/by_date: what a rule gave on its day."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from liualgotrader.common.calendar import us_equities
from liualgotrader.common.events import Quote
from liualgotrader.common.instruments import Instrument, coin
from liualgotrader.common.orders import Side
from liualgotrader.venue.account import Account
from liualgotrader.venue.orders import OrderRequest
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session, SessionTimes
from liualgotrader.venue.venue import Venue

FILES = Path(__file__).parents[2] / "venue_cases" / "by_date"
NEW_YORK = ZoneInfo("America/New_York")
COIN = coin("BTC/USD", 2)

Case = dict[str, Any]


def facts(family: str) -> dict[str, Any]:
    """Return a whole answer file."""
    return tomllib.loads((FILES / f"{family}.toml").read_text(encoding="utf-8"))


def cases(family: str, *prefixes: str, elsewhere: Mapping[str, str] = {}) -> list[Any]:
    """Return the cases whose names begin so, all without a prefix.

    `elsewhere`: by name, why a case is not played here; a name that is not in the file is an error.
    """
    found = {case["name"]: case for case in facts(family)["case"]}
    assert not elsewhere.keys() - found.keys()
    chosen = [
        case
        for name, case in found.items()
        if name not in elsewhere and (not prefixes or name.startswith(prefixes))
    ]
    assert chosen
    return [pytest.param(case, id=case["name"]) for case in chosen]


def one_case(family: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is given and what is expected of one case."""
    (found,) = (case for case in facts(family)["case"] if case["name"] == name)
    return found["given"], found["expect"]


def moment(day: date, at: time = time(12)) -> int:
    """Return a wall-clock time in New York as ns UTC."""
    return int(datetime.combine(day, at, NEW_YORK).timestamp() * 1_000_000) * 1000


def instant(at: datetime) -> int:
    """Return a date and time in New York as ns UTC."""
    return moment(at.date(), at.time())


def sessions(first: date, last: date) -> SessionTimes:
    """Return the market's sessions between two days, both included."""
    return SessionTimes(
        [
            Session(s.date, s.pre_open, s.open, s.close, s.post_close)
            for s in us_equities().sessions(first, last)
        ]
    )


def numbers(values: Any) -> Any:
    """Return text as decimals, in lists and tables too."""
    if isinstance(values, dict):
        return {key: numbers(value) for key, value in values.items()}
    if isinstance(values, list):
        return [numbers(value) for value in values]
    return Decimal(values) if isinstance(values, str) else values


def a_venue(
    day: date,
    *,
    cash: str = "10000",
    multiplier: str = "1",
    days_after: int = 10,
    instruments: Sequence[Instrument] = (Instrument("AAA"), Instrument("BBB"), COIN),
    **rules: Any,
) -> Venue:
    """Return a venue in the night before a day: AAA, BBB and the coin BTC/USD, nothing held."""
    ids = count(1)
    account = Account(Decimal(cash), multiplier=Decimal(multiplier))
    venue = Venue(
        account=account,
        instruments={instrument.symbol: instrument for instrument in instruments},
        sessions=sessions(day - timedelta(days=14), day + timedelta(days=days_after)),
        rules=VenueRules(**rules),
        ids=lambda: f"id-{next(ids)}",
    )
    venue.on_clock(moment(day, time(0)))
    return venue


def show(venue: Venue, ts: int, price: str, symbol: str = "AAA") -> None:
    """Show a quote of one price for both sides, enough of it for everybody."""
    venue.on_quote(Quote(symbol, ts, float(price), float(price), 1e6, 1e6), ts)


def trade(venue: Venue, ts: int, side: str, qty: str, price: str, symbol: str = "AAA") -> None:
    """Buy or sell at the market, at this price. Raises Rejection."""
    show(venue, ts, price, symbol)
    venue.submit(OrderRequest(symbol=symbol, side=Side(side), qty=Decimal(qty)), ts)
