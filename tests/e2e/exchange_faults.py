"""Sessions whose exchange fails by a scenario, and what must hold after each."""

import json
import re
import signal
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from liualgotrader.exchange.faults.kinds import name_of
from liualgotrader.venue.fees import PerShareFees
from tests.e2e.audit import Population, assert_books_agree, population
from tests.e2e.sessions import Outcome, Setting, ended, reached
from tests.e2e.tapes import OPEN, SECOND, SYMBOLS

MINUTES = 10
SPEED = 120
FEES = PerShareFees(Decimal("0.01"))
_HEAD = '[fees]\nmodel = "per_share"\nper_share = 0.01\n'
_POSITION = re.compile(rb'"position","at":(\d+)')

Fault = dict[str, Any]


class Lived:
    """A session that is over: how it ended, what happened in it, and how often each fault struck."""

    def __init__(self, setting: Setting, outcome: Outcome) -> None:
        assert outcome.code == 0, outcome.err
        self.outcome = outcome
        self.batch = outcome.summary["batch_id"]
        self.exchange = assert_books_agree(setting, self.batch, FEES)
        self.population: Population = population(setting, self.batch)
        self.struck: Counter[str] = Counter()
        for live in self.exchange.faults:
            self.struck[name_of(live.fault)] += live.struck


def write_scenario(path: Path, faults: list[Fault], *, seed: int = 0) -> Path:
    """Write a scenario file."""
    lines = [f"seed = {seed}"]
    for fault in faults:
        # What JSON writes of texts, numbers, truths and lists of them, TOML reads.
        lines += ["[[faults]]", *(f"{key} = {json.dumps(value)}" for key, value in fault.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def live_through(
    setting: Setting,
    faults: list[Fault],
    *,
    lockstep: bool,
    seed: int = 0,
    consumers: int = 2,
    speed: int = SPEED,
    within: float = 80,
) -> Lived:
    """Run a session of ten minutes over a scenario, and compare all books afterwards."""
    scenario = write_scenario(setting.home / "scenario.toml", faults, seed=seed)
    plan = setting.plan(
        speed='"max"' if lockstep else str(speed),
        head=_HEAD,
        consumers=consumers,
        session=f'scenario = "{scenario}"',
    )
    session = setting.start(plan, "--json")
    if not lockstep:
        # At a speed a session lasts until the market closes; its tape is over long before.
        assert reached(session, lambda: _tape(setting) >= OPEN + (60 * MINUTES - 5) * SECOND)
        session.send_signal(signal.SIGTERM)
    return Lived(setting, ended(session, within=within))


def _tape(setting: Setting) -> int:
    """Return how far the tape has come as far as the exchange has noted it, ns UTC."""
    logs = list((setting.home / "exchange").glob("*.log"))
    noted = _POSITION.findall(logs[0].read_bytes()) if logs else []
    return int(noted[-1]) if noted else 0


def random_faults(seed: int) -> list[Fault]:
    """Return a random mixture of three to seven faults, the same for the same seed."""
    random = Random(f"faults-{seed}")
    makers = [*_MAKERS.values()]
    return [random.choice(makers)(random) for _ in range(random.randint(3, 7))]


def _after(random: Random) -> float:
    return round(random.uniform(30, 480), 1)


def _stream(random: Random) -> str:
    return random.choice(("data", "updates"))


def _counted(random: Random, most: int = 20) -> Fault:
    return {
        "nth": random.randint(1, 12),
        "times": random.randint(1, most),
        "chance": random.choice((0.2, 0.5, 1.0)),
    }


def _disconnect(random: Random) -> Fault:
    stream = _stream(random)
    lasts, after = round(random.uniform(0, 60), 1), _after(random)
    if stream == "updates" or random.random() < 0.7:
        return {"kind": "disconnect", "stream": stream, "after": after, "for": lasts}
    # Who is told 406 waits longer than what is left of the tape, so let there have been something before.
    after = max(after, 300.0)
    return {"kind": "disconnect", "stream": stream, "after": after, "for": lasts, "limit": 1}


def _answer_lost(random: Random) -> Fault:
    return {
        "kind": "answer_lost",
        "request": random.choice(("POST /v2/orders", "DELETE /v2/orders/*", "PATCH /v2/orders/*")),
        "answer": random.choice((500, 502, 503, 504, "close")),
        "nth": random.randint(1, 15),
        "times": random.randint(1, 6),
    }


def _server_error(random: Random) -> Fault:
    asked = random.choice(
        ("* /v2/orders*", "GET /v2/orders:*", "GET /v2/account*", "GET /v2/stocks/*")
    )
    return {
        "kind": "server_error",
        "request": asked,
        "status": random.choice((500, 502, 503, 504)),
        "nth": random.randint(1, 20),
        "times": random.randint(1, 4),
    }


def _rate_limit(random: Random) -> Fault:
    return {
        "kind": "rate_limit",
        "request": random.choice(("* /v2/orders*", "* /v2/*", "GET /v2/stocks/*")),
        "retry_after": random.randint(0, 1),
        "nth": random.randint(1, 20),
        "times": random.randint(1, 4),
    }


def _halt(random: Random) -> Fault:
    symbols = random.sample(SYMBOLS, random.randint(1, 3))
    lasts = round(random.uniform(10, 120), 1)
    luld = random.random() < 0.5
    return {"kind": "halt", "symbols": symbols, "after": _after(random), "for": lasts, "luld": luld}


def _unknown_value(random: Random) -> Fault:
    where, field = random.choice(
        (
            ("data", "T"),
            ("updates", "event"),
            ("updates", "status"),
            ("updates", "type"),
            ("orders", "status"),
            ("orders", "order_class"),
        )
    )
    return {"kind": "unknown_value", "where": where, "field": field, **_counted(random)}


_MAKERS = {
    "disconnect": _disconnect,
    "mute": lambda r: {
        "kind": "mute",
        "stream": _stream(r),
        "after": _after(r),
        "for": round(r.uniform(5, 90), 1),
    },
    "slow": lambda r: {
        "kind": "slow",
        "stream": _stream(r),
        "after": _after(r),
        "for": round(r.uniform(5, 90), 1),
        "delay": round(r.uniform(0.05, 0.4), 2),
    },
    "duplicate": lambda r: {"kind": "duplicate", "stream": _stream(r), **_counted(r, 200)},
    "reorder": lambda r: {
        "kind": "reorder",
        "stream": _stream(r),
        "behind": r.randint(1, 5),
        **_counted(r, 200),
    },
    "replay": lambda r: {
        "kind": "replay",
        "stream": _stream(r),
        "after": _after(r),
        "last": r.randint(1, 60),
    },
    "answer_lost": _answer_lost,
    "server_error": _server_error,
    "rate_limit": _rate_limit,
    "late_fill": lambda r: {
        "kind": "late_fill",
        "part": r.choice((0.3, 0.5, 1.0)),
        **_counted(r, 6),
    },
    "halt": _halt,
    "split": lambda r: {
        "kind": "split",
        "symbol": r.choice(SYMBOLS),
        "ratio": r.choice((2, 4, 1.5, 0.5)),
    },
    "bust": lambda r: {"kind": "bust", "delay": round(r.uniform(0, 60), 1), **_counted(r, 4)},
    "correct": lambda r: {
        "kind": "correct",
        "by": r.choice((0.01, -0.02, 0.5)),
        "delay": round(r.uniform(0, 60), 1),
        **_counted(r, 4),
    },
    "unknown_field": lambda r: {
        "kind": "unknown_field",
        "where": r.choice(("data", "updates", "orders")),
        **_counted(r),
    },
    "unknown_value": _unknown_value,
}
