"""The journal: what was written reads back, however the writer ended."""

from __future__ import annotations

import gzip
import logging
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from liualgotrader.common.errors import StoreError
from liualgotrader.common.events import Command, Trade
from liualgotrader.common.orders import Approved, Cancel, Verdict
from liualgotrader.common.wire import encode_events
from liualgotrader.models.journal import (
    MAGIC,
    BatchFrame,
    Frame,
    Header,
    InputFrame,
    Journal,
    VerdictFrame,
    read_journal,
)

HEADER = Header("batch", "A", 1, b"settings", "plan", {"s": "source"}, {"python": "3"})
EVENTS = [Trade("A", n, 10.0 + n, 1.0) for n in range(3)]
COMMAND = Command("halt", 5, "lunch")
VERDICTS: list[Verdict] = [Approved(Cancel("id", "s", "A", 7, "why"))]
FRAMES: list[Frame] = [
    HEADER,
    BatchFrame(9, list(EVENTS), frozenset({1})),
    VerdictFrame(0, VERDICTS),
    InputFrame(9, 0, COMMAND),
    BatchFrame(-1, [], frozenset()),
]


def write(journal: Journal) -> None:
    journal.batch(9, encode_events(EVENTS), (1,))
    journal.verdicts(0, VERDICTS)
    journal.input(9, 0, COMMAND)
    journal.batch(-1, encode_events([]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that was written and neither closed nor compressed, as after a kill."""
    journal = Journal(tmp_path / "x.journal", HEADER)
    write(journal)
    journal.write_through()
    return tmp_path / "x.journal"


def test_what_was_written_reads_back(path: Path) -> None:
    assert list(read_journal(path)) == FRAMES


def test_a_closed_journal_is_compressed_and_reads_back(tmp_path: Path) -> None:
    with Journal(tmp_path / "x.journal", HEADER) as journal:
        write(journal)
    journal.close()
    assert journal.paths == [tmp_path / "x.journal.gz"]
    assert [p.name for p in tmp_path.iterdir()] == ["x.journal.gz"]
    assert list(read_journal(journal.paths[0])) == FRAMES


def test_the_header_is_there_from_the_start(tmp_path: Path) -> None:
    Journal(tmp_path / "x.journal", HEADER)
    assert list(read_journal(tmp_path / "x.journal")) == [HEADER]


def test_a_header_larger_than_the_buffer_is_written(tmp_path: Path) -> None:
    header = msgspec.structs.replace(HEADER, plan="x" * 1_000_000)
    with Journal(tmp_path / "x.journal", header) as journal:
        write(journal)
    assert next(read_journal(journal.paths[0])) == header


def _ends(data: bytes) -> list[int]:
    """Return where each frame ends, by the framing as the module's docstring tells it."""
    ends, position = [], len(MAGIC)
    while position < len(data):
        position += 9 + int.from_bytes(data[position : position + 4], "little")
        ends.append(position)
    return ends


def test_a_journal_torn_at_any_byte_gives_the_intact_part_and_says_so(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = path.read_bytes()
    ends = _ends(data)
    assert ends[-1] == len(data)
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        caplog.clear()
        whole = [end for end in ends if end <= cut]
        assert list(read_journal(path)) == FRAMES[: len(whole)]
        is_torn = cut not in (len(MAGIC), *ends)
        assert bool(caplog.records) is is_torn
        assert all(str(path) in record.getMessage() for record in caplog.records)


def test_a_damaged_byte_ends_what_is_read_before_its_frame(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = path.read_bytes()
    ends = _ends(data)
    for position in range(len(MAGIC), len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x03
        path.write_bytes(damaged)
        caplog.clear()
        whole = [end for end in ends if end <= position]
        assert list(read_journal(path)) == FRAMES[: len(whole)]
        assert caplog.records


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_torn_gzip_file_gives_what_can_be_read(
    tmp_path: Path, share: float, caplog: pytest.LogCaptureFixture
) -> None:
    with Journal(tmp_path / "x.journal", HEADER) as journal:
        for number in range(20_000):
            journal.input(number, -1, Trade("A", number, number * 1.7 % 13, 1.0))
    (path,) = journal.paths
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    frames = list(read_journal(path))
    assert [f.ts for f in frames[1:] if isinstance(f, InputFrame)] == list(range(len(frames) - 1))
    assert 0 < len(frames) < 20_001
    assert caplog.records


@pytest.mark.parametrize(
    "content", [b"something else", b"LIUJ\x02\n", gzip.compress(b"x", mtime=0)]
)
def test_what_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.journal"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"x\.journal is not a journal"):
        list(read_journal(path))


def test_a_journal_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"x\.journal cannot be read"):
        list(read_journal(tmp_path / "x.journal"))


def test_a_journal_is_never_written_over(path: Path) -> None:
    with pytest.raises(StoreError, match=r"x\.journal: File exists"):
        Journal(path, HEADER)


def test_a_large_journal_goes_on_in_further_files(tmp_path: Path) -> None:
    with Journal(tmp_path / "x.journal", HEADER, rotate_bytes=300) as journal:
        for number in range(10):
            journal.batch(number, encode_events(EVENTS))
            journal.input(number, 2, COMMAND)
            journal.write_through()
    assert len(journal.paths) > 2
    assert journal.paths[1].name == "x.1.journal.gz"
    seen: list[int] = []
    for part, path in enumerate(journal.paths):
        header, *frames = read_journal(path)
        assert header == msgspec.structs.replace(HEADER, continued=part)
        assert isinstance(frames[0], BatchFrame), "inputs stay with their batch"
        seen += [frame.ts for frame in frames if isinstance(frame, BatchFrame)]
    assert seen == list(range(10))


def test_what_does_not_fit_the_buffer_is_with_the_os_before_it_is_asked_for(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x.journal", HEADER)
    journal.batch(1, encode_events([Trade("A", n, 1.0, 1.0) for n in range(20_000)]))
    assert len(list(read_journal(tmp_path / "x.journal"))) == 2


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes: what a full disk looks like."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_names_the_file_and_nothing_is_written_behind_the_torn_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.journal"
    journal = Journal(path, HEADER)
    room = path.stat().st_size + 50
    journal.input(1, -1, COMMAND)
    with largest_file(room):
        journal.write_through()
        journal.input(2, -1, Command("halt", 1, "x" * 100))
        with pytest.raises(StoreError, match=r"x\.journal cannot be written: File too large"):
            journal.write_through()
    journal.input(3, -1, COMMAND)
    with pytest.raises(StoreError, match=r"x\.journal cannot be written"):
        journal.write_through()
    journal.close()
    assert list(read_journal(journal.paths[0])) == [HEADER, InputFrame(1, -1, COMMAND)]
    assert caplog.records


def test_without_room_to_compress_the_journal_stays_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.journal"
    journal = Journal(path, HEADER)
    write(journal)
    journal.write_through()
    with largest_file(10), caplog.at_level(logging.WARNING):
        journal.close()
    assert journal.paths == [path]
    assert "stays uncompressed" in caplog.text
    assert [p.name for p in tmp_path.iterdir()] == ["x.journal"]
    assert list(read_journal(path)) == FRAMES


def test_amounts_and_text_times_survive(tmp_path: Path) -> None:
    trade = Trade("A", "2024-01-03T14:30:00Z", 0.1 + 0.2, 1e-9)
    verdicts: list[Verdict] = [Approved(Cancel("id", "s", "A", 1, str(Decimal("0.10"))))]
    with Journal(tmp_path / "x.journal", HEADER) as journal:
        journal.batch(1, encode_events([trade]))
        journal.verdicts(0, verdicts)
    _, batch, said = read_journal(journal.paths[0])
    assert batch == BatchFrame(1, [trade], frozenset())
    assert said == VerdictFrame(0, verdicts)
