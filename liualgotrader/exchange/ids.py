"""The broker's ids.

UUIDs made from the seed, so that the same session names the same things the same way.
"""

from __future__ import annotations

from collections import deque
from hashlib import blake2b
from uuid import UUID


class Ids:
    """Makes UUID text. `named` depends on a name alone; calling it counts.

    An order's id is made from its client's id, not from a count: in lockstep several participants
    post at once, and who came first must leave no trace.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0
        self._next: deque[str] = deque()

    def __call__(self) -> str:
        """Return the next id: one that was laid out, else a counted one."""
        if self._next:
            return self._next.popleft()
        self._count += 1
        return self.named(f"#{self._count}")

    def lay_out(self, ids: list[str]) -> None:
        """Let the next calls return these, in this order."""
        self._next = deque(ids)

    def clear(self) -> None:
        """Forget what was laid out and not taken."""
        self._next.clear()

    def named(self, name: str) -> str:
        """Return the id that belongs to a name."""
        digest = blake2b(f"{self._seed}/{name}".encode(), digest_size=16).digest()
        return str(UUID(bytes=digest, version=4))
