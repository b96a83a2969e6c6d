"""The memory of a consumer that has 500 symbols and a day of minute bars.

The session's own consumer, in a process of its own, gets 390 bars of each symbol over its link, as
the producer would send them, and keeps them. `rss_mb` is what the process holds in the end,
`before_mb` what it held when it was ready, and `most_mb` the most that it ever held.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections import deque
from contextlib import ExitStack
from typing import Any

from liualgotrader.common.events import Bar, Event, Picked
from liualgotrader.common.instruments import Instrument
from liualgotrader.consumer import Shared
from liualgotrader.links.market import MarketSender, events_payload
from liualgotrader.links.orders import OrderSender
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from tools.eventpath.lone_session import (
    SYMBOLS,
    Member,
    consumer_main,
    hear_until,
    session_config,
    symbol_names,
)

MINUTES = 390
_MINUTE = 60_000_000_000


def minute_of_bars(start: int) -> list[Event]:
    """Return a bar of each symbol."""
    return [
        Bar(name, start, 100.0, 101.0, 99.0, 100.5, 1_000.0, 60, 100.2, 37)
        for name in symbol_names()
    ]


def send_day(links: SlotLinks, consumer: Member, start: int) -> None:
    """Send all the bars, a minute a batch, as fast as the consumer takes them."""
    sender = MarketSender(links)
    minutes = deque(range(MINUTES))
    while minutes or sender.is_behind:
        sender.pump(time.monotonic_ns())
        if minutes and not sender.is_behind:
            bars = minute_of_bars(start + minutes.popleft() * _MINUTE)
            sender.send(events_payload(time.monotonic_ns(), bars), bars)
        if sender.is_behind:
            hear_until([consumer], lambda: not sender.is_behind, 0.001)


def measure(kind: LinkKind) -> dict[str, Any]:
    """Return the figures of one consumer."""
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="liu-memory-"))
        context = multiprocessing.get_context("spawn")
        config = session_config(home, 1, kind, "Bars")
        links = [SlotLinks(context, slot, kind, 1) for slot in config.slots]
        shared = Shared(context, len(links))
        consumer = Member(context, consumer_main, config, 0, links[0], shared)
        stack.callback(consumer.end)
        if not hear_until([consumer], lambda: consumer.ready, 60):
            raise RuntimeError(f"the consumer did not start: {consumer.failures}")
        orders = OrderSender(links[0], 1)
        for name in symbol_names():
            orders.send([Picked(name, "all", 0, Instrument(name))])
        hear_until([consumer], lambda: orders.unacknowledged == 0, 10)
        before = consumer.rss_mb
        send_day(links[0], consumer, config.session_open)
        total = SYMBOLS * MINUTES
        hear_until([consumer], lambda: int(consumer.figures.get("events", 0)) >= total, 60)
        return {
            "rss_mb": round(consumer.rss_mb),
            "before_mb": round(before),
            "most_mb": round(consumer.most_rss_mb),
            "bars": int(consumer.figures.get("events", 0)),
            "symbols": SYMBOLS,
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object on one line")
    options = parser.parse_args()
    result = measure(LinkKind.QUEUE)
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
