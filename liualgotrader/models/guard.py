"""The guard of an embedded PostgreSQL: it runs the server for as long as a client is attached.

Run by `embedded.py` as `python -m liualgotrader.models.guard DATA_DIR [--fast]` with the first
client's socket as standard input and the server's log as standard error. One guard lives per
data directory. Whoever is killed, nothing stays behind:

* a client: the kernel closes its socket; after the last one the guard stops the server;
* the guard: the kernel sends the server SIGINT, its fast shutdown (Linux);
* the server: the guard ends what is left of it, then itself;
* all of them: the next guard ends leftover backends, and PostgreSQL recovers from its log.
"""

import argparse
import hashlib
import logging
import os
import selectors
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from liualgotrader.common.errors import StoreError
from liualgotrader.models import pg_process
from liualgotrader.models.pg_binaries import Account, find_binaries, unprivileged_account
from liualgotrader.models.pg_cluster import (
    Cluster,
    Files,
    end_leftovers,
    explain,
    locked,
    log_since,
    server_status,
)
from liualgotrader.models.pg_messages import Detached, Failed, Ready, decode_ready, encode, send

log = logging.getLogger(__name__)

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "96MB",
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# For tests: what a crash of the machine may cost is not worth the wait for the disk.
FAST = {"synchronous_commit": "off", "fsync": "off", "full_page_writes": "off"}

SOCKET_PREFIX = "liu-pg-"
SOCKET_ROOT_BYTES = 52  # AF_UNIX paths end at 107 bytes (103 on macOS), names below included
READY_POLL_SECONDS = 0.01
READY_PATIENCE_SECONDS = 600.0  # crash recovery replays up to max_wal_size


class Guard:
    """A running server, the clients attached to it, and the loop that watches both."""

    def __init__(self, server: subprocess.Popen[bytes], first: socket.socket) -> None:
        self.server = server
        self.clients = {first}
        self.leaving: list[socket.socket] = []
        self.terminated = False
        self.ready: Ready | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(first, selectors.EVENT_READ, self._hear_client)
        self._watch_signals()

    @property
    def wanted(self) -> bool:
        """Tell whether there is still a server, and somebody who needs it."""
        return bool(self.clients) and not self.terminated and self.server.poll() is None

    def await_ready(self, data: Path, sockets: Path) -> bool:
        """Return whether the server accepts connections; False: it died, or is not wanted."""
        deadline = time.monotonic() + READY_PATIENCE_SECONDS
        while self.wanted and time.monotonic() < deadline:
            if server_status(data) == "ready" and (sockets / ".s.PGSQL.5432").exists():
                return True
            self._turn(READY_POLL_SECONDS)
        return False

    def serve(self, ready: Ready, listener: socket.socket) -> None:
        """Attach and detach clients until the last one has left, or the server or we must go."""
        self.ready = ready
        self._selector.register(listener, selectors.EVENT_READ, self._attach)
        for client in self.clients:
            send(client, ready)
        while self.wanted:
            self._turn(None)
        self._selector.unregister(listener)

    def dismiss(self, farewell: Detached | Failed) -> None:
        """Tell whoever waits for the end, or still believes in the server, that it is over."""
        for client in (*self.leaving, *self.clients):
            send(client, farewell)
            client.close()

    def _turn(self, patience: float | None) -> None:
        for key, _ in self._selector.select(patience):
            key.data(key.fileobj)

    def _watch_signals(self) -> None:
        receiver, sender = socket.socketpair()
        for end in (receiver, sender):
            end.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, _noticed)
        signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        self._wakeup = sender
        self._selector.register(receiver, selectors.EVENT_READ, self._hear_signal)

    def _hear_signal(self, receiver: socket.socket) -> None:
        if {signal.SIGTERM, signal.SIGINT} & set(receiver.recv(256)):
            self.terminated = True

    def _attach(self, listener: socket.socket) -> None:
        client, _ = listener.accept()
        self.clients.add(client)
        self._selector.register(client, selectors.EVENT_READ, self._hear_client)
        if self.ready is not None:
            send(client, self.ready)
        self._release()

    def _release(self) -> None:
        """Let those go who took themselves for the last, now that another has come."""
        for client in self.leaving:
            send(client, Detached(stopped=False))
            client.close()
        self.leaving.clear()

    def _hear_client(self, client: socket.socket) -> None:
        """Detach a client at the end of its stream; the last one is told when all is over."""
        if _still_there(client):
            return
        self._selector.unregister(client)
        self.clients.remove(client)
        self.leaving.append(client)
        if self.clients:
            self._release()


def main(arguments: Sequence[str] | None = None) -> int:
    """Guard the server of one data directory; return 0 after an orderly end."""
    parser = argparse.ArgumentParser(prog="liualgotrader.models.guard")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--fast", action="store_true", help="not durable, for tests")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s guard %(levelname)s: %(message)s")
    first = socket.socket(fileno=sys.stdin.fileno())
    files = Files(chosen.data_dir)
    try:
        return _guard(files, first, durable=not chosen.fast)
    except StoreError as error:
        reason = str(error)
    except OSError as error:
        reason = str(explain(files, "start", str(error)))
    log.error("%s", reason)
    send(first, Failed(reason))
    return 1


def _guard(files: Files, first: socket.socket, *, durable: bool) -> int:
    with locked(files.guard_lock):
        _forget_predecessor(files)
        account = unprivileged_account()
        cluster = Cluster(files, find_binaries(account), account)
        cluster.prepare()
        with _socket_directory(files.data, account) as sockets:
            return _run_server(cluster, first, sockets, durable=durable)


def _run_server(cluster: Cluster, first: socket.socket, sockets: Path, *, durable: bool) -> int:
    files, log_start = cluster.files, os.fstat(2).st_size
    server = _start_server(cluster, sockets, durable=durable)
    guard = Guard(server, first)
    try:
        if guard.await_ready(files.data, sockets):
            _serve(guard, cluster, sockets, durable=durable)
        failure = (guard.ready is None and guard.wanted) or server.poll() is not None
    finally:
        pg_process.stop(server)
        if server.returncode:
            end_leftovers(files.data)
    if failure:
        error = explain(files, "go on" if guard.ready else "start", log_since(files, log_start))
        guard.dismiss(Failed(str(error)))
        return 1
    guard.dismiss(Detached(stopped=True))
    return 0


def _start_server(cluster: Cluster, sockets: Path, *, durable: bool) -> subprocess.Popen[bytes]:
    settings = SETTINGS if durable else SETTINGS | FAST
    arguments = ["-k", str(sockets)]
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    return pg_process.spawn(
        cluster.binaries.bindir / "postgres",
        arguments,
        directory=cluster.files.data,
        account=cluster.account,
    )


def _serve(guard: Guard, cluster: Cluster, sockets: Path, *, durable: bool) -> None:
    ready = Ready(
        dsn=f"postgresql://postgres@/postgres?host={sockets}",
        control=str(sockets / "control"),
        durable=durable,
        version=cluster.binaries.version,
        bindir=str(cluster.binaries.bindir),
        guard_pid=os.getpid(),
        server_pid=guard.server.pid,
    )
    with socket.socket(socket.AF_UNIX) as listener, _published(cluster.files, ready):
        listener.bind(ready.control)
        listener.listen()
        guard.serve(ready, listener)


@contextmanager
def _published(files: Files, ready: Ready) -> Iterator[None]:
    """Keep server.json in place, whole at every moment."""
    fresh = files.beside("server.json.new")
    fresh.write_bytes(encode(ready))
    fresh.replace(files.status)
    try:
        yield
    finally:
        files.status.unlink(missing_ok=True)


def _forget_predecessor(files: Files) -> None:
    """Remove what a killed guard left: its server.json, and its directory of sockets."""
    try:
        control = Path(decode_ready(files.status.read_bytes()).control)
    except FileNotFoundError:
        return
    except msgspec.DecodeError as error:
        log.warning("%s cannot be read (%s): ignored", files.status, error)
    else:
        if control.parent.name.startswith(SOCKET_PREFIX):
            shutil.rmtree(control.parent, ignore_errors=True)
    files.status.unlink()


@contextmanager
def _socket_directory(data: Path, account: Account | None) -> Iterator[Path]:
    """Make a short directory that only the server's account (and root) may enter.

    It is the same each time, so that after a crash the next server is found under the old DSN.
    """
    root = _socket_root(account)
    path = root / _socket_name(data)
    if not _claimed(path, account):
        path = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=root))
        log.warning("using %s: clients of this server will not find one that follows it", path)
    try:
        if account is not None:
            os.chown(path, account.uid, account.gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _socket_name(data: Path) -> str:
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()
    return f"{SOCKET_PREFIX}{os.getuid()}-{digest[:12]}"


def _claimed(path: Path, account: Account | None) -> bool:
    """Make the directory, or take over an earlier guard's; False when it may be somebody else's.

    Anybody may make a directory of this name where everybody may write. Whoever owns it, or may
    write to it, could put a server of his own in it, and our clients would tell that everything.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        owners = {os.getuid()} if account is None else {os.getuid(), account.uid}
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid in owners
        if not ours or stat.S_IMODE(found.st_mode) != 0o700:
            log.warning("%s belongs to another account, or is open to others", path)
            return False
        # A killed server's socket and its lock, whose pid may be another process's by now.
        for left in path.iterdir():
            left.unlink()
    return True


def _socket_root(account: Account | None) -> Path:
    for root in (Path(tempfile.gettempdir()), Path("/tmp")):
        short = len(os.fsencode(root)) <= SOCKET_ROOT_BYTES
        if short and (account is None or account.reaches(root)):
            return root
    raise StoreError("no short temporary directory that the server may enter: set TMPDIR to one")


def _still_there(client: socket.socket) -> bool:
    try:
        return bool(client.recv(256))
    except ConnectionError:
        return False


def _noticed(number: int, frame: object) -> None:
    """Let the wake-up descriptor tell the loop; a handler must exist for it to be written to."""


if __name__ == "__main__":
    sys.exit(main())
