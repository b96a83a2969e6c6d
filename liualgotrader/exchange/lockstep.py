"""Lockstep.

The tape never passes what its participants have decided, so nothing is lost and every run is the
same.

The tape is played in windows of one order latency. After a window that somebody heard of, a mark
goes behind the data on every stream, and the participants acknowledge it once every order they
decided by then is posted. What is decided at d arrives at d + L, so the tape may then go on by L.
Shorter windows, with the next one played while the last is being decided, keep both sides busy but
need twice the marks, and a mark costs more than that saves (measured: half the speed). A stretch in
which nobody heard of anything needs no acknowledgement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from liualgotrader.common.errors import LiuError
from liualgotrader.exchange.desk import Request
from liualgotrader.exchange.floor import FAR
from liualgotrader.exchange.log import Joined, Position
from liualgotrader.exchange.service import Exchange

log = logging.getLogger(__name__)

BUDGET = 20_000


class ProtocolError(LiuError):
    """A participant said something that breaks lockstep.

    Its connection is closed with the reason.
    """


class Ack(msgspec.Struct):
    """What a participant says of a mark. Times are ns UTC.

    `decided`: (client order id, or target of a cancel or replace by either id; kind; when it was
    decided). `next`: its next timer. `hold`: the tape must stop there until a mark at or after it
    is acknowledged.
    """

    ack: int
    decided: list[tuple[str, str, int]] = []
    next: int | None = None
    hold: int | None = None


class Participant:
    """One slot. It survives its connection: a new incarnation says hello to the same slot.

    `newborn` until it has acknowledged the mark it was welcomed with. `life` is the last one that
    has: whoever comes back with the same has lost its connection, and nothing else.
    """

    def __init__(self, slot: str, acked: int, *, prefix: str | None = None) -> None:
        self.slot = slot
        self.prefix = prefix
        self.life: int | None = None
        self.says: int | None = None
        self.acked = acked
        self.next: int | None = None
        self.hold: int | None = None
        self.present = False
        self.newborn = True


class LockstepDriver:
    """Drives the tape by what the participants acknowledge."""

    speed = "max"

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._floor = exchange.floor
        self._latency = exchange.latency
        self._expected: int | None = None
        self._participants: dict[str, Participant] = {}
        self._started = False
        self._changed = asyncio.Event()
        self.mark = max(exchange.tape.start - 1, min(exchange.floor.now, exchange.tape.end))
        self._position = self.mark
        self._noted = self.mark
        self.ended = False
        self.marks = 0
        self.late = 0
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        exchange.broadcast.mark(self.mark)
        self._recovered = bool(exchange.joined)
        for known in exchange.joined.values():
            self._restore(known)

    def _restore(self, known: Joined) -> None:
        """Know a participant of an earlier incarnation of ours before it is back.

        Its orders may come first, and must not be taken for a stranger's.
        """
        self._expected = known.of
        participant = Participant(known.slot, self.mark, prefix=known.prefix)
        participant.life = known.life
        self._participants[known.slot] = participant

    # ------------------------------------------------------------------ as a driver

    @property
    def state(self) -> str:
        """waiting (for the start or for participants), running, or ended."""
        if self.ended:
            return "ended"
        return "running" if self._started and self._complete() else "waiting"

    def now(self) -> int:
        """Return the tape's time, ns UTC."""
        return max(self._position, self._exchange.tape.start - 1)

    def owner(self, client_id: str) -> str | None:
        """Return the slot whose prefix an id begins with, the longest prefix first."""
        owners = [
            p for p in self._participants.values() if p.prefix and client_id.startswith(p.prefix)
        ]
        return max(owners, key=lambda p: len(p.prefix or "")).slot if owners else None

    def wake(self) -> None:
        """Look again at what is due."""
        self._changed.set()

    def start(self) -> None:
        """Let the tape run once all participants are there."""
        self._started = True
        self._changed.set()

    # ------------------------------------------------------------------ participants

    def hello(
        self, slot: str, prefix: str | None, of: int, *, life: int | None = None
    ) -> Participant:
        """Let a participant in, or its next incarnation. Raises ProtocolError."""
        if self._expected is not None and of != self._expected:
            raise ProtocolError(f"{of} participants announced, {self._expected} before")
        known = self._participants.get(slot)
        if known is not None and known.present:
            raise ProtocolError(f"slot {slot} is taken")
        if known is None and len(self._participants) == of:
            raise ProtocolError(f"all {of} participants are known, and {slot} is none of them")
        self._expected = of
        if known is None:
            known = self._participants[slot] = Participant(slot, self.mark)
        known.prefix = prefix
        known.present = known.newborn = True
        known.says = life
        known.next = known.hold = None
        self._changed.set()
        return known

    def goodbye(self, participant: Participant) -> None:
        """Note that a participant's connection is gone; the tape waits for its next incarnation."""
        participant.present = False
        self._changed.set()

    def acknowledge(self, participant: Participant, ack: Ack) -> None:
        """Take what a participant says of a mark. Raises ProtocolError.

        When we were killed, participants had come further than our log tells. All that they decided
        by then is in it, so they need not decide it again when the tape comes there again.
        """
        if ack.ack > self.mark and not self._recovered:
            raise ProtocolError(f"{ack.ack} was not marked yet; the last mark is {self.mark}")
        undecided = self._exchange.desk.undecided(participant.slot)
        for name, kind, decided_at in sorted(ack.decided, key=lambda item: item[2]):
            request = next((r for r in undecided if r.kind == kind and self._named(r, name)), None)
            # Told twice, or refused when it was posted: nothing waits for this.
            if request is not None:
                undecided.remove(request)
                self._decide(request, decided_at)
        if participant.newborn:
            self._begin_life(participant, undecided, ack.ack)
        participant.acked = max(participant.acked, ack.ack)
        participant.next = ack.next
        participant.hold = ack.hold
        self._changed.set()

    def _begin_life(self, participant: Participant, undecided: list[Request], at: int) -> None:
        if participant.says is None or participant.says != participant.life:
            participant.life = participant.says
            # What its former incarnation posted and never dated was decided, at the latest, now.
            for request in undecided:
                self._decide(request, at)
            of = self._expected or len(self._participants)
            joined = Joined(participant.slot, participant.prefix, of, participant.life)
            self._exchange.write(joined)
        participant.newborn = False

    def _named(self, request: Request, name: str) -> bool:
        if name in (request.client_id, request.order_id, request.target):
            return True
        target = self._exchange.desk.find(request.target) if request.target else None
        return target is not None and target.client_id == name

    def _decide(self, request: Request, decided_at: int) -> None:
        arrival = decided_at + self._latency
        if arrival <= self._position:
            self.late += 1
            log.warning(
                "%s arrives late: %d, the tape is at %d", request.client_id, arrival, self._position
            )
            arrival = self._position + 1
        self._exchange.decide(request, at=decided_at, arrival=arrival)

    # ------------------------------------------------------------------ the tape

    def _complete(self) -> bool:
        return (
            self._expected is not None
            and len(self._participants) == self._expected
            and all(p.present and not p.newborn for p in self._participants.values())
        )

    def _acked(self) -> int:
        """Return the mark that all have acknowledged; who holds a later moment has nothing to do before it."""
        return min(
            self.mark if p.hold is not None and p.hold > self.mark else p.acked
            for p in self._participants.values()
        )

    def _all_in(self) -> bool:
        return self._complete() and self._acked() >= self.mark

    def _target(self) -> int | None:
        """Return how far the tape may go now, or None while it must wait.

        Where windows end depends on the tape and on what was decided, never on who was faster. So
        while the tape has events the step is always the same, and a stretch without any is left
        only when all has been heard of that could happen in it.
        """
        if not (self._started and self._complete()):
            return None
        # Whoever has acknowledged the last mark has heard of nothing since.
        all_in = self._all_in()
        known = self._position if all_in else self._acked()
        target = self._position + self._latency
        if (self._floor.next_event() or FAR) <= target:
            if known < target - self._latency:
                return None
        elif not all_in:
            return None
        else:
            target = max(target, self._due())
        target = min(target, self._hold(), self._exchange.tape.end)
        return target if target > self._position else None

    def _due(self) -> int:
        due = self._floor.next_due() or FAR
        for p in self._participants.values():
            if p.next is not None and p.next > self.mark:
                due = min(due, max(p.next, self._position + 1))
        return min(due, self._exchange.tape.end)

    def _hold(self) -> int:
        """Return where the tape must stop: the earliest hold that is not acknowledged."""
        holds = [
            p.hold for p in self._participants.values() if p.hold is not None and p.acked < p.hold
        ]
        return min(holds, default=FAR)

    async def run(self) -> None:
        """Drive the tape to its end, and until its last mark is acknowledged."""
        turns = 0
        while not self._is_over():
            target = None if self._owes_silence() else self._target()
            if target is None:
                self._changed.clear()
                await self._changed.wait()
                continue
            await self._go(target)
            turns += 1
            if turns % 50 == 0:
                await asyncio.sleep(0)
        # What is left of the day is the broker's own: fees are taken after the last hour.
        night = max(self._exchange.tape.end, self._exchange.session.post_close)
        self._floor.advance(night)
        self._exchange.write(Position(night))
        self._exchange.broadcast.flush(self._floor.now)
        self.ended = True
        self._tell({"end": True})

    def _is_over(self) -> bool:
        return self.mark >= self._exchange.tape.end and self._all_in()

    def _owes_silence(self) -> bool:
        """Tell whether a window without a word waits for the acknowledgements before it.

        Only they tell whether somebody wants a mark at its end.
        """
        if self._position <= self.mark:
            return False
        if not self._all_in():
            return True
        if self._is_awaited(self._position):
            self._send_mark(self._position)
        return False

    async def _go(self, target: int) -> None:
        broadcast = self._exchange.broadcast
        while not self._floor.advance(target, BUDGET):
            broadcast.flush(self._floor.now)
            await asyncio.sleep(0)
        self._position = target
        if broadcast.take_told():
            self._send_mark(target)
            await asyncio.sleep(0)

    def _is_awaited(self, target: int) -> bool:
        """Tell whether somebody wants a mark here though nothing was told."""
        timers = any(
            p.next is not None and self.mark < p.next <= target for p in self._participants.values()
        )
        return timers or self._hold() <= target or target >= self._exchange.tape.end

    def _send_mark(self, ns: int) -> None:
        acked = self._acked()
        if acked > self._noted:
            self._noted = acked
            self._exchange.write(Position(acked))
        self.mark = ns
        self.marks += 1
        self._exchange.broadcast.flush(self._floor.now)
        self._exchange.broadcast.mark(ns)
        self._tell({"mark": ns})

    def _tell(self, message: dict[str, Any]) -> None:
        for listener in self.listeners:
            listener(message)
