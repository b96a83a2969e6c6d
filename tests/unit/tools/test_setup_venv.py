"""When .venv is left alone, mended or made anew."""

import sys
from pathlib import Path

import pytest

from tools import setup_venv


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out what `python -m venv` leaves, around the interpreter that runs the tests."""
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    version = sys.version.split()[0]
    (folder / "pyvenv.cfg").write_text(f"version = {version}\ncommand = python -m venv {folder}\n")
    monkeypatch.setattr(setup_venv, "VENV", folder)
    monkeypatch.setattr(setup_venv, "VENV_PYTHON", folder / "bin" / "python")
    monkeypatch.setattr(setup_venv, "STAMP", folder / ".stamp")
    monkeypatch.setattr(setup_venv, "IN_PROGRESS", tmp_path / ".venv.lock")
    monkeypatch.delenv("PYTHON", raising=False)
    return folder


def stamp(venv: Path) -> None:
    (venv / ".stamp").write_text(setup_venv.fingerprint(sys.version.split()[0]) + "\n")


def test_stamped_environment_is_current(venv: Path) -> None:
    stamp(venv)
    assert setup_venv.current() == sys.version.split()[0]
    assert setup_venv.reason_to_rebuild() is None


def test_environment_made_by_hand_is_mended_in_place(venv: Path) -> None:
    assert setup_venv.current() is None
    assert setup_venv.reason_to_rebuild() is None


def test_changed_lock_makes_the_stamp_stale(
    venv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp(venv)
    changed = tmp_path / "requirements.txt"
    changed.write_text("six==1.0\n")
    monkeypatch.setattr(setup_venv, "INPUTS", (changed,))
    assert setup_venv.current() is None
    assert setup_venv.reason_to_rebuild() is None


def test_interrupted_run_is_done_again_from_the_start(venv: Path, tmp_path: Path) -> None:
    stamp(venv)
    (tmp_path / ".venv.lock").write_text("unfinished")
    assert setup_venv.current() is None
    assert setup_venv.reason_to_rebuild() == "an earlier run was interrupted"


def test_environment_whose_python_is_gone_is_rebuilt(venv: Path) -> None:
    stamp(venv)
    (venv / "bin" / "python").unlink()
    assert setup_venv.current() is None
    assert setup_venv.reason_to_rebuild() == "its Python does not run"


def test_moved_environment_is_rebuilt(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = venv.rename(venv.with_name(".venv-moved"))
    monkeypatch.setattr(setup_venv, "VENV", moved)
    monkeypatch.setattr(setup_venv, "VENV_PYTHON", moved / "bin" / "python")
    assert "moved" in (setup_venv.reason_to_rebuild() or "")


def test_folder_that_is_no_environment_is_refused(venv: Path) -> None:
    (venv / "pyvenv.cfg").unlink()
    with pytest.raises(setup_venv.SetupError, match="not a virtual environment"):
        setup_venv.refuse_foreign_folder()


def test_one_distribution_is_cut_out_of_the_lock_with_its_hashes() -> None:
    first, *hashes = setup_venv.lines_of("uv").splitlines()
    assert first.startswith("uv==")
    assert hashes
    assert all(line.strip().startswith("--hash=sha256:") for line in hashes)
