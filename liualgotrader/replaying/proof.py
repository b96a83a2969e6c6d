"""The proof that a recorded batch replays: every life again, every decision compared."""

from __future__ import annotations

import os
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import msgspec

from liualgotrader.common.errors import ConfigError
from liualgotrader.replaying.recording import Life, Loss, Recording
from liualgotrader.replaying.reliving import Lived, live_again, prepare_process

SPIN_SECONDS = 60.0


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What came of living a recording again; `losses` are what could not be, of whole lives and of their ends."""

    lives: tuple[Lived, ...]
    losses: tuple[Loss, ...]

    @property
    def identical(self) -> bool:
        """Whether every decision that was recorded and is not lost was found again."""
        return self.first is None

    @property
    def first(self) -> Lived | None:
        """The life that diverged first, by engine time."""
        diverged = (
            (each.divergence.ts, each) for each in self.lives if each.divergence is not None
        )
        return min(diverged, key=lambda pair: pair[0], default=(0, None))[1]

    @property
    def inputs(self) -> int:
        """How many inputs were lived again."""
        return sum(each.inputs for each in self.lives)

    @property
    def decisions(self) -> int:
        """How many verdicts were compared."""
        return sum(each.decisions for each in self.lives)

    @property
    def bars(self) -> int:
        """How many bars were among the inputs."""
        return sum(each.bars for each in self.lives)


def prove(
    recording: Recording, *, processes: int | None = None, spin_seconds: float = SPIN_SECONDS
) -> Proof:
    """Replay every life of a recording, several at a time, each in a fresh process.

    A process of its own, because modules of strategies may hold state that a restarted consumer did not have.
    `processes` is how many at a time, the machine's processors by default; `spin_seconds` how long the inputs of one
    frame may take. Raises ConfigError when a strategy's source cannot be loaded, or ends the process.
    """
    count = min(processes or os.cpu_count() or 1, len(recording.lives))
    with ThreadPoolExecutor(count) as pool:
        lived = tuple(pool.map(lambda life: _apart(life, spin_seconds), recording.lives))
    ends = (loss for each in lived for loss in each.losses)
    return Proof(lives=lived, losses=(*recording.losses, *ends))


def _apart(life: Life, spin_seconds: float) -> Lived:
    """Live a life again in a process that lives no other."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=prepare_process) as own:
        try:
            return own.submit(live_again, life, spin_seconds).result()
        except BrokenExecutor as exc:
            raise ConfigError(
                f"the process that lived consumer {life.slot}, life {life.incarnation} again was ended from within "
                "or without; the replay cannot go on. Look whether a strategy ends its process (os._exit), or the "
                "machine ran out of memory"
            ) from exc
