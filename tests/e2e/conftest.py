"""What sessions of tests are run with."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.e2e.audit")

from tests.e2e.sessions import Setting  # noqa: E402
from tests.e2e.tapes import write_tape  # noqa: E402


@pytest.fixture(scope="session")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small day's file."""
    return write_tape(tmp_path_factory.mktemp("tape") / "tape.parquet", minutes=24)


@pytest.fixture
def setting(tmp_path: Path, database: str, tape: Path) -> Setting:
    """Return a home of its own, a database of its own, and the tape."""
    home = tmp_path / "home"
    home.mkdir()
    return Setting(home, database, tape)
