"""`python -m liualgotrader.exchange`: an exchange on a port.

Prints one line of JSON when it is ready.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import signal
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
import uvloop

from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.common.plan import Slippage
from liualgotrader.credentials.process import guard_process
from liualgotrader.credentials.redaction import KNOWN, RedactingFormatter
from liualgotrader.exchange.app import MILLISECOND, Settings, build, serving
from liualgotrader.exchange.faults.scenario import Scenario, read_scenario
from liualgotrader.exchange.file_tape import open_tape
from liualgotrader.exchange.keys import Keys
from liualgotrader.exchange.massive.plans import PLANS
from liualgotrader.exchange.simulated_coins import simulated_coins
from liualgotrader.exchange.tape import Tape
from liualgotrader.venue.fees import (
    FeeModel,
    NoFees,
    PercentFees,
    PerShareFees,
    UsRegulatoryFees,
)
from liualgotrader.venue.margin_tables import INTRADAY_MARGIN_SINCE
from liualgotrader.venue.rules import VenueRules
from liualgotrader.venue.slippage_of_plan import slippage_of

FACTORY = re.compile(r"[A-Za-z_][\w.]*:\w+(\?.*)?")
FEES = ("none", "per_share", "percent", "us_regulatory")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    line = argparse.ArgumentParser(prog="python -m liualgotrader.exchange", description=__doc__)
    add = line.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--speed", type=_speed, default=1.0, help="a factor of real time, or max for lockstep")
    add("--latency-ms", type=float, default=500.0, help="from acceptance to the venue")
    add("--seed", type=int, default=0, help="of ids, keys and the simulated day")
    add("--key", help="key id to accept")
    add("--secret", help="its secret")
    add("--log", type=Path, help="order log; one that is there is recovered from")
    add("--not-before", type=int, default=0, metavar="NS", help="play earlier events unheard")
    add("--massive-plan", choices=PLANS, default="advanced", help="what the key may do at Massive")
    add("--scenario", type=Path, metavar="FILE", help="TOML file of what goes wrong, and when")
    add("--wait", action="store_true", help="the tape waits for POST /box/start")
    add("--die-with-parent", action="store_true", help="end when standard input closes")
    add("--verbose", action="store_true", help="log to standard error")
    add(
        "--tape",
        action="append",
        default=[],
        metavar="FILE",
        help="Parquet file to play, repeat to merge; MODULE:FUNCTION[?key=value&...] calls that;"
        " without it a simulated day is played",
    )
    add("--crypto", action="store_true", help="without a tape: a simulated day of pairs")
    add("--date", type=date.fromisoformat, help="which day of the tape")
    _add_venue(line)
    return line


def _add_venue(line: argparse.ArgumentParser) -> None:
    add = line.add_argument
    add("--cash", type=Decimal, default=Decimal(100_000), help="dollars at the start")
    add("--multiplier", type=Decimal, default=Decimal(4), help="1 cash, 2 margin, 4 intraday")
    add("--no-shorting", action="store_true", help="the account may not sell short")
    add("--participation", type=Decimal, default=Decimal("0.1"), help="of volume; 0: no limit")
    add("--fees", choices=FEES, default="us_regulatory")
    add("--fee-per-share", type=Decimal, default=Decimal(0), help="dollars")
    add("--fee-minimum", type=Decimal, default=Decimal(0), help="dollars an execution")
    add("--fee-percent", type=Decimal, default=Decimal(0), help="of the traded value")
    add("--slippage-bps", type=Decimal, default=Decimal(0), help="of market orders")
    add("--slippage", type=Path, metavar="FILE", help="a plan's [slippage] as JSON, in its place")
    _add_rules(line)


def _add_rules(line: argparse.ArgumentParser) -> None:
    """Add what the rules of the day can be told; without a word they follow the tape's date."""
    add = line.add_argument_group("rules of the day").add_argument
    add("--no-day-trading-rules", action="store_true", help="neither day trades nor deficits count")
    add(
        "--intraday-margin-since",
        type=date.fromisoformat,
        default=INTRADAY_MARGIN_SINCE,
        metavar="DATE",
        help="when the broker took it in place of the pattern day trader's rules; default %(default)s",
    )
    add("--settled-cash-only", action="store_true", help="a cash account: no margin")
    add("--no-short-sale-test", action="store_true", help="without Rule 201")
    add("--no-price-bands", action="store_true", help="without limits up and down, and pauses")
    add("--tier-1", nargs="*", default=[], metavar="SYMBOL", help="has the narrower bands")
    add("--leveraged", nargs="*", type=_turns, default=[], metavar="SYMBOL=TURNS", help="of a fund")


def _turns(text: str) -> tuple[str, int]:
    symbol, _, turns = text.partition("=")
    if not symbol or turns not in ("2", "3"):
        raise argparse.ArgumentTypeError("write SYMBOL=2 or SYMBOL=3")
    return symbol, int(turns)


def _rules(options: argparse.Namespace) -> VenueRules:
    fees: dict[str, FeeModel] = {
        "none": NoFees(),
        "per_share": PerShareFees(options.fee_per_share, options.fee_minimum),
        "percent": PercentFees(options.fee_percent),
        "us_regulatory": UsRegulatoryFees(),
    }
    return VenueRules(
        fees=fees[options.fees],
        slippage=slippage_of(_slippage(options)),
        participation=options.participation or None,
        shorting=not options.no_shorting,
        day_trading=not options.no_day_trading_rules,
        intraday_margin_since=options.intraday_margin_since,
        settled_cash_only=options.settled_cash_only,
        short_sale_test=not options.no_short_sale_test,
        price_bands=not options.no_price_bands,
        tier_1=frozenset(options.tier_1),
        leverage=dict(options.leveraged),
    )


def _slippage(options: argparse.Namespace) -> Slippage:
    """Return what takers pay. Raises ConfigError for a file that says something else."""
    path: Path | None = options.slippage
    if path is None:
        return Slippage(model="bps", bps=options.slippage_bps)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Slippage)
    except (OSError, msgspec.DecodeError) as exc:
        raise ConfigError(f"--slippage {path}: no slippage of a plan: {exc}") from exc


def _speed(value: str) -> float | None:
    if value == "max":
        return None
    speed = float(value)
    if speed <= 0:
        raise argparse.ArgumentTypeError("a speed is positive, or max")
    return speed


def make_tape(options: argparse.Namespace) -> Tape:
    """Return the tape that is asked for. Raises ConfigError when there is none."""
    specs: list[str] = options.tape
    if len(specs) == 1 and FACTORY.fullmatch(specs[0]) and not Path(specs[0]).exists():
        return _made_by(specs[0])
    if options.crypto and not specs:
        return simulated_coins(options.seed, date=options.date)
    return open_tape(specs, seed=options.seed, date=options.date)


def _made_by(spec: str) -> Tape:
    """Return the tape that `module:function?key=value` makes; values are given as text."""
    place, _, query = spec.partition("?")
    module, _, function = place.partition(":")
    try:
        factory = getattr(import_module(module), function)
    except (ImportError, AttributeError) as exc:
        raise ConfigError(f"--tape {spec}: {exc}") from exc
    tape: Tape = factory(**dict(parse_qsl(query)))
    return tape


def _scenario(options: argparse.Namespace) -> Scenario:
    path: Path | None = options.scenario
    if path is None:
        return Scenario()
    return read_scenario(path, lockstep=options.speed is None)


def _keys(options: argparse.Namespace) -> Keys:
    made = Keys.seeded(options.seed)
    keys = Keys(options.key or made.key, options.secret or made.secret)
    KNOWN.learn(keys.key, keys.secret)
    return keys


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
        rules=_rules(options),
        seed=options.seed,
        latency=round(options.latency_ms * MILLISECOND),
        speed=options.speed,
        log=options.log,
        not_before=options.not_before,
        scenario=_scenario(options),
    )
    exchange, driver = build(make_tape(options), settings)
    keys = _keys(options)
    stop = await _stop(options.die_with_parent)
    plan = PLANS[options.massive_plan]
    async with serving(
        exchange, driver, keys, host=options.host, port=options.port, plan=plan
    ) as address:
        if not options.wait:
            driver.start()
        sys.stdout.write(msgspec.json.encode(address).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()


def _log_to_stderr(level: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(logging.Formatter(logging.BASIC_FORMAT)))
    logging.basicConfig(level=level, handlers=[handler])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to end; 2 when it cannot start."""
    options = parser().parse_args(arguments)
    guard_process()
    _log_to_stderr(logging.INFO if options.verbose else logging.WARNING)
    try:
        uvloop.run(_serve(options))
    except (LiuError, OSError) as exc:
        sys.stderr.write(f"exchange: {exc}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
