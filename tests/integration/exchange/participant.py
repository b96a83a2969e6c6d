"""A participant in lockstep, as a trading session is one: reads the streams, decides, posts, acknowledges."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp

from liualgotrader.common.timestamps import parse_time
from liualgotrader.exchange.app import Address

Json = dict[str, Any]
Post = tuple[str, str, int]


class Participant:
    """Buys one share on every `every`-th print of its symbol at a limit, and cancels the one before.

    `chance` spreads its work over the loop's turns in another way in every run; what it decides
    depends on the data alone.
    """

    def __init__(
        self, slot: str, symbol: str, *, of: int, every: int, chance: random.Random
    ) -> None:
        self.slot = slot
        self.symbol = symbol
        self.marks: list[int] = []
        self.updates: list[Json] = []
        self.bars: list[Json] = []
        self.prints = 0
        self.ended = asyncio.Event()
        self.timers: list[int] = []
        self.holds: list[int] = []
        self.die_at: Callable[[int], bool] = lambda mark: False
        self._of = of
        self._every = every
        self._chance = chance
        self._orders = 0
        self._last: str | None = None
        self._decided: list[Post] = []
        self._marked = {"data": 0, "updates": 0}

    async def run(self, address: Address) -> None:
        """Take part until the end."""
        headers = {
            "APCA-API-KEY-ID": address.key,
            "APCA-API-SECRET-KEY": address.secret,
            "X-Liu-Lockstep": "1",
        }
        async with aiohttp.ClientSession(headers=headers) as session:
            self._session, self._address = session, address
            feed = {"A": "sip", "B": "iex"}.get(self.slot, "test")
            async with (
                session.ws_connect(address.stream_url.replace("/sip", f"/{feed}")) as data,
                session.ws_connect(address.updates_url) as updates,
                session.ws_connect(f"{address.box_url}/lockstep") as control,
            ):
                self._control = control
                await self._enter(data, updates)
                await self._live(data, updates)

    async def _enter(self, data: Any, updates: Any) -> None:
        await data.send_json(
            {"action": "subscribe", "trades": [self.symbol], "bars": [self.symbol]}
        )
        while (await data.receive_json())[0]["T"] != "subscription":
            continue
        await updates.send_json({"action": "listen", "data": {"streams": ["trade_updates"]}})
        await updates.receive()
        hello = {"hello": self.slot, "prefix": f"{self.slot}-", "of": self._of}
        await self._control.send_json(hello)
        welcome = await self._control.receive_json()
        await self._acknowledge(welcome["mark"])

    async def _live(self, data: Any, updates: Any) -> None:
        tasks = [
            asyncio.create_task(self._read_data(data)),
            asyncio.create_task(self._read_updates(updates)),
            asyncio.create_task(self._read_control()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _read_data(self, data: Any) -> None:
        async for frame in data:
            for message in frame.json():
                if message["T"] == "t":
                    self.prints += 1
                    await self._on_print(message)
                elif message["T"] == "b":
                    self.bars.append(message)
                elif message["T"] == "mark":
                    await self._on_mark("data", message["t"])

    async def _read_updates(self, updates: Any) -> None:
        async for frame in updates:
            message = frame.json()
            if message["stream"] == "trade_updates":
                self.updates.append(message["data"])
            elif message["stream"] == "mark":
                await self._on_mark("updates", message["data"]["t"])

    async def _read_control(self) -> None:
        async for frame in self._control:
            if frame.json().get("end"):
                self.ended.set()
                return

    async def _on_mark(self, stream: str, mark: int) -> None:
        self._marked[stream] = mark
        if self._marked["data"] == self._marked["updates"]:
            if self.die_at(mark):
                raise ConnectionAbortedError(self.slot)
            await self._linger()
            await self._acknowledge(mark)

    async def _acknowledge(self, mark: int) -> None:
        if not self.marks or self.marks[-1] != mark:
            self.marks.append(mark)
        decided, self._decided = self._decided, []
        self.timers = [timer for timer in self.timers if timer > mark]
        self.holds = [hold for hold in self.holds if hold > mark]
        await self._control.send_json(
            {
                "ack": mark,
                "decided": decided,
                "next": min(self.timers, default=None),
                "hold": min(self.holds, default=None),
            }
        )

    async def _linger(self) -> None:
        for _ in range(self._chance.randrange(30)):
            await asyncio.sleep(0)

    async def _on_print(self, message: Json) -> None:
        if self.prints % self._every:
            return
        await self._linger()
        at = parse_time(message["t"])
        if self._last is not None:
            await self._cancel(self._last, at)
        await self._buy(message["p"], at)

    async def _buy(self, price: float, at: int) -> None:
        self._orders += 1
        name = f"{self.slot}-{self._orders:07d}"
        order = {
            "symbol": self.symbol,
            "qty": "1",
            "side": "buy" if self._orders % 3 else "sell",
            "type": "limit",
            "limit_price": str(price),
            "time_in_force": "day",
            "client_order_id": name,
        }
        url = f"{self._address.trading_url}/v2/orders"
        async with self._session.post(url, json=order) as answer:
            assert answer.status == 200, await answer.text()
            body = await answer.json()
        assert body["status"] == "accepted"
        self._decided.append((name, "submit", at))
        self._last = body["id"]

    async def _cancel(self, order_id: str, at: int) -> None:
        url = f"{self._address.trading_url}/v2/orders/{order_id}"
        async with self._session.delete(url) as answer:
            assert answer.status == 204, await answer.text()
        self._decided.append((order_id, "cancel", at))


def chances(seed: int, count: int) -> Iterator[random.Random]:
    """Iterate over independent sources of chance."""
    for number in range(count):
        yield random.Random(f"{seed}-{number}")
