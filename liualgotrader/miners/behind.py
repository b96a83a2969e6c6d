"""Writing one lot of rows while the next is worked out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Behind:
    """One write at a time, behind whoever hands it over. Leaving waits for the last one.

    `count` is what all of them came to. What a write raises is raised where the next one is handed over, or
    on leaving; when something else was raised, the last write is given up.
    """

    def __init__(self) -> None:
        self.count = 0
        self._write: asyncio.Task[int] | None = None

    async def hand_over(self, write: Coroutine[Any, Any, int]) -> None:
        """Begin a write once the one before it is done."""
        try:
            await self._end()
        except BaseException:
            write.close()
            raise
        self._write = asyncio.create_task(write)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            await self._end()
        elif self._write is not None:
            self._write.cancel()
            await asyncio.wait([self._write])

    async def _end(self) -> None:
        if self._write is not None:
            write, self._write = self._write, None
            self.count += await write
