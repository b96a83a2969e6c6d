"""A backtest's speed, in bars a second, beside other engines on the same bars with the same strategy.

Moving averages of 10 and 30 bars cross on 20 symbols with 98,280 minute bars each. In every round
our backtest runs, compiled (tools/compile) and plain, then each peer, every run in a process of its
own; medians are reported. An engine that is measured on one symbol is compared with ours on that
symbol, and with our rate on all of them. docs/benchmarks.md says what the rules differ in.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from liualgotrader.common.compiled import STAMP
from liualgotrader.common.errors import ConfigError
from tools.benchmarks.backtest_peers import market, reference
from tools.benchmarks.backtest_peers.environments import (
    OURS,
    PEERS,
    Engine,
    Unavailable,
    compiled,
    interpreter,
)
from tools.benchmarks.backtest_peers.market import Spec
from tools.benchmarks.backtest_peers.rounds import Entry, Rounds, play, progress
from tools.benchmarks.backtest_peers.workload import Workload

_ONE = "one_symbol"
_PLAIN = "plain_"
_SCALES = (100_000, 1_000_000, 10_000_000)


def compare(
    spec: Spec,
    one: Spec,
    peers: Sequence[Engine],
    count: int,
    ours: Engine = OURS,
    plain: Engine | None = None,
) -> dict[str, Any]:
    """Return ours, the peers, and how many times faster than each of them ours is.

    `one` is the workload of those that are measured on one symbol; `plain` is ours before it was compiled, where it
    was. Raises Unavailable and ValueError as `rounds.play` does, and ConfigError for a home that cannot be made.
    """
    workload = market.kept(spec)
    single = market.kept(one)
    entries, failed = _installed(peers, workload, single)
    on = {"ours": workload}
    if any(entry.engine.one_symbol for entry in entries):
        on[_ONE] = single
    own = [Entry(name, ours, path, interpreter(ours)) for name, path in on.items()]
    if plain is not None:
        own += [Entry(_PLAIN + n, plain, path, interpreter(plain)) for n, path in on.items()]
    rounds = play(own, entries, count, progress)
    result = _own(rounds, on, "")
    result["compiled"] = plain is not None
    if plain is not None:
        result["plain"] = _own(rounds, on, _PLAIN)
    result["peers"] = _peers(rounds, entries, failed)
    result |= _ratios(result, entries)
    result["reference"] = _own_reference(on)
    result["rounds"] = rounds.figures
    return result


def _own(rounds: Rounds, on: Mapping[str, Path], prefix: str) -> dict[str, Any]:
    """Return our medians, those on one symbol within them."""
    found = rounds.median(f"{prefix}ours")
    if _ONE in on:
        found[_ONE] = rounds.median(prefix + _ONE)
    return found


def scale(count: int, sizes: Sequence[int] = _SCALES, ours: Engine = OURS) -> dict[str, Any]:
    """Return our figures for 20 symbols and ever more bars, and the slowest rate over the fastest.

    Raises as `compare` does.
    """
    own = [
        Entry(str(bars), ours, market.kept(market.long_minutes(bars)), interpreter(ours))
        for bars in sizes
    ]
    rounds = play(own, [], count, progress)
    found = [{"bars": int(entry.name)} | rounds.median(entry.name) for entry in own]
    rates = [each["bars_per_s"] for each in found]
    return {
        "scaling": found,
        "slowest_to_fastest": round(min(rates) / max(rates), 3),
        "rounds": rounds.figures,
    }


def _installed(
    peers: Sequence[Engine], workload: Path, single: Path
) -> tuple[list[Entry], dict[str, str]]:
    """Return the peers that can be run, and why the others cannot."""
    entries, failed = [], {}
    for peer in peers:
        try:
            python = interpreter(peer)
        except Unavailable as error:
            failed[peer.name] = str(error)
            progress(f"{peer.name}: {error}")
            continue
        entries.append(Entry(peer.name, peer, single if peer.one_symbol else workload, python))
    return entries, failed


def _peers(
    rounds: Rounds, entries: Sequence[Entry], failed: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return the peers' medians, or why there are none."""
    why = {**failed, **rounds.failed}
    found: dict[str, dict[str, Any]] = {name: {"unavailable": text} for name, text in why.items()}
    return found | {each.name: rounds.median(each.name) for each in entries if each.name not in why}


def _ratios(result: Mapping[str, Any], entries: Sequence[Entry]) -> dict[str, dict[str, float]]:
    """Return our rate over each peer's: on the same bars, and that on all symbols whatever the peer ran on."""
    same, rates = {}, {}
    for entry in entries:
        if "unavailable" in (peer := result["peers"][entry.name]):
            continue
        ours = result[_ONE] if entry.engine.one_symbol else result
        same[entry.name] = round(ours["bars_per_s"] / peer["bars_per_s"], 3)
        rates[entry.name] = round(result["bars_per_s"] / peer["bars_per_s"], 3)
    return {"ratio": same, "ratio_of_rates": rates}


def _own_reference(on: Mapping[str, Path]) -> dict[str, Any]:
    """Return the exact answers to our workloads."""
    found = _reference(on["ours"])
    if _ONE in on:
        found[_ONE] = _reference(on[_ONE])
    return found


def _reference(path: Path) -> dict[str, Any]:
    """Return the exact answer to a workload."""
    exact = reference.answer(Workload.load(path))
    return {"fills": exact.fills, "equity_end": round(float(exact.equity_end), 2)}


def table(result: dict[str, Any]) -> str:
    """Return the figures for people."""
    rows: list[tuple[str, dict[str, Any], float | None]]
    if "scaling" in result:
        rows = [(f"{each['bars']:,} bars", each, None) for each in result["scaling"]]
    else:
        rows = [("ours", result, None)]
        if _ONE in result:
            rows.append(("ours, one symbol", result[_ONE], None))
        if "plain" in result:
            rows.append(("ours, plain", result["plain"], None))
        if _ONE in result.get("plain", {}):
            rows.append(("plain, one symbol", result["plain"][_ONE], None))
        rows += [(name, each, result["ratio"].get(name)) for name, each in result["peers"].items()]
    lines = [f"{'':18}{'bars/s':>12}{'MiB':>8}{'fills':>9}{'equity':>17}{'ours is':>10}"]
    for name, each, ratio in rows:
        if "unavailable" in each:
            lines.append(f"{name:18}{each['unavailable']}")
            continue
        times = "" if ratio is None else f"{ratio:.2f} x"
        lines.append(
            f"{name:18}{each['bars_per_s']:12,}{each['rss_mb']:8,}{each['fills']:9,}"
            f"{each['equity_end']:17,.2f}{times:>10}"
        )
    if "reference" in result:
        exact = result["reference"]
        lines.append(f"{'exact answer':38}{exact['fills']:9,}{exact['equity_end']:17,.2f}")
    return "\n".join(line.rstrip() for line in lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object on one line")
    parser.add_argument("--rounds", type=_positive, default=5, metavar="N", help="5 unless given")
    parser.add_argument("--peers", type=_engines, default=tuple(PEERS.values()), metavar="A,B",
                        help=f"some of {','.join(PEERS)}; '' for none")  # fmt: skip
    parser.add_argument("--symbols", type=_positive, metavar="N", help="20, of daily bars 500")
    parser.add_argument("--plain", action="store_true", help="do not compile ours")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--daily", action="store_true", help="1,260 daily bars of each of 500 symbols"
    )
    what.add_argument(
        "--scaling", action="store_true", help="ours alone, on 100,000 to 10,000,000 bars"
    )
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number}: 1 or more")
    return number


def _engines(text: str) -> tuple[Engine, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no peer {', '.join(unknown)}; there are {', '.join(PEERS)}"
        )
    return tuple(PEERS[name] for name in dict.fromkeys(names))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the options ask for."""
    if (OURS.root / "liualgotrader" / STAMP).exists():
        raise ConfigError(
            "this checkout is compiled, so there is no plain one beside it: run tools/compile --undo"
            " first (the benchmark compiles a copy of its own)"
        )
    ours, plain = OURS, None
    if not options.plain:
        try:
            ours, plain = compiled(OURS), OURS
        except Unavailable as error:
            progress(f"plain Python alone is measured: {error}")
    if options.scaling:
        return scale(options.rounds, ours=ours)
    make, usual = (market.days, 500) if options.daily else (market.minutes, 20)
    spec, one = make(options.symbols or usual), make(1)
    return compare(spec, one, options.peers, options.rounds, ours, plain)


def main() -> None:
    """Measure and print."""
    options = _options(None)
    load = os.getloadavg()[0]
    try:
        result = measure(options)
    except ConfigError as error:
        print(f"tools/bench backtest: {error}", file=sys.stderr)
        sys.exit(2)
    except (Unavailable, ValueError) as error:
        print(f"tools/bench backtest: {error}", file=sys.stderr)
        sys.exit(1)
    result |= {
        "cpus": os.cpu_count(),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }
    print(json.dumps(result) if options.json else table(result))


if __name__ == "__main__":
    main()
