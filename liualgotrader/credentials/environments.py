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
    """Raise ConfigError unless key and address are of that environment.

    A key may not say of which it is; then it is the broker's to judge. An exchange in a box on this machine stands in
    for either; anybody else's address gets no keys. `key_from`, `url_from`: where they stand, for the message.
    """
    of_key, of_url = environment_of_key(key), environment_of_url(url)
    if of_url is None and not is_loopback(url):
        known = ", ".join(TRADING_URLS.values())
        raise ConfigError(
            f"{url_from} = {url}: this is neither of {known} nor on this machine; unset it"
        )
    if of_url is not None and of_url is not environment:
        raise ConfigError(
            f"{environment} trading is wanted, and {url_from} = {url} is the {of_url} environment: unset it, or "
            f'set mode = "{of_url}" and give a key of that account'
        )
    if of_key is not None and of_key is not environment:
        raise ConfigError(
            f"{environment} trading is wanted, and the key in {key_from}, which ends in {key.last4()}, is one of a "
            f'{of_key} account: give a key of the {environment} account, or set mode = "{of_key}"'
        )


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
    if parts.scheme == "http" and not is_loopback(url):
        raise ConfigError(f"{where} = {text}: keys would travel in the clear; use https")
    return url


def is_loopback(url: str) -> bool:
    """Return whether an address is one of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
