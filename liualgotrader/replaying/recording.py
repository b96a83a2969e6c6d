"""A batch's recording: its journals, of every consumer and life, in order; what is missing is named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from liualgotrader.common.errors import ConfigError, StoreError
from liualgotrader.common.plan import plan_from_json
from liualgotrader.engine.settings import EngineSettings
from liualgotrader.models.journal import Frame, Header, JournalReader
from liualgotrader.models.journal_files import journal_files
from liualgotrader.models.session_rows import BatchRow, IncarnationRow, JournalRow
from liualgotrader.models.session_store import SessionStore


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """Something that cannot be replayed. `frames` is how many of the part were read before it.

    `part` counts the files of a life from 0; -1 stands for all of them.
    """

    slot: str
    incarnation: int
    part: int
    frames: int
    what: str

    def __str__(self) -> str:
        part = f", part {self.part}" if self.part >= 0 else ""
        return f"consumer {self.slot}, life {self.incarnation}{part}: {self.what}"


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """One life of a consumer. `parts` are its journal's files in order, None where one is missing."""

    slot: str
    incarnation: int
    header: Header
    parts: tuple[Path | None, ...]


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch left behind: the lives that can be replayed, and what of others is lost."""

    batch: BatchRow
    lives: tuple[Life, ...]
    losses: tuple[Loss, ...] = ()


async def load_recording(store: SessionStore, prefix: str, *, home: Path) -> Recording:
    """Return the recording of the one batch whose id begins so.

    Raises ConfigError when there is none or several, or when not one journal of it can be used.
    """
    batch = await store.find_batch(prefix)
    incarnations = await store.incarnations(batch.batch_id)
    journals = await store.journals(batch.batch_id)
    folder = home / "journals" / batch.batch_id
    return await asyncio.to_thread(assemble, batch, incarnations, journals, folder)


def assemble(
    batch: BatchRow,
    incarnations: Iterable[IncarnationRow],
    journals: Sequence[JournalRow],
    folder: Path,
) -> Recording:
    """Find the files of an index of journals, also such as were moved to `folder` with its home."""
    files = journal_files(journals, folder)
    known = {(each.slot, each.number) for each in incarnations} | files.keys()
    lives, losses = [], []
    for slot, number in sorted(known):
        found = _life(batch.batch_id, slot, number, files.get((slot, number), ()))
        if isinstance(found, Life):
            lives.append(found)
        else:
            losses.append(found)
    if not lives:
        raise ConfigError(_unusable(batch, losses))
    return Recording(batch=batch, lives=tuple(lives), losses=tuple(losses))


def read_life(life: Life, losses: list[Loss]) -> Iterator[Frame]:
    """Iterate over the intact frames of a life, and add to `losses` what ended them early."""
    for part, path in enumerate(life.parts):
        reader = JournalReader(path) if path is not None else None
        why = "the file is missing"
        if reader is not None:
            try:
                yield from _of_this_life(life, part, reader)
                why = reader.stopped and f"{reader.path.name} {reader.stopped}"
            except StoreError as exc:
                why = str(exc)
        if why:
            losses.append(_lost(life.slot, life.incarnation, part, reader, why, len(life.parts)))
            return


def _of_this_life(life: Life, part: int, reader: JournalReader) -> Iterator[Frame]:
    expected = (life.header.batch_id, life.slot, life.incarnation, part)
    for frame in reader:
        if isinstance(frame, Header):
            found = (frame.batch_id, frame.slot, frame.incarnation, frame.continued)
            if found != expected:
                raise StoreError(f"{reader.path} belongs to {_named(found)}")
        yield frame


def _named(key: tuple[str, str, int, int]) -> str:
    batch_id, slot, incarnation, part = key
    return f"batch {batch_id}, consumer {slot}, life {incarnation}, part {part}"


def _lost(
    slot: str, number: int, part: int, reader: JournalReader | None, why: str, parts: int
) -> Loss:
    frames = reader.frames if reader is not None else 0
    what = f"{why}; {frames:,} frames of it are used"
    if behind := parts - part - 1:
        what += f", and nothing of the {behind} parts behind it"
    return Loss(slot=slot, incarnation=number, part=part, frames=frames, what=what)


def _life(batch_id: str, slot: str, number: int, parts: Sequence[Path | None]) -> Life | Loss:
    """Read the header, without which nothing can be lived again."""
    if not parts:
        what = "it began no journal: it died before its first input"
        return Loss(slot=slot, incarnation=number, part=-1, frames=0, what=what)
    if parts[0] is None:
        return _lost(slot, number, 0, None, "the file is missing", len(parts))
    reader = JournalReader(parts[0])
    try:
        header = next(iter(reader), None)
        if isinstance(header, Header):
            _understood(header)
            if (header.batch_id, header.slot, header.incarnation) == (batch_id, slot, number):
                return Life(slot=slot, incarnation=number, header=header, parts=tuple(parts))
            found = (header.batch_id, header.slot, header.incarnation, header.continued)
            why = f"{parts[0]} belongs to {_named(found)}"
        else:
            why = f"{parts[0].name} {reader.stopped or 'has no header'}"
    except StoreError as exc:
        why = str(exc)
    return Loss(
        slot=slot, incarnation=number, part=0, frames=0, what=f"{why}; nothing of this life is used"
    )


def _understood(header: Header) -> None:
    """Raise StoreError for a header of which this version does not understand the plan or the settings."""
    try:
        plan_from_json(header.plan)
        settings_of(header)
    except msgspec.DecodeError as exc:
        version = header.versions.get("liualgotrader", "unknown")
        raise StoreError(
            f"version {version} recorded it, whose plan or settings this version does not understand: {exc}"
        ) from exc


def settings_of(header: Header) -> EngineSettings:
    """Return the engine's settings as a header keeps them."""
    return msgspec.msgpack.decode(header.settings, type=EngineSettings)


def _unusable(batch: BatchRow, losses: Sequence[Loss]) -> str:
    next_step = "`backtest --list` shows the batches that can be replayed"
    if not losses:
        return f"batch {batch.batch_id} has no journal, so there is nothing to replay; {next_step}"
    lines = "\n".join(f"  {loss}" for loss in losses)
    return (
        f"batch {batch.batch_id} cannot be replayed, no journal of it can be used (old ones make way by "
        f"session.keep_journals); {next_step}\n{lines}"
    )
