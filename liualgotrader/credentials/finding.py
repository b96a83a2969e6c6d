"""Where a session's keys come from: the environment, a `.env` file, the system keyring, in that order."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Vendor
from liualgotrader.credentials.dotenv_file import DotenvFile
from liualgotrader.credentials.environments import (
    TRADING_URLS,
    Environment,
    check_environments,
    trading_url,
)
from liualgotrader.credentials.names import (
    BASE_URL,
    Names,
    advice,
    bare,
    holder,
    names_of,
)
from liualgotrader.credentials.process import learn_environment
from liualgotrader.credentials.redaction import SHORTEST
from liualgotrader.credentials.secret import Secret
from liualgotrader.credentials.system_keyring import SystemKeyring

log = logging.getLogger(__name__)


class Credentials(msgspec.Struct, frozen=True):
    """Keys of one vendor. `secret` is None where the vendor gives one text only.

    `source`: where they were found. `url`: Alpaca's trading address of that environment, or APCA_API_BASE_URL; "" for
    Massive. `warnings`: what the user should know of them; they are in the log already.
    """

    vendor: Vendor
    environment: Environment
    key: Secret
    secret: Secret | None
    source: str
    url: str = ""
    warnings: tuple[str, ...] = ()


class Source(Protocol):
    """Somewhere that names are looked up; as text it says where that is."""

    def get(self, name: str) -> str | None:
        """Return the value, None when it is not there."""


class _Variables:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __str__(self) -> str:
        return "the environment"

    def get(self, name: str) -> str | None:
        return self._environ.get(name)


def find_credentials(
    environ: Mapping[str, str],
    plan_folder: Path | None,
    vendor: Vendor,
    environment: Environment = Environment.PAPER,
    *,
    working_folder: Path | None = None,
    keyring: SystemKeyring | None = None,
) -> Credentials:
    """Return the keys, or raise ConfigError that says where was looked for what, and how to get them.

    Key and secret come from one place: a key of the environment is never paired with a secret of a file. Names with
    the environment in them (`APCA_LIVE_API_KEY_ID`) win over those without wherever they stand. The key, Alpaca's
    address and `environment` must agree. `plan_folder`: the plan's, whose `.env` is read before the one of
    `working_folder` (the process's, unless given).
    """
    learn_environment(environ)
    files = _files(plan_folder, working_folder or Path.cwd())
    ring = keyring or SystemKeyring()
    sources: list[Source] = [_Variables(environ), *files, ring]
    warnings: list[str] = []
    found = _pair(sources, names_of(vendor, environment), warnings)
    if found is None:
        raise ConfigError(_nothing(vendor, environment, sources))
    names, source, key, secret = found
    url = _url(environ, files, environment, vendor, key, f"{source} ({names.key})")
    warnings += [warning for file in files for warning in file.warnings]
    for warning in warnings:
        log.warning("%s", warning)
    return Credentials(vendor, environment, key, secret, str(source), url, tuple(warnings))


def _files(plan_folder: Path | None, working_folder: Path) -> list[DotenvFile]:
    folders = [working_folder] if plan_folder is None else [plan_folder, working_folder]
    return [DotenvFile(path) for path in dict.fromkeys(f.absolute() / ".env" for f in folders)]


def _pair(
    sources: Sequence[Source], choices: Sequence[Names], warnings: list[str]
) -> tuple[Names, Source, Secret, Secret | None] | None:
    for names in choices:
        for source in sources:
            key, secret = _cleaned(source, names.key, warnings), None
            if names.secret is not None:
                secret = _cleaned(source, names.secret, warnings)
                if (key is None) != (secret is None):
                    there, lacking = names.key, names.secret
                    if key is None:
                        there, lacking = lacking, there
                    raise ConfigError(
                        f"{source} has {there} but not {lacking}: a key and its secret belong together; set both there"
                    )
            if key is not None:
                return names, source, key, secret
    return None


def _cleaned(source: Source, name: str, warnings: list[str]) -> Secret | None:
    """Return a value without what was pasted around it. Raises ConfigError for what no client could send."""
    value = source.get(name)
    text = bare(value or "")
    if not text:
        return None
    secret = Secret(text)
    if text != value:
        warnings.append(
            f"{name} in {source} had blanks, quotes or line ends around it; they were taken off"
        )
    if not all("!" <= char <= "~" for char in text):
        # A client would name the whole header, text and all, in its error.
        raise ConfigError(
            f"{name} in {source} holds a blank or a character that no key has: paste it anew"
        )
    if len(text) < SHORTEST:
        raise ConfigError(
            f"{name} in {source} has {len(text)} characters, no key is so short: paste it anew"
        )
    return secret


def _url(
    environ: Mapping[str, str],
    files: Sequence[DotenvFile],
    environment: Environment,
    vendor: Vendor,
    key: Secret,
    key_from: str,
) -> str:
    if vendor is not Vendor.ALPACA:
        return ""
    url, where = TRADING_URLS[environment], "the default"
    sources: list[Source] = [_Variables(environ), *files]
    for source in sources:
        text = bare(source.get(BASE_URL) or "")
        if text:
            where = f"{BASE_URL} in {source}"
            url = trading_url(text, where=where)
            break
    check_environments(environment, key=key, url=url, key_from=key_from, url_from=where)
    return url


def _nothing(vendor: Vendor, environment: Environment, sources: Sequence[Source]) -> str:
    wanted = ", or ".join(map(str, names_of(vendor, environment)))
    return (
        f"no keys for {holder(vendor, environment)}: looked for {wanted} in {_listed(sources)}; "
        f"{advice(vendor, environment)}"
    )


def _listed(sources: Sequence[Source]) -> str:
    def words() -> Iterator[str]:
        for source in sources:
            absent = isinstance(source, DotenvFile) and not source.path.exists()
            yield f"{source} (not there)" if absent else str(source)

    *first, last = words()
    return f"{', '.join(first)} and {last}"
