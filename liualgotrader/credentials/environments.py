"""Paper and live: what tells that a key or an address belongs to one of them, and that the two agree."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

from liualgotrader.common.errors import ConfigError
from liualgotrader.credentials.secret import Secret


class Environment(StrEnum):
    """Whose money. The words are those of `session.mode`."""

    PAPER = "paper"
    LIVE = "live"


# A convention that Alpaca's own examples rely on, in no reference. So a key that begins otherwise is not judged.
_KEYS = {"PK": Environment.PAPER, "AK": Environment.LIVE}
# https://docs.alpaca.markets/docs/authentication and .../docs/paper-trading
TRADING_URLS = {
    Environment.PAPER: "https://paper-api.alpaca.markets",
    Environment.LIVE: "https://api.alpaca.markets",
}
_HOSTS = {urlsplit(url).hostname: environment for environment, url in TRADING_URLS.items()}


def environment_of_key(key: Secret) -> Environment | None:
    """Return the environment that an Alpaca key id says it is of; None when it does not say."""
    return _KEYS.get(key.reveal()[:2])


def environment_of_url(url: str) -> Environment | None:
    """Return the environment of an address of Alpaca's; None for anybody else's."""
    return _HOSTS.get(urlsplit(url).hostname)


def check_environments(
    environment: Environment, *, key: Secret, url: str, key_from: str, url_from: str
) -> None:
    """Raise ConfigError unless key and address are of that environment, or say nothing of theirs.

    `key_from`, `url_from`: where they stand, for the message.
    """
    of_key, of_url = environment_of_key(key), environment_of_url(url)
    if of_key is not None and of_key is not environment:
        raise ConfigError(
            f"this session is {environment}, but the key in {key_from} (...{key.last4()}) is a {of_key} key: "
            f'give a {environment} key, or set mode = "{of_key}"'
        )
    if of_url is not None and of_url is not environment:
        raise ConfigError(
            f"this session is {environment} and its key is {_of(of_key)}, but {url_from} = {url} is the "
            f'{of_url} address: remove it, or set mode = "{of_url}" and give a {of_url} key'
        )


def _of(environment: Environment | None) -> str:
    return "of no environment that it names" if environment is None else f"a {environment} key"


def trading_url(text: str, *, where: str) -> str:
    """Return an address as clients want it: without a slash or the version at its end.

    Alpaca's dashboard shows it with `/v2`. Raises ConfigError for one that would carry keys in the clear.
    """
    url = text.rstrip("/").removesuffix("/v2").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            f"{where} = {text}: give an address such as {TRADING_URLS[Environment.PAPER]}"
        )
    if parts.username or parts.password:
        raise ConfigError(f"{where} holds a user or a password: keys do not belong into an address")
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise ConfigError(f"{where} = {text}: keys would travel in the clear; use https")
    return url


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
