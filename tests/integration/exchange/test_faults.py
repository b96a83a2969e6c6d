"""Faults over real sockets: the control page, what clients meet, and what a restart remembers."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from liualgotrader.common.errors import BrokerBusy, BrokerUnavailable
from liualgotrader.common.orders import Approved, OrderType, Side, Submit, TimeInForce
from liualgotrader.exchange.app import Settings, build
from liualgotrader.exchange.faults.scenario import Scenario, fault_of
from liualgotrader.trading.alpaca import AlpacaTrader
from tests.integration.exchange.box import (
    KEYS,
    MINUTE,
    OPEN,
    SECOND,
    WAIT,
    Box,
    quote,
    running,
    tape_of,
    trade,
)

HEADERS = {"APCA-API-KEY-ID": KEYS.key, "APCA-API-SECRET-KEY": KEYS.secret}
ORDER = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "10"}


@pytest.fixture
def box() -> Iterator[Box]:
    """Return an exchange whose first quote has come, and that has prints later on."""
    prints = [trade("AAPL", second * SECOND, 10.0 + second) for second in (60, 90, 120, 240)]
    with running(tape_of(quote("AAPL", 0, 9.99, 10.0), *prints)) as running_box:
        running_box.move(SECOND)
        yield running_box


def add(box: Box, **fault: Any) -> dict[str, Any]:
    """Add a fault and return what is said of it."""
    answer = requests.post(f"{box.address.box_url}/faults", json=fault, timeout=WAIT)
    assert answer.status_code == 201, answer.text
    # It is on from the next moment of the tape.
    box.move(box.elapsed + SECOND)
    told: dict[str, Any] = answer.json()
    return told


def struck(box: Box) -> list[int]:
    """Return how often each fault has struck."""
    answer = requests.get(f"{box.address.box_url}/faults", timeout=WAIT)
    return [fault["struck"] for fault in answer.json()]


def post(box: Box, name: str, **fields: str) -> requests.Response:
    """Post an order."""
    body = {**ORDER, "client_order_id": name, **fields}
    url = f"{box.address.trading_url}/v2/orders"
    return requests.post(url, json=body, headers=HEADERS, timeout=WAIT)


def is_known(box: Box, name: str) -> bool:
    """Tell whether an order is there."""
    url = f"{box.address.trading_url}/v2/orders:by_client_order_id"
    query = {"client_order_id": name}
    return requests.get(url, params=query, headers=HEADERS, timeout=WAIT).status_code == 200


def test_faults_are_added_listed_and_taken_away(box: Box) -> None:
    first = add(box, kind="server_error", nth=2)
    second = add(box, kind="halt", symbols=["AAPL"], **{"for": 60})
    url = f"{box.address.box_url}/faults"
    listed = {fault["id"]: fault for fault in requests.get(url, timeout=WAIT).json()}
    assert listed[first["id"]]["kind"] == "server_error"
    assert (listed[first["id"]]["state"], listed[first["id"]]["nth"]) == ("on", 2)
    assert listed[second["id"]]["struck"] == 1
    assert requests.delete(f"{url}/{first['id']}", timeout=WAIT).json() == {"cleared": 1}
    assert requests.delete(f"{url}/{first['id']}", timeout=WAIT).status_code == 404
    assert requests.delete(f"{url}/x", timeout=WAIT).status_code == 404
    assert requests.delete(url, timeout=WAIT).json() == {"cleared": 1}
    assert requests.get(url, timeout=WAIT).json() == []
    assert box.exchange.venue.halted == frozenset()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "explode"}, "kinds are disconnect"),
        ({"kind": "mute", "stream": "data"}, "`for`"),
        ({"kind": "bust", "at": "25:00"}, "time of day"),
        ({"kind": "bust", "after": 0}, "moment of this bust is over"),
        ({"kind": "halt", "symbols": ["AAPL", "NOSUCH"], "for": 1}, "the tape has no NOSUCH"),
        ({"kind": "split", "symbol": "AAPL", "ratio": 2}, "moment of this split is over"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_words(
    box: Box, fault: dict[str, Any], words: str
) -> None:
    answer = requests.post(f"{box.address.box_url}/faults", json=fault, timeout=WAIT)
    assert answer.status_code == 422
    assert words in answer.json()["message"]


@pytest.mark.parametrize("answer", [500, 504, "close"])
def test_an_answer_is_lost_and_the_order_is_there(box: Box, answer: int | str) -> None:
    add(box, kind="answer_lost", nth=2, answer=answer)
    assert post(box, "one").status_code == 200
    if answer == "close":
        with pytest.raises(requests.ConnectionError):
            post(box, "two")
    else:
        assert post(box, "two").status_code == answer
    assert is_known(box, "two")
    assert post(box, "three").status_code == 200
    assert struck(box) == [1]


def test_silence_ends_when_the_client_goes(box: Box) -> None:
    add(box, kind="answer_lost", answer="timeout")
    body = {**ORDER, "client_order_id": "one"}
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{box.address.trading_url}/v2/orders", json=body, headers=HEADERS, timeout=0.3
        )
    assert is_known(box, "one")


def test_a_refusal_is_told_and_its_fault_waits_for_the_next(box: Box) -> None:
    add(box, kind="answer_lost")
    assert post(box, "one", qty="0").status_code == 422
    assert struck(box) == [0]
    assert post(box, "two").status_code == 504
    assert struck(box) == [1]


def test_an_error_of_the_server_takes_no_effect(box: Box) -> None:
    add(box, kind="server_error", status=503, times=2)
    assert [post(box, name).status_code for name in ("one", "two", "three")] == [503, 503, 200]
    assert [is_known(box, name) for name in ("one", "two", "three")] == [False, False, True]


def test_too_many_requests_say_how_long_to_wait(box: Box) -> None:
    add(box, kind="rate_limit", retry_after=7, request="* /v2/*", times=2)
    answer = post(box, "one")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.headers["X-Ratelimit-Remaining"] == "0"
    url = f"{box.address.data_url}/v2/stocks/AAPL/trades/latest"
    assert requests.get(url, headers=HEADERS, timeout=WAIT).status_code == 429
    assert post(box, "one").status_code == 200


async def test_our_trader_tells_too_often_from_unknown(box: Box) -> None:
    await asyncio.to_thread(add, box, kind="rate_limit", retry_after=3)
    await asyncio.to_thread(add, box, kind="answer_lost", nth=2)
    order = Submit(
        "0a1b2c3d-A-1", "s", "AAPL", Side.BUY, OrderType.MARKET, TimeInForce.DAY, 0, qty=Decimal(1)
    )
    trader = AlpacaTrader(box.address.trading_url, key=KEYS.key, secret=KEYS.secret)
    try:
        with pytest.raises(BrokerBusy) as busy:
            await trader.send(Approved(order))
        assert busy.value.retry_after == 3
        assert await trader.find(order.order_id) is None
        with pytest.raises(BrokerUnavailable) as lost:
            await trader.send(Approved(order))
        assert not isinstance(lost.value, BrokerBusy)
        assert await trader.find(order.order_id) is not None
    finally:
        trader.close()


def test_new_fields_and_words_come_with_orders(box: Box) -> None:
    add(box, kind="unknown_field", where="orders")
    add(box, kind="unknown_value", where="orders", field="status", nth=2)
    first, second = post(box, "one").json(), post(box, "two").json()
    assert "field_of_tomorrow" in first
    assert first["status"] == "accepted"
    assert second["status"] == "word_of_tomorrow"


# ---------------------------------------------------------------------------- streams


@contextmanager
def data_stream(box: Box, **channels: list[str]) -> Iterator[ClientConnection]:
    """Connect to market data and subscribe."""
    with connect(box.address.stream_url, additional_headers=HEADERS) as socket:
        for _ in range(2):
            socket.recv(WAIT)
        socket.send(json.dumps({"action": "subscribe", **channels}))
        socket.recv(WAIT)
        yield socket


@contextmanager
def updates_stream(box: Box) -> Iterator[ClientConnection]:
    """Connect to trade updates and listen."""
    with connect(box.address.updates_url, additional_headers=HEADERS) as socket:
        listen = {"action": "listen", "data": {"streams": ["trade_updates"]}}
        socket.send(json.dumps(listen))
        socket.recv(WAIT)
        yield socket


def test_a_cut_connection_is_refused_for_a_while_and_then_told_406(box: Box) -> None:
    with data_stream(box, trades=["AAPL"]) as socket:
        add(box, kind="disconnect", stream="data", limit=1, **{"for": 30})
        with pytest.raises(ConnectionClosed):
            socket.recv(WAIT)
    with (
        pytest.raises(InvalidStatus, match="503"),
        connect(box.address.stream_url, additional_headers=HEADERS),
    ):
        pass
    with updates_stream(box):  # the other stream is not meant
        pass
    box.move(60 * SECOND)
    with connect(box.address.stream_url, additional_headers=HEADERS) as again:
        again.recv(WAIT)
        (error,) = json.loads(again.recv(WAIT))
        assert (error["code"], error["msg"]) == (406, "connection limit exceeded")
    with data_stream(box, trades=["AAPL"]) as socket:
        box.move(90 * SECOND)
        assert json.loads(socket.recv(WAIT))[0]["p"] == 100.0


def test_a_mute_socket_answers_pings_and_loses_what_happened(box: Box) -> None:
    with data_stream(box, trades=["AAPL"]) as socket:
        add(box, kind="mute", stream="data", **{"for": 100})
        box.move(100 * SECOND)  # two prints
        assert socket.ping().wait(WAIT)
        box.move(240 * SECOND)
        prints: list[float] = []
        while 250.0 not in prints:
            prints += [each["p"] for each in json.loads(socket.recv(WAIT))]
    assert prints == [130.0, 250.0]
    assert box.exchange.feeds.line.lost > 0


def test_a_slow_socket_keeps_its_order(box: Box) -> None:
    with data_stream(box, trades=["AAPL"]) as socket:
        add(box, kind="slow", stream="data", delay=0.3, **{"for": 80})
        for second in (60, 90, 120, 240):  # the last one is not slow any more
            box.move(second * SECOND)
        prints: list[float] = []
        while len(prints) < 4:
            prints += [each["p"] for each in json.loads(socket.recv(WAIT))]
    assert prints == [70.0, 100.0, 130.0, 250.0]


def test_a_halt_is_told_and_nothing_trades_in_it(box: Box) -> None:
    with (
        data_stream(box, trades=["AAPL"], statuses=["AAPL"], lulds=["AAPL"]) as data,
        updates_stream(box) as updates,
    ):
        add(box, kind="halt", symbols=["AAPL"], luld=True, after=50, **{"for": 60})
        box.move(51 * SECOND)
        told = json.loads(data.recv(WAIT))
        assert [message["T"] for message in told] == ["l", "s"]
        assert told[0]["d"] < 10 < told[0]["u"]
        assert (told[1]["sc"], told[1]["rc"]) == ("H", "LUDP")
        post(box, "waits")
        box.move(100 * SECOND)  # two prints of the tape that do not happen
        assert json.loads(updates.recv(WAIT))["data"]["event"] == "new"
        box.move(121 * SECOND)
        status, printed, bands = json.loads(data.recv(WAIT))
        assert (status["T"], status["sc"]) == ("s", "T")
        assert (printed["T"], printed["p"]) == ("t", 130.0)
        assert bands["T"] == "l", "trading has begun anew, around that print"


# ---------------------------------------------------------------------------- the venue, and a restart


def test_busts_corrections_and_late_fills_are_told_as_the_vendor_does(box: Box) -> None:
    add(box, kind="bust", delay=5)
    add(box, kind="correct", nth=1, delay=5, by="-0.5")
    add(box, kind="late_fill", part=0.5)
    with updates_stream(box) as updates:

        def told(*keys: str) -> tuple[Any, ...]:
            data = json.loads(updates.recv(WAIT))["data"]
            return tuple(data.get(key) for key in ("event", *keys))

        post(box, "busted")
        box.move(10 * SECOND)
        assert told() == ("new",)
        event, name = told("execution_id")
        assert event == "fill"
        box.move(20 * SECOND)
        assert told("previous_execution_id", "price", "qty") == ("trade_bust", name, "10", "10")
        post(box, "corrected")
        box.move(22 * SECOND)
        told()
        _, name = told("execution_id")
        box.move(30 * SECOND)
        event, before, after, price = told("previous_execution_id", "execution_id", "price")
        assert (event, before, price) == ("trade_correct", name, "9.5")
        assert after != name
        order = post(box, "late", type="limit", limit_price="5").json()
        box.move(32 * SECOND)
        assert told() == ("new",)
        url = f"{box.address.trading_url}/v2/orders/{order['id']}"
        assert requests.delete(url, headers=HEADERS, timeout=WAIT).status_code == 204
        box.move(34 * SECOND)
        assert told() == ("pending_cancel",)
        assert told("qty", "price") == ("partial_fill", "5", "5")
        assert told() == ("canceled",)
    account = requests.get(f"{box.address.box_url}/account", timeout=WAIT).json()
    assert account["positions"]["AAPL"]["qty"] == "15"
    assert Decimal(account["cash"]) == 100_000 - 95 - 25
    assert struck(box) == [1, 1, 1]


def test_an_exchange_that_comes_back_knows_what_has_struck(tmp_path: Path) -> None:
    values = [
        {"kind": "bust", "delay": 1},
        {"kind": "server_error", "nth": 2},
        {"kind": "split", "symbol": "AAPL", "ratio": 2},
    ]
    scenario = Scenario(1, tuple(fault_of(value, lockstep=False) for value in values))
    tape = tape_of(quote("AAPL", 0, 19.98, 20.0), quote("AAPL", 3 * MINUTE, 19.98, 20.0))
    settings = Settings(log=tmp_path / "log", scenario=scenario)
    with running(tape, settings) as box:
        box.move(SECOND)
        assert post(box, "one").status_code == 200
        box.move(2 * SECOND)
        assert post(box, "two").status_code == 500
        box.move(MINUTE)
        assert post(box, "three").status_code == 200
        box.move(2 * MINUTE)
        cash, executions = box.exchange.venue.account.cash, box.exchange.venue.executions
        assert struck(box) == [1, 1, 1]
    assert [(e.client_id, e.price) for e in executions] == [("three", Decimal(10))]
    again, _ = build(tape, msgspec.structs.replace(settings, scenario=Scenario()))
    again.floor.advance(OPEN + 2 * MINUTE)
    again.close()
    assert [live.struck for live in again.faults] == [1, 1, 1]
    assert again.venue.account.cash == cash
    assert again.venue.executions == executions
