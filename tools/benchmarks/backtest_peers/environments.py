"""The engines that are compared, and the environment that each of them runs in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from liualgotrader.scripts.home import liu_home

ROOT = Path(__file__).resolve().parents[3]
_PACKAGE = "tools.benchmarks.backtest_peers"
_STAMP = "installed.txt"
_INSTALL_SECONDS = 900


class Unavailable(Exception):
    """An engine cannot be installed or does not run here; the message says why."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A runner and what has to be installed for it; without requirements our own interpreter runs it.

    `one_symbol`: it is measured on the workload's first symbol only. `root`: the folder that it is run from, with the
    package in it; the checkout unless given.
    """

    name: str
    module: str
    requirements: tuple[str, ...] = ()
    one_symbol: bool = False
    root: Path = ROOT


OURS = Engine("ours", "tools.benchmarks.backtest_ours")
# What carries the figures is pinned beside the engine itself: numpy and pandas.
PEERS = {
    peer.name: peer
    for peer in (
        Engine("loop", f"{_PACKAGE}.loop"),
        Engine(
            "backtesting",
            f"{_PACKAGE}.backtesting_py",
            ("backtesting==0.6.6", "numpy==2.4.6", "pandas==3.1.1"),
        ),
        Engine(
            "nautilus",
            f"{_PACKAGE}.nautilus",
            ("nautilus_trader==1.221.0", "numpy==2.4.6", "pandas==2.3.3"),
            one_symbol=True,
        ),
    )
}


def compiled(engine: Engine) -> Engine:
    """Return our engine in a copy of the checkout whose package is compiled, made or remade when need be.

    The copy is LIU_HOME/bench/compiled. Raises Unavailable with the compiler's last words.
    """
    folder = liu_home() / "bench" / "compiled"
    stamp, wanted = folder / _STAMP, _version(engine.root)
    if not (stamp.exists() and stamp.read_text() == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "tools").symlink_to(engine.root / "tools")
        _run([sys.executable, "-m", "tools.compile_engine", "--into", str(folder)], cwd=engine.root)
        stamp.write_text(wanted)
    return replace(engine, root=folder)


def _version(root: Path) -> str:
    """Return what tells one version of the package, and of how it is compiled under which Python, from another."""
    found = sha256(sys.version.encode())
    sources = [
        *sorted((root / "tools").glob("compile_*")),
        *sorted((root / "liualgotrader").rglob("*.py")),
    ]
    for source in sources:
        found.update(f"{source.relative_to(root)}\0".encode() + source.read_bytes())
    return found.hexdigest()


def interpreter(engine: Engine) -> Path:
    """Return the Python that runs an engine, its environment made or remade when need be.

    Environments are in LIU_HOME/bench/envs. Raises Unavailable with the installer's last words.
    """
    if not engine.requirements:
        return Path(sys.executable)
    folder = liu_home() / "bench" / "envs" / engine.name
    python, stamp = folder / "bin" / "python", folder / _STAMP
    wanted = "\n".join((f"Python {sys.version}", *engine.requirements))
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        installer = [str(uv), "pip", "install", "--python", str(python)]
    else:
        _run([sys.executable, "-m", "venv", str(folder)])
        installer = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    _run([*installer, *engine.requirements])
    stamp.write_text(wanted)
    return python


def _run(command: list[str], cwd: Path | None = None) -> None:
    """Run one step of an installation. Raises Unavailable."""
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"not installed: {error}") from error
    if done.returncode:
        words = " ".join((done.stderr or done.stdout).split())
        raise Unavailable(f"not installed: {words[-400:]}")
