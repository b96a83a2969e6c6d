"""A package whose sources have changed since they were compiled says so when it is imported."""

import json
from pathlib import Path

import pytest

from liualgotrader.common.compiled import STAMP, check, digest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a folder with two sources that were compiled."""
    made_of = {}
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(f"NAME = {name!r}\n")
        made_of[name] = digest(tmp_path / name)
    (tmp_path / STAMP).write_text(json.dumps(made_of))
    return tmp_path


def test_only_a_change_is_refused_and_named_with_the_next_step(package: Path) -> None:
    check(package)
    (package / "two.py").write_text("NAME = 2\n")
    with pytest.raises(ImportError, match=r"since it was compiled: two\.py\n.*tools/compile again"):
        check(package)


def test_a_source_that_is_gone_is_a_change(package: Path) -> None:
    (package / "one.py").unlink()
    with pytest.raises(ImportError, match=r"one\.py"):
        check(package)
