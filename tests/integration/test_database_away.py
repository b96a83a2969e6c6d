"""A database that dies or goes away in the middle of a session, and comes back: the session goes on."""

import os
import select
import signal
from pathlib import Path

import pytest

from liualgotrader.models.embedded import EmbeddedServer, running_dsn
from liualgotrader.models.guard import _socket_name, _socket_root
from liualgotrader.models.migrations import migrate
from liualgotrader.models.pg_binaries import unprivileged_account
from liualgotrader.models.pg_messages import Ready, decode_ready
from tests.e2e.audit import assert_books_agree, population
from tests.e2e.sessions import Setting, books, count_orders, ended, reached
from tests.e2e.simulations import simulate
from tests.e2e.tapes import write_tape
from tests.postgres import execute, run

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small day's file."""
    return write_tape(tmp_path_factory.mktemp("tape") / "tape.parquet", minutes=24)


def _setting(tmp_path: Path, tape: Path) -> Setting:
    home = tmp_path / "home"
    home.mkdir()
    return Setting(home, "", tape)


def _server_of(data: Path) -> Ready:
    return decode_ready(data.with_name("pg.server.json").read_bytes())


def _assert_as_simulated(setting: Setting, plan: Path, batch: str) -> None:
    assert population(setting, batch).is_rich
    assert_books_agree(setting, batch)
    found, expected = books(setting.dsn, batch), simulate(plan, batch=batch)
    assert (found.orders, found.fills) == (expected.orders, expected.fills)


@pytest.mark.slow
def test_the_embedded_server_and_its_guard_are_killed_and_the_session_goes_on(
    tmp_path: Path, tape: Path
) -> None:
    setting = _setting(tmp_path, tape)
    plan, data = setting.plan(), setting.home / "pg"
    session = setting.start(plan, "--json")

    def ordered(wanted: int) -> bool:
        setting.dsn = running_dsn(data) or ""
        return bool(setting.dsn) and _begun(setting) and count_orders(setting.dsn) >= wanted

    seen = set()
    for wanted, victim in ((40, "guard_pid"), (100, "server_pid")):
        assert reached(session, lambda: ordered(wanted))  # noqa: B023
        seen.add(setting.dsn)
        os.kill(getattr(_server_of(data), victim), signal.SIGKILL)
    outcome = ended(session, within=70)
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("the database died; it is started again") == 2
    with EmbeddedServer(data) as server:
        assert seen == {server.dsn}
        setting.dsn = server.dsn
        _assert_as_simulated(setting, plan, outcome.summary["batch_id"])


def _begun(setting: Setting) -> bool:
    return any(setting.home.glob("logs/*/consumer-*.log"))


@pytest.mark.slow
def test_a_server_of_ones_own_is_stopped_and_started_again_and_the_session_goes_on(
    tmp_path: Path, tape: Path
) -> None:
    setting, data = _setting(tmp_path, tape), tmp_path / "own"
    with EmbeddedServer(data, durable=False) as server:
        setting.dsn = server.dsn
        run(migrate(server.dsn))
        plan = setting.plan()
        session = setting.start(plan, "--json")
        assert reached(session, lambda: count_orders(setting.dsn) >= 60)
    assert reached(session, lambda: _waits(setting))
    assert session.poll() is None
    with EmbeddedServer(data, durable=False) as server:
        assert server.dsn == setting.dsn
        outcome = ended(session, within=70)
        assert outcome.code == 0, outcome.err
        _assert_as_simulated(setting, plan, outcome.summary["batch_id"])


def _waits(setting: Setting) -> bool:
    """Whether somebody has asked in vain: an admission, or one that had finished already."""
    texts = [log.read_text() for log in setting.home.glob("logs/**/*.log")]
    return any("waiting for the database" in text or "asked again" in text for text in texts)


@pytest.mark.parametrize("victim", ["guard_pid", "server_pid"])
def test_a_restarted_server_has_the_dsn_and_the_rows_of_the_killed_one(
    tmp_path: Path, victim: str
) -> None:
    with EmbeddedServer(tmp_path / "pg") as server:
        dsn = server.dsn
        run(execute(dsn, "CREATE TABLE kept (x int)"))
        os.kill(getattr(server.details, victim), signal.SIGKILL)
        readable, _, _ = select.select([server], [], [], 30)
        assert readable
        server.restart()
        assert server.dsn == dsn
        run(execute(dsn, "INSERT INTO kept VALUES (1)"))


@pytest.mark.parametrize("made", ["open to others", "a link"])
def test_a_socket_directory_that_may_be_somebody_elses_is_not_used(
    tmp_path: Path, made: str
) -> None:
    data = tmp_path / "pg"
    path = _socket_root(unprivileged_account()) / _socket_name(data)
    if made == "a link":
        path.symlink_to(tmp_path)
    else:
        path.mkdir(mode=0o755)
        path.chmod(0o755)
    try:
        with EmbeddedServer(data, durable=False) as server:
            assert f"host={path}" not in server.dsn
            run(execute(server.dsn, "SELECT 1"))
        assert path.is_symlink() or path.is_dir()
    finally:
        path.unlink() if path.is_symlink() else path.rmdir()
