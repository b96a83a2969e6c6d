"""The scanners' process: each scanner on its period; what it picks goes to the producer and into the tables."""

from __future__ import annotations

import asyncio
import logging
from multiprocessing.connection import Connection

from liualgotrader.bootstrap import SessionConfig, WallClock, make_clock, make_data, make_scanners
from liualgotrader.common.errors import FeedError
from liualgotrader.common.events import Picked
from liualgotrader.common.plan import ScannerPlan
from liualgotrader.models.recommendation_store import RecommendationStore
from liualgotrader.models.session_store import SessionStore
from liualgotrader.session.child import Control, run_child, watch_parent
from liualgotrader.session.lockstep import LockstepSocket
from liualgotrader.session.messages import (
    Begin,
    Done,
    Failed,
    Message,
    Picks,
    Ready,
    Status,
    Stop,
    Subscribed,
)
from liualgotrader.session.patience import patiently
from liualgotrader.session.routing import directed
from liualgotrader.session.scan import Scan
from liualgotrader.session.timetable import Timetable

log = logging.getLogger(__name__)

_STATUS_SECONDS = 0.5
_SCAN_SECONDS = 20.0


class ScannersProcess:
    """Runs the plan's scanners."""

    def __init__(self, config: SessionConfig, control: Control, store: SessionStore) -> None:
        self._config = config
        self._control = control
        self._store = store
        self._clock: WallClock = make_clock(config)
        self._data = make_data(config)
        self._found = RecommendationStore(store.pool)
        self._scanners = make_scanners(config)
        self._plans: tuple[ScannerPlan, ...] = config.plan.scanners
        self._subscribed: dict[int, asyncio.Event] = {}
        self._number = 0
        self._picked: set[tuple[str, str | None]] = set()
        self._scans = 0
        self._stopping = asyncio.Event()
        self._begun = asyncio.Event()

    async def run(self) -> None:
        """Scan until told to stop."""
        watch_parent()
        self._control.listen(self._hear)
        for known in await self._store.load_picks(self._config.batch_id):
            self._picked.add((known.symbol, known.picked.strategy))
        reporting = asyncio.create_task(self._report())
        self._control.say(Ready())
        work = asyncio.create_task(self._lockstep() if self._config.lockstep else self._paced())
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            if not self._config.plan.session.test_scanners:
                # Nothing more to scan; the session goes on. When only scanners are tested, it is over.
                await stopped
        work.cancel()
        stopped.cancel()
        reporting.cancel()
        self._data.close()
        self._control.say(Done({"scans": self._scans, "picks": len(self._picked)}))

    def _hear(self, message: Message) -> None:
        match message:
            case Subscribed(number=number):
                self._subscribed.setdefault(number, asyncio.Event()).set()
            case Begin(origin=origin, started=started, speed=speed):
                self._clock.begin(origin, started, speed)
                self._begun.set()
            case Stop():
                self._stopping.set()
            case _:
                log.warning("unexpected message %s", message)

    async def _paced(self) -> None:
        await self._begun.wait()
        table = Timetable(self._scanners, self._config.session_open, self._clock.now())
        while (due := table.next_due) is not None and due < self._config.session_close:
            await asyncio.sleep(self._clock.seconds_until(due))
            now = self._clock.now()
            for _, index in table.take_due(now):
                await self._scan(index, now)

    async def _lockstep(self) -> None:
        """Scan at exact moments: the tape stops at each until its picks are subscribed."""
        url = self._config.endpoints.control_url or ""
        participants = 1 if self._config.plan.session.test_scanners else len(self._config.slots) + 1
        socket = LockstepSocket(
            url, slot="scanners", prefix=None, participants=participants, marks=True
        )
        task = asyncio.create_task(socket.run())
        try:
            mark = await socket.welcomed()
            table = Timetable(self._scanners, self._config.session_open, mark)
            await self._answer(socket, table, mark)
            while not socket.ended:
                await socket.marked.wait()
                socket.marked.clear()
                if socket.mark > mark:
                    mark = socket.mark
                    await self._answer(socket, table, mark)
        finally:
            socket.close()
            task.cancel()

    async def _answer(self, socket: LockstepSocket, table: Timetable, mark: int) -> None:
        for due, index in table.take_due(mark):
            await self._scan(index, due)
        socket.ack(mark, hold=table.next_due)

    async def _scan(self, index: int, now: int) -> None:
        scanner, plan = self._scanners[index], self._plans[index]
        hours = self._config.session_open, self._config.session_close
        self._scans += 1
        try:
            found = await patiently(
                lambda: scanner.scan(Scan(self._data, self._found, *hours, now)),
                seconds=_SCAN_SECONDS,
            )
        except FeedError as exc:
            self._control.say(Failed(f"scanner {plan.name}: {exc}"))
            return
        except Exception as exc:
            log.exception("scanner %s raised", plan.name)
            self._control.say(Failed(f"scanner {plan.name} raised {type(exc).__name__}: {exc}"))
            return
        await self._tell(plan, list(dict.fromkeys(found)), now)

    async def _tell(self, plan: ScannerPlan, symbols: list[str], now: int) -> None:
        """Store the picks, then have the producer route and subscribe them."""
        instruments = {i.symbol: i for i in await patiently(self._data.assets)}
        picks = []
        for symbol in symbols:
            instrument = instruments.get(symbol)
            key = (symbol, plan.target_strategy_name)
            if instrument is None:
                self._control.say(Failed(f"scanner {plan.name} picked {symbol}, which is no asset"))
            elif key not in self._picked:
                self._picked.add(key)
                # One nanosecond later: a pick comes after everything of the instant it was made at.
                picks.append(
                    Picked(symbol, plan.name, now + 1, instrument, plan.target_strategy_name)
                )
        if not picks:
            return
        batch, slots = self._config.batch_id, self._config.slots
        inherit = not self._config.plan.session.skip_existing
        for picked in picks:
            for slot, part in directed(picked, slots, self._config.portfolios):
                await patiently(lambda: self._store.save_pick(batch, part, slot, inherit=inherit))  # noqa: B023
        if self._config.plan.session.test_scanners:
            return
        self._number += 1
        done = self._subscribed.setdefault(self._number, asyncio.Event())
        self._control.say(Picks(self._number, tuple(picks)))
        await done.wait()
        del self._subscribed[self._number]

    async def _report(self) -> None:
        while True:
            self._control.say(Status({"scans": self._scans, "picks": len(self._picked)}))
            await asyncio.sleep(_STATUS_SECONDS)


async def _main(config: SessionConfig, control: Control) -> None:
    async with await SessionStore.open(config.dsn, max_size=2) as store:
        await ScannersProcess(config, control, store).run()


def scanners_main(config: SessionConfig, number: int, pipe: Connection) -> None:
    """Be the scanners' process."""
    run_child(f"scanners-{number}", config, pipe, lambda control: _main(config, control))
