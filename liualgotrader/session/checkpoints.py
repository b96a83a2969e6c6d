"""Named points at which a process kills itself, so that tests can try what a crash at the worst moment leaves.

LIU_KILL_AT holds `PROCESS:POINT:NUMBER`, several with commas: at the NUMBER-th time that the process comes to the
point it ends with SIGKILL, once a batch. Without the variable nothing of this is in anybody's way. The points of a
consumer: `journal` (an input is with the operating system, nobody has seen it), `verdict` (so are the verdicts,
nothing is admitted), `commit` (admitted, nothing sent), `send` (the broker has answered), `acknowledgement` (an order
event is booked, its link has not heard).
"""

from __future__ import annotations

import logging
import os
import re
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Event, OrderEvent
from liualgotrader.common.orders import Verdict
from liualgotrader.engine.runner import JournalPort
from liualgotrader.links.orders import OrderItem, OrderReceiver
from liualgotrader.links.slots import SlotLinks

log = logging.getLogger(__name__)

VARIABLE = "LIU_KILL_AT"
_FORM = re.compile(r"(?P<process>[\w-]+):(?P<point>\w+):(?P<number>\d+)")


class Checkpoints:
    """Counts how often one process comes to each point."""

    def __init__(self, name: str, fatal: Mapping[str, int], folder: Path) -> None:
        self._name = name
        self._fatal = fatal
        self._folder = folder
        self._reached: Counter[str] = Counter()

    def reached(self, point: str) -> None:
        """Come to a point, and end there if it is the fatal time and no earlier life ended there."""
        self._reached[point] += 1
        if self._reached[point] != self._fatal.get(point):
            return
        marker = self._folder / f"killed-{self._name}-{point}"
        try:
            os.close(os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return
        log.warning("%s is told to kill itself at %s", self._name, point)
        os.kill(os.getpid(), signal.SIGKILL)

    async def desk(self, point: str) -> None:
        """Come to a point of the desk."""
        self.reached(point)


def checkpoints(name: str, folder: Path, environ: Mapping[str, str]) -> Checkpoints | None:
    """Return the checkpoints of a process, or None when it is to live. Raises ConfigError for a malformed variable."""
    fatal: dict[str, int] = {}
    for part in filter(None, environ.get(VARIABLE, "").split(",")):
        found = _FORM.fullmatch(part)
        if found is None:
            raise ConfigError(f"{VARIABLE}={part}: not PROCESS:POINT:NUMBER")
        if found["process"] == name:
            fatal[found["point"]] = int(found["number"])
    return Checkpoints(name, fatal, folder) if fatal else None


class FatalJournal:
    """A journal that is written through, and then fatal, at the point `journal`."""

    def __init__(self, journal: JournalPort, points: Checkpoints) -> None:
        self._journal = journal
        self._points = points

    def batch(self, ts: int, raw: bytes, dropped: Sequence[int] = ()) -> None:
        """Record a batch."""
        self._journal.batch(ts, raw, dropped)
        self._come()

    def input(self, ts: int, after: int, event: Event) -> None:
        """Record one input."""
        self._journal.input(ts, after, event)
        self._come()

    def _come(self) -> None:
        self._journal.write_through()
        self._points.reached("journal")

    def verdicts(self, after: int, verdicts: Sequence[Verdict]) -> None:
        """Record what risk said."""
        self._journal.verdicts(after, verdicts)

    def write_through(self) -> None:
        """Hand what was recorded to the operating system."""
        self._journal.write_through()


class FatalReceiver(OrderReceiver):
    """The orders' link, fatal when order events are booked and the producer does not know yet."""

    def __init__(self, links: SlotLinks, points: Checkpoints) -> None:
        super().__init__(links)
        self._points = points

    def ack(self, item: OrderItem) -> None:
        """Say that an item is booked, unless that is fatal."""
        if any(isinstance(event, OrderEvent) for event in item.events):
            self._points.reached("acknowledgement")
        super().ack(item)
