"""Which keys a session takes, and what it says when it has none that fit."""

import logging
import sys
from pathlib import Path

import keyring.backends.fail
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Vendor
from liualgotrader.credentials.environments import Environment
from liualgotrader.credentials.finding import Credentials, find_credentials
from tests.unit.credentials.keyrings import MemoryKeyring, keyring_of_a_test

PAPER_KEY, PAPER_SECRET = "PKFROMENVIRONMENT001", "secretFromTheEnvironmentOfAPaperAccount1"
LIVE_KEY, LIVE_SECRET = "AKLIVEKEYOFANACCOUNT", "secretOfTheLiveAccountWithRealMoneyInIt1"
PAPER = {"APCA_API_KEY_ID": PAPER_KEY, "APCA_API_SECRET_KEY": PAPER_SECRET}
LIVE = {"APCA_API_KEY_ID": LIVE_KEY, "APCA_API_SECRET_KEY": LIVE_SECRET}


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Return a plan's folder."""
    (tmp_path / "plan").mkdir()
    return tmp_path / "plan"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a working folder."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def write_env(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / ".env"
    path.write_text(text)
    path.chmod(mode)
    return path


def alpaca(
    environ: dict[str, str], plan: Path, work: Path, environment: Environment = Environment.PAPER
) -> Credentials:
    return find_credentials(environ, plan, Vendor.ALPACA, environment, working_folder=work)


def shown(found: Credentials) -> tuple[str, str | None]:
    return found.key.reveal(), None if found.secret is None else found.secret.reveal()


def test_the_environment_comes_first_then_the_plans_file_then_the_folders_then_the_keyring(
    plan: Path, work: Path, ring: MemoryKeyring
) -> None:
    ring.kept = {
        ("liualgotrader", "APCA_API_KEY_ID"): "PKFROMTHEKEYRING0001",
        ("liualgotrader", "APCA_API_SECRET_KEY"): "secretOfTheKeyring0001",
    }
    found = alpaca({}, plan, work)
    assert (found.key.reveal(), found.source) == ("PKFROMTHEKEYRING0001", "the system keyring")

    in_work = write_env(
        work, "APCA_API_KEY_ID=PKOFWORK00000001\nAPCA_API_SECRET_KEY=secretOfWork0001\n"
    )
    found = alpaca({}, plan, work)
    assert shown(found) == ("PKOFWORK00000001", "secretOfWork0001")
    assert found.source == str(in_work)

    in_plan = write_env(
        plan, "export APCA_API_KEY_ID=PKOFPLAN00000001\nAPCA_API_SECRET_KEY='secretOfPlan0001'\n"
    )
    found = alpaca({}, plan, work)
    assert shown(found) == ("PKOFPLAN00000001", "secretOfPlan0001")
    assert found.source == str(in_plan)

    found = alpaca(PAPER, plan, work)
    assert shown(found) == (PAPER_KEY, PAPER_SECRET)
    assert found.source == "the environment"
    assert found.url == "https://paper-api.alpaca.markets"


def test_names_of_the_environment_win_wherever_they_stand(plan: Path, work: Path) -> None:
    write_env(plan, f"APCA_LIVE_API_KEY_ID={LIVE_KEY}\nAPCA_LIVE_API_SECRET_KEY={LIVE_SECRET}\n")
    assert shown(alpaca(PAPER, plan, work)) == (PAPER_KEY, PAPER_SECRET)
    found = alpaca(PAPER, plan, work, Environment.LIVE)
    assert shown(found) == (LIVE_KEY, LIVE_SECRET)
    assert found.url == "https://api.alpaca.markets"


@pytest.mark.parametrize("name", ["MASSIVE_API_KEY", "POLYGON_API_KEY"])
def test_massive_has_a_key_alone_and_an_older_name(plan: Path, work: Path, name: str) -> None:
    found = find_credentials(
        {name: "massiveKey0123456789"}, plan, Vendor.MASSIVE, working_folder=work
    )
    assert (shown(found), found.url) == (("massiveKey0123456789", None), "")


def test_nothing_found_says_what_was_looked_for_where_and_what_to_do(
    plan: Path, work: Path
) -> None:
    write_env(work, "OTHER=1\n")
    with pytest.raises(ConfigError) as raised:
        alpaca({}, plan, work)
    text = str(raised.value)
    for words in (
        "Alpaca's paper account",
        "APCA_PAPER_API_KEY_ID and APCA_PAPER_API_SECRET_KEY, or APCA_API_KEY_ID and APCA_API_SECRET_KEY",
        "the environment",
        f"{plan / '.env'} (not there)",
        f"{work / '.env'} and the system keyring",
        "https://app.alpaca.markets",
        "liu keys set alpaca --environment paper",
    ):
        assert words in text
    with pytest.raises(
        ConfigError, match=r"MASSIVE_API_KEY, or POLYGON_API_KEY in .* https://massive"
    ):
        find_credentials({}, plan, Vendor.MASSIVE, working_folder=work)


@pytest.mark.parametrize("there", list(PAPER))
def test_half_a_pair_is_not_completed_from_elsewhere(plan: Path, work: Path, there: str) -> None:
    write_env(plan, f"APCA_API_KEY_ID={PAPER_KEY}\nAPCA_API_SECRET_KEY={PAPER_SECRET}\n")
    (lacking,) = PAPER.keys() - {there}
    with pytest.raises(ConfigError, match=f"the environment has {there} but not {lacking}"):
        alpaca({there: PAPER[there]}, plan, work)


@pytest.mark.parametrize(
    ("environ", "environment", "words"),
    [
        (
            LIVE,
            Environment.PAPER,
            "paper trading is wanted, and the key in the environment .* is one of a live account",
        ),
        (
            PAPER,
            Environment.LIVE,
            "live trading is wanted, and the key in the environment .* is one of a paper account",
        ),
        (
            PAPER | {"APCA_API_BASE_URL": "https://api.alpaca.markets"},
            Environment.PAPER,
            "paper trading is wanted, and APCA_API_BASE_URL in the environment = .* is the live environment",
        ),
        (
            LIVE | {"APCA_API_BASE_URL": "https://paper-api.alpaca.markets/v2"},
            Environment.LIVE,
            "live trading is wanted, and APCA_API_BASE_URL .* is the paper environment",
        ),
        (
            PAPER | {"APCA_API_BASE_URL": "https://alpaca.example.com"},
            Environment.PAPER,
            "neither of https://paper-api.alpaca.markets, https://api.alpaca.markets nor on this machine",
        ),
        (
            LIVE | {"APCA_API_BASE_URL": "https://api.alpaca.markets.example.com"},
            Environment.LIVE,
            "neither of",
        ),
        (
            PAPER | {"APCA_API_BASE_URL": "http://proxy.test"},
            Environment.PAPER,
            "in the clear; use https",
        ),
        (
            PAPER | {"APCA_API_BASE_URL": "paper"},
            Environment.PAPER,
            "give an address such as https://paper",
        ),
        (
            PAPER | {"APCA_API_BASE_URL": "https://a:b@x.test"},
            Environment.PAPER,
            "do not belong into",
        ),
    ],
)
def test_a_key_an_address_and_a_mode_of_different_environments_are_refused(
    plan: Path, work: Path, environ: dict[str, str], environment: Environment, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as raised:
        alpaca(environ, plan, work, environment)
    assert not any(value in str(raised.value) for value in (*PAPER.values(), *LIVE.values()))


@pytest.mark.parametrize("key", ["CKUNKNOWNBEGINNING01", "akissmall0123456789x"])
def test_a_key_that_does_not_say_its_environment_is_not_judged(
    plan: Path, work: Path, key: str
) -> None:
    environ = LIVE | {"APCA_API_KEY_ID": key, "APCA_API_BASE_URL": "http://127.0.0.1:8900/v2/"}
    found = alpaca(environ, plan, work, Environment.LIVE)
    assert (found.key.reveal(), found.url) == (key, "http://127.0.0.1:8900")


def test_what_was_pasted_around_a_key_is_taken_off_and_told(
    plan: Path, work: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {
        "APCA_API_KEY_ID": f' "{PAPER_KEY}"\n',
        "APCA_API_SECRET_KEY": f"“{PAPER_SECRET}”\r\n",
    }
    with caplog.at_level(logging.WARNING):
        found = alpaca(environ, plan, work)
    assert shown(found) == (PAPER_KEY, PAPER_SECRET)
    assert [warning.split()[0] for warning in found.warnings] == list(environ)
    assert "APCA_API_KEY_ID in the environment had blanks, quotes or line ends" in caplog.text
    assert PAPER_KEY not in caplog.text and PAPER_SECRET not in caplog.text


@pytest.mark.parametrize(
    "secret", ["two words of a secret", "schlüsselwörter", "tab\there12345", "PKTINY"]
)
def test_what_no_client_could_send_is_refused_without_being_shown(
    plan: Path, work: Path, secret: str
) -> None:
    with pytest.raises(
        ConfigError, match=r"APCA_API_SECRET_KEY in the environment (holds|has) .*: paste it anew"
    ) as raised:
        alpaca(PAPER | {"APCA_API_SECRET_KEY": secret}, plan, work)
    assert secret not in str(raised.value)


def test_a_value_in_a_file_stands_as_it_is_written(plan: Path, work: Path) -> None:
    text = "FIRST=x\nAPCA_API_KEY_ID=PK${FIRST}$HOME0001\nAPCA_API_SECRET_KEY=a$FIRST-secret-0001\n"
    write_env(plan, "\ufeff" + text)
    assert shown(alpaca({"HOME": "/root"}, plan, work)) == (
        "PK${FIRST}$HOME0001",
        "a$FIRST-secret-0001",
    )


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_may_read_is_warned_about(
    plan: Path, work: Path, mode: int, warned: bool
) -> None:
    text = f"APCA_API_KEY_ID={PAPER_KEY}\nAPCA_API_SECRET_KEY={PAPER_SECRET}\n"
    path = write_env(plan, text, mode)
    assert alpaca({}, plan, work).warnings == (
        (f"{path} is open to other users: chmod 600 {path}",) if warned else ()
    )


def test_a_file_that_is_none_or_no_text_is_refused_without_its_contents(
    plan: Path, work: Path
) -> None:
    (plan / ".env").write_bytes(b"APCA_API_SECRET_KEY=\xff\xfebytes0001\n")
    with pytest.raises(ConfigError, match="no text in UTF-8") as raised:
        alpaca({}, plan, work)
    assert "bytes0001" not in repr(raised.value.__cause__) + repr(raised.value)
    (work / ".env").mkdir()
    (plan / ".env").unlink()
    with pytest.raises(ConfigError, match="is no file of lines"):
        alpaca({}, plan, work)


def test_no_keyring_is_said_where_nothing_else_was_found(
    plan: Path, work: Path, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring.locked = True
    with pytest.raises(ConfigError, match=r"the system keyring \(it is locked"):
        alpaca({}, plan, work)
    with (
        keyring_of_a_test(keyring.backends.fail.Keyring()),  # type: ignore[no-untyped-call]
        pytest.raises(ConfigError, match=r"the system keyring \(this machine has no keyring"),
    ):
        alpaca({}, plan, work)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(
        ConfigError, match=r"keyring is not installed: pip install 'liualgotrader\[keyring\]'"
    ):
        alpaca({}, plan, work)
    assert alpaca(PAPER, plan, work).source == "the environment"
