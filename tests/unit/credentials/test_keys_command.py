"""`liu keys`: set, show, remove, and nothing of a secret on the screen."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from liualgotrader.scripts.keys import keys
from tests.unit.credentials.keyrings import MemoryKeyring

KEY, SECRET = "PKOFTHEKEYRING00WXYZ", "secretThatNobodyMaySee0123456789abcdABCD"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Return a runner in an empty folder, without keys in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("APCA_API_KEY_ID", "APCA_PAPER_API_KEY_ID", "MASSIVE_API_KEY", "POLYGON_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return CliRunner()


def test_set_show_remove(runner: CliRunner, ring: MemoryKeyring) -> None:
    done = runner.invoke(
        keys, ["set", "alpaca"], input=f"{KEY}\n{SECRET}\n", catch_exceptions=False
    )
    assert ring.kept == {
        ("liualgotrader", "APCA_PAPER_API_KEY_ID"): KEY,
        ("liualgotrader", "APCA_PAPER_API_SECRET_KEY"): SECRET,
    }
    shown = runner.invoke(keys, ["show", "alpaca"], catch_exceptions=False)
    assert shown.output == "Alpaca's paper account: ...WXYZ from the system keyring\n"
    gone = runner.invoke(keys, ["remove", "alpaca"], catch_exceptions=False)
    again = runner.invoke(keys, ["remove", "alpaca"], catch_exceptions=False)
    assert "no longer in the keyring" in gone.output and "were not" in again.output
    assert ring.kept == {}
    for text in (done.output, shown.output, gone.output):
        assert KEY not in text and SECRET not in text


def test_a_key_of_the_other_environment_is_not_kept(runner: CliRunner, ring: MemoryKeyring) -> None:
    done = runner.invoke(
        keys, ["set", "alpaca", "--environment", "live"], input=f"{KEY}\n{SECRET}\n"
    )
    assert "that is a paper key: liu keys set alpaca --environment paper" in str(done.exception)
    assert ring.kept == {}


def test_nothing_given_is_nothing_kept(runner: CliRunner, ring: MemoryKeyring) -> None:
    done = runner.invoke(keys, ["set", "massive"], input="\n")
    assert "MASSIVE_API_KEY: nothing was given" in str(done.exception)
    assert ring.kept == {}
