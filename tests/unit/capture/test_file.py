"""A capture file: what went in comes out; of one that is damaged, as far as it goes, and the loss is named."""

import errno
import gzip
import os
import stat
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liualgotrader.capture.reader import Capture
from liualgotrader.capture.records import HEAD, MAGIC, Kind
from liualgotrader.capture.writer import CaptureWriter
from liualgotrader.common.errors import ConfigError
from tests.unit.capture.samples import HEADER, NEW, TRADE, UPDATE, write_capture

FRAMES = [(Kind.MARKET, TRADE), (Kind.UPDATES, UPDATE), (Kind.MARKET, b""), (Kind.MARKET, NEW)]


def test_what_went_in_comes_out_in_order_with_stamps(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "a.capture", FRAMES)
    capture = Capture(path)
    records = list(capture.records())
    assert capture.header == HEADER and capture.loss == ""
    assert [record.kind for record in records] == [kind for kind, _ in FRAMES]
    assert records[0].payload == TRADE and records[3].payload == NEW
    stamps = [record.received for record in records]
    assert stamps == sorted(stamps) and stamps[0] > 0
    assert b"8f1d-77" not in records[1].payload and len(records[1].payload) == len(UPDATE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(capture.records()) == records, "it can be read again"


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "a.capture", FRAMES)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"a\.capture cannot be made: File exists"):
        CaptureWriter(path, HEADER)
    assert path.read_bytes() == before


def test_a_torn_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_capture(
        tmp_path / "a.capture", [(Kind.MARKET, os.urandom(20_000)) for _ in range(20)]
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    capture = Capture(path)
    read = len(list(capture.records()))
    assert 5 <= read < 20
    assert capture.loss == f"it was not ended, after {read + 1} records"


def test_a_damaged_record_is_left_out_and_named(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "a.capture", FRAMES)
    data = bytearray(gzip.decompress(path.read_bytes()))
    at = data.index(TRADE)
    data[at + 5] ^= 1
    path.write_bytes(gzip.compress(data))
    capture = Capture(path)
    assert [record.payload for record in capture.records()][-1] == NEW
    assert capture.loss == "1 records are damaged and were left out"


@pytest.mark.parametrize("head", [(0xFFFFFFFF, 0, 1, 0), (4, 0, 99, 0)])
def test_a_length_or_kind_that_cannot_be_ends_the_reading(tmp_path: Path, head: Any) -> None:
    path = write_capture(tmp_path / "a.capture", FRAMES)
    data = gzip.decompress(path.read_bytes()) + HEAD.pack(*head) + b"rest"
    path.write_bytes(gzip.compress(data))
    capture = Capture(path)
    assert len(list(capture.records())) == len(FRAMES)
    assert capture.loss == "damaged after 5 records; what follows cannot be read"


def test_a_file_that_unpacks_without_end_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.capture"
    header = msgspec.json.encode(HEADER)
    start = MAGIC + HEAD.pack(len(header), zlib.crc32(header, 0), 0, 1) + header
    path.write_bytes(gzip.compress(start + bytes(50_000_000)))
    capture = Capture(path)
    # A row of noughts is a row of empty headers whose checksum is wrong in none: nothing is yielded of it.
    assert list(capture.records()) == []


@pytest.mark.parametrize(
    "data", [b"", b"hello", gzip.compress(b"hello", mtime=0), gzip.compress(MAGIC, mtime=0)]
)
def test_what_is_no_capture_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.capture"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="is no capture, or nothing of it is left"):
        Capture(path)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        Capture(tmp_path / "none")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a capture of twelve frames, to be damaged in copies."""
    return write_capture(tmp_path_factory.mktemp("sound") / "a.capture", FRAMES * 3)


@settings(max_examples=200)
@given(
    places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=3),
    keep=st.floats(0, 1),
)
def test_no_damage_to_the_file_makes_the_reader_fail_or_be_silent(
    sound: Path, places: list[tuple[float, int]], keep: float
) -> None:
    whole = sound.read_bytes()
    target = bytearray(whole)
    for where, change in places:
        target[int(where * len(target))] ^= change
    damaged = bytes(target[: round(keep * len(target))])
    path = sound.with_name("damaged.capture")
    path.write_bytes(damaged)
    try:
        capture = Capture(path)
        read = list(capture.records())
    except ConfigError:
        return
    assert len(read) <= 12
    assert len(read) == 12 or capture.loss


@settings(max_examples=200)
@given(places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), min_size=1, max_size=3))
def test_no_damage_within_it_does_either(sound: Path, places: list[tuple[float, int]]) -> None:
    target = bytearray(gzip.decompress(sound.read_bytes()))
    for where, change in places:
        target[int(where * len(target))] ^= change
    path = sound.with_name("damaged.capture")
    path.write_bytes(gzip.compress(target))
    try:
        capture = Capture(path)
        read = list(capture.records())
    except ConfigError:
        return
    assert len(read) == 12 or capture.loss


def test_a_full_disk_ends_the_capture_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    writer = CaptureWriter(tmp_path / "a.capture", HEADER, on_stopped=told.append)
    tap = writer.tap(Kind.MARKET)

    def full(fd: int, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("liualgotrader.capture.writer.os.write", full)
    tap(memoryview(os.urandom(1_000_000)))
    writer.close()
    tap(memoryview(TRADE))
    assert writer.stopped == "No space left on device"
    assert writer.frames == 1
    assert told == [
        f"the capture {writer.path} has stopped: No space left on device; 1 frames until then"
    ]


def test_a_disk_that_is_nearly_full_is_left_to_the_session(tmp_path: Path) -> None:
    told: list[str] = []
    path = tmp_path / "a.capture"
    writer = CaptureWriter(path, HEADER, on_stopped=told.append, least_free=1 << 62)
    writer.tap(Kind.MARKET)(memoryview(TRADE))
    writer._thread.join(20)
    writer.close()
    assert "GB are left on the disk" in told[0]
    capture = Capture(path)
    assert [r.payload for r in capture.records()] == [TRADE, b"stopped: the disk is nearly full"]
    assert capture.loss == ""


def test_what_a_slow_disk_could_not_take_is_counted_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.capture"
    writer = CaptureWriter(path, HEADER, most_waiting=len(TRADE))
    tap = writer.tap(Kind.MARKET)
    for _ in range(2):
        tap(memoryview(TRADE))
    taken_at_once = writer.frames
    for _ in range(10_000):
        tap(memoryview(TRADE))
    writer.close()
    records = list(Capture(path).records())
    notes = [record.payload for record in records if record.kind is Kind.NOTE]
    assert taken_at_once == 2
    assert writer.left_out > 0 and writer.frames + writer.left_out == 10_002
    left_out = sum(int(note.split()[2]) for note in notes)
    assert left_out == writer.left_out and len(records) - len(notes) == writer.frames
