"""Room on the disk."""

import os
from pathlib import Path

from liualgotrader.common.plan import Retention
from liualgotrader.session.disk import DiskGuard, prune

DAY = 86_400


def batch(root: Path, name: str, *, age_days: float, size: int, now: float) -> None:
    folder = root / name
    folder.mkdir(parents=True)
    path = folder / "A-1.journal.gz"
    path.write_bytes(b"x" * size)
    os.utime(path, (now - age_days * DAY,) * 2)


def test_a_shortage_is_told_once_and_says_what_to_do(tmp_path: Path) -> None:
    guard = DiskGuard(tmp_path, 1 << 62)
    reason = guard.shortage()
    assert reason is not None and "min_free_disk" in reason and "resume-entries" in reason
    assert guard.shortage() is None


def test_enough_room_is_no_reason(tmp_path: Path) -> None:
    assert DiskGuard(tmp_path, 0).shortage() is None


def test_journals_beyond_the_days_go(tmp_path: Path) -> None:
    batch(tmp_path, "old", age_days=31, size=1, now=1e9)
    batch(tmp_path, "new", age_days=29, size=1, now=1e9)
    assert prune(tmp_path, Retention(days=30, size=10), 1e9) == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


def test_the_oldest_go_until_the_rest_fits(tmp_path: Path) -> None:
    for age, name in enumerate("abcd"):
        batch(tmp_path, name, age_days=age, size=100, now=1e9)
    assert prune(tmp_path, Retention(days=30, size=250), 1e9) == ["d", "c"]


def test_nothing_is_pruned_where_nothing_is(tmp_path: Path) -> None:
    assert prune(tmp_path / "none", Retention(), 1e9) == []
