"""A consumer's two links, read when the loop says that there is something to read."""

from __future__ import annotations

import asyncio

from liualgotrader.links.market import MarketReceiver
from liualgotrader.links.orders import OrderReceiver
from liualgotrader.session.waker import Waker


class LinkWatch:
    """Reads what has come, wakes the consumer up, and follows the links to their spares."""

    def __init__(self, market: MarketReceiver, orders: OrderReceiver, wake: Waker) -> None:
        self._links: tuple[MarketReceiver | OrderReceiver, ...] = (market, orders)
        self._wake = wake
        self._fds: list[int] = []
        self._looks_away = False

    def start(self) -> None:
        """Watch both links."""
        loop = asyncio.get_running_loop()
        self._fds = [link.fileno() for link in self._links]
        self._looks_away = False
        for fd, link in zip(self._fds, self._links, strict=True):
            loop.add_reader(fd, self._readable, link)

    def look_again(self) -> None:
        """Watch a link again that was left alone because nobody took what it had."""
        if self._looks_away:
            self.start()

    def _readable(self, link: MarketReceiver | OrderReceiver) -> None:
        """Read here: one read for a wake-up, and none of a link that has nothing.

        While what was read before still lies here (the engine waits for the database, say), the
        rest stays in the link, whose bound is what keeps this process small.
        """
        if link.is_filled:
            asyncio.get_running_loop().remove_reader(link.fileno())
            self._looks_away = True
            return
        link.fill()
        self._wake.set()

    def switched(self) -> bool:
        """Move to the spare links when the supervisor says so; True when that happened."""
        if not any([link.switched() for link in self._links]):
            return False
        loop = asyncio.get_running_loop()
        for fd in self._fds:
            loop.remove_reader(fd)
        self.start()
        return True
