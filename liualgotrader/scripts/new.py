"""`liu new`: a strategy, scanner, miner or forecast to start from."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

import click

from liualgotrader.common.errors import ConfigError
from liualgotrader.scripts.skeletons import PLAN_LINES, SKELETONS

_PLANS = {
    "strategy": "tradeplan.toml",
    "scanner": "tradeplan.toml",
    "miner": "miner.toml",
    "forecast": "miner.toml",
}


@click.command()
@click.argument("kind", type=click.Choice(list(SKELETONS)))
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="Where to write it; here unless said.",
)
def new(kind: str, name: str, folder: Path) -> None:
    """Write a working skeleton: `liu new strategy BuyTheDip` makes buy_the_dip.py.

    A file that is there is never overwritten.
    """
    class_name = to_class_name(name)
    path = folder / f"{to_file_name(class_name)}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(SKELETONS[kind].replace("NAME", class_name))
    except FileExistsError:
        raise ConfigError(f"{path}: is there already; choose another name, or move it") from None
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written: {exc.strerror}") from exc
    lines = PLAN_LINES[kind].replace("NAME", class_name).replace("FILE", path.as_posix())
    click.echo(f"Wrote {path}. To run it, add to {_PLANS[kind]}:\n\n{lines}")


def to_class_name(name: str) -> str:
    """Return `buy_the_dip` or `buy-the-dip` as BuyTheDip. Raises ConfigError when it is no name."""
    parts = [part for part in re.split(r"[_\-\s]+", name.removesuffix(".py")) if part]
    camel = "".join(part[0].upper() + part[1:] for part in parts)
    if not camel.isidentifier() or keyword.iskeyword(camel) or not camel.isascii():
        raise ConfigError(f"{name!r} is no name for a class: use letters, digits and _")
    return camel


def to_file_name(class_name: str) -> str:
    """Return BuyTheDip as buy_the_dip."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
