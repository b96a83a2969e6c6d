"""What holds for any stream of requests and market events: nothing is lost, nothing is made up."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import liualgotrader.venue.venue
from liualgotrader.common.events import Bar, Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import (
    OrderClass,
    OrderStatus,
    OrderType,
    Side,
    StopLoss,
    TakeProfit,
    TimeInForce,
)
from liualgotrader.venue.account import Account
from liualgotrader.venue.fees import FeeModel, NoFees, PerShareFees, UsRegulatoryFees
from liualgotrader.venue.orders import OrderRequest, Rejection, VenueEvent, VenueOrder
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.sessions import Session, SessionTimes
from liualgotrader.venue.slippage import FixedBpsSlippage, NoSlippage, SlippageModel
from liualgotrader.venue.venue import Events, Venue

HOUR = 3_600_000_000_000
SECOND = 1_000_000_000
SYMBOLS = ("A", "B")
CASH = Decimal(20_000)
QTYS = [Decimal(1), Decimal(5), Decimal(5), Decimal(30), Decimal("2.5"), Decimal("0.75")]

SESSIONS = SessionTimes(
    [
        Session(
            date=date(2026, 6, 15 + day),
            pre_open=day * 24 * HOUR,
            open=day * 24 * HOUR + 5 * HOUR + HOUR // 2,
            close=day * 24 * HOUR + 12 * HOUR,
            post_close=day * 24 * HOUR + 16 * HOUR,
        )
        for day in range(4)
    ],
)
START = SESSIONS.sessions[0].open - 3 * SECOND

# ---------------------------------------------------------------------------- what may happen

Action = tuple[Any, ...]

KINDS = ["trade"] * 5 + ["quote"] * 2 + ["bar"] * 3 + ["order"] * 6 + ["cancel", "replace"]


def _price(rng: Random) -> float:
    return rng.randint(9_800, 10_200) / 100


def _level(rng: Random) -> Decimal:
    return Decimal(rng.randint(9_850, 10_150)) / 100


def _gap(rng: Random) -> Decimal:
    return Decimal(rng.randint(1, 120)) / 100


def _size(rng: Random) -> float:
    return rng.choice([1.0, 7.0, 40.0, 300.0])


def _fields(rng: Random) -> dict[str, Any]:
    return {
        "symbol": rng.choice(SYMBOLS),
        "side": rng.choice(list(Side)),
        "type": rng.choice([*OrderType, OrderType.MARKET, OrderType.LIMIT]),
        "tif": rng.choice([TimeInForce.DAY] * 6 + [TimeInForce.GTC] * 3 + list(TimeInForce)),
        "qty": rng.choice(QTYS),
        "limit": _level(rng),
        "trigger": _level(rng),
        "trail_price": _gap(rng),
        "order_class": rng.choice([OrderClass.SIMPLE] * 4 + list(OrderClass)),
        "exits": (_gap(rng), _gap(rng)),
        "notional": rng.random() < 0.3,
        "extended_hours": rng.random() < 0.2,
    }


def _action(rng: Random) -> Action:
    kind = rng.choice(KINDS) if rng.random() < 0.98 else "clock"
    symbol = rng.choice(SYMBOLS)
    if kind == "trade":
        return kind, symbol, _price(rng), _size(rng)
    if kind == "quote":
        return kind, symbol, _price(rng), rng.randint(0, 8), rng.choice([0.0, 3.0, 50.0]), 50.0
    if kind == "bar":
        return kind, symbol, tuple(_price(rng) for _ in range(4)), _size(rng)
    if kind == "order":
        return kind, _fields(rng)
    if kind == "clock":
        return kind, rng.choice([SECOND, HOUR, 9 * HOUR])
    return kind, rng.randint(0, 5), _level(rng), rng.choice([None, Decimal(3), Decimal(40)])


def _stream(seed: int, length: int, *, kinds: str) -> list[Action]:
    """Return a stream of actions; a shorter one of the same seed is its beginning."""
    rng = Random(seed)
    actions = (_action(rng) for _ in range(length))
    return [a for a in actions if a[0] not in kinds.split()]


# Bars fill only where nothing finer was seen, so some streams go without quotes, or prints.
ACTIONS = st.builds(
    _stream,
    st.integers(0, 2**32),
    st.integers(1, 200),
    kinds=st.sampled_from(["", "quote", "trade quote", "trade bar"]),
)
RULES = st.builds(
    VenueRules,
    fees=st.sampled_from([NoFees(), PerShareFees(Decimal("0.005")), UsRegulatoryFees()]),
    slippage=st.sampled_from([NoSlippage(), FixedBpsSlippage(Decimal(3))]),
    participation=st.sampled_from([None, Decimal("0.1")]),
)


def _venue(rules: VenueRules, *, multiplier: int = 4) -> Venue:
    ids = count(1)
    account = Account(CASH, multiplier=Decimal(multiplier))
    account.market.marks.update({symbol: Decimal(100) for symbol in SYMBOLS})
    return Venue(
        account=account,
        instruments={symbol: Instrument(symbol) for symbol in SYMBOLS},
        sessions=SESSIONS,
        rules=rules,
        ids=lambda: f"{next(ids):06d}",
    )


def _request(fields: dict[str, Any]) -> OrderRequest:
    """Make a request whose fields suit each other, so that most are accepted."""
    kind, order_class, side = fields["type"], fields["order_class"], fields["side"]
    grouped = order_class is not OrderClass.SIMPLE
    if order_class is OrderClass.OCO:
        kind = OrderType.LIMIT
    elif grouped and kind is OrderType.TRAILING_STOP:
        kind = OrderType.MARKET
    whole = grouped or kind is OrderType.TRAILING_STOP
    qty = fields["qty"].to_integral_value(rounding="ROUND_UP") if whole else fields["qty"]
    tif = fields["tif"] if qty == int(qty) else TimeInForce.DAY
    lasting = tif if tif in (TimeInForce.DAY, TimeInForce.GTC) else TimeInForce.DAY
    by_amount = fields["notional"] and kind is OrderType.MARKET and not grouped
    plain = kind in (OrderType.MARKET, OrderType.LIMIT) and not grouped and not by_amount
    # A buy stop above the market and a sell stop below it, exits on their sides of the entry.
    away = side.sign * abs(fields["trigger"] - 100) + Decimal("0.01") * side.sign
    limit = fields["limit"]
    base = limit if kind is OrderType.LIMIT else Decimal(100) + away
    sign = side.sign * (-1 if order_class is OrderClass.OCO else 1)
    near, far = fields["exits"]
    has_stop = grouped and (order_class is not OrderClass.OTO or fields["notional"])
    has_take = grouped and not (order_class is OrderClass.OTO and has_stop)
    return OrderRequest(
        symbol=fields["symbol"],
        side=side,
        type=kind,
        tif=tif if plain else (TimeInForce.DAY if by_amount else lasting),
        qty=None if by_amount else qty,
        notional=qty * 10 if by_amount else None,
        limit=limit if kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None,
        trigger=Decimal(100) + away if kind in (OrderType.STOP, OrderType.STOP_LIMIT) else None,
        trail_price=fields["trail_price"] if kind is OrderType.TRAILING_STOP else None,
        extended_hours=fields["extended_hours"] and plain and kind is OrderType.LIMIT,
        order_class=order_class,
        take_profit=TakeProfit(base + sign * far) if has_take else None,
        stop_loss=StopLoss(base - sign * near) if has_stop else None,
    )


class Run:
    """A venue driven through a list of actions, and everything it said."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.ts = START
        self.told: list[VenueEvent] = []
        self.refused: list[str] = []

    def do(self, action: Action) -> None:
        """Let one thing happen, a second after the one before."""
        self.ts += SECOND
        try:
            self.told += getattr(self, f"_{action[0]}")(*action[1:])
        except Rejection as no:
            self.refused.append(no.message)

    def _trade(self, symbol: str, price: float, size: float) -> Events:
        return self.venue.on_trade(Trade(symbol, self.ts, price, size), self.ts)

    def _quote(
        self,
        symbol: str,
        bid: float,
        spread: int,
        bid_size: float,
        ask_size: float,
    ) -> Events:
        ask = round(bid + spread / 100, 2)
        return self.venue.on_quote(Quote(symbol, self.ts, bid, ask, bid_size, ask_size), self.ts)

    def _bar(self, symbol: str, prices: tuple[float, ...], volume: float) -> Events:
        opened, close = prices[:2]
        high, low = max(prices), min(prices)
        return self.venue.on_bar(
            Bar(symbol, self.ts, opened, high, low, close, volume, seconds=1),
            self.ts,
        )

    def _order(self, fields: dict[str, Any]) -> Events:
        return self.venue.submit(_request(fields), self.ts)

    def _pick(self, index: int) -> VenueOrder | None:
        orders = self.venue.open_orders()
        return orders[index % len(orders)] if orders else None

    def _cancel(self, index: int, limit: Decimal, qty: Decimal | None) -> Events:
        order = self._pick(index)
        return () if order is None else self.venue.cancel(order.id, self.ts)

    def _replace(self, index: int, limit: Decimal, qty: Decimal | None) -> Events:
        order = self._pick(index)
        if order is None:
            return ()
        has_limit = order.limit is not None
        return self.venue.replace(
            order.id,
            self.ts,
            limit=limit if has_limit else None,
            qty=qty,
        )

    def _clock(self, step: int) -> Events:
        self.ts += step
        return self.venue.on_clock(self.ts)


def _run(actions: list[Action], venue: Venue) -> Run:
    run = Run(venue)
    for action in actions:
        run.do(action)
    return run


# ---------------------------------------------------------------------------- what must hold


@given(ACTIONS, RULES)
@settings(max_examples=150, deadline=None)
def test_cash_is_what_it_began_with_plus_every_flow(
    actions: list[Action],
    rules: VenueRules,
) -> None:
    venue = _run(actions, _venue(rules)).venue
    flows = sum(-e.side.sign * e.qty * e.price - e.fee for e in venue.executions)
    charges = sum(charge.amount for charge in venue.account.charges)
    assert venue.account.cash == CASH + flows - charges


@given(ACTIONS, RULES)
@settings(max_examples=150, deadline=None)
def test_positions_are_the_sum_of_fills_and_their_cost_what_cash_lost(
    actions: list[Action],
    rules: VenueRules,
) -> None:
    account = (venue := _run(actions, _venue(rules)).venue).account
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for execution in venue.executions:
        filled[execution.symbol] += execution.side.sign * execution.qty
    assert {s: p.qty for s, p in account.positions.items()} == {
        s: q for s, q in filled.items() if q
    }
    cost = sum((p.cost for p in account.positions.values()), Decimal(0))
    # A part of a cost is a quotient, so this one is exact to the precision of decimals only.
    assert abs(account.cash + cost - (CASH + account.realised)) < Decimal("1e-15")


@given(ACTIONS, RULES)
@settings(max_examples=150, deadline=None)
def test_an_order_never_fills_beyond_its_quantity_or_its_limit(
    actions: list[Action],
    rules: VenueRules,
) -> None:
    venue = _run(actions, _venue(rules)).venue
    for execution in venue.executions:
        order = venue.order(execution.order_id)
        assert order is not None
        limit = order.working_limit
        if limit is not None:
            assert (execution.price - limit) * order.side.sign <= 0
    for order in venue.orders():
        assert order.qty is None or order.filled_qty <= order.qty
        assert (order.status is OrderStatus.FILLED) is (
            bool(order.filled_qty) and not order.remaining and not order.replaced_by
        )


@given(ACTIONS, RULES, st.sampled_from([1, 2, 4]))
@settings(max_examples=150, deadline=None)
def test_orders_never_reserve_more_shares_than_the_position_has(
    actions: list[Action],
    rules: VenueRules,
    multiplier: int,
) -> None:
    run = Run(_venue(rules, multiplier=multiplier))
    for action in actions:
        run.do(action)
        for symbol in SYMBOLS:
            position = run.venue.account.position_qty(symbol)
            assert run.venue.held(symbol) <= abs(position)
            assert multiplier > 1 or position >= 0


@given(ACTIONS, RULES)
@settings(max_examples=150, deadline=None)
def test_exits_never_close_more_than_their_entry_opened(
    actions: list[Action],
    rules: VenueRules,
) -> None:
    venue = _run(actions, _venue(rules)).venue
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for order in venue.orders():
        if order.role is not None and order.order_class is not OrderClass.OCO and order.parent:
            filled[order.parent] += order.filled_qty if not order.replaced_by else Decimal(0)
    for parent_id, qty in filled.items():
        parent = venue.order(parent_id)
        assert parent is not None
        assert qty <= parent.filled_qty


@given(ACTIONS, RULES)
@settings(max_examples=150, deadline=None)
def test_the_same_inputs_give_the_same_events(actions: list[Action], rules: VenueRules) -> None:
    one, other = (_run(actions, _venue(rules)) for _ in range(2))
    assert one.told == other.told
    assert one.refused == other.refused


class Everywhere(dict[str, Any]):
    """Claims that every symbol has an order at work."""

    def __contains__(self, key: object) -> bool:
        """Say yes."""
        return True


def _slow_venue(rules: VenueRules) -> Venue:
    """Return a venue that looks for orders on every event, whether there are any or not."""
    venue = _venue(rules)
    venue._working = Everywhere()
    return venue


@pytest.mark.skipif(
    not str(liualgotrader.venue.venue.__file__).endswith(".py"),
    reason="compiled code looks into a dictionary without asking it",
)
@given(ACTIONS, RULES)
@settings(max_examples=150, deadline=None)
def test_the_fast_path_tells_the_same_story_as_the_slow_one(
    actions: list[Action],
    rules: VenueRules,
) -> None:
    fast, slow = _run(actions, _venue(rules)), _run(actions, _slow_venue(rules))
    end = SESSIONS.sessions[-1].post_close
    for run in (fast, slow):
        run.told += run.venue.on_clock(max(end, run.ts))
    # An empty symbol lets a boundary wait for the next call: the order of events is the same.
    assert fast.told == slow.told
    assert fast.venue.account.cash == slow.venue.account.cash
    assert fast.venue.account.unsettled == slow.venue.account.unsettled


@given(ACTIONS, RULES)
@settings(max_examples=150, deadline=None)
def test_a_refused_request_changes_nothing(actions: list[Action], rules: VenueRules) -> None:
    run = Run(_venue(rules))
    for action in actions:
        before = len(run.refused)
        orders = [order.snapshot() for order in run.venue.open_orders()]
        cash = run.venue.account.cash
        run.ts += SECOND
        run.told += run.venue.on_clock(run.ts)
        run.ts -= SECOND
        moved = run.venue.open_orders() != orders
        run.do(action)
        if len(run.refused) > before and not moved:
            assert run.venue.open_orders() == orders
            assert run.venue.account.cash == cash or run.venue.account.charges


def test_models_satisfy_their_protocols() -> None:
    fees: list[FeeModel] = [NoFees(), PerShareFees(Decimal(1)), UsRegulatoryFees()]
    slippages: list[SlippageModel] = [NoSlippage(), FixedBpsSlippage(Decimal(1))]
    assert all(m.daily([], date(2026, 6, 15)) == {} for m in fees)
    assert all(m.per_unit(Decimal(0), None) == 0 for m in slippages)
