"""Every case of tests/venue_cases, driven step by step: facts about a broker, one test each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import (
    OrderClass,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)
from liualgotrader.venue.account import Account
from liualgotrader.venue.fees import FeeModel, NoFees, UsRegulatoryFees
from liualgotrader.venue.orders import LegRole, OrderRequest, Rejection, VenueEvent
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session, SessionTimes
from liualgotrader.venue.slippage import (
    FixedBpsSlippage,
    FixedSlippage,
    NoSlippage,
    SlippageModel,
)
from liualgotrader.venue.venue import Events, Venue

CASES = Path(__file__).parents[2] / "venue_cases"
NEW_YORK = ZoneInfo("America/New_York")
HOLIDAYS = {
    date(2024, 5, 27),
    date(2025, 5, 26),
    date(2025, 6, 19),
    date(2025, 7, 4),
    date(2026, 1, 1),
    date(2026, 4, 3),
    date(2026, 5, 25),
    date(2026, 6, 19),
    date(2026, 7, 3),
    date(2026, 9, 7),
    date(2026, 11, 26),
    date(2026, 12, 25),
}
EARLY_CLOSES = {date(2026, 11, 27), date(2026, 12, 24)}
SILENT = {"pending_new", "pending_cancel", "pending_replace"}

Case = dict[str, Any]


def _load() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.toml")):
        for case in tomllib.loads(path.read_text())["case"]:
            yield pytest.param(case, id=f"{path.stem}-{case['name']}")


def _ns(day: date, at: str) -> int:
    moment = datetime.combine(day, time.fromisoformat(at), NEW_YORK)
    return int(moment.timestamp()) * 1_000_000_000


def _sessions(start: date) -> SessionTimes:
    days = (start + timedelta(days=n) for n in range(-4, 120))
    return SessionTimes(
        [
            Session(
                date=day,
                pre_open=_ns(day, "04:00:00"),
                open=_ns(day, "09:30:00"),
                close=_ns(day, "13:00:00" if day in EARLY_CLOSES else "16:00:00"),
                post_close=_ns(day, "17:00:00" if day in EARLY_CLOSES else "20:00:00"),
            )
            for day in days
            if day.weekday() < 5 and day not in HOLIDAYS
        ],
    )


def _slippage(text: str) -> SlippageModel:
    kind, _, value = text.partition(":")
    if kind == "fixed":
        return FixedSlippage(Decimal(value))
    return FixedBpsSlippage(Decimal(value)) if kind == "bps" else NoSlippage()


def _number(fields: dict[str, Any], key: str) -> Decimal | None:
    return Decimal(fields[key]) if key in fields else None


class Instruments(dict[str, Instrument]):
    """The case's asset, and for every other symbol one with the same flags."""

    def __init__(self, asset: dict[str, Any]) -> None:
        super().__init__()
        self._flags = {k: asset[k] for k in ("fractionable", "shortable", "easy_to_borrow")}

    def __missing__(self, symbol: str) -> Instrument:
        self[symbol] = Instrument(symbol, **self._flags)
        return self[symbol]

    def get(self, symbol: str, default: Any = None) -> Any:
        """Return the instrument, made on demand."""
        return self[symbol]


class Driver:
    """Walks a venue through the steps of a case and collects what it says."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.day = date.fromisoformat(given["date"])
        self.names: dict[str, str] = {}
        account = Account(Decimal(given["cash"]), multiplier=Decimal(given["multiplier"]))
        for symbol, held in given.get("positions", {}).items():
            account.hold(symbol, Decimal(held["qty"]), Decimal(held["avg_entry"]))
        for symbol, price in given.get("last", {}).items():
            account.market.marks[symbol] = Decimal(price)
        fees: FeeModel = NoFees() if given["fees"] == "none" else UsRegulatoryFees()
        share = given["participation"]
        ids = count(1)
        sessions = _sessions(self.day)
        self.venue = Venue(
            account=account,
            instruments=Instruments(given["asset"]),
            sessions=sessions,
            rules=VenueRules(
                fees=fees,
                slippage=_slippage(given["slippage"]),
                participation=None if share == "none" else Decimal(share),
            ),
            ids=lambda: f"id-{next(ids)}",
        )
        self.venue.on_clock(_ns(self.day, "00:00:00"))

    def step(self, step: dict[str, Any]) -> list[dict[str, Any]]:
        """Take one step; return what happened in the words of the cases."""
        if "date" in step:
            self.day = date.fromisoformat(step["date"])
        ts = _ns(self.day, step["at"])
        for kind, refusal in (
            ("order", "rejected"),
            ("cancel", "cancel_rejected"),
            ("replace", "replace_rejected"),
        ):
            if kind in step:
                try:
                    return self._told(getattr(self, f"_{kind}")(step[kind], ts))
                except Rejection as no:
                    name = step[kind] if kind == "cancel" else step[kind]["id"]
                    words = {"http": no.status, "code": no.code, "reason": no.message}
                    return [{"order": name, "event": refusal, **words}]
        return self._told(self._row(step, ts))

    def _order(self, fields: dict[str, Any], ts: int) -> Events:
        before = len(self.venue.orders())
        events = self.venue.submit(_request(fields), ts)
        self._name(fields["id"], before)
        return events

    def _cancel(self, name: str, ts: int) -> Events:
        return self.venue.cancel(self._id_of(name), ts)

    def _replace(self, fields: dict[str, Any], ts: int) -> Events:
        before = len(self.venue.orders())
        tif = fields.get("tif")
        events = self.venue.replace(
            self._id_of(fields["id"]),
            ts,
            qty=_number(fields, "qty"),
            limit=_number(fields, "limit"),
            trigger=_number(fields, "stop"),
            trail=_number(fields, "trail"),
            notional=_number(fields, "notional"),
            tif=None if tif is None else TimeInForce(tif),
        )
        self._name(fields["new_id"], before)
        return events

    def _row(self, step: dict[str, Any], ts: int) -> Events:
        if "quote" in step:
            row = step["quote"]
            bid, ask = float(row["bid"]), float(row["ask"])
            sizes = float(row["bid_size"]), float(row["ask_size"])
            return self.venue.on_quote(Quote(row["symbol"], ts, bid, ask, *sizes), ts)
        if "trade" in step:
            row = step["trade"]
            trade = Trade(row["symbol"], ts, float(row["price"]), float(row["size"]))
            return self.venue.on_trade(trade, ts)
        if "bar" in step:
            row = step["bar"]
            o, h, lo, c, v = (float(row[k]) for k in ("open", "high", "low", "close", "volume"))
            return self.venue.on_bar(Bar(row["symbol"], ts, o, h, lo, c, v), ts)
        assert step["clock"] is True
        return self.venue.on_clock(ts)

    def _name(self, name: str, before: int) -> None:
        """Give names to the orders that came into being: the order itself, then its legs."""
        suffixes = {LegRole.TAKE_PROFIT: ".tp", LegRole.STOP_LOSS: ".sl"}
        first, *legs = self.venue.orders()[before:]
        self.names[first.id] = name
        for leg in legs:
            assert leg.role is not None
            self.names[leg.id] = name + suffixes[leg.role]

    def _id_of(self, name: str) -> str:
        return next((i for i, known in self.names.items() if known == name), name)

    def _told(self, events: Events) -> list[dict[str, Any]]:
        return [self._words(event) for event in events if event.kind not in SILENT]

    def _words(self, event: VenueEvent) -> dict[str, Any]:
        words: dict[str, Any] = {"order": self.names[event.order.id], "event": str(event.kind)}
        if event.execution_id is not None:
            words |= {"price": event.price, "qty": event.qty}
        return words


def _request(fields: dict[str, Any]) -> OrderRequest:
    take, stop = fields.get("take_profit"), fields.get("stop_loss")
    return OrderRequest(
        symbol=fields["symbol"],
        side=Side(fields["side"]),
        type=OrderType(fields["type"]),
        tif=TimeInForce(fields["tif"]),
        qty=_number(fields, "qty"),
        notional=_number(fields, "notional"),
        limit=_number(fields, "limit"),
        trigger=_number(fields, "stop"),
        trail_price=_number(fields, "trail_price"),
        trail_percent=_number(fields, "trail_percent"),
        extended_hours=fields.get("extended_hours", False),
        order_class=OrderClass(fields.get("order_class", "simple")),
        take_profit=None if take is None else TakeProfit(Decimal(take["limit"])),
        stop_loss=None if stop is None else StopLoss(Decimal(stop["stop"]), _number(stop, "limit")),
        client_id=fields.get("client_order_id"),
    )


def _differs(expected: dict[str, Any], told: dict[str, Any]) -> bool:
    for key, value in expected.items():
        got = told.get(key)
        if key == "event":
            same = got in value.split("|") or (
                value == "new" and got == "held" and expected["order"].endswith(".sl")
            )
        elif key in ("price", "qty"):
            same = Decimal(value) == got
        elif key == "reason":
            same = value.lower() in str(got).lower()
        else:
            same = value == got
        if not same:
            return True
    return False


def _state(driver: Driver, end: dict[str, Any]) -> dict[str, Any]:
    venue = driver.venue
    account = venue.account
    known: dict[str, Any] = {
        "cash": account.cash,
        "equity": account.equity(),
        "buying_power": venue.buying_power(),
        "cash_withdrawable": account.withdrawable,
        "held": {symbol: venue.held(symbol) for symbol in end.get("held", {})},
        "positions": {
            p.symbol: {"qty": p.qty, "avg_entry": p.avg_entry} for p in account.positions.values()
        },
    }
    return {key: known[key] for key in end}


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(inner) for key, inner in value.items()}
    return Decimal(value)


@pytest.mark.parametrize("case", list(_load()))
def test_venue_follows_the_case(case: Case) -> None:
    driver = Driver(case["given"])
    for step in case["step"]:
        told = driver.step(step)
        expected = step["expect"]
        wrong = len(told) != len(expected) or any(map(_differs, expected, told))
        assert not wrong, f"at {step['at']}: expected {expected}, was told {told}"
    end = case["end"]
    assert _state(driver, end) == _numbers(end)
