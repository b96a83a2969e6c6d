"""The market's link: nothing waits, quotes are conflated, losses are told, marks stay behind."""

from __future__ import annotations

from multiprocessing import get_context

import pytest

from liualgotrader.common.events import Event, FeedState, FeedStatus, Quote, Trade
from liualgotrader.links.market import (
    MarketBatch,
    MarketReceiver,
    MarketSender,
    decode,
    events_payload,
)
from liualgotrader.links.port import LinkKind, Receiver, Sender
from liualgotrader.links.slots import SlotLinks

ROW = 256


class Valve:
    """A link in memory that takes what there is room for."""

    def __init__(self) -> None:
        self.room = 1000
        self.held: list[bytes] = []
        self.abandoned = False

    def sender(self) -> Sender:
        return self

    def receiver(self) -> Receiver:
        return self

    def fileno(self) -> int:
        return -1

    def send(self, payload: bytes) -> bool:
        if len(self.held) >= self.room:
            return False
        self.held.append(payload)
        return True

    def pump(self) -> None:
        """Nothing stays behind."""

    @property
    def backlog(self) -> bool:
        return False

    def abandon(self) -> None:
        self.abandoned = True

    def receive(self) -> list[bytes]:
        held, self.held = self.held, []
        return held


class Market:
    """Both ends of a slot's market link, with a valve between them."""

    def __init__(self) -> None:
        self.links = SlotLinks(get_context("spawn"), "A", LinkKind.PIPE, spares=0)
        self.valves = [Valve(), Valve()]
        self.links.market = list(self.valves)
        self.sender = MarketSender(self.links)
        self.receiver = MarketReceiver(self.links)
        self.stamp = 0

    def send(self, *events: Event) -> None:
        self.stamp += 1
        self.sender.send(events_payload(self.stamp, events), events)

    def fill_up(self) -> None:
        """Close the valve and fill the row in front of it."""
        self.valves[0].room = 0
        for _ in range(ROW):
            self.send(trade(0))

    def open(self) -> list[MarketBatch]:
        """Open the valve and return what comes, without what filled the row."""
        self.valves[0].room = 10_000
        self.sender.pump(999)
        return [b for b in map(_decoded, self.receiver.receive()) if b.events != [trade(0)]]


def _decoded(batch: MarketBatch) -> MarketBatch:
    return batch if batch.mark is not None else decode(batch)


def trade(number: int, symbol: str = "A") -> Trade:
    return Trade(symbol, number, 1.0, 1.0)


def quote(number: int, symbol: str = "A") -> Quote:
    return Quote(symbol, number, 1.0, 2.0, 1.0, 1.0)


@pytest.fixture
def market() -> Market:
    return Market()


def test_batches_arrive_with_their_stamp_and_their_bytes(market: Market) -> None:
    market.send(trade(1), quote(2))
    (batch,) = market.receiver.receive()
    assert (batch.read_at, batch.events) == (1, [])
    assert decode(batch).events == [trade(1), quote(2)]
    assert events_payload(1, [trade(1), quote(2)]).endswith(batch.raw)
    assert not market.sender.is_behind


def test_a_short_stop_loses_nothing(market: Market) -> None:
    market.valves[0].room = 0
    for number in range(1, ROW + 1):
        market.send(trade(number))
    assert market.sender.is_behind
    assert [b.events for b in market.open()] == [[trade(n)] for n in range(1, ROW + 1)]
    assert (market.sender.dropped, market.sender.conflated) == (0, 0)


def test_quotes_are_conflated_to_the_newest_of_each_symbol(market: Market) -> None:
    market.fill_up()
    for number in range(1, 6):
        market.send(quote(number, "A"), quote(number + 10, "B"))
    (batch,) = market.open()
    assert batch.events == [quote(5, "A"), quote(15, "B")]
    assert (market.sender.dropped, market.sender.conflated) == (0, 8)


def test_conflated_quotes_keep_the_age_of_the_newest(market: Market) -> None:
    market.fill_up()
    market.send(quote(1))
    market.send(quote(2))
    assert [b.read_at for b in market.open()] == [market.stamp]


def test_lost_trades_are_told_as_a_gap_before_anything_newer(market: Market) -> None:
    market.fill_up()
    market.send(trade(1, "A"), trade(2, "B"))
    market.valves[0].room = ROW  # the row leaves, what was lost is still to be told
    market.send(trade(3, "A"))
    market.send(quote(4, "A"))
    batches = market.open()
    first = batches[0].events[0]
    assert isinstance(first, FeedStatus)
    assert (first.state, set(first.symbols)) == (FeedState.GAPPED, {"A", "B"})
    assert market.sender.dropped == 2
    assert [b.events for b in batches[1:]] == [[trade(3, "A")], [quote(4, "A")]]


def test_a_send_after_the_link_is_free_does_not_overtake_the_gap(market: Market) -> None:
    market.fill_up()
    market.send(trade(1))
    market.valves[0].room = 10_000
    market.send(trade(2))
    kinds = [type(e) for b in map(_decoded, market.receiver.receive()) for e in b.events]
    assert kinds[ROW:] == [FeedStatus, Trade]


def test_a_mark_stays_behind_the_batches_that_wait(market: Market) -> None:
    market.valves[0].room = 0
    market.send(trade(1))
    market.sender.send_mark(77)
    market.send(trade(2))
    assert [b.mark or b.events for b in market.open()] == [[trade(1)], 77, [trade(2)]]


def test_a_mark_stays_behind_what_was_conflated(market: Market) -> None:
    market.fill_up()
    market.send(quote(1), trade(2))
    market.sender.send_mark(77)
    batches = market.open()
    assert [b.mark for b in batches] == [None, 77]
    assert [type(event) for event in batches[0].events] == [FeedStatus, Quote]


def test_after_a_switch_what_waited_for_the_dead_is_left_behind(market: Market) -> None:
    market.fill_up()
    market.send(quote(1))
    market.links.switch()
    assert market.receiver.switched()
    assert not market.receiver.switched()
    market.sender.pump(1)
    market.send(trade(9))
    assert market.valves[0].abandoned
    events = [e for b in map(_decoded, market.receiver.receive()) for e in b.events]
    assert events == [quote(1), trade(9)]
    assert market.receiver.receive() == []
