"""`liu doctor`: whether this installation can run a session, and what paper trading lacks."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import metadata
from importlib.util import find_spec

import click
import msgspec

from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.common.plan import Vendor
from liualgotrader.credentials.environments import Environment
from liualgotrader.credentials.finding import find_credentials
from liualgotrader.models.pg_binaries import find_binaries, unprivileged_account
from liualgotrader.models.postgres import connect, redacted
from liualgotrader.scripts.exits import DONE, FAILED
from liualgotrader.scripts.home import DSN_VARIABLE, liu_home

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 2_000_000_000  # a day's journals and tables of a busy session, with room
GIGABYTE = 1e9


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. `detail` says what was found, or what to do."""

    name: str
    ok: bool
    detail: str


class Unfit(Exception):
    """A check did not pass; the message says what was found and what to do."""


class Report(msgspec.Struct, frozen=True):
    """All findings. `ok` is about simulated sessions; `paper` says what paper trading lacks."""

    ok: bool
    checks: list[Finding]
    paper: list[str]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line.")
def doctor(as_json: bool) -> int:
    """Check the installation, and say what is missing for paper trading.

    Values of keys are never printed.
    """
    report = examine(os.environ)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _show(report)
    return DONE if report.ok else FAILED


def examine(environ: Mapping[str, str]) -> Report:
    """Look at everything; one failure does not stop the rest."""
    checks: dict[str, Callable[[], str]] = {
        "python": _python,
        "packages": _packages,
        "engine": _engine,
        "home": lambda: _home(environ),
        "database": lambda: _database(environ),
        "port": _port,
        "market data": _bundled_day,
    }
    findings = [_finding(name, check) for name, check in checks.items()]
    return Report(all(each.ok for each in findings), findings, _paper(environ))


def _paper(environ: Mapping[str, str]) -> list[str]:
    """Say what is the matter with the keys of the paper account. They are not tried."""
    try:
        return list(find_credentials(environ, None, Vendor.ALPACA, Environment.PAPER).warnings)
    except ConfigError as exc:
        return [str(exc)]


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except (Unfit, LiuError, OSError) as error:
        return Finding(name, False, str(error))


def _show(report: Report) -> None:
    for each in report.checks:
        mark = click.style("ok    ", fg="green") if each.ok else click.style("FAILED", fg="red")
        click.echo(f"{mark}  {each.name:12} {each.detail}")
    if report.paper:
        click.echo("\nFor paper trading (a simulated session needs no keys):")
        for line in report.paper:
            click.echo(f"  {line}")
    else:
        click.echo("\nThe keys for paper trading are set.")


def _python() -> str:
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise Unfit(f"{sys.version.split()[0]} is too old: install {oldest} or later")
    return f"{sys.version.split()[0]} at {sys.executable}"


def _engine() -> str:
    """Say which engine runs, the compiled or the plain one."""
    spec = find_spec("liualgotrader.engine.core")
    if spec is None or spec.origin is None:
        raise Unfit("the package is not whole: install it again")
    if spec.origin.endswith(".py"):
        return "plain Python; where there is a C compiler, tools/compile makes backtests faster"
    return "compiled by tools/compile"


def _packages() -> str:
    """Look at what the distribution says it needs."""
    try:
        needed = metadata.requires("liualgotrader") or []
    except metadata.PackageNotFoundError:
        raise Unfit("liualgotrader is not installed here: run `pip install .`") from None
    wrong, count = [], 0
    for requirement in needed:
        spec, _, marker = requirement.partition(";")
        if "extra ==" in marker or ("win32" in marker and sys.platform == "win32"):
            continue
        count += 1
        problem = _package_problem(spec)
        if problem:
            wrong.append(problem)
    if wrong:
        raise Unfit(f"{', '.join(wrong)}: run `pip install .`")
    return f"all {count} are there"


def _package_problem(spec: str) -> str:
    found = re.match(r"\s*([\w.-]+)", spec)
    name = found[1] if found else spec.strip()
    least = re.search(r">=\s*([\d.]+)", spec)
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} is missing"
    if least and _numbers(version) < _numbers(least[1]):
        return f"{name} {version} is older than {least[1]}"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _home(environ: Mapping[str, str]) -> str:
    home = liu_home(environ)
    with tempfile.TemporaryFile(dir=home) as file:
        file.write(b"1")
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE_BYTES:
        raise Unfit(f"{home} has {free / GIGABYTE:.1f} GB free: make room, or set LIU_HOME")
    return f"{home} is writable, {free / GIGABYTE:.0f} GB free"


def _database(environ: Mapping[str, str]) -> str:
    own = environ.get(DSN_VARIABLE)
    if own:
        return f"PostgreSQL {asyncio.run(_version(own))} at {redacted(own)}"
    binaries = find_binaries(unprivileged_account())
    return f"embedded PostgreSQL {binaries.version}"


async def _version(dsn: str) -> str:
    connection = await connect(dsn, patience=1)
    try:
        return str(await connection.fetchval("SHOW server_version"))
    except ValueError as exc:
        raise ConfigError(f"{DSN_VARIABLE} = {redacted(dsn)}: {exc}") from exc
    finally:
        await connection.close()


def _port() -> str:
    """Take a free port, as the exchange in a box does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1 gives ports, such as {listener.getsockname()[1]}"


def _bundled_day() -> str:
    if find_spec("bokeh_sampledata") is None:
        raise Unfit("bokeh_sampledata is missing: run `pip install bokeh-sampledata`")
    return "the daily bars behind the simulated day are installed"
