"""A PostgreSQL data directory of our own: the files beside it, its making, and its leftovers."""

import fcntl
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from liualgotrader.common.errors import StoreError
from liualgotrader.models.pg_binaries import Account, Binaries
from liualgotrader.models.pg_process import finish, spawn

log = logging.getLogger(__name__)

INITDB = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums")
LOG_LIMIT_BYTES = 10_000_000
LEFTOVER_PATIENCE_SECONDS = 60.0

# What the server says in its log, and what its owner can do about it.
REMEDIES = (
    ("No space left on device", "the disk is full: make room on it"),
    ("Check free disk space", "the disk is full: make room on it"),
    ("Disk quota exceeded", "the disk quota is used up: make room"),
    ("Permission denied", "give the directory back to the account that owned it, or use another"),
    ("has wrong ownership", "run under the account that made the directory, or use another one"),
    ("incompatible with server", "use binaries of the version that made the directory"),
    ("Cannot allocate memory", "memory is short: end other programs"),
    ("could not map anonymous shared memory", "memory is short: end other programs"),
    ("pre-existing shared memory block", "end the postgres processes left on this directory"),
    ("invalid checkpoint record", "the directory is damaged: restore a backup, or move it away"),
    ("PANIC:", "the directory may be damaged: restore a backup, or move it away"),
)


@dataclass(frozen=True, slots=True)
class Files:
    """A data directory and the files that this package keeps beside it."""

    data: Path

    def beside(self, ending: str) -> Path:
        """Return the path of a companion file."""
        return self.data.with_name(f"{self.data.name}.{ending}")

    @property
    def log(self) -> Path:
        """Return where the server and its guard write what they have to say."""
        return self.beside("log")

    @property
    def status(self) -> Path:
        """Return where the guard of a running server says how to reach it."""
        return self.beside("server.json")

    @property
    def guard_lock(self) -> Path:
        """Return the lock that a guard holds while it lives: one server per directory."""
        return self.beside("lock")

    @property
    def start_lock(self) -> Path:
        """Return the lock that a client holds while it looks for a server or starts one."""
        return self.beside("start.lock")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive flock on path; the kernel lets go of it however we end."""
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def open_log(files: Files) -> int:
    """Open the log for appending, the last one put aside when it has grown; return the fd."""
    if files.log.exists() and files.log.stat().st_size > LOG_LIMIT_BYTES:
        files.log.replace(files.beside("log.1"))
    return os.open(files.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def log_since(files: Files, offset: int) -> str:
    """Return the log from a byte offset on, at most its last 2,000 characters."""
    try:
        with files.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode("utf-8", "replace").strip()[-2000:]
    except FileNotFoundError:
        return ""


def explain(files: Files, doing: str, said: str) -> StoreError:
    """Turn what the server said into an error that names cause, place and next step."""
    remedy = next((todo for text, todo in REMEDIES if text in said), "read the log")
    telling = [line for line in said.splitlines() if "FATAL" in line or "error" in line.lower()]
    cause = (telling or said.splitlines() or ["it said nothing"])[-1]
    return StoreError(f"PostgreSQL could not {doing}: {cause}. Next: {remedy}. Log: {files.log}")


class Cluster:
    """The data directory, handled by the one process that holds its guard lock."""

    def __init__(self, files: Files, binaries: Binaries, account: Account | None) -> None:
        self.files = files
        self.binaries = binaries
        self.account = account

    def prepare(self) -> None:
        """Make the directory if there is none, and clear what a killed predecessor left."""
        if (self.files.data / "PG_VERSION").exists():
            self._check_major()
            end_leftovers(self.files.data)
            self._claim_pid_file()
        else:
            self._create()

    def _check_major(self) -> None:
        made_by = (self.files.data / "PG_VERSION").read_text().strip()
        if made_by != self.binaries.major:
            raise StoreError(
                f"{self.files.data} was made by PostgreSQL {made_by}, the binaries in "
                f"{self.binaries.bindir} are {self.binaries.version}. Point LIU_PG_BINDIR at "
                f"PostgreSQL {made_by} (and dump there to move on), or move the directory away.",
            )

    def _create(self) -> None:
        """Make the cluster beside its place and rename it: a killed initdb leaves no half one."""
        data = self.files.data
        if data.exists() and any(data.iterdir()):
            raise StoreError(f"{data} is neither empty nor PostgreSQL's: name another directory")
        fresh = self.files.beside("new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.account is not None:
            os.chown(fresh, self.account.uid, self.account.gid)
        start = self._log_size()
        if code := finish(self._initdb(fresh)):
            shutil.rmtree(fresh, ignore_errors=True)
            said = log_since(self.files, start)
            raise explain(self.files, f"make {data} (initdb ended with {code})", said)
        fresh.rename(data)

    def _initdb(self, fresh: Path) -> subprocess.Popen[bytes]:
        program = self.binaries.bindir / "initdb"
        return spawn(program, INITDB, directory=fresh, account=self.account)

    def _claim_pid_file(self) -> None:
        """Put our own pid into a stale postmaster.pid.

        PostgreSQL takes any live process under that number for a rival and refuses to start,
        though after a crash or in a new container it may be anybody, or a zombie. Its own
        parent it takes for no rival, and it still checks the rest of the file: whether a
        backend of the killed server is attached to the shared memory. Removing the file
        would skip that check, and two servers on one directory destroy it.
        Source: CreateLockFile() in PostgreSQL's src/backend/utils/init/miscinit.c.
        """
        path = self.files.data / "postmaster.pid"
        if not path.exists():
            return
        lines = path.read_text().splitlines()
        path.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    def _log_size(self) -> int:
        return self.files.log.stat().st_size if self.files.log.exists() else 0


def server_status(data: Path) -> str:
    """Return the last line of postmaster.pid ("starting", "ready", ...), or "" if there is none."""
    try:
        lines = (data / "postmaster.pid").read_text().split()
    except FileNotFoundError:
        return ""
    return lines[-1] if lines else ""


def end_leftovers(data: Path) -> None:
    """End what still works in a data directory whose guard is gone.

    A postmaster is asked to shut down and takes its backends along; backends whose postmaster
    was killed are told to quit: they can only finish what nobody will be told of.
    """
    left = _processes_in(data)
    if not left:
        return
    log.warning("ending the leftover processes %s of %s", [each.pid for each in left], data)
    parents = {_parent(each) for each in left}
    heads = [each for each in left if each.pid in parents]
    for each in heads or left:
        _signal(each, signal.SIGINT if heads else signal.SIGQUIT)
    _, stubborn = psutil.wait_procs(left, timeout=LEFTOVER_PATIENCE_SECONDS)
    for each in stubborn:
        _signal(each, signal.SIGKILL)
    _, immortal = psutil.wait_procs(stubborn, timeout=LEFTOVER_PATIENCE_SECONDS)
    if immortal:
        raise StoreError(f"processes {[each.pid for each in immortal]} on {data} cannot be ended")


def _processes_in(data: Path) -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if _works_in(each, data)]


def _works_in(process: psutil.Process, data: Path) -> bool:
    """Tell whether it is a live `postgres` in this directory: pids alone are used again."""
    try:
        return process.name().startswith("postgres") and os.path.samefile(process.cwd(), data)
    except (psutil.Error, OSError):
        return False  # ended meanwhile, a zombie, or somebody else's


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        log.debug("leftover %s ended by itself", process.pid)
