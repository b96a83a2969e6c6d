"""What a consumer admits in lockstep when marks and data come twice, or half, or anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from liualgotrader.common.events import Command, Input, OrderEvent, Trade
from liualgotrader.common.wire import encode_events
from liualgotrader.links.market import MarketBatch
from liualgotrader.links.orders import OrderItem
from liualgotrader.session.lockstep_source import LockstepSource


def data(*times: int) -> MarketBatch:
    """Return prints at these moments as a batch."""
    return MarketBatch(1, encode_events([Trade("A", at, 1.0, 1.0) for at in times]))


def mark(at: int) -> MarketBatch:
    """Return a mark of the market's link."""
    return MarketBatch(0, mark=at)


class Link:
    """A link that brings what it is given."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.acked: list[int] = []

    def receive(self) -> list[Any]:
        taken, self.items = self.items, []
        return taken

    def ack(self, item: OrderItem) -> None:
        self.acked.append(item.number)


class Clock:
    def next_due(self) -> int | None:
        return None


class Engine:
    clock = Clock()


class Desk:
    def __init__(self) -> None:
        self.decided: list[tuple[str, str, int]] = []

    async def drained(self) -> None:
        return


class Turn:
    def passed(self, ts: int) -> None:
        return


class Socket:
    """Hears the answers."""

    def __init__(self) -> None:
        self.ended = False
        self.acks: list[int] = []

    def ack(self, at: int, **_: object) -> None:
        self.acks.append(at)


class Around:
    """A consumer that is brought one thing after the other, and stops after the last."""

    stopping = ""

    def __init__(self, brought: Iterable[MarketBatch | int | str | OrderEvent], socket: Socket):
        self.engine, self.desk = Engine(), Desk()
        self.market, self.orders = Link(), Link()
        self._brought = iter(brought)
        self._socket = socket
        self._number = 0
        self._switched = False

    async def sleep(self) -> None:
        """Bring the next: a batch or mark of the market, a number for the orders' mark, an order event."""
        item = next(self._brought, None)
        if item is None:
            self._socket.ended = True
        elif isinstance(item, MarketBatch):
            self.market.items.append(item)
        elif isinstance(item, str):
            self._switched = True
        else:
            self._number += 1
            events: list[Input] = [] if isinstance(item, int) else [item]
            at = item if isinstance(item, int) else None
            self.orders.items.append(OrderItem(1, self._number, events, at))

    def watch_links(self) -> None:
        return

    def follow_switch(self) -> bool:
        switched, self._switched = self._switched, False
        return switched

    def take_inbox(self) -> deque[Input]:
        return deque()

    async def missed(self) -> list[OrderEvent]:
        return []

    async def before(self, event: Input) -> list[Input]:
        return [event]

    async def keep(self) -> None:
        return

    def count(self, batch: MarketBatch) -> None:
        return


async def lived(*brought: Any) -> tuple[list[int], list[int], Around]:
    """Return the moments that were admitted, the marks that were answered, and the consumer."""
    socket = Socket()
    around = Around(brought, socket)
    source = LockstepSource(around, socket, Turn())  # type: ignore[arg-type]
    admitted: list[int] = []
    async for batch in source.batches(0):
        admitted += [event.ts_event for event in batch.events]
        if batch.until:
            admitted += [event.ts_event for event in batch.between]
    return admitted, socket.acks, around


async def test_each_window_is_admitted_once_both_links_have_brought_its_mark() -> None:
    assert (await lived(mark(0), 0, data(3, 5), mark(10), data(12), 10, mark(20), 20))[:2] == (
        [3, 5, 12],
        [0, 0, 10, 20],
    )


async def test_what_an_exchange_tells_again_up_to_the_last_mark_is_not_admitted_again() -> None:
    again = (mark(0), 0, data(3, 5), mark(10), 10, data(12, 15), mark(20), 20)
    admitted, acks, _ = await lived(mark(0), 0, data(3, 5), mark(10), 10, *again)
    assert (admitted, acks) == ([3, 5, 12, 15], [0, 0, 10, 20])


async def test_the_beginning_of_a_window_that_is_told_again_counts_once() -> None:
    admitted, acks, _ = await lived(
        mark(0), 0, mark(10), 10, data(12), mark(10), 10, data(12, 15), mark(20), 20
    )
    assert (admitted, acks) == ([12, 15], [0, 0, 10, 20])


async def test_a_window_told_again_that_ends_elsewhere_is_cut_at_the_last_mark() -> None:
    admitted, acks, _ = await lived(
        mark(0), 0, data(3), mark(10), 10, mark(0), 0, data(3, 12), mark(14), 14
    )
    assert (admitted, acks) == ([3, 12], [0, 0, 10, 14])


async def test_half_a_mark_waits_for_its_other_half_from_the_exchange_that_came_back() -> None:
    sold = OrderEvent("x", "fill", 7, "A")  # type: ignore[arg-type]
    admitted, acks, around = await lived(
        mark(0), 0, data(3), mark(10), mark(0), 0, data(3), mark(10), sold, 10
    )
    assert (admitted, acks) == ([3, 7], [0, 0, 10])
    assert around.orders.acked == [1, 2, 3, 4]


async def test_a_new_producer_s_first_mark_leaves_what_the_old_one_brought() -> None:
    admitted, acks, _ = await lived(
        mark(0), 0, mark(10), 10, data(12), "switch", mark(10), 10, data(15), mark(20), 20
    )
    assert (admitted, acks) == ([12, 15], [0, 0, 10, 20])


async def test_commands_between_repeated_marks_are_kept() -> None:
    halt = Command("halt", 11, "test")
    admitted, _, _ = await lived(mark(0), 0, mark(10), 10, halt, mark(0), 0, mark(20), 20)
    assert admitted == [11]
