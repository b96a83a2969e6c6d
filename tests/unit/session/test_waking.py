"""What wakes a consumer up, and what it finds then."""

from __future__ import annotations

import asyncio
from multiprocessing import get_context

from liualgotrader.common.events import Trade
from liualgotrader.links.market import MarketReceiver, MarketSender, events_payload
from liualgotrader.links.orders import OrderReceiver
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from liualgotrader.session.link_watch import LinkWatch
from liualgotrader.session.waker import Waker

LONG = 3600.0


class Ends:
    """Both ends of a consumer's links, watched."""

    def __init__(self) -> None:
        self.links = SlotLinks(get_context("spawn"), "A", LinkKind.PIPE, 1)
        self.sender = MarketSender(self.links)
        self.market, self.wake = MarketReceiver(self.links), Waker()
        self.watch = LinkWatch(self.market, OrderReceiver(self.links), self.wake)
        self.watch.start()

    def send(self, price: float) -> None:
        events = [Trade("A", 0, price, 1.0)]
        self.sender.send(events_payload(1, events), events)


async def turns() -> None:
    """Let the loop find whatever is readable, and run what follows from it."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_wake_up_before_the_wait_is_not_lost() -> None:
    wake = Waker()
    wake.set()
    await wake.wait(LONG)


async def test_a_wake_up_ends_the_wait_and_is_used_up() -> None:
    wake = Waker()
    waiting = asyncio.create_task(wake.wait(LONG))
    await turns()
    wake.set()
    await waiting
    again = asyncio.create_task(wake.wait(LONG))
    await turns()
    assert not again.done()
    again.cancel()


async def test_a_wait_ends_when_its_moment_comes_though_an_earlier_wait_was_longer() -> None:
    wake = Waker()
    longer = asyncio.create_task(wake.wait(LONG))
    await turns()
    wake.set()
    await longer
    async with asyncio.timeout(LONG / 2):
        await wake.wait(0.0)


async def test_what_arrives_is_read_and_wakes_up() -> None:
    ends = Ends()
    ends.send(1.0)
    await ends.wake.wait(LONG)
    assert len(ends.market.take()) == 1
    assert ends.market.take() == []


async def test_what_nobody_took_keeps_the_rest_in_the_link_until_one_looks_again() -> None:
    ends = Ends()
    ends.send(1.0)
    await ends.wake.wait(LONG)
    ends.send(2.0)
    await turns()
    assert len(ends.market.take()) == 1
    await turns()
    assert not ends.market.is_filled
    ends.watch.look_again()
    await ends.wake.wait(LONG)
    assert len(ends.market.take()) == 1


async def test_after_a_switch_the_spare_is_read_and_the_old_link_is_forgotten() -> None:
    ends = Ends()
    ends.send(1.0)
    await ends.wake.wait(LONG)
    ends.links.switch()
    assert ends.watch.switched()
    assert not ends.watch.switched()
    ends.sender.pump(0)
    ends.send(2.0)
    await ends.wake.wait(LONG)
    assert len(ends.market.take()) == 1
