"""Lockstep over real sockets: nothing is lost, and chance in the participants leaves no trace."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp

from liualgotrader.exchange.app import Address, Settings, build, serving
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.lockstep import LockstepDriver
from liualgotrader.exchange.walk import walk_tape
from tests.integration.exchange.box import MINUTE, OPEN, SECOND
from tests.integration.exchange.participant import Participant

MINUTES = 4
END = OPEN + MINUTES * MINUTE
SETTINGS = Settings(speed=None, seed=7)
KEYS = Keys("PKTEST", "secret")
Prepare = Callable[[list[Participant]], None]


def tape() -> Any:
    return walk_tape(symbols="AAPL,MSFT", minutes=str(MINUTES), per_second="3", seed="5")


def participants(seed: int) -> list[Participant]:
    return [
        Participant(slot, symbol, of=2, every=7, chance=random.Random(f"{seed}-{slot}"))
        for slot, symbol in (("A", "AAPL"), ("B", "MSFT"))
    ]


async def fetch(address: Address, page: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"{address.box_url}/{page}") as got:
        return await got.json()


async def session(
    seed: int, prepare: Prepare = lambda them: None, *, log: Path | None = None
) -> tuple[Any, list[Participant], LockstepDriver]:
    """Live through a session; return executions, participants and the driver."""
    exchange, driver = build(tape(), Settings(speed=None, seed=7, log=log))
    assert isinstance(driver, LockstepDriver)
    them = participants(seed)
    prepare(them)
    async with serving(exchange, driver, KEYS) as address:
        driver.start()
        async with asyncio.timeout(40):
            await asyncio.gather(*(p.run(address) for p in them))
        return await fetch(address, "executions"), them, driver


async def test_two_sessions_with_other_scheduling_execute_the_same() -> None:
    first, them, driver = await session(1)
    second, others, _ = await session(2)
    assert first == second
    assert len(first) > 20
    assert driver.late == 0
    assert [p.updates for p in them] == [p.updates for p in others]
    assert [p.marks for p in them] == [p.marks for p in others]
    assert [p.marks[-1] for p in them] == [END, END]


async def test_every_print_and_every_minute_bar_arrives() -> None:
    _, them, _ = await session(3)
    prints = [event for event in tape().events() if hasattr(event, "price")]
    assert [p.prints for p in them] == [
        sum(event.symbol == p.symbol for event in prints) for p in them
    ]
    assert [len(p.bars) for p in them] == [MINUTES, MINUTES]


async def test_executions_come_no_earlier_than_the_latency_after_the_decision() -> None:
    executions, them, _ = await session(4)
    new = {u["order"]["client_order_id"]: u for u in them[0].updates if u["event"] == "new"}
    assert new
    assert all(u["timestamp"] >= u["order"]["submitted_at"] for u in new.values())
    assert {e["client_order_id"][:2] for e in executions} == {"A-", "B-"}


async def test_timers_and_holds_get_marks_of_their_own() -> None:
    timer, hold = OPEN + 90 * SECOND + 1, OPEN + 100 * SECOND + 12_345

    def prepare(them: list[Participant]) -> None:
        them[0].timers.append(timer)
        them[1].holds += [OPEN, hold]

    _, them, _ = await session(5, prepare)
    assert any(timer <= mark < timer + SECOND for mark in them[0].marks)
    assert them[1].marks[:2] == [OPEN - 1, OPEN]
    assert hold in them[1].marks


async def test_tape_waits_for_the_next_incarnation_of_a_dead_participant() -> None:
    exchange, driver = build(tape(), SETTINGS)
    assert isinstance(driver, LockstepDriver)
    first, second = participants(6)
    first.die_at = lambda mark: mark > OPEN + MINUTE
    async with serving(exchange, driver, KEYS) as address, asyncio.timeout(40):
        driver.start()
        other = asyncio.create_task(second.run(address))
        died = await asyncio.gather(first.run(address), return_exceptions=True)
        assert isinstance(died[0], ConnectionAbortedError)
        reborn = Participant("A", "AAPL", of=2, every=10_000, chance=random.Random(6))
        stood_at = driver.now()
        assert driver.state == "waiting"
        await reborn.run(address)
        await other
    assert stood_at < END
    assert reborn.marks[0] <= stood_at
    assert reborn.marks[-1] == END


async def test_third_participant_of_two_is_sent_away() -> None:
    exchange, driver = build(tape(), SETTINGS)
    async with (
        serving(exchange, driver, KEYS) as address,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{address.box_url}/lockstep") as one,
        http.ws_connect(f"{address.box_url}/lockstep") as two,
    ):
        await one.send_json({"hello": "A", "of": 1})
        assert (await one.receive_json())["mark"] == OPEN - 1
        await two.send_json({"hello": "B", "of": 1})
        assert "all 1 participants are known" in (await two.receive_json())["error"]


async def test_ordinary_clients_never_see_a_mark() -> None:
    exchange, driver = build(tape(), SETTINGS)
    headers = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": KEYS.secret}
    kinds: set[str] = set()
    async with (
        serving(exchange, driver, KEYS) as address,
        aiohttp.ClientSession(headers=headers) as http,
        http.ws_connect(address.stream_url.replace("sip", "test")) as stream,
        asyncio.timeout(40),
    ):
        await stream.send_json({"action": "subscribe", "trades": ["*"]})
        driver.start()
        them = participants(8)
        await asyncio.gather(*(p.run(address) for p in them))
        total = sum(p.prints for p in them)
        seen = 0
        while seen < total:
            for message in await stream.receive_json():
                kinds.add(message["T"])
                seen += message["T"] == "t"
    assert kinds == {"success", "subscription", "t"}
