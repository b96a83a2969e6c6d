"""Make or mend .venv; started by tools/setup, which chose the interpreter. Standard library only.

What can go wrong on a first run is what this file is about: an interpreter without ensurepip, a run
that was interrupted, two runs at once, a checkout that was moved, an interpreter that was upgraded.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".stamp"
LOCKED = ROOT / "requirements.txt"
# Held while .venv is being changed. Anything in it was left by a run that did not finish: it lies
# outside .venv, so that it outlives a removal that was interrupted.
IN_PROGRESS = ROOT / ".venv.lock"
INPUTS = (LOCKED, ROOT / "pyproject.toml", ROOT / "setup.py", Path(__file__))

VERSION_OF_PYTHON = "import platform; print(platform.python_version())"


class SetupError(Exception):
    """Say in one text what failed and what to do about it."""


def main(arguments: list[str]) -> int:
    quiet = "--quiet" in arguments
    try:
        version = current()
        if version is None:
            with exclusively() as mark:
                version = current() or make(mark)
        elif not quiet:
            say(f".venv is up to date (Python {version}); nothing to do")
    except SetupError as error:
        say(str(error), to=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("interrupted; run it again to go on", to=sys.stderr)
        return 130
    return 0


def say(text: str, *, to: IO[str] | None = None) -> None:
    print(f"tools/setup: {text}", file=to or sys.stdout, flush=True)


# ------------------------------------------------------------------------------------ what there is


def current() -> str | None:
    """Return the version of Python in a .venv that needs nothing done, or None."""
    if not STAMP.is_file() or is_unfinished():
        return None
    version = version_in_venv()
    if version is None or not is_wanted(version):
        return None
    return version if STAMP.read_text().strip() == fingerprint(version) else None


def is_unfinished() -> bool:
    return IN_PROGRESS.exists() and IN_PROGRESS.stat().st_size > 0


def version_in_venv() -> str | None:
    """Ask the interpreter in .venv: it may be gone, or another since the system was upgraded."""
    try:
        ran = subprocess.run(
            [VENV_PYTHON, "-I", "-S", "-c", VERSION_OF_PYTHON],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return ran.stdout.strip()


def is_wanted(version: str) -> bool:
    """Tell whether .venv has the Python asked for; without $PYTHON, the one it has will do."""
    return "PYTHON" not in os.environ or version == sys.version.split()[0]


def fingerprint(version: str) -> str:
    """Hash what .venv is made from, and where: its scripts name their interpreter by full path."""
    digest = hashlib.sha256(f"{VENV}\n{version}\n".encode())
    for path in INPUTS:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


# ------------------------------------------------------------------------------------ making it


@contextmanager
def exclusively() -> Iterator[IO[str]]:
    """Wait for another run to end. Children inherit the lock: those of a killed run count too."""
    try:
        mark = IN_PROGRESS.open("a+")
    except OSError as error:
        raise SetupError(
            f"cannot write in {ROOT} ({error.strerror}).\n"
            "  Run it as the owner of the checkout, or clone it to a place of your own."
        ) from error
    with mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is at work; waiting for it")
            fcntl.flock(mark, fcntl.LOCK_EX)
        yield mark


def make(mark: IO[str]) -> str:
    """Build or mend .venv and return its version of Python."""
    started = time.monotonic()
    refuse_foreign_folder()
    if reason := reason_to_rebuild():
        say(f"removing .venv: {reason}")
        set_mark(mark, "unfinished")
        shutil.rmtree(VENV)
    say(
        f"making .venv from requirements.txt with Python {sys.version.split()[0]}, a minute at most"
    )
    set_mark(mark, "unfinished")
    STAMP.unlink(missing_ok=True)
    if version_in_venv() is None or not (VENV / "bin" / "pip").exists():
        create(mark)
    install(mark)
    version = version_in_venv()
    if version is None:
        raise SetupError(f"{VENV_PYTHON} does not run")
    STAMP.write_text(fingerprint(version) + "\n")
    set_mark(mark, "")
    say(f".venv is ready ({time.monotonic() - started:.0f} s)")
    return version


def refuse_foreign_folder() -> None:
    """Delete nothing that this program or `python -m venv` did not make."""
    ours = is_unfinished() or (VENV / "pyvenv.cfg").exists()
    if VENV.exists() and not ours and any(VENV.iterdir()):
        raise SetupError(f"{VENV} is not a virtual environment; move it away and run this again")


def reason_to_rebuild() -> str | None:
    if not VENV.exists():
        return None
    if is_unfinished():
        return "an earlier run was interrupted"
    version = version_in_venv()
    if version is None:
        return "its Python does not run"
    if not is_wanted(version):
        return f"it has Python {version}, and $PYTHON is {sys.version.split()[0]}"
    made = dict(line.split(" = ", 1) for line in read_config() if " = " in line)
    if made.get("version", version) != version:
        return "the Python that it was made with was replaced by another"
    if not made.get("command", str(VENV)).endswith(str(VENV)):
        return "it was moved, and its scripts point to where it was"
    return None


def read_config() -> list[str]:
    return (VENV / "pyvenv.cfg").read_text().splitlines()


def set_mark(mark: IO[str], text: str) -> None:
    mark.truncate(0)
    mark.write(text)
    mark.flush()


def create(mark: IO[str]) -> None:
    # Inside a virtual environment sys.executable would chain the new one to the old.
    base = getattr(sys, "_base_executable", None) or sys.executable
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    has_ensurepip = subprocess.run(
        [base, "-I", "-c", "import ensurepip, venv"], capture_output=True
    )
    if has_ensurepip.returncode:
        raise SetupError(
            f"{base} has no venv or ensurepip.\n"
            f"  Debian, Ubuntu:  apt-get install python{minor}-venv\n"
            "  or name another Python:  PYTHON=/path/to/python3 tools/setup"
        )
    run(base, "-I", "-m", "venv", str(VENV), mark=mark)


def install(mark: IO[str]) -> None:
    """Install the lock, then the project itself, compiling nothing and resolving nothing."""
    with tempfile.TemporaryDirectory() as folder:
        uv_only = Path(folder) / "uv.txt"
        uv_only.write_text(lines_of("uv"))
        pip = [str(VENV_PYTHON), "-I", "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        hashed = ["--require-hashes", "--only-binary", ":all:"]
        settings = pip_settings()
        # uv takes 5 s where pip takes 40. It knows nothing of pip's configuration, so whoever has
        # an index or a proxy there gets pip, and so does a platform without a wheel of uv.
        installer = pip
        if not settings.keys() & {"index-url", "no-index", "proxy"} and succeeds(
            *pip, *hashed, "--no-deps", "-r", str(uv_only), mark=mark
        ):
            uv = [str(VENV / "bin" / "uv"), "pip", "install", "-q", "--python", str(VENV_PYTHON)]
            if "cert" in settings:
                os.environ.setdefault("SSL_CERT_FILE", settings["cert"])
            if succeeds(*uv, *hashed, "-r", str(LOCKED), mark=mark):
                installer = uv
        if installer is pip:
            say("installing with pip, which takes longer")
            run(*pip, *hashed, "--no-deps", "-r", str(LOCKED), mark=mark)
        run(*installer, "--no-deps", "--no-build-isolation", "-e", str(ROOT), mark=mark)


def lines_of(name: str) -> str:
    """Cut one distribution, with its hashes, out of the lock."""
    found = re.search(rf"^{re.escape(name)}==.*(?:\n    .*)*", LOCKED.read_text(), re.MULTILINE)
    if found is None:
        raise SetupError(f"requirements.txt lacks {name}; run tools/lock")
    return found.group() + "\n"


def pip_settings() -> Mapping[str, str]:
    """Read pip's files and variables as pip does: `global.index-url='https://...'` and the like."""
    listed = subprocess.run(
        [VENV_PYTHON, "-I", "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True,
        text=True,
    )
    pairs = (line.partition("=") for line in listed.stdout.splitlines())
    return {key.rpartition(".")[2]: value.strip("'\"") for key, _, value in pairs}


def succeeds(*command: str, mark: IO[str]) -> bool:
    return attempt(command, mark).returncode == 0


def run(*command: str, mark: IO[str]) -> None:
    ran = attempt(command, mark)
    if ran.returncode:
        output = ran.stdout.strip() or f"exit code {ran.returncode}"
        raise SetupError(
            f"this failed:\n  {' '.join(command)}\n{output}\n"
            "  No way to the package index? pip's settings (PIP_INDEX_URL, pip.conf) are heeded."
        )


def attempt(command: tuple[str, ...], mark: IO[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=(mark.fileno(),),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
