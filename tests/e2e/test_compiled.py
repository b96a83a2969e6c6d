"""The compiled engine and venue do what the plain ones do: the same tests pass, the golden suite's files among them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tools.compile_engine import compiler

ROOT = Path(__file__).resolve().parents[2]
# What runs through what was compiled, most for the time it takes.
TESTS = (
    "tests/golden",
    "tests/properties",
    "tests/unit/engine",
    "tests/unit/fincalcs",
    "tests/unit/replaying",
    "tests/unit/trading",
    "tests/unit/venue",
    "tests/unit/what_if",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(420),
    pytest.mark.skipif(shutil.which(compiler()) is None, reason=f"there is no {compiler()}"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project whose package is compiled."""
    tree = tmp_path_factory.mktemp("compiled")
    run(ROOT, "-m", "tools.compile_engine", "--into", str(tree))
    for name in ("tests", "tools", "examples", "docs", "pyproject.toml", "README.md"):
        (tree / name).symlink_to(ROOT / name)
    return tree


def run(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, and expect it to succeed."""
    done = attempt(cwd, *arguments)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    return done


def attempt(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_the_same_tests_pass(tree: Path) -> None:
    where = run(tree, "-c", "import liualgotrader.engine.core as core; print(core.__file__)").stdout
    assert where.startswith(str(tree))
    assert Path(where.strip()).suffix == sysconfig.get_config_var("EXT_SUFFIX")[-3:]
    done = run(tree, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *TESTS)
    passed = int(done.stdout.rsplit(" passed", 1)[0].split()[-1])
    assert passed > 2_000


def test_what_was_changed_since_is_not_run(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree / "liualgotrader", tmp_path / "liualgotrader")
    with (tmp_path / "liualgotrader" / "engine" / "book.py").open("a") as file:
        file.write("\n# changed\n")
    done = attempt(tmp_path, "-c", "import liualgotrader")
    assert done.returncode == 1
    assert "changed since it was compiled: engine/book.py" in done.stderr
