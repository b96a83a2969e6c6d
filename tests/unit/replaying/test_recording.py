"""What is there of a recording is used, and what is not is named: consumer, life, part, how much was read."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.models.journal import Header, InputFrame, VerdictFrame
from liualgotrader.replaying.recording import Loss, Recording, read_life
from tests.unit.replaying.recorded import BATCH, record, recording, rewrite


def read(found: Recording) -> tuple[int, list[Loss]]:
    """Return how many verdicts can be read of the first life, and what is lost."""
    losses = list(found.losses)
    frames = list(read_life(found.lives[0], losses))
    return sum(isinstance(frame, VerdictFrame) for frame in frames), losses


def test_a_whole_recording_is_read_in_order_and_nothing_is_lost(tmp_path: Path) -> None:
    paths = record(tmp_path, prints=30, rotate_bytes=2_000)
    assert len(paths) > 2 and all(path.suffix == ".gz" for path in paths)
    assert read(recording(tmp_path, paths)) == (30, [])


def test_the_parts_of_a_killed_life_are_found_though_only_the_first_is_indexed(
    tmp_path: Path,
) -> None:
    paths = record(tmp_path, prints=30, rotate_bytes=2_000, close=False)
    assert len(paths) > 2
    assert read(recording(tmp_path, paths[:1])) == (30, [])


def test_journals_that_moved_with_their_home_are_found(tmp_path: Path) -> None:
    paths = record(tmp_path / "new")
    was = [tmp_path / "old" / path.name for path in paths]
    assert read(recording(tmp_path / "new", was)) == (3, [])


def test_a_torn_journal_is_used_up_to_the_tear(tmp_path: Path) -> None:
    (path,) = record(tmp_path, prints=30, close=False)
    path.write_bytes(path.read_bytes()[:-1])
    verdicts, (loss,) = read(recording(tmp_path, [path]))
    assert verdicts == 29
    assert (loss.slot, loss.incarnation, loss.part) == ("A", 1, 0)
    assert loss.frames == 1 + 2 + 30 + 29  # header, start and pick, prints, verdicts
    assert "A-1.journal has a torn or damaged frame" in loss.what
    assert "62 frames of it are used" in str(loss)


def test_a_torn_gzip_is_used_up_to_the_tear(tmp_path: Path) -> None:
    (path,) = record(tmp_path, prints=3_000)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    verdicts, (loss,) = read(recording(tmp_path, [path]))
    assert 0 < verdicts < 3_000
    assert "is torn or damaged" in loss.what


def test_a_damaged_part_ends_the_life_and_the_parts_behind_it_are_counted(tmp_path: Path) -> None:
    paths = record(tmp_path, prints=30, rotate_bytes=2_000, close=False)
    data = bytearray(paths[1].read_bytes())
    data[-5] ^= 1
    paths[1].write_bytes(data)
    verdicts, (loss,) = read(recording(tmp_path, paths))
    assert 0 < verdicts < 30
    assert loss.part == 1
    assert f"nothing of the {len(paths) - 2} parts behind it" in loss.what


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    paths = record(tmp_path, prints=30, rotate_bytes=2_000)
    paths[1].unlink()
    verdicts, (loss,) = read(recording(tmp_path, paths))
    assert 0 < verdicts < 30
    assert (loss.part, loss.frames) == (1, 0)
    assert "the file is missing" in loss.what


def test_a_missing_last_part_is_named_when_it_was_indexed(tmp_path: Path) -> None:
    paths = record(tmp_path, prints=30, rotate_bytes=2_000)
    paths[-1].unlink()
    _, (loss,) = read(recording(tmp_path, paths))
    assert loss.part == len(paths) - 1


def test_a_life_whose_first_file_is_gone_is_lost_and_the_others_are_used(tmp_path: Path) -> None:
    first, second = record(tmp_path, number=1), record(tmp_path, number=2)
    first[0].unlink()
    found = recording(tmp_path, first, second)
    assert [life.incarnation for life in found.lives] == [2]
    (loss,) = found.losses
    assert (loss.incarnation, loss.part, loss.frames) == (1, 0, 0)
    assert "the file is missing" in loss.what


def test_a_life_that_began_no_journal_is_named(tmp_path: Path) -> None:
    found = recording(tmp_path, record(tmp_path), [])
    assert [life.incarnation for life in found.lives] == [1]
    (loss,) = found.losses
    assert str(loss) == ("consumer A, life 2: it began no journal: it died before its first input")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"LIUJ\x02\nwhatever", "not a journal of this version"),
        (b"LIU", "ends before its header"),
        (b"", "ends before its header"),
        (b"LIUJ\x01\n\x00\x00", "ends inside a frame"),
    ],
)
def test_a_file_that_is_no_journal_of_this_version_is_a_loss(
    tmp_path: Path, content: bytes, word: str
) -> None:
    first, second = record(tmp_path, number=1, close=False), record(tmp_path, number=2)
    first[0].write_bytes(content)
    (loss,) = recording(tmp_path, first, second).losses
    assert word in loss.what and "nothing of this life is used" in loss.what


def _with_plan(path: Path, plan: str) -> None:
    def changed(kind: int, payload: bytes) -> bytes:
        if kind:
            return payload
        header = msgspec.msgpack.decode(payload, type=Header)
        versions = {"liualgotrader": "9.9"}
        return msgspec.msgpack.encode(msgspec.structs.replace(header, plan=plan, versions=versions))

    rewrite(path, changed)


def test_a_plan_of_another_version_is_a_loss_that_names_the_version(tmp_path: Path) -> None:
    first, second = record(tmp_path, number=1, close=False), record(tmp_path, number=2)
    _with_plan(first[0], '{"unheard": 1}')
    (loss,) = recording(tmp_path, first, second).losses
    assert "version 9.9 recorded it" in loss.what


def test_a_frame_that_this_version_cannot_read_ends_the_life(tmp_path: Path) -> None:
    (path,) = record(tmp_path, prints=10, close=False)
    seen: list[bytes] = []

    def changed(kind: int, payload: bytes) -> bytes:
        seen.append(payload)
        return payload[:12] + b"\xc1" if len(seen) == 4 else payload  # never used in msgpack

    rewrite(path, changed)
    _, (loss,) = read(recording(tmp_path, [path]))
    assert loss.frames == 3
    assert "frame 3" in loss.what and "not a journal of this version" in loss.what


def test_a_file_of_another_life_is_not_taken_for_this_one(tmp_path: Path) -> None:
    first, second = record(tmp_path, number=1), record(tmp_path, number=2)
    first[0].write_bytes(second[0].read_bytes())
    (loss,) = recording(tmp_path, first, second).losses
    assert f"belongs to batch {BATCH}, consumer A, life 2, part 0" in loss.what


def test_parts_in_the_wrong_order_are_not_mixed_up(tmp_path: Path) -> None:
    paths = record(tmp_path, prints=30, rotate_bytes=2_000)
    assert len(paths) > 3
    paths[1].write_bytes(gzip.compress(gzip.decompress(paths[2].read_bytes())))
    _, (loss,) = read(recording(tmp_path, paths))
    assert loss.part == 1 and "part 2" in loss.what


def test_without_a_journal_there_is_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no journal.*backtest --list"):
        recording(tmp_path)


def test_when_all_are_gone_each_is_named_with_a_next_step(tmp_path: Path) -> None:
    first, second = record(tmp_path, number=1), record(tmp_path, number=2)
    first[0].unlink()
    second[0].unlink()
    with pytest.raises(
        ConfigError, match=r"keep_journals.*backtest --list(.|\n)*life 1(.|\n)*life 2"
    ):
        recording(tmp_path, first, second)


def test_a_file_that_is_being_compressed_is_read_once(tmp_path: Path) -> None:
    (path,) = record(tmp_path, close=False)
    path.with_name("A-1.journal.gz").write_bytes(gzip.compress(path.read_bytes())[:60])
    path.with_name("A-1.journal.gz.part").write_bytes(b"")
    found = recording(tmp_path, [path])
    assert found.lives[0].parts == (path,)
    assert read(found) == (3, [])
    assert any(isinstance(frame, InputFrame) for frame in read_life(found.lives[0], []))
