"""`liu exchange`: the exchange in a box, for anybody's program."""

from __future__ import annotations

import click

from liualgotrader.exchange.__main__ import main as run_exchange


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--tape", "tapes", multiple=True, help="What to play; repeat to merge files.")
@click.option("--crypto", is_flag=True, help="Without a tape: a simulated day of pairs.")
@click.option("--speed", help='Times real time, or "max".')
@click.option("--seed", type=click.IntRange(0), help="Of ids, keys and the simulated day.")
@click.option("--scenario", help="A TOML file of what goes wrong, and when.")
@click.option("--verbose", is_flag=True, help="Log to stderr.")
def exchange(
    port: int,
    tapes: tuple[str, ...],
    crypto: bool,
    speed: str | None,
    seed: int | None,
    scenario: str | None,
    verbose: bool,
) -> int:
    """Run the exchange in a box until it is told to end.

    When it is ready it prints one line of JSON with the addresses and the keys. Without a tape it
    plays the simulated day that comes with the package.
    """
    arguments = [f"--port={port}", *(f"--tape={tape}" for tape in tapes)]
    arguments += ["--crypto"] if crypto else []
    arguments += [f"--speed={speed}"] if speed is not None else []
    arguments += [f"--seed={seed}"] if seed is not None else []
    arguments += [f"--scenario={scenario}"] if scenario is not None else []
    arguments += ["--verbose"] if verbose else []
    return run_exchange(arguments)
