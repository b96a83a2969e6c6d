"""`liualgotrader.data.data_base` and `.data_factory`: a vendor is not asked from old classes."""

from __future__ import annotations

from typing import Any

from liualgotrader.compat.errors import unanswerable

_INSTEAD = "read bars with a DataLoader; a scanner of today asks ctx.data and ctx.snapshots()"


class DataAPI:
    """A name to annotate with."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unanswerable(f"DataAPI.{name}()", _INSTEAD)


def data_loader_factory(*args: Any) -> DataAPI:
    """Return what refuses when it is asked, and names what to write."""
    return DataAPI()


def streaming_factory(*args: Any) -> Any:
    """Refuse."""
    raise unanswerable("streaming_factory()", "the plan's events say what is streamed")
