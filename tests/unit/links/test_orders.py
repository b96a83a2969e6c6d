"""The orders' link: nothing is lost, doubled or out of order, whoever is killed when."""

from __future__ import annotations

import array
import fcntl
import os
import signal
import termios
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liualgotrader.links.orders import OrderItem, OrderReceiver, OrderSender
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from tests.link_processes import item, read_half, read_orders, write_orders

SPAWN = get_context("spawn")
PATIENCE = 30.0


@pytest.fixture(params=list(LinkKind))
def links(request: pytest.FixtureRequest) -> SlotLinks:
    return SlotLinks(SPAWN, "A", request.param, spares=3)


@pytest.fixture
def senders() -> Iterator[Callable[[SlotLinks, int], OrderSender]]:
    made: list[OrderSender] = []

    def make(links: SlotLinks, epoch: int = 1) -> OrderSender:
        made.append(OrderSender(links, epoch))
        return made[-1]

    yield make
    for sender in made:
        sender._sender.abandon()


Senders = Callable[..., OrderSender]


def numbers(items: list[OrderItem]) -> list[int]:
    return [each.events[0].ts_event for each in items]


def read(receiver: OrderReceiver, count: int, *, pump: OrderSender | None = None) -> list[int]:
    """Return the numbers of `count` items, or of fewer when nothing comes for long."""
    got: list[int] = []
    end = time.monotonic() + PATIENCE
    while len(got) < count and time.monotonic() < end:
        if pump is not None:
            pump.pump()
        wait([receiver.fileno()], 0.05)
        got += numbers(receiver.receive())
    return got


def test_items_arrive_in_order_and_are_kept_until_acknowledged(
    links: SlotLinks, senders: Senders
) -> None:
    sender, receiver = senders(links), OrderReceiver(links)
    for number in range(1, 101):
        sender.send([item(number)], mark=number if number == 50 else None)
    assert sender.unacknowledged == 100
    assert read(receiver, 100) == list(range(1, 101))
    assert sender.unacknowledged == 100, "read is not booked"
    receiver.ack(OrderItem(1, 60, []))
    assert sender.unacknowledged == 40
    assert not sender.is_behind


def test_a_mark_travels_with_the_items(links: SlotLinks, senders: Senders) -> None:
    sender, receiver = senders(links), OrderReceiver(links)
    sender.send([], mark=5)
    assert wait([receiver.fileno()], PATIENCE)
    (got,) = receiver.receive()
    assert (got.mark, got.events) == (5, [])


def test_after_a_switch_the_unacknowledged_come_once(links: SlotLinks, senders: Senders) -> None:
    sender, receiver = senders(links), OrderReceiver(links)
    for number in range(1, 11):
        sender.send([item(number)])
    assert read(receiver, 10) == list(range(1, 11))
    receiver.ack(OrderItem(1, 4, []))
    links.switch()
    assert receiver.switched()
    sender.send([item(11)])
    assert read(receiver, 1, pump=sender) == [11], "5 to 10 come again and are known"
    assert sender.unacknowledged == 7


def test_a_new_reader_gets_what_the_old_one_did_not_book(
    links: SlotLinks, senders: Senders
) -> None:
    sender, receiver = senders(links), OrderReceiver(links)
    for number in range(1, 11):
        sender.send([item(number)])
    assert read(receiver, 10) == list(range(1, 11))
    receiver.ack(OrderItem(1, 4, []))
    links.switch()
    sender.pump()
    assert read(OrderReceiver(links), 6, pump=sender) == [5, 6, 7, 8, 9, 10]


def test_a_new_writer_begins_a_new_epoch(links: SlotLinks, senders: Senders) -> None:
    first, receiver = senders(links, 1), OrderReceiver(links)
    first.send([item(1)])
    first.send([item(2)])
    assert read(receiver, 2) == [1, 2]
    receiver.ack(OrderItem(1, 2, []))
    links.switch()
    second = senders(links, 2)
    assert receiver.switched()
    second.send([item(3)])
    assert second.unacknowledged == 1, "acknowledgements of the old epoch are not ours"
    assert read(receiver, 1) == [3]
    assert receiver.epoch == 2
    receiver.ack(OrderItem(2, 1, []))
    assert (links.acked, second.unacknowledged) == ((2, 1), 0)


def test_a_full_link_keeps_everything_for_later(links: SlotLinks, senders: Senders) -> None:
    sender, receiver = senders(links), OrderReceiver(links)
    for number in range(5000):
        sender.send([item(number)])
    assert read(receiver, 5000, pump=sender) == list(range(5000))
    assert not sender.is_behind


def test_the_spares_run_out_and_say_so(links: SlotLinks) -> None:
    seen = []
    while not links.exhausted:
        seen.append(links.generation)
        links.switch()
    assert seen == [0, 1, 2]


STEPS = st.lists(st.sampled_from(["send", "read", "ack", "switch", "reader dies"]), max_size=30)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(STEPS)
def test_whatever_happens_each_item_is_booked_exactly_once_and_in_order(steps: list[str]) -> None:
    """By pipe, in one process: what was read and not booked by a reader that died comes again."""
    links = SlotLinks(SPAWN, "A", LinkKind.PIPE, spares=len(steps) + 1)
    sender, receiver = OrderSender(links, 1), OrderReceiver(links)
    sent = 0
    unbooked: list[OrderItem] = []
    booked: list[int] = []

    def book() -> None:
        for each in unbooked:
            booked.extend(numbers([each]))
            receiver.ack(each)
        unbooked.clear()

    for step in [*steps, "switch", "read", "ack"]:
        if step == "send":
            sent += 1
            sender.send([item(sent)])
        elif step == "read":
            sender.pump()
            receiver.switched()
            unbooked += receiver.receive()
        elif step == "ack":
            book()
        elif step == "switch":
            links.switch()
        else:
            links.switch()
            receiver = OrderReceiver(links)
            unbooked.clear()
    assert booked == list(range(1, sent + 1))
    assert sender.unacknowledged == 0


# -- processes that are killed ---------------------------------------------------------------------


class Children:
    """Processes of one test, each with a line to it; all are gone when the test is."""

    def __init__(self) -> None:
        self._all: list[SpawnProcess] = []

    def start(self, target: Callable[..., None], links: SlotLinks, *args: Any) -> Connection:
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=target, args=(links, theirs, *args), daemon=True)
        process.start()
        theirs.close()
        self._all.append(process)
        return ours

    def kill(self) -> None:
        """Kill the newest, and wait until it is gone."""
        process = self._all[-1]
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL

    def end(self) -> None:
        for process in self._all:
            process.kill()
            process.join(PATIENCE)


@pytest.fixture
def children() -> Iterator[Children]:
    made = Children()
    yield made
    made.end()


def hear(line: Connection) -> Any:
    """Return what a child says next."""
    assert line.poll(PATIENCE), "the child said nothing"
    return line.recv()


def test_a_reader_killed_at_work_loses_and_doubles_nothing(
    links: SlotLinks, senders: Senders, children: Children
) -> None:
    sender = senders(links)
    line = children.start(read_orders, links, 40)
    assert hear(line) == "ready"
    for number in range(1, 101):
        sender.send([item(number)])
    booked = []
    while (said := hear(line)) != "stopped":
        booked.append(said)
    children.kill()
    links.switch()
    line = children.start(read_orders, links, 1000)
    assert hear(line) == "ready"
    for number in range(101, 111):
        sender.send([item(number)])
    booked += [hear(line) for _ in range(110 - len(booked))]
    assert booked == list(range(1, 111))
    assert sender.unacknowledged == 0
    assert not line.poll(0)


def test_a_reader_killed_in_the_middle_of_a_frame_loses_nothing(
    links: SlotLinks, senders: Senders, children: Children
) -> None:
    sender = senders(links)
    for number in range(1, 31):
        sender.send([item(number, large=True)])
    line = children.start(read_half, links)
    end = time.monotonic() + PATIENCE
    while not line.poll(0.01) and time.monotonic() < end:
        sender.pump()
    assert hear(line) == "reading"
    children.kill()
    links.switch()
    sender.pump()
    assert read(OrderReceiver(links), 30, pump=sender) == list(range(1, 31))


def _waiting(fd: int) -> int:
    """Return how many bytes wait in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def test_a_writer_killed_in_the_middle_of_a_frame_stops_nobody(
    links: SlotLinks, children: Children
) -> None:
    receiver = OrderReceiver(links)
    line = children.start(write_orders, links, 1, [1, 2, 3])
    assert hear(line) == "written"
    end = time.monotonic() + PATIENCE
    while _waiting(receiver.fileno()) < 60_000 and time.monotonic() < end:
        line.poll(0.01)
    children.kill()
    got = read(receiver, 3)
    assert got == [1, 2, 3]
    assert receiver.receive() == [], "the beginning of a frame is no frame, and nobody waits for it"
    receiver.ack(OrderItem(1, 3, []))
    links.switch()
    line = children.start(write_orders, links, 2, [4, 5, 6])
    assert hear(line) == "written"
    assert receiver.switched()
    assert read(receiver, 3) == [4, 5, 6]
    assert receiver.epoch == 2
