"""The processes of a session as they are, but for what needs a database or a broker."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import Any, cast

import psutil

from liualgotrader.bootstrap import Endpoints, SessionConfig, make_data, make_trader
from liualgotrader.common.events import OpenOrder, OrderEvent, Picked, Started
from liualgotrader.common.ids import slot_name
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Channel, Plan, SessionPlan, StrategyPlan
from liualgotrader.consumer import Consumer, Shared
from liualgotrader.credentials.secret import Secret
from liualgotrader.links.port import LinkKind
from liualgotrader.links.slots import SlotLinks
from liualgotrader.models.journal import Journal
from liualgotrader.models.ledger import PostgresLedger
from liualgotrader.models.session_store import SessionStore
from liualgotrader.producer import ProducerProcess
from liualgotrader.session import messages
from liualgotrader.session.child import Control, run_child
from liualgotrader.session.incarnation import Incarnation, journal_header
from liualgotrader.session.messages import Done, Failed, Ready, Status

SYMBOLS = 500
CONSUMERS = 2
_HOUR = 3_600_000_000_000

# Callbacks that do nothing, that note how long events took, and none but for bars.
STRATEGIES = """
import json
from pathlib import Path
from time import monotonic_ns

from liualgotrader.strategies.base import Strategy
from liualgotrader.credentials.secret import Secret

class NoOp(Strategy):
    def on_trade(self, ctx, trade):
        pass

    def on_quote(self, ctx, quote):
        pass

class Watch(Strategy):
    waits = []

    def on_trade(self, ctx, trade):
        self.waits.append(monotonic_ns() - trade.ts_event)

    def on_quote(self, ctx, quote):
        self.waits.append(monotonic_ns() - quote.ts_event)

    def on_stop(self, ctx):
        Path(ctx.load("waits")).write_text(json.dumps(self.waits))

class Bars(Strategy):
    def on_bar(self, ctx, bar):
        pass
"""


def symbol_names() -> list[str]:
    """Return names that look like symbols and are none."""
    return [f"X{index:03d}" for index in range(SYMBOLS)]


class Alone(Incarnation):
    """A consumer's life with nothing behind it: no ledger, no store, a real journal."""

    async def missed_events(self, orders: Sequence[OpenOrder], now: int) -> list[OrderEvent]:
        """Nothing was missed."""
        return []

    async def keep(self, kept: Sequence[tuple[str, str, str]]) -> None:
        """Nothing is kept."""

    async def close(self, reason: str, failures: Sequence[tuple[str, str]]) -> None:
        """Nobody is told."""


def _incarnation(config: SessionConfig, slot: str) -> Alone:
    config.journals.mkdir(parents=True, exist_ok=True)
    started = Started(
        time=0,
        slot=slot,
        incarnation=1,
        next_order=1,
        session_open=config.session_open,
        session_close=config.session_close,
        cash=Decimal(100_000),
        buying_power=Decimal(100_000),
        keystore={
            part.name: {"waits": str(Path(config.home) / f"{slot}.waits")}
            for part in config.plan.strategies
        },
    )
    return Alone(
        config=config,
        slot=slot,
        number=1,
        store=cast(SessionStore, None),
        ledger=cast(PostgresLedger, None),
        trader=make_trader(config),
        journal=Journal(config.journals / f"{slot}-1.journal", journal_header(config, slot, 1)),
        started=started,
        missed=(),
    )


def consumer_main(
    config: SessionConfig, slot: int, links: SlotLinks, shared: Shared, pipe: Connection
) -> None:
    """Be a consumer, as a session runs it."""

    async def main(control: Control) -> None:
        life = _incarnation(config, config.slots[slot])
        await Consumer(config, slot, links, shared, life, make_data(config), control).run()

    run_child(f"consumer-{config.slots[slot]}", config, pipe, main)


class LoneProducer(ProducerProcess):
    """A producer whose picks are all there from the beginning."""

    async def _known_picks(self) -> list[Picked]:
        return [Picked(name, "all", 0, Instrument(name)) for name in symbol_names()]


def producer_main(config: SessionConfig, links: Sequence[SlotLinks], pipe: Connection) -> None:
    """Be the producer, as a session runs it."""

    async def main(control: Control) -> None:
        await LoneProducer(config, links, 1, control).run()

    run_child("producer", config, pipe, main)


def session_config(home: str, port: int, kind: LinkKind, strategy: str = "NoOp") -> SessionConfig:
    """Return a session of 500 symbols with one strategy, in the middle of its day."""
    now = time.time_ns()
    plan = Plan(
        session=SessionPlan(
            link=kind.value, events=(Channel.TRADES, Channel.QUOTES), max_symbols=SYMBOLS
        ),
        strategies=(StrategyPlan(name=strategy, class_name=strategy, filename="s.py"),),
    )
    url = f"127.0.0.1:{port}"
    return SessionConfig(
        batch_id="0123456789abcdef",
        plan=plan,
        sources={"s.py": STRATEGIES},
        dsn="",
        home=home,
        endpoints=Endpoints(
            f"http://{url}",
            f"http://{url}",
            f"ws://{url}/orders",
            f"ws://{url}/data",
            Secret("k"),
            Secret("s"),
        ),
        slots=tuple(slot_name(index) for index in range(CONSUMERS)),
        session_open=now - _HOUR,
        session_close=now + _HOUR,
        account_id=1,
    )


class Member:
    """One process of a trial, with what it said and what it used."""

    def __init__(
        self, context: multiprocessing.context.SpawnContext, target: Callable[..., None], *args: Any
    ) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=target, args=(*args, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.figures: dict[str, Any] = {}
        self.failures: list[str] = []
        self.ready = self.done = False
        self._system = psutil.Process(self.process.pid)

    @property
    def cpu(self) -> float:
        """CPU seconds used so far, all threads."""
        used = self._system.cpu_times()
        return used.user + used.system

    @property
    def rss_mb(self) -> float:
        """Resident memory."""
        return self._system.memory_info().rss / 1e6

    @property
    def most_rss_mb(self) -> float:
        """The most resident memory that it ever had, from the kernel's account of it (Linux)."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
        return self.rss_mb

    def hear(self) -> None:
        """Take what it said."""
        message = messages.decode(self.pipe.recv_bytes())
        match message:
            case Ready():
                self.ready = True
            case Status(figures=figures):
                self.figures = figures
            case Done(figures=figures):
                self.figures, self.done = figures, True
            case Failed(message=text):
                self.failures.append(text)

    def end(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.join()


def hear_until(members: Sequence[Member], reached: Callable[[], bool], seconds: float) -> bool:
    """Listen to all until something is reached; False when it was not in time."""
    until = time.monotonic() + seconds
    by_pipe = {member.pipe: member for member in members}
    while not reached():
        left = until - time.monotonic()
        if left <= 0:
            return False
        for pipe in wait_for_any(list(by_pipe), timeout=left):
            try:
                by_pipe[cast(Connection, pipe)].hear()
            except EOFError:
                del by_pipe[cast(Connection, pipe)]
                if not by_pipe:
                    return reached()
    return True
