"""An exchange on a thread of its own, whose clock only moves when a test moves it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from liualgotrader.common.events import Quote, Trade
from liualgotrader.common.instruments import Instrument
from liualgotrader.exchange.app import Address, Driver, Settings, build, serving
from liualgotrader.exchange.days import session_of
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.massive.plans import PLANS
from liualgotrader.exchange.service import Exchange
from liualgotrader.exchange.tape import ListTape, Tape, TapeEvent

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = date(2026, 1, 15)
OPEN = session_of(DAY).open
CLOSE = session_of(DAY).close
KEYS = Keys("PKTEST", "secret")
WAIT = 20.0


def quote(symbol: str, at: int, bid: float, ask: float, size: float = 1_000.0) -> Quote:
    """Return a quote at OPEN + `at`."""
    return Quote(symbol, OPEN + at, bid, ask, size, size)


def trade(symbol: str, at: int, price: float, size: float = 100.0) -> Trade:
    """Return a print at OPEN + `at`."""
    return Trade(symbol, OPEN + at, price, size)


def tape_of(*events: TapeEvent, symbols: str = "AAPL MSFT") -> ListTape:
    """Return a tape over regular hours."""
    return ListTape(
        date=DAY,
        instruments=[Instrument(symbol=s) for s in symbols.split()],
        events=events,
        start=OPEN,
        end=CLOSE,
    )


class Box:
    """A running exchange, as tests handle it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, exchange: Exchange, driver: Driver) -> None:
        self.exchange = exchange
        self.driver = driver
        self.address = Address(*[""] * 10)
        self.elapsed = 0
        self.guests: list[threading.Thread] = []
        self._loop = loop

    def monotonic(self) -> int:
        """Return the machine's time, which stands still between moves."""
        return self.elapsed

    def move(self, at: int) -> None:
        """Move the tape to OPEN + `at` and return once everything due has happened."""
        self.elapsed = at
        self._loop.call_soon_threadsafe(self.driver.wake)
        self.until(lambda: self.exchange.floor.now >= OPEN + at)

    def until(self, condition: Callable[[], bool]) -> None:
        """Return once a condition on the exchange holds; its loop looks at every turn."""

        async def look() -> None:
            while not condition():  # noqa: ASYNC110 - the exchange has no event for a test to wait for
                await asyncio.sleep(0)

        async def bounded() -> None:
            await asyncio.wait_for(look(), WAIT)

        asyncio.run_coroutine_threadsafe(bounded(), self._loop).result(WAIT + 1)


@contextmanager
def running(tape: Tape, settings: Settings | None = None, plan: str = "advanced") -> Iterator[Box]:
    """Run an exchange at speed 1 on a clock of the test's own, started."""
    ready = threading.Event()
    stop = asyncio.Event()
    boxes: list[Box] = []
    failures: list[BaseException] = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        exchange, driver = build(
            tape, settings or Settings(), monotonic=lambda: boxes[0].elapsed if boxes else 0
        )
        box = Box(loop, exchange, driver)
        boxes.append(box)
        async with serving(exchange, driver, KEYS, plan=PLANS[plan]) as address:
            box.address = address
            driver.start()
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as exc:  # noqa: BLE001 - shown by the test's thread
            failures.append(exc)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="exchange")
    thread.start()
    ready.wait(WAIT)
    try:
        if failures:
            raise failures[0]
        yield boxes[0]
    finally:
        if boxes:
            boxes[0]._loop.call_soon_threadsafe(stop.set)
        thread.join(WAIT)
        # A client waits for a message or the end of its connection before it looks up.
        for guest in boxes[0].guests if boxes else ():
            guest.join(WAIT)
    if failures:
        raise failures[0]
