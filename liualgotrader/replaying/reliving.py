"""One life of a consumer, lived again in a process of its own as it was recorded, by the journal's plan and sources."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Bar
from liualgotrader.common.plan import StrategyPlan, plan_from_json
from liualgotrader.compat.making import make_strategy
from liualgotrader.engine.core import Engine
from liualgotrader.engine.replay import Divergence, Replay
from liualgotrader.models.journal import BatchFrame, Frame, Header, InputFrame
from liualgotrader.replaying.recording import Life, Loss, read_life, settings_of
from liualgotrader.strategies.base import Strategy


class Lived(msgspec.Struct, frozen=True, kw_only=True):
    """What a life came to when it was lived again.

    `bars` is how many of its inputs' bars were read, `open_end` whether the recording ends inside an input, as a
    killed process leaves it, `version` which version of this package recorded it.
    """

    slot: str
    incarnation: int
    version: str
    inputs: int
    decisions: int
    bars: int
    open_end: bool
    divergence: Divergence | None = None
    losses: tuple[Loss, ...] = ()


class _Spins(BaseException):
    """A strategy does not return. Past every guard: the engine's would take it for the strategy's own failure."""


class _Frames:
    """Hands a life's frames on, counts the bars in them, and sees that each is done within a time."""

    def __init__(self, frames: Iterable[Frame], spin_seconds: float) -> None:
        self._frames = frames
        self._spin_seconds = spin_seconds
        self.bars = 0
        self.is_last = False

    def __iter__(self) -> Iterator[Frame]:
        frames = iter(self._frames)
        following = next(frames, None)
        while (frame := following) is not None:
            following = next(frames, None)
            self.is_last = following is None
            self._count(frame)
            # Again and again: a handler of the strategy's own may swallow one.
            signal.setitimer(signal.ITIMER_REAL, self._spin_seconds, 1.0)
            yield frame
        signal.setitimer(signal.ITIMER_REAL, self._spin_seconds, 1.0)

    def _count(self, frame: Frame) -> None:
        if isinstance(frame, BatchFrame):
            kept = (e for i, e in enumerate(frame.events) if i not in frame.dropped)
            self.bars += sum(type(event) is Bar for event in kept)
        elif isinstance(frame, InputFrame):
            self.bars += type(frame.event) is Bar


def live_again(life: Life, spin_seconds: float) -> Lived:
    """Replay one life to the end of its recording, or to the first decision that differs.

    `spin_seconds` is how long the inputs of one frame may take. Raises ConfigError naming the strategy whose source
    cannot be loaded, or which spins where the recorded life went on. Runs in a process's main thread only.
    """
    losses: list[Loss] = []
    frames = _Frames(read_life(life, losses), spin_seconds)
    engine = Engine(strategies_of(life.header), settings_of(life.header))
    replay = Replay(engine)
    try:
        with _alarm():
            replay.run(frames)
    except _Spins:
        losses.append(_spun(life, engine, frames))
        replay.result.open_end = True
    result = replay.result
    return Lived(
        slot=life.slot,
        incarnation=life.incarnation,
        version=life.header.versions.get("liualgotrader", ""),
        inputs=result.inputs,
        decisions=result.decisions,
        bars=frames.bars,
        open_end=result.open_end,
        divergence=result.divergence,
        losses=tuple(losses),
    )


def strategies_of(header: Header) -> list[Strategy]:
    """Return the strategies of a journal, from its own plan and sources, in its engine's order. Raises ConfigError."""
    parts = {part.name: part for part in plan_from_json(header.plan).strategies}
    return [
        _strategy(header, each.name, parts.get(each.name))
        for each in settings_of(header).strategies
    ]


def _strategy(header: Header, name: str, part: StrategyPlan | None) -> Strategy:
    where = f"strategy {name} of batch {header.batch_id}, as the journal of consumer {header.slot} has it"
    if part is None or part.filename not in header.sources:
        raise ConfigError(f"{where}: its source is not there, so it cannot be replayed")
    try:
        source = header.sources[part.filename]
        plan = plan_from_json(header.plan)
        return make_strategy(part, plan, source=source, batch_id=header.batch_id)
    except ConfigError as exc:
        raise ConfigError(
            f"{where}, cannot be made now: {exc}\n"
            "What it imports is not in the journal: use the packages and files that were there when it was recorded."
        ) from exc


def _spun(life: Life, engine: Engine, frames: _Frames) -> Loss:
    """Return what a strategy that spins leaves out, when the recorded life ended there as well."""
    if not frames.is_last:
        raise ConfigError(
            f"strategy {engine.running} of consumer {life.slot}, life {life.incarnation}, spins where the recorded "
            "one went on; the replay cannot go on"
        )
    what = (
        f"strategy {engine.running} spins on its last inputs, as it may have when it was recorded"
    )
    return Loss(slot=life.slot, incarnation=life.incarnation, part=-1, frames=0, what=what)


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise _Spins

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def prepare_process() -> None:
    """Make a process fit to live in: what strategies print and log again is not this command's output."""
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
