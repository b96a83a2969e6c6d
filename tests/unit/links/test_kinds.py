"""What every kind of link promises to its two ends."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import wait

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.links.frames import FrameReader, frame
from liualgotrader.links.port import LinkKind, Receiver, Sender
from liualgotrader.links.slots import make_link

SPAWN = get_context("spawn")
Ends = tuple[Sender, Receiver]
Make = Callable[[int], Ends]


@pytest.fixture(params=list(LinkKind))
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Sender] = []
    links = []

    def ends(capacity: int) -> Ends:
        link = make_link(SPAWN, request.param, capacity)
        links.append(link)
        made.append(link.sender())
        return made[-1], link.receiver()

    yield ends
    for sender in made:
        sender.abandon()


def read(ends: Ends, count: int) -> list[bytes]:
    """Return `count` payloads, or fewer when nothing comes for 10 s."""
    sender, receiver = ends
    got: list[bytes] = []
    while len(got) < count:
        sender.pump()
        if not wait([receiver.fileno()], 10):
            break
        got += receiver.receive()
    return got


def test_payloads_arrive_whole_and_in_order(make: Make) -> None:
    ends = make(1000)
    sent = [bytes([n % 256]) * (n * 37 % 5000) for n in range(500)]
    assert all(ends[0].send(payload) for payload in sent)
    assert read(ends, 500) == sent
    assert ends[1].receive() == []


def test_a_payload_larger_than_the_pipe_arrives(make: Make) -> None:
    ends = make(10)
    sent = [os.urandom(3_000_000), b"", b"small"]
    assert all(ends[0].send(payload) for payload in sent)
    assert read(ends, 3) == sent
    assert not ends[0].backlog


def test_an_empty_link_has_nothing_and_does_not_wait(make: Make) -> None:
    assert make(10)[1].receive() == []


def test_a_full_link_says_so_and_takes_more_once_it_is_read(make: Make) -> None:
    ends = make(4)
    payload = b"x" * 1_100_000
    taken = 0
    while ends[0].send(payload):
        taken += 1
        assert taken < 50
    assert 4 <= taken
    assert read(ends, taken) == [payload] * taken
    assert ends[0].send(b"again")
    assert read(ends, 1) == [b"again"]


def test_an_abandoned_link_holds_nobody_up(make: Make) -> None:
    sender, _ = make(10)
    for _ in range(5):
        sender.send(b"x" * 1_100_000)
    sender.abandon()
    assert not sender.backlog


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(1, 30), min_size=60))
def test_frames_survive_any_cutting_of_the_stream(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, payloads))
    out, into = os.pipe()
    try:
        reader, got = FrameReader(out), []
        for cut in cuts:
            os.write(into, stream[:cut])
            stream = stream[cut:]
            got += reader.read()
        if stream:
            os.write(into, stream)
            got += reader.read()
        assert got == payloads
    finally:
        os.close(out)
        os.close(into)


def test_the_long_form_of_a_frame_is_read() -> None:
    out, into = os.pipe()
    try:
        reader = FrameReader(out)
        data = struct.pack("!iQ", -1, 5) + b"hello"
        for byte in data[:-1]:
            os.write(into, bytes([byte]))
            assert reader.read() == []
        os.write(into, data[-1:])
        assert reader.read() == [b"hello"]
    finally:
        os.close(out)
        os.close(into)


def test_what_was_whole_when_the_writer_went_is_read() -> None:
    out, into = os.pipe()
    try:
        reader = FrameReader(out)
        os.write(into, frame(b"whole") + frame(b"torn")[:-1])
        os.close(into)
        assert reader.read() == [b"whole"]
        assert reader.read() == []
    finally:
        os.close(out)
