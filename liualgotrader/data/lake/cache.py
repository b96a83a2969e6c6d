"""Rows that were read, as long as there is room for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sized
from typing import Generic, TypeVar

T = TypeVar("T", bound=Sized)


class RowCache(Generic[T]):
    """Keeps what was used last, up to `most` rows in all; one more thing counts as one row more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self.held = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made when it is not."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        made = make()
        self._kept[key] = made
        self.held += len(made) + 1
        while self.held > self._most and len(self._kept) > 1:
            self.held -= len(self._kept.popitem(last=False)[1]) + 1
        return made
