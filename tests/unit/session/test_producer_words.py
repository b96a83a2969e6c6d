"""Words about the feed, on their way from the producer to its consumers."""

from __future__ import annotations

import asyncio
from multiprocessing import get_context

from msgspec.structs import replace

from liualgotrader.common.events import (
    Event,
    FeedSource,
    FeedState,
    FeedStatus,
    Input,
    Picked,
    Trade,
)
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Plan, SessionPlan
from liualgotrader.links.market import MarketReceiver, decode
from liualgotrader.links.orders import OrderReceiver
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from liualgotrader.producer import Producer
from tests.unit.replaying.recorded import config

HALTED = FeedStatus(FeedState.HALTED, 50, ("AAA",), "news", FeedSource.VENUE)
STALE = FeedStatus(FeedState.STALE, 60, (), "mute", FeedSource.STREAM)


class Ends:
    """A producer of one slot, and what its consumer gets."""

    def __init__(self, *, lockstep: bool) -> None:
        plan = Plan(session=SessionPlan(speed="max" if lockstep else 1.0))
        self.links = SlotLinks(get_context("spawn"), "A", LinkKind.PIPE, 1)
        self.producer = Producer(replace(config(), plan=plan), [self.links], 1)
        self.market, self.orders = MarketReceiver(self.links), OrderReceiver(self.links)
        self.producer.pick([Picked("AAA", "s", 0, Instrument("AAA"))])
        assert [type(event) for event in self.inputs()] == [Picked]

    def inputs(self) -> list[Input]:
        return [event for item in self.orders.receive() for event in item.events]

    async def on_market(self) -> list[Input]:
        """Return what comes with the market data of a turn of the loop."""
        await asyncio.sleep(0)
        return [event for batch in self.market.receive() for event in decode(batch).events]


async def test_in_a_session_words_go_at_once_by_the_link_that_loses_nothing() -> None:
    ends = Ends(lockstep=False)
    for word in (HALTED, STALE):
        ends.producer.feed(word)
    assert ends.inputs() == [HALTED, STALE]
    assert await ends.on_market() == []


async def test_in_lockstep_a_symbols_word_has_its_place_among_its_prints() -> None:
    ends = Ends(lockstep=True)
    prints: list[Event] = [Trade("AAA", 49, 1.0, 1.0), Trade("AAA", 51, 1.0, 1.0)]
    ends.producer.market(1, prints[:1])
    ends.producer.feed(HALTED)
    ends.producer.feed(replace(HALTED, symbols=("NOBODYS",)))
    ends.producer.market(1, prints[1:])
    assert await ends.on_market() == [prints[0], HALTED, prints[1]]
    assert ends.inputs() == []


async def test_a_consumer_that_begins_is_told_what_holds() -> None:
    ends = Ends(lockstep=False)
    ends.producer.words = lambda: [STALE, HALTED]
    ends.producer.pump()
    assert ends.inputs() == [], "nobody has begun"
    ends.links.switch()
    ends.orders.switched()
    ends.producer.pump()
    told = ends.inputs()
    assert told[-2:] == [STALE, HALTED]
    ends.producer.pump()
    assert ends.inputs() == [], "once"
