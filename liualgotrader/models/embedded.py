"""A private PostgreSQL that comes with the package: attach to the one that runs, or start it.

    with EmbeddedServer(Path("~/.liu/postgres").expanduser()) as server:
        pool = await create_pool(server.dsn)

Any number of processes may do this on one data directory: the first starts the server, the
others share it, and it stops when the last has left or died. It listens on a Unix socket only.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from liualgotrader.common.errors import StoreError
from liualgotrader.models.pg_cluster import Files, explain, locked, log_since, open_log
from liualgotrader.models.pg_messages import (
    Detached,
    Failed,
    Message,
    Ready,
    decode_ready,
    receive,
)

log = logging.getLogger(__name__)

GUARD = "liualgotrader.models.guard"
PATIENCE_SECONDS = 660.0  # more than the guard has with the server
ATTACH_PATIENCE_SECONDS = 10.0


class EmbeddedServer:
    """A context manager around an attachment to the server of a data directory.

    dsn is set while inside. durable=False trades safety against power cuts for speed: for tests.
    Raises StoreError, with the log's path and what to do next, when there can be no server.
    """

    dsn: str
    details: Ready

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.files = Files(data_dir.expanduser().absolute())
        self.durable = durable
        self._link: socket.socket | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._attach_or_start()
        except OSError as error:
            self._let_go()
            raise StoreError(
                f"no embedded PostgreSQL in {self.files.data}: {error}. Next: check the "
                f"permissions of that path and the room on its disk. Log: {self.files.log}",
            ) from error
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._link is None:
            return
        with suppress(OSError):  # not connected: the guard has gone before us
            self._link.shutdown(socket.SHUT_WR)
        farewell = self._last_word(self._link)
        self._let_go(left_running=farewell == Detached(stopped=False))
        if isinstance(farewell, Failed):
            log.error("%s", farewell.reason)

    def fileno(self) -> int:
        """Return a descriptor that turns readable when the server has gone: for select()."""
        if self._link is None:
            raise StoreError("not attached to a server")
        return self._link.fileno()

    def restart(self) -> None:
        """Attach again after the server or its guard has died: to a new server under the old DSN.

        Blocks until it is ready. Raises StoreError when it cannot be had, or only elsewhere.
        """
        dsn = self.dsn
        self._let_go(left_running=True)
        self.__enter__()
        if self.dsn != dsn:
            raise StoreError(
                f"PostgreSQL is back, but not where this session looks for it: {self.dsn} instead "
                f"of {dsn}. Next: read {self.files.log}",
            )

    def _attach_or_start(self) -> None:
        self.files.data.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.files.start_lock):
            attached = _attach(self.files)
            self._link, self.details = attached or self._start()
        self.dsn = self.details.dsn
        log.info(
            "%s embedded PostgreSQL %s of %s",
            "attached to" if attached else "started",
            self.details.version,
            self.details.bindir,
        )
        if self.durable and not self.details.durable:
            raise StoreError(f"the server on {self.files.data} runs without fsync, as for tests")

    def _start(self) -> tuple[socket.socket, Ready]:
        self._link, theirs = socket.socketpair()
        self._link.settimeout(PATIENCE_SECONDS)
        log_fd = open_log(self.files)
        log_start = os.fstat(log_fd).st_size
        try:
            self._guard = self._spawn_guard(theirs, log_fd)
        finally:
            theirs.close()
            os.close(log_fd)
        return self._link, self._first_word(self._link, log_start)

    def _spawn_guard(self, theirs: socket.socket, log_fd: int) -> subprocess.Popen[bytes]:
        # -P: no file in the user's directory may shadow the standard library. The guard is to
        # import what we would, and sys.path may hold more than its own start would find.
        flags = [] if self.durable else ["--fast"]
        return subprocess.Popen(
            [sys.executable, "-P", "-m", GUARD, str(self.files.data), *flags],
            cwd="/",
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            stdin=theirs.fileno(),
            stdout=log_fd,
            stderr=log_fd,
            start_new_session=True,
        )

    def _first_word(self, link: socket.socket, log_start: int) -> Ready:
        answer = receive(link)
        if isinstance(answer, Ready):
            return answer
        if isinstance(answer, Failed):
            raise StoreError(answer.reason)
        raise explain(self.files, "start", log_since(self.files, log_start))

    def _last_word(self, link: socket.socket) -> Message | None:
        """Return the guard's farewell; None: it was killed."""
        try:
            while isinstance(word := receive(link), Ready):
                log.debug("skipped a second greeting")
        except TimeoutError as error:
            self._let_go(left_running=True)
            raise StoreError(f"the server does not stop. Log: {self.files.log}") from error
        return word

    def _let_go(self, *, left_running: bool = False) -> None:
        """Close our end; collect the guard if we started it, later if others still need it."""
        if self._link is not None:
            self._link.close()
        self._link, guard, self._guard = None, self._guard, None
        if guard is None:
            return
        if left_running:
            threading.Thread(target=guard.wait, name="guard-collector", daemon=True).start()
        else:
            guard.wait()


def running_dsn(data_dir: Path) -> str | None:
    """Return the DSN of the server that runs on a data directory, or None; starts nothing.

    The server may stop at any time after: enter an EmbeddedServer to hold on to it.
    """
    attached = _attach(Files(data_dir.expanduser().absolute()))
    if attached is None:
        return None
    link, details = attached
    link.close()
    return details.dsn


def _attach(files: Files) -> tuple[socket.socket, Ready] | None:
    """Attach to the running guard; None: there is none, or it is about to end."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(ATTACH_PATIENCE_SECONDS)
    try:
        link.connect(decode_ready(files.status.read_bytes()).control)
        answer = receive(link)
    except (FileNotFoundError, ConnectionError, msgspec.DecodeError):
        answer = None
    except PermissionError as error:
        link.close()
        raise StoreError(
            f"the server on {files.data} belongs to another account ({error}): "
            "run under that account, or name another directory",
        ) from error
    except TimeoutError:
        link.close()
        raise
    if isinstance(answer, Ready):
        link.settimeout(PATIENCE_SECONDS)
        return link, answer
    link.close()
    return None
