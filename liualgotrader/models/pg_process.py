"""Spawn PostgreSQL's programs: unprivileged, with a clean environment, and never outliving us."""

import ctypes
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from liualgotrader.models.pg_binaries import Account

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # linux/prctl.h
SELF_FDS = Path("/proc/self/fd")
PATIENCE_SECONDS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 20.0), (signal.SIGKILL, 20.0))


def _find_prctl() -> Callable[[int, int], int] | None:
    # Looked up before any fork: once root's privileges are dropped, its libraries may be out of
    # reach, and a forked child should not load any.
    found: Callable[[int, int], int] | None = getattr(ctypes.CDLL(None), "prctl", None)
    return found


_prctl = _find_prctl()


def spawn(
    program: Path,
    arguments: Sequence[str],
    *,
    directory: Path,
    account: Account | None,
) -> subprocess.Popen[bytes]:
    """Start `program -D directory arguments...`; its output goes to our standard error.

    Must be called from the main thread: the kernel ties the death signal to the thread.
    """
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return subprocess.Popen(
            [str(program), "-D", _address(directory, held, account), *arguments],
            cwd="/",
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=2,
            pass_fds=(held,),
            process_group=0,
            preexec_fn=_die_with(os.getpid()),
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
    finally:
        os.close(held)


def finish(process: subprocess.Popen[bytes]) -> int:
    """Wait for a program that ends by itself, and return its exit code."""
    with process:
        return process.wait()


def stop(server: subprocess.Popen[bytes]) -> None:
    """Shut a server down: fast, then immediate, then by force. Returns when it is gone."""
    for number, patience in PATIENCE_SECONDS:
        if server.poll() is None:
            server.send_signal(number)
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            log.warning("PostgreSQL %s did not heed %s", server.pid, number.name)
        else:
            return


def _address(directory: Path, held: int, account: Account | None) -> str:
    """Name the directory so that the account gets there.

    The unprivileged account often may not pass the directories above (root's home). An open
    descriptor leads straight to the directory, and nothing above need be opened to others.
    """
    if account is None or account.reaches(directory.parent) or not SELF_FDS.exists():
        return str(directory)
    return str(SELF_FDS / str(held))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _die_with(parent: int) -> Callable[[], None]:
    def arrange() -> None:
        # A guard killed outright still takes the server along: SIGINT is its fast shutdown.
        if _prctl is not None:
            _prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
