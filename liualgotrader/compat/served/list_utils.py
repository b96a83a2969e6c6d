"""`liualgotrader.common.list_utils`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def chunks(lst: Sequence[T], n: int) -> Iterator[Sequence[T]]:
    """Yield parts of `n`, the last as short as it must be."""
    for start in range(0, len(lst), n):
        yield lst[start : start + n]
