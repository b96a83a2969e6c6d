"""`liu keys`: keep vendors' keys in the system keyring, and see which ones a session would take."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import click

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Vendor
from liualgotrader.credentials.environments import Environment, environment_of_key
from liualgotrader.credentials.finding import find_credentials
from liualgotrader.credentials.names import Names, bare, holder, names_of
from liualgotrader.credentials.secret import Secret
from liualgotrader.credentials.system_keyring import SystemKeyring
from liualgotrader.scripts.exits import DONE, FAILED

_vendor = click.argument("vendor", type=click.Choice([each.value for each in Vendor]))
_environment = click.option(
    "--environment",
    type=click.Choice([each.value for each in Environment]),
    default=Environment.PAPER.value,
    show_default=True,
    help="Of which of Alpaca's accounts.",
)


@click.group()
def keys() -> None:
    """Keep the vendors' keys in the system keyring.

    A session takes them from the environment, a .env file beside the plan or in the working folder, or the keyring, in
    that order.
    """


@keys.command("set")
@_vendor
@_environment
def set_keys(vendor: str, environment: str) -> int:
    """Ask for VENDOR's keys and keep them.

    They are never arguments: those are in the shell's history and in the list of processes. Without a terminal they
    are read from standard input, one a line.
    """
    who, where = Vendor(vendor), Environment(environment)
    names = names_of(who, where)[0]
    key = _asked(names.key)
    of_key = environment_of_key(key)
    if who is Vendor.ALPACA and of_key not in (None, where):
        raise ConfigError(f"that is a {of_key} key: liu keys set {vendor} --environment {of_key}")
    secret = None if names.secret is None else _asked(names.secret)
    ring = SystemKeyring()
    ring.set(names.key, key.reveal())
    if names.secret is not None and secret is not None:
        ring.set(names.secret, secret.reveal())
    click.echo(f"The keyring has {names} now, for {holder(who, where)}.")
    return DONE


@keys.command()
@_vendor
@_environment
def show(vendor: str, environment: str) -> int:
    """Say where VENDOR's keys are found, and how the key's id ends. Nothing is shown of a secret."""
    who, where = Vendor(vendor), Environment(environment)
    found = find_credentials(os.environ, Path.cwd(), who, where)
    click.echo(f"{holder(who, where)}: ...{found.key.last4()} from {found.source}")
    for warning in found.warnings:
        click.echo(f"  {warning}")
    return DONE


@keys.command()
@_vendor
@_environment
def remove(vendor: str, environment: str) -> int:
    """Take VENDOR's keys out of the keyring."""
    who, where = Vendor(vendor), Environment(environment)
    names = names_of(who, where)[0]
    gone = _removed(SystemKeyring(), names)
    words = "are no longer in the keyring" if gone else "were not in the keyring"
    click.echo(f"Keys for {holder(who, where)} {words}.")
    return DONE if gone else FAILED


def _removed(ring: SystemKeyring, names: Names) -> bool:
    return any([ring.remove(name) for name in names if name is not None])


def _asked(name: str) -> Secret:
    prompt = f"{name} (not shown): "
    text = bare(getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline())
    if not text:
        raise ConfigError(f"{name}: nothing was given; nothing was kept")
    return Secret(text)
