"""A disk that is full, a folder that is closed, and several writers at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from liualgotrader.common.errors import StoreError
from liualgotrader.data.lake import Kind, Lake
from tests.unit.data.lake_samples import FAR, MINUTE, at, flat_bars

NOON = at("2024-01-02", "12:00")

# Files must not grow beyond so much: the system answers as it does on a disk that is full.
_FULL = """
import resource, sys
from pathlib import Path
from liualgotrader.data.lake import Kind, Lake
from liualgotrader.common.errors import StoreError
from tests.unit.data.lake_samples import MINUTE, flat_bars

resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
noon, count = int(sys.argv[2]), 5000
rows = flat_bars("X", [noon + i * MINUTE for i in range(count)], list(range(1, count + 1)))
try:
    Lake(Path(sys.argv[1])).write(Kind.MINUTE, "X", rows, replace=True)
except StoreError as exc:
    print(exc)
"""

_WRITER = """
import sys
from pathlib import Path
from liualgotrader.data.lake import Kind, Lake
from tests.unit.data.lake_samples import MINUTE, flat_bars

noon, number = int(sys.argv[2]), int(sys.argv[3])
lake = Lake(Path(sys.argv[1]))
for i in range(10):
    lake.write(Kind.MINUTE, "X", flat_bars("X", [noon + (number * 10 + i) * MINUTE], [1]))
"""


def process(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write(Kind.MINUTE, "X", flat_bars("X", [NOON], [7]))
    said, _ = process(_FULL, tmp_path, NOON).communicate()
    file = tmp_path / "minute" / "X" / "2024.parquet"
    assert said == (
        f"{file}: cannot be written (File too large); what was there before is untouched. Make room"
        " or mend the rights, and do it again\n"
    )
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert lake.read(Kind.MINUTE, "X", 0, FAR).close.tolist() == [7]


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    writers = [process(_WRITER, tmp_path, NOON, number) for number in range(3)]
    assert [writer.communicate()[0] for writer in writers] == [""] * 3
    rows = Lake(tmp_path).read(Kind.MINUTE, "X", 0, FAR)
    assert rows.start.tolist() == [NOON + i * MINUTE for i in range(30)]


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"history: cannot be written \(Not a directory\)"):
        Lake(tmp_path / "file" / "history").write(Kind.MINUTE, "X", flat_bars("X", [NOON], [1]))
