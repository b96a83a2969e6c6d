"""The children of a session: spawned, listened to, missed when they die."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any

from liualgotrader.session import messages
from liualgotrader.session.messages import Message

log = logging.getLogger(__name__)


class Child:
    """One process, its control pipe and what it said last."""

    def __init__(
        self,
        context: SpawnContext,
        name: str,
        main: Callable[..., None],
        args: tuple[Any, ...],
        hear: Callable[[Child, Message], None],
        died: Callable[[Child], None],
    ) -> None:
        self.name = name
        self._hear = hear
        self._died = died
        ours, theirs = context.Pipe()
        self._pipe: Connection = ours
        self._process: BaseProcess = context.Process(
            target=main, args=(*args, theirs), name=name, daemon=False
        )
        self._process.start()
        theirs.close()
        self.ready = asyncio.Event()
        self.finished = False
        self.figures: dict[str, Any] = {}
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        self._loop.add_reader(self._pipe.fileno(), self._readable)
        self._loop.add_reader(self._process.sentinel, self._ended)
        self.ended = asyncio.Event()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid or 0

    @property
    def is_alive(self) -> bool:
        """Whether it has not been missed yet."""
        return not self.ended.is_set()

    @property
    def exitcode(self) -> int | None:
        """How it ended: negative is a signal."""
        return self._process.exitcode

    @property
    def silence(self) -> float:
        """Seconds since it last said something."""
        return self._loop.time() - self.heard_at

    def say(self, message: Message) -> None:
        """Send a message; one that is gone does not hear it."""
        if not self.is_alive:
            return
        try:
            self._pipe.send_bytes(messages.encode(message))
        except (BrokenPipeError, ConnectionResetError):
            log.info("%s is gone and did not hear %s", self.name, type(message).__name__)

    def _readable(self) -> None:
        try:
            while self._pipe.poll():
                message = messages.decode(self._pipe.recv_bytes())
                self.heard_at = self._loop.time()
                self._hear(self, message)
        except (EOFError, ConnectionResetError):
            self._loop.remove_reader(self._pipe.fileno())

    def _ended(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._readable_rest()
        self._process.join()
        self.ended.set()
        self._died(self)

    def _readable_rest(self) -> None:
        self._readable()
        self._loop.remove_reader(self._pipe.fileno())

    async def gone(self) -> None:
        """Return once it has ended."""
        await self.ended.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.is_alive and self._process.is_alive():
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        if self._process.is_alive():
            self._process.kill()
