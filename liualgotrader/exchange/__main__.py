"""`python -m liualgotrader.exchange`: an exchange on a port.

Prints one line of JSON when it is ready.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
import uvloop

from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.exchange.app import MILLISECOND, Settings, build, serving
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.tape import Tape

DEFAULT_TAPE = "liualgotrader.exchange.walk:walk_tape"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(prog="python -m liualgotrader.exchange", description=__doc__)
    line.add_argument("--host", default="127.0.0.1", help="address to listen on")
    line.add_argument("--port", type=int, default=0, help="0 takes a free one")
    line.add_argument(
        "--tape",
        default=DEFAULT_TAPE,
        metavar="MODULE:FUNCTION[?key=value&...]",
        help="what makes the tape, and what it is given (as text)",
    )
    line.add_argument("--speed", type=_speed, default=1.0, help="a factor, or max for lockstep")
    line.add_argument(
        "--latency-ms", type=float, default=500.0, help="from acceptance to the venue"
    )
    line.add_argument("--cash", type=Decimal, default=Decimal(100_000), help="dollars at the start")
    line.add_argument("--multiplier", type=Decimal, default=Decimal(4), help="1 cash, 2, or 4")
    line.add_argument("--seed", type=int, default=0, help="of ids and, unless given, of the keys")
    line.add_argument("--key", help="key id to accept")
    line.add_argument("--secret", help="its secret")
    line.add_argument("--log", type=Path, help="order log; an existing one is recovered from")
    line.add_argument("--wait", action="store_true", help="the tape waits for POST /box/start")
    line.add_argument("--die-with-parent", action="store_true", help="end when stdin closes")
    line.add_argument("--verbose", action="store_true", help="log to stderr")
    return line


def _speed(value: str) -> float | None:
    if value == "max":
        return None
    speed = float(value)
    if speed <= 0:
        raise argparse.ArgumentTypeError("a speed is positive, or max")
    return speed


def make_tape(spec: str) -> Tape:
    """Return the tape that `module:function?key=value` makes.

    Raises ConfigError when there is none.
    """
    place, _, query = spec.partition("?")
    module, _, function = place.partition(":")
    try:
        factory = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as exc:
        raise ConfigError(f"--tape {spec}: {exc}") from exc
    tape: Tape = factory(**dict(parse_qsl(query)))
    return tape


def _keys(options: argparse.Namespace) -> Keys:
    made = Keys.seeded(options.seed)
    return Keys(options.key or made.key, options.secret or made.secret)


class _ParentPipe(asyncio.Protocol):
    """Standard input, held open by the parent; its end is the parent's."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    def connection_lost(self, exc: Exception | None) -> None:
        """End with the parent."""
        self._stop.set()


async def _stop(die_with_parent: bool) -> asyncio.Event:
    """Return an event that is set when the process should end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if die_with_parent:
        await loop.connect_read_pipe(lambda: _ParentPipe(stop), sys.stdin)
    return stop


async def _serve(options: argparse.Namespace) -> None:
    settings = Settings(
        cash=options.cash,
        multiplier=options.multiplier,
        seed=options.seed,
        latency=round(options.latency_ms * MILLISECOND),
        speed=options.speed,
        log=options.log,
    )
    exchange, driver = build(make_tape(options.tape), settings)
    keys = _keys(options)
    stop = await _stop(options.die_with_parent)
    async with serving(exchange, driver, keys, host=options.host, port=options.port) as address:
        if not options.wait:
            driver.start()
        sys.stdout.write(msgspec.json.encode(address).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; 2 when it cannot start."""
    options = parser().parse_args(arguments)
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr)
    try:
        uvloop.run(_serve(options))
    except (LiuError, OSError) as exc:
        sys.stderr.write(f"exchange: {exc}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
