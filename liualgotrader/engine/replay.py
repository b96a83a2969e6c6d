"""Living a recorded incarnation again: the same inputs, in the same order, at the same times; the same verdicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from liualgotrader.common.events import Input, TimerFired
from liualgotrader.common.orders import Verdict
from liualgotrader.engine.core import Engine
from liualgotrader.engine.runner import OWN_STAMPS
from liualgotrader.models.journal import BatchFrame, Frame, Header, InputFrame, VerdictFrame


class Divergence(msgspec.Struct, frozen=True):
    """Where a replay first differs from what was recorded. `ts` is engine time, ns UTC."""

    ts: int
    input: Input | None
    expected: list[Verdict]
    actual: list[Verdict]


class Replayed(msgspec.Struct):
    """What a replay found. `open_end`: the recording ends inside an input, as a killed process leaves it."""

    inputs: int = 0
    decisions: int = 0
    divergence: Divergence | None = None
    open_end: bool = False

    @property
    def identical(self) -> bool:
        """Whether every decision was found again."""
        return self.divergence is None


class Replay:
    """Feeds one incarnation's frames to a fresh engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._batch: BatchFrame | None = None
        self._position = 0
        self._produced: deque[tuple[Input, list[Verdict]]] = deque()
        self.result = Replayed()

    def run(self, frames: Iterable[Frame]) -> Replayed:
        """Replay until the frames end or a decision differs."""
        for frame in frames:
            match frame:
                case Header():
                    pass
                case BatchFrame():
                    self._rest_of_batch()
                    self._batch, self._position = frame, 0
                    if frame.ts <= OWN_STAMPS:
                        clock = self._engine.clock
                        clock.advance(max(OWN_STAMPS - frame.ts, clock.now()))
                case InputFrame():
                    self._upto(frame.after)
                    self._admit(frame)
                case VerdictFrame():
                    self._upto(frame.after)
                    self._compare(frame)
            if self.result.divergence is not None:
                return self.result
        self._open_end()
        return self.result

    def _open_end(self) -> None:
        """Live on to the end of the last batch, or to the first decision that nobody recorded.

        A batch is recorded before its first event happens, so a killed process leaves events that
        it never came to, and the last input's verdicts may have died before they were written.
        """
        batch = self._batch
        while batch is not None and not self._produced and self._position < len(batch.events):
            self._upto(self._position)
        self.result.open_end = bool(self._produced)

    def _rest_of_batch(self) -> None:
        if self._batch is not None:
            self._upto(len(self._batch.events) - 1)
            self._batch = None

    def _upto(self, index: int) -> None:
        """Let the events of the batch happen up to and including `index`."""
        batch = self._batch
        if batch is None:
            return
        while self._position <= index:
            position, self._position = self._position, self._position + 1
            if position in batch.dropped:
                continue
            event = batch.events[position]
            self._process(event.ts_event if batch.ts <= OWN_STAMPS else batch.ts, event)

    def _admit(self, frame: InputFrame) -> None:
        if isinstance(frame.event, TimerFired):
            self._engine.clock.forget(frame.event)
        self._process(frame.ts, frame.event)

    def _process(self, ts: int, event: Input) -> None:
        self._nothing_unrecorded()
        clock = self._engine.clock
        clock.advance(max(ts, clock.now()))
        self.result.inputs += 1
        if verdicts := self._engine.process(event):
            self._produced.append((event, verdicts))

    def _compare(self, frame: VerdictFrame) -> None:
        event, actual = self._produced.popleft() if self._produced else (None, [])
        self.result.decisions += len(frame.verdicts)
        if actual != frame.verdicts:
            self._diverge(event, frame.verdicts, actual)

    def _nothing_unrecorded(self) -> None:
        """A verdict that the recording does not have is a divergence too."""
        if self._produced:
            event, actual = self._produced[0]
            self._diverge(event, [], actual)

    def _diverge(self, event: Input | None, expected: list[Verdict], actual: list[Verdict]) -> None:
        if self.result.divergence is None:
            now = self._engine.clock.now()
            self.result.divergence = Divergence(now, event, expected, actual)
