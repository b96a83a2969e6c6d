"""`liu doctor` says what is there, what is not, and never what a key is."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.credentials.names import all_names
from liualgotrader.scripts import doctor
from liualgotrader.scripts.exits import DONE, FAILED, run
from liualgotrader.scripts.home import liu_home
from liualgotrader.scripts.liu import cli


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a home of the test's own, no database and no keys of the user's."""
    monkeypatch.setenv("LIU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(tmp_path)
    for name in ("DSN", *all_names()):
        monkeypatch.delenv(name, raising=False)


def test_an_installation_that_is_complete_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cli, ["doctor", "--json"]) == DONE
    out = capsys.readouterr().out
    report = msgspec.json.decode(out, type=doctor.Report)
    assert out.count("\n") == 1
    assert report.ok
    assert all(check.ok for check in report.checks)
    assert ["no keys for Alpaca's paper account" in line for line in report.paper] == [True]


def test_keys_are_never_printed(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", "PKSECRET1")
    assert run(cli, ["doctor"]) == DONE
    out = capsys.readouterr().out
    assert "the environment has APCA_API_KEY_ID but not APCA_API_SECRET_KEY" in out
    monkeypatch.setenv("APCA_API_SECRET_KEY", "SECRET2SECRET2")
    assert run(cli, ["doctor"]) == DONE
    out += capsys.readouterr().out
    assert "The keys for paper trading are set." in out
    assert "SECRET1" not in out
    assert "SECRET2" not in out


def test_what_fails_is_said_and_the_rest_is_still_looked_at(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LIU_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setenv("DSN", "postgresql://liu:hush@127.0.0.1:1/liu")
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (99, 0))
    assert run(cli, ["doctor", "--json"]) == FAILED
    out = capsys.readouterr().out
    report = msgspec.json.decode(out, type=doctor.Report)
    assert [check.name for check in report.checks if not check.ok] == ["python", "home", "database"]
    assert "hush" not in out


@pytest.mark.parametrize(
    ("requirement", "problem"),
    [
        ("click>=8.0,<9", ""),
        ("click>=99.1", "is older than 99.1"),
        ("no-such-package-here>=1", "no-such-package-here is missing"),
    ],
)
def test_packages_are_held_against_their_lower_bound(requirement: str, problem: str) -> None:
    found = doctor._package_problem(requirement)
    assert found.endswith(problem)
    assert bool(found) == bool(problem)


def test_a_disk_with_little_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 10**18)
    report = doctor.examine({"LIU_HOME": str(liu_home())})
    home = next(check for check in report.checks if check.name == "home")
    assert not home.ok
    assert "make room" in home.detail


def test_the_home_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    home = liu_home({"LIU_HOME": str(tmp_path / "deep" / "home")})
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_home_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="name another folder"):
        liu_home({"LIU_HOME": str(tmp_path / "file" / "home")})
