"""What every child of a session shares: its control pipe, its log file, and noticing that the supervisor has died."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from multiprocessing import parent_process
from multiprocessing.connection import Connection

import msgspec
import uvloop

from liualgotrader.bootstrap import SessionConfig
from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.credentials.process import guard_process
from liualgotrader.credentials.redaction import redact
from liualgotrader.session import messages
from liualgotrader.session.logs import log_to_file
from liualgotrader.session.messages import Failed, Message

log = logging.getLogger(__name__)

ORPHANED = 70
FAILED = 1


class Control:
    """A child's end of its control pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._handler: Callable[[Message], None] | None = None

    def listen(self, handler: Callable[[Message], None]) -> None:
        """Call `handler` with every message from the supervisor."""
        self._handler = handler
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            while self._pipe.poll():
                message = messages.decode(self._pipe.recv_bytes())
                if self._handler is not None:
                    self._handler(message)
        except (EOFError, ConnectionResetError):
            orphaned()

    def say(self, message: Message) -> None:
        """Send a message to the supervisor; what failed is told without secrets."""
        if isinstance(message, Failed):
            message = msgspec.structs.replace(message, message=redact(message.message))
        try:
            self._pipe.send_bytes(messages.encode(message))
        except (BrokenPipeError, ConnectionResetError):
            orphaned()


def orphaned() -> None:
    """The supervisor is gone: leave at once. What was promised is on disk, and `trader --resume` goes on."""
    logging.getLogger(__name__).error("the supervisor has died; this process ends")
    logging.shutdown()
    os._exit(ORPHANED)


def watch_parent() -> None:
    """End when the supervisor dies, whatever this process is doing in its loop."""
    parent = parent_process()
    if parent is not None:
        asyncio.get_running_loop().add_reader(parent.sentinel, orphaned)


def run_child(
    name: str,
    config: SessionConfig,
    pipe: Connection,
    main: Callable[[Control], Coroutine[object, object, None]],
) -> None:
    """Run a child's main coroutine. Signals of the terminal are the supervisor's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    guard_process()
    log_to_file(name, config.logs, as_json=config.json_logs)
    # Inputs are many and short-lived and hold no cycles: without this the collector walks them all, again and again.
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    control = Control(pipe)
    try:
        uvloop.run(main(control))
    except LiuError as exc:
        log.exception("%s ends", name)
        # What the user must mend does not mend itself in another life.
        control.say(Failed(f"{name}: {exc}", fatal=isinstance(exc, ConfigError)))
        raise SystemExit(FAILED) from exc
    except Exception as exc:  # the entry point of a process: whatever it was is in the log
        log.exception("%s ends", name)
        control.say(Failed(f"{name}: {type(exc).__name__}: {exc}"))
        raise SystemExit(FAILED) from exc
