"""The event path of a session, from a vendor's socket to the strategies: how many a second, how late.

A generator process speaks Alpaca's stream over a loopback WebSocket and sends frames that were
encoded beforehand, ten events each. The session's own producer and two of its consumers take them
from there: sockets, links, age gate, journal, runner, engine. Only what needs a database or a
broker is left out, and nothing on the way of a quote or a trade does.

Throughput is the highest paced rate that holds: the generator keeps its pace, every event is
admitted, none dropped or conflated, none later than a second. Latency is measured at 10,000 events
a second, from the generator's send (`p50_ms`, `p99_ms`), which every event carries in its `t`, and
from the producer's read of the socket (`read_p50_ms`, `read_p99_ms`), which is what a session
reports.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from liualgotrader.consumer import Shared
from liualgotrader.engine.latency import Latencies
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from liualgotrader.session import messages
from liualgotrader.session.messages import Stop
from tools.eventpath.generator import Job, generator_main
from tools.eventpath.lone_session import (
    Member,
    consumer_main,
    hear_until,
    producer_main,
    session_config,
)

LATENCY_RATE = 10_000
_MOST_LAG_MS = 1_000.0


class Trial:
    """Fresh processes, one job, figures."""

    def __init__(self, kind: LinkKind, job: Job) -> None:
        self._kind = kind
        self._job = job

    def run(self) -> dict[str, Any]:
        """Return what came of it."""
        with ExitStack() as stack:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="liu-events-"))
            context = multiprocessing.get_context("spawn")
            generator = Member(context, generator_main)
            stack.callback(generator.end)
            if not generator.pipe.poll(30):
                raise RuntimeError("the generator did not start")
            strategy = "Watch" if self._job.stamped else "NoOp"
            config = session_config(home, generator.pipe.recv(), self._kind, strategy)
            links = [SlotLinks(context, slot, self._kind, 1) for slot in config.slots]
            shared = Shared(context, len(links))
            consumers = []
            for index, part in enumerate(links):
                consumers.append(Member(context, consumer_main, config, index, part, shared))
                stack.callback(consumers[-1].end)
            producer = Member(context, producer_main, config, links)
            stack.callback(producer.end)
            return self._measure(generator, producer, consumers, Path(home))

    def _measure(
        self, generator: Member, producer: Member, consumers: list[Member], home: Path
    ) -> dict[str, Any]:
        session = [producer, *consumers]
        if not hear_until(session, lambda: all(one.ready for one in session), 30):
            raise RuntimeError(f"not ready: {[one.failures for one in session]}")
        hear_until(session, lambda: False, 1.0)  # the picks and their empty histories settle
        processes = [generator, *session]
        before = [one.cpu for one in processes]
        generator.pipe.send(self._job)
        answered = generator.pipe.poll
        hear_until(session, lambda: answered(0), self._job.seconds * 3 + 30)
        sent, took = generator.pipe.recv()
        used = [after - one for after, one in zip([p.cpu for p in processes], before, strict=True)]
        hear_until(session, lambda: _events(consumers) >= sent, 8.0)
        figures = {
            "rate": round(sent / took),
            "sent": sent,
            "seconds": round(took, 2),
            "events": _events(consumers),
            "dropped": _lost(producer, consumers, sent),
            "rss_mb": round(max(one.rss_mb for one in session)),
            "generator_cpu": round(used[0] / took, 3),
            "producer_cpu": round(used[1] / took, 3),
            "consumer_cpu": round(sum(used[2:]) / took, 3),
            "producer_us": round(used[1] / sent * 1e6, 3),
            "consumer_us": round(sum(used[2:]) / sent * 1e6, 3),
        }
        figures |= _waits(consumers)
        if self._job.stamped:
            figures |= self._stamped(consumers, home)
        return figures

    def _stamped(self, consumers: list[Member], home: Path) -> dict[str, Any]:
        """Return how long events took from the generator's send, as the strategies saw it."""
        for consumer in consumers:
            consumer.pipe.send_bytes(messages.encode(Stop("measured")))
        if not hear_until(consumers, lambda: all(one.done for one in consumers), 30):
            raise RuntimeError("a consumer did not stop")
        waits = sorted(
            wait for path in home.glob("*.waits") for wait in json.loads(path.read_text())
        )
        return {
            "seen": len(waits),
            "p50_ms": round(waits[len(waits) // 2] / 1e6, 3),
            "p99_ms": round(waits[len(waits) * 99 // 100] / 1e6, 3),
            "max_ms": round(waits[-1] / 1e6, 3),
        }


def _events(consumers: Sequence[Member]) -> int:
    return sum(int(one.figures.get("events", 0)) for one in consumers)


def _lost(producer: Member, consumers: Sequence[Member], sent: int) -> int:
    """Return what did not arrive: dropped, conflated, too old, or not there after all that time."""
    told = sum(producer.figures.get(name, 0) for name in ("dropped", "conflated", "unrouted"))
    told += sum(one.figures.get("stale", 0) for one in consumers)
    return max(int(told), sent - _events(consumers))


def _waits(consumers: Sequence[Member]) -> dict[str, Any]:
    """Return how long events took from the producer's read, as the session reports it."""
    waits = Latencies()
    for one in consumers:
        counts = one.figures.get("latency", {})
        waits.merge({int(bucket): count for bucket, count in counts.items()})
    return {
        f"read_{name}_ms": round(waits.quantile_ms(share) or 0.0, 3)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


def holds(figures: dict[str, Any], rate: float) -> bool:
    """Whether a rate was kept up: in pace, nothing lost, nothing much later than the rest."""
    return bool(
        figures["rate"] >= rate * 0.99
        and figures["dropped"] == 0
        and figures["read_max_ms"] < _MOST_LAG_MS
    )


def say(what: str, figures: dict[str, Any]) -> None:
    """Tell people on stderr how it goes."""
    print(f"{what}: {json.dumps(figures)}", file=sys.stderr, flush=True)


def throughput(kind: LinkKind, seconds: float, rate: float | None) -> dict[str, Any]:
    """Return the figures of the highest rate that held for `seconds`; the last tried, when none did."""
    if rate is None:
        blast = Trial(kind, Job(0, min(3.0, seconds))).run()
        say(f"{kind.value}, unpaced", blast)
        rates = [round(blast["rate"] * share, -3) for share in (0.95, 0.88, 0.8, 0.72, 0.62, 0.5)]
    else:
        rates = [rate]
    figures: dict[str, Any] = {}
    for asked in rates:
        figures = Trial(kind, Job(asked, seconds)).run()
        say(f"{kind.value} at {asked:,.0f}", figures)
        if holds(figures, asked):
            return figures | {"held": True}
    return figures | {"held": False}


def measure(kind: LinkKind, options: argparse.Namespace) -> dict[str, Any]:
    """Return one link's figures."""
    seconds = 5.0 if options.quick else options.seconds
    late = Trial(kind, Job(LATENCY_RATE, seconds, stamped=True)).run()
    say(f"{kind.value}, latency", late)
    result: dict[str, Any] = {}
    if not options.latency:
        most = throughput(kind, seconds, options.rate)
        result |= {
            "events_per_s": most["rate"] if most["held"] else 0,
            "held": most["held"],
            "dropped": most["dropped"],
            "lag_p99_ms": most["read_p99_ms"],
        }
        result |= {
            name: most[name]
            for name in (
                "generator_cpu",
                "producer_cpu",
                "consumer_cpu",
                "producer_us",
                "consumer_us",
            )
        }
        result["rss_mb"] = max(most["rss_mb"], late["rss_mb"])
    result |= {name: late[name] for name in late if name.endswith("_ms")}
    return result


def main() -> None:
    """Measure both links and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one object on one line")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long a rate must hold")
    parser.add_argument("--quick", action="store_true", help="5 seconds")
    parser.add_argument("--rate", type=float, help="try this rate only, in events a second")
    parser.add_argument("--latency", action="store_true", help="measure the latency only")
    parser.add_argument("--link", choices=[kind.value for kind in LinkKind], help="one link only")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    kinds = [LinkKind(options.link)] if options.link else list(LinkKind)
    found = {kind: measure(kind, options) for kind in kinds}
    result = dict(found[kinds[0]])
    if len(kinds) > 1:
        result["pipe"] = found[LinkKind.PIPE]
    result |= {
        "seconds": 5.0 if options.quick else options.seconds,
        "cpus": os.cpu_count(),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }
    print(json.dumps(result, indent=None if options.json else 2))


if __name__ == "__main__":
    main()
