"""`liu db query` and the commands that see and steer sessions, against a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from liualgotrader.models.session_store import SessionStore
from liualgotrader.scripts.db import column_names
from liualgotrader.scripts.exits import DONE, FAILED, WRONG_USE, run
from liualgotrader.scripts.liu import cli
from tests.postgres import run as complete

Liu = Callable[..., tuple[int, str, str]]


@pytest.fixture
def liu(
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Liu:
    """Run `liu` against the test's database; return code, stdout and stderr."""
    monkeypatch.setenv("DSN", database)
    monkeypatch.delenv("LIU_DEBUG", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(cli, arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def make_batches(dsn: str) -> None:
    """Add one batch that runs nowhere, and one that has ended."""

    async def work() -> None:
        async with await SessionStore.open(dsn, max_size=1) as store:
            for name in ("aaaa1111-one", "aaaa2222-two"):
                await store.create_batch(name, environment="SIMULATED", mode="simulated", build="b")
            await store.begin_run("aaaa1111-one", strategy="dip", slot="A")
            await store.end_batch("aaaa2222-two", reason="the session is over")

    complete(work())


def test_rows_are_json_lines_with_every_digit(liu: Liu) -> None:
    code, out, _ = liu(
        "db",
        "query",
        "SELECT 1 AS a, 1.10::numeric AS a, NULL AS n, 'NaN'::numeric AS nan,"
        " '{\"k\": [1]}'::jsonb AS j, '2024-01-02T03:04:05Z'::timestamptz AS t,"
        " 12345678901234567890.123456789::numeric AS big",
    )
    assert code == DONE
    assert out == (
        '{"a":1,"a_2":1.10,"n":null,"nan":"NaN","j":{"k":[1]},"t":"2024-01-02T03:04:05Z",'
        '"big":12345678901234567890.123456789}\n'
    )


def test_many_rows_are_streamed(liu: Liu) -> None:
    code, out, _ = liu("db", "query", "SELECT generate_series(1, 1201) AS n")
    assert code == DONE
    assert [json.loads(line)["n"] for line in out.splitlines()] == list(range(1, 1202))


def test_nothing_is_changed_without_write(liu: Liu) -> None:
    insert = "INSERT INTO keystore (strategy, slot, key, value) VALUES ('s', 'A', 'k', 'v')"
    code, _, err = liu("db", "query", insert)
    assert code == FAILED
    assert "read-only transaction" in err
    code, out, _ = liu("db", "query", "--write", f"{insert} RETURNING key")
    assert (code, out) == (DONE, '{"key":"k"}\n')
    assert liu("db", "query", "SELECT key FROM keystore")[1] == '{"key":"k"}\n'


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT 1; SELECT 2", "SELECT * FROM nowhere"])
def test_a_statement_that_is_wrong_is_one_error(liu: Liu, sql: str) -> None:
    code, out, err = liu("db", "query", sql)
    assert (code, out) == (FAILED, "")
    assert err.startswith("could not run the statement: ")


def test_column_names_differ() -> None:
    assert column_names(["id", "id", "id_2", "id"]) == ["id", "id_2", "id_2_2", "id_3"]


def test_without_a_session_the_list_says_how_to_get_one(liu: Liu) -> None:
    assert liu("batches") == (DONE, "There has been no session yet; `trader` runs one.\n", "")


def test_sessions_are_listed_with_their_state(liu: Liu, database: str) -> None:
    make_batches(database)
    rows = [json.loads(line) for line in liu("batches", "--json")[1].splitlines()]
    assert {row["batch_id"]: row["state"] for row in rows} == {
        "aaaa1111-one": "died",
        "aaaa2222-two": "ended",
    }
    assert "the session is over" in liu("batches")[1]


def test_status_shows_the_batch_that_a_prefix_names(liu: Liu, database: str) -> None:
    make_batches(database)
    code, out, _ = liu("status", "aaaa1", "--json")
    found = json.loads(out)
    assert code == DONE
    assert found["batch"]["batch_id"] == "aaaa1111-one"
    assert [each["strategy"] for each in found["runs"]] == ["dip"]
    assert (found["positions"], found["orders"]) == ([], {})
    assert "trader --resume aaaa1111-one" in liu("status", "aaaa1")[1]


@pytest.mark.parametrize(
    ("prefix", "said"),
    [("zzzz", "there is no batch"), ("aaaa", "several batches")],
)
def test_a_prefix_that_names_no_one_batch_is_wrong_use(
    liu: Liu,
    database: str,
    prefix: str,
    said: str,
) -> None:
    make_batches(database)
    code, _, err = liu("status", prefix)
    assert code == WRONG_USE
    assert said in err


@pytest.mark.parametrize("command", ["halt", "flatten", "stop", "resume-entries"])
def test_a_session_that_does_not_run_cannot_be_told_anything(
    liu: Liu,
    database: str,
    command: str,
) -> None:
    make_batches(database)
    code, _, err = liu(command, "aaaa1")
    assert code == WRONG_USE
    assert "is not running: it died; `trader --resume aaaa1111-one` goes on" in err
    code, _, err = liu(command, "aaaa2")
    assert code == WRONG_USE
    assert "is not running: it ended" in err
    assert liu("db", "query", "SELECT * FROM commands")[1] == ""


@pytest.mark.parametrize(
    ("command", "name"),
    [("halt", "halt"), ("flatten", "flatten"), ("stop", "stop"), ("resume-entries", "resume")],
)
async def test_a_running_session_is_told(
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    name: str,
) -> None:
    monkeypatch.setenv("DSN", database)
    async with await SessionStore.open(database, max_size=1) as store:
        await store.create_batch("bbbb1111-x", environment="PAPER", mode="paper", build="b")
        account = await store.open_account(
            "bbbb1111-x", broker="b", external_id="1", cash=Decimal(1000)
        )
        lock = store.account_lock(account, batch_id="bbbb1111-x")
        await lock.take()
        assert await in_thread(command, "bbbb1", "--reason", "lunch") == DONE
        rows = await store.pool.fetch("SELECT batch_id, name, reason FROM commands")
        await lock.release()
    assert [tuple(row) for row in rows] == [("bbbb1111-x", name, "lunch")]


async def in_thread(*arguments: str) -> int:
    """Run `liu` beside this loop, because it has its own."""
    return await asyncio.to_thread(run, cli, arguments)
