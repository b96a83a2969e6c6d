"""A killed exchange comes back with the same orders, ids and executions, from its log."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.exchange.app import Address, Settings, build, serving
from liualgotrader.exchange.desk import Request
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.lockstep import Ack, LockstepDriver
from liualgotrader.exchange.log import Decided, Header, Line, OrderLog, Position
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.walk import walk_tape
from tests.integration.exchange.box import MINUTE, OPEN
from tests.integration.exchange.participant import Participant

MINUTES = 3
QUERY = f"symbols=AAPL&minutes={MINUTES}&per_second=3&seed=5"
KEYS = Keys("PKTEST", "secret")


async def start(log: Path, speed: str = "max", *options: str) -> tuple[Process, Address]:
    """Start an exchange in a process of its own; it ends with us."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "liualgotrader.exchange", "--die-with-parent", "--speed", speed, "--seed", "7"),
        *("--tape", f"liualgotrader.exchange.walk:walk_tape?{QUERY}", "--log", str(log)),
        *options,
        stdin=PIPE,
        stdout=PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    return process, msgspec.json.decode(line, type=Address)


async def kill(process: Process) -> None:
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def get(address: Address, path: str) -> Any:
    headers = {"APCA-API-KEY-ID": address.key, "APCA-API-SECRET-KEY": address.secret}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{address.trading_url}{path}") as answer,
    ):
        return await answer.json()


def participant(seed: int) -> Participant:
    return Participant("A", "AAPL", of=1, every=5, chance=random.Random(seed))


async def undisturbed() -> Any:
    tape = walk_tape(symbols="AAPL", minutes=str(MINUTES), per_second="3", seed="5")
    exchange, driver = build(tape, Settings(speed=None, seed=7))
    async with serving(exchange, driver, KEYS) as address, asyncio.timeout(40):
        driver.start()
        await participant(1).run(address)
        return await get(address, "/box/executions")


async def test_killed_in_lockstep_it_recovers_orders_and_executions(tmp_path: Path) -> None:
    log = tmp_path / "orders.log"
    process, address = await start(log)
    trader = participant(2)
    trader.die_at = lambda mark: mark > OPEN + 2 * MINUTE
    with pytest.raises(ConnectionAbortedError):
        await asyncio.wait_for(trader.run(address), 40)
    before = await get(address, "/v2/orders?status=all&limit=500&direction=asc")
    executions = await get(address, "/box/executions")
    account = await get(address, "/box/account")
    await kill(process)

    again, address = await start(log)
    recovered = await get(address, "/v2/orders?status=all&limit=500&direction=asc")
    told = {order["id"]: order["client_order_id"] for order in before}
    assert told == {order["id"]: order["client_order_id"] for order in recovered}
    reborn = Participant("A", "AAPL", of=1, every=100_000, chance=random.Random(3))
    await asyncio.wait_for(reborn.run(address), 40)
    final = await get(address, "/box/executions")
    await kill(again)
    assert executions and final[: len(executions)] == executions
    assert account["cash"] != "100000"
    expected = await undisturbed()
    assert final[: len(executions)] == expected[: len(executions)]


async def test_killed_while_paced_it_goes_on_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "orders.log"
    process, address = await start(log, "2")
    headers = {"APCA-API-KEY-ID": address.key, "APCA-API-SECRET-KEY": address.secret}
    order = {"symbol": "AAPL", "qty": "3", "side": "buy", "type": "market", "time_in_force": "day"}
    async with aiohttp.ClientSession(headers=headers) as http, asyncio.timeout(30):
        # A market order needs a price to be valued at: it is refused until the tape has shown one.
        while True:
            async with http.post(f"{address.trading_url}/v2/orders", json=order) as answer:
                if answer.status == 200:
                    accepted = await answer.json()
                    break
        while not (executions := await get(address, "/box/executions")):
            continue
    at = (await get(address, "/box/clock"))["tape_ns"]
    await kill(process)

    again, address = await start(log, "2", "--wait")
    clock = await get(address, "/box/clock")
    assert clock["state"] == "waiting"
    found = await get(address, f"/v2/orders/{accepted['id']}")
    assert (found["client_order_id"], found["created_at"]) == (
        accepted["client_order_id"],
        accepted["created_at"],
    )
    async with aiohttp.ClientSession() as http, http.post(f"{address.box_url}/start") as answer:
        assert (await answer.json())["state"] == "running"
    async with asyncio.timeout(30):
        while not (after := await get(address, "/box/executions")):
            continue
    await kill(again)
    assert clock["tape_ns"] <= at
    assert after == executions


def header() -> Header:
    return Header(seed=1, date="2026-01-15", start=5, latency=7)


def request(seq: int) -> Request:
    return Request(
        seq=seq, kind="cancel", received=1, arrival=None, owner="A", client_id="A-1", order_id="x"
    )


def test_torn_last_line_is_cut_off_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "orders.log"
    log = OrderLog(path, header())
    lines: list[Line] = [request(1), Decided(1, 3, 10), Position(4)]
    for line in lines:
        log.append(line)
    log.close()
    path.write_bytes(path.read_bytes() + b'{"line":"request","se')
    again = OrderLog(path, header())
    again.append(Position(9))
    again.close()
    assert again.lines == lines
    assert json.loads(path.read_bytes().splitlines()[-1]) == {"line": "position", "at": 9}


def test_log_of_another_session_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.log"
    OrderLog(path, header()).close()
    with pytest.raises(ConfigError, match="another session"):
        OrderLog(path, Header(seed=2, date="2026-01-15", start=5, latency=7))


def test_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.log"
    path.write_text("hello\n")
    with pytest.raises(ConfigError, match="not an order log"):
        OrderLog(path, header())


@pytest.mark.parametrize("told", [True, False])
def test_request_without_a_moment_gets_it_after_the_restart(tmp_path: Path, told: bool) -> None:
    settings = Settings(speed=None, log=tmp_path / "orders.log")
    body = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "limit_price": "9"}
    body |= {"time_in_force": "day", "client_order_id": "A-1"}

    def begin() -> tuple[Exchange, LockstepDriver]:
        exchange, driver = build(walk_tape(symbols="AAPL", minutes="1"), settings)
        assert isinstance(driver, LockstepDriver)
        return exchange, driver

    exchange, driver = begin()
    driver.acknowledge(driver.hello("A", "A-", 1), Ack(ack=driver.mark))
    order = exchange.submit(body)
    assert exchange.desk.next_arrival() is None
    exchange.close()

    exchange, driver = begin()
    assert exchange.desk.find_client("A-1") is not None
    decided = [("A-1", "submit", OPEN + 77)] if told else []
    driver.acknowledge(driver.hello("A", "A-", 1), Ack(ack=driver.mark, decided=decided))
    at = OPEN + 77 if told else driver.mark
    assert exchange.desk.next_arrival() == at + settings.latency
    found = exchange.desk.find(order.id)
    assert found is not None and exchange.desk.created(found) == at
    exchange.close()


def _participating(tmp_path: Path) -> tuple[Exchange, LockstepDriver]:
    settings = Settings(speed=None, log=tmp_path / "orders.log")
    exchange, driver = build(walk_tape(symbols="AAPL", minutes="1"), settings)
    assert isinstance(driver, LockstepDriver)
    return exchange, driver


def _order(client_id: str) -> dict[str, str]:
    body = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "limit_price": "9"}
    return body | {"time_in_force": "day", "client_order_id": client_id}


def test_one_that_comes_back_in_the_same_life_dates_its_requests_itself(tmp_path: Path) -> None:
    exchange, driver = _participating(tmp_path)
    driver.acknowledge(driver.hello("A", "A-", 1, life=4), Ack(ack=driver.mark))
    exchange.submit(_order("A-1"))
    exchange.close()

    exchange, driver = _participating(tmp_path)
    # Posted again or anew before the hello: it is the participant's all the same, and waits.
    exchange.submit(_order("A-2"))
    back = driver.hello("A", "A-", 1, life=4)
    driver.acknowledge(back, Ack(ack=driver.mark))
    assert exchange.desk.next_arrival() is None
    # It had come further than the log tells, and may say so.
    told = [("A-1", "submit", OPEN + 77), ("A-2", "submit", OPEN + 78)]
    driver.acknowledge(back, Ack(ack=OPEN + 100, decided=told))
    assert exchange.desk.next_arrival() == OPEN + 77 + exchange.latency
    assert exchange.desk.undecided("A") == []
    exchange.close()


def test_another_life_has_what_the_former_posted_dated(tmp_path: Path) -> None:
    exchange, driver = _participating(tmp_path)
    driver.acknowledge(driver.hello("A", "A-", 1, life=4), Ack(ack=driver.mark))
    exchange.submit(_order("A-1"))
    exchange.close()

    exchange, driver = _participating(tmp_path)
    driver.acknowledge(driver.hello("A", "A-", 1, life=5), Ack(ack=driver.mark))
    assert exchange.desk.next_arrival() == driver.mark + exchange.latency
    exchange.close()


def test_what_was_told_by_a_moment_is_not_told_again(tmp_path: Path) -> None:
    log, until = tmp_path / "orders.log", OPEN + MINUTE
    tape = walk_tape(symbols="AAPL", minutes="3")
    exchange, driver = build(tape, Settings(speed=1.0, log=log, not_before=until))
    assert (exchange.floor.now, driver.now(), driver.state) == (until, until, "waiting")
    assert (exchange.floor.next_event() or 0) > until
    exchange.close()


def test_lockstep_takes_no_moment_to_go_on_from() -> None:
    with pytest.raises(ConfigError, match="lockstep"):
        build(walk_tape(symbols="AAPL", minutes="1"), Settings(speed=None, not_before=OPEN))
