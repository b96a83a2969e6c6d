"""The garbage collector, asked between days instead of every 700 objects.

Orders make many objects and no cycles; looking for cycles among them took a fifth of their time. A day's engines let
go of theirs when the day is over; what is left are cycles that a strategy's author makes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# As many objects as some days of trading leave behind.
_ENOUGH = 200_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Leave the collector off, and what is there already out of its sight.

    Afterwards it has looked at what is new and counts from there: otherwise it would look at once at all there is.
    """
    was_on = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.collect(0)
        gc.unfreeze()
        if was_on:
            gc.enable()


def collect_if_due() -> None:
    """Collect when enough objects were made since the last time."""
    if gc.get_count()[0] > _ENOUGH:
        gc.collect()
