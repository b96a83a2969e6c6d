"""A session whose strategies and scanners tell what they should not: afterwards every place is searched."""

import asyncio
import gzip
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from liualgotrader.exchange.keys import Keys
from liualgotrader.models.postgres import connect
from tests.e2e.sessions import (
    BUSY,
    STRATEGIES,
    Outcome,
    Setting,
    count_orders,
    ended,
    reached,
    started,
)
from tests.e2e.strategies.telltale import IN_THE_SOURCE
from tests.e2e.tapes import write_tape
from tests.e2e.test_paper import KEY, SECRET, exchange, paper_plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BOX = Keys.seeded(3)
ENVIRON = {
    "APCA_API_KEY_ID": "PKDISTINCTIVE0Q7ZX41",
    "APCA_API_SECRET_KEY": "dIsTiNcTiVe/SeCrEt+9fGh27LmNpQrStUvWxYz1",
    "MASSIVE_API_KEY": IN_THE_SOURCE,
}
SECRETS = (*ENVIRON.values(), BOX.key, BOX.secret, KEY, SECRET)


def telltale(token: str) -> str:
    """Return the part of a plan for the strategy that tells."""
    return f"""
[strategies.telltale]
class_name = "Telltale"
filename = "{STRATEGIES}/telltale.py"
token = "{token}"
"""


PLAN = f"""
{telltale(ENVIRON["APCA_API_SECRET_KEY"])}
{BUSY}
[scanners.telltale]
class_name = "TelltaleScanner"
filename = "{STRATEGIES}/telltale.py"
"""


def found_in(text: str | bytes) -> list[str]:
    """Return the secrets that a text holds."""
    data = text.encode() if isinstance(text, str) else text
    return [secret for secret in SECRETS if secret.encode() in data]


def files(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield all files that a session has left, unpacked where they are packed."""
    for path in home.rglob("*"):
        if path.is_file() and path.name not in ("plan.toml", ".env"):  # the user's own
            data = path.read_bytes()
            yield path, gzip.decompress(data) if path.suffix == ".gz" else data


async def rows(dsn: str) -> dict[str, list[str]]:
    """Return all rows of all tables as text."""
    connection = await connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'"
        )
        return {
            table["name"]: [
                row["line"]
                for row in await connection.fetch(f"SELECT t::text AS line FROM {table['name']} t")
            ]
            for table in tables
        }
    finally:
        await connection.close()


def command_lines(session: subprocess.Popen[str]) -> list[str]:
    """Return what `ps` shows of a session's processes."""
    family = psutil.Process(session.pid)
    return [" ".join(each.cmdline()) for each in (family, *family.children(recursive=True))]


def lives(setting: Setting, session: subprocess.Popen[str], *names: str) -> list[str]:
    """Wait until these processes are there; return the command lines of all."""
    assert reached(session, lambda: set(names) <= started(setting).keys())
    return command_lines(session)


def told(setting: Setting) -> bool:
    """Whether the strategy has told, and is out."""
    return "telltale is disabled" in (setting.home / "logs" / "trader.log").read_text()


def search(setting: Setting, outcome: Outcome, lines: list[str]) -> dict[Path, bytes]:
    """Find no key in what was printed, what `ps` showed, all files and all tables; return the files."""
    assert [line for line in lines if found_in(line)] == []
    assert found_in(outcome.out) == [] and found_in(outcome.err) == []
    left = dict(files(setting.home))
    assert {path: found_in(data) for path, data in left.items() if found_in(data)} == {}
    assert {".log", ".gz", ".html"} <= {path.suffix for path in left}
    tables = asyncio.run(rows(setting.dsn))
    assert {name: found_in("\n".join(lines)) for name, lines in tables.items()} == {
        name: [] for name in tables
    }
    assert tables["batches"] and tables["orders"] and tables["algo_run"]
    return left


def test_nothing_that_a_session_leaves_holds_a_key(setting: Setting) -> None:
    setting.environ |= ENVIRON
    session = setting.start(setting.plan(strategies=PLAN), "--json", "--json-logs")
    lines = lives(setting, session, "producer", "consumer A", "scanners")
    outcome = ended(session, within=80)
    assert outcome.code == 0, outcome.err
    left = search(setting, outcome, lines)
    # It was told, and what was told is there without the keys.
    assert "telltale is disabled: raised in on_bar: ConnectionError" in outcome.err
    assert "scanner telltale raised PermissionError: refused: *** *** *** ***" in outcome.err
    logs = b"".join(data for path, data in left.items() if path.name.startswith("consumer"))
    assert b"no answer from https://x.test/?apiKey=***" in logs
    assert all("logger" in json.loads(line) for line in logs.splitlines())
    journals = b"".join(data for path, data in left.items() if path.suffix == ".gz")
    assert b"class Telltale(Strategy)" in journals and b"*" * len(IN_THE_SOURCE) in journals


def test_nor_does_a_paper_session_with_keys_in_a_file(setting: Setting, tmp_path: Path) -> None:
    """Its processes have the keys from the pipe that they are started with, and know by that what to hide."""
    tape = write_tape(tmp_path / "dense.parquet", minutes=3, mean_seconds=0.1)
    with exchange(tape) as at:
        plan = paper_plan(setting)
        plan.write_text(plan.read_text() + telltale(SECRET) + "at_once = true\n")
        plan.with_name(".env").write_text(f"APCA_API_KEY_ID={KEY}\nAPCA_API_SECRET_KEY={SECRET}\n")
        setting.environ = {name: "" for name in ENVIRON} | {"APCA_API_BASE_URL": at["trading_url"]}
        setting.environ["MASSIVE_API_KEY"] = IN_THE_SOURCE
        session = setting.start(plan, "--json")
        lines = lives(setting, session, "producer", "consumer A")
        assert reached(session, lambda: told(setting) and count_orders(setting.dsn) >= 60)
        session.send_signal(signal.SIGINT)
        outcome = ended(session, within=40)
    assert outcome.code == 0, outcome.err
    search(setting, outcome, lines)
    assert "telltale is disabled: raised in on_trade: ConnectionError" in outcome.err.replace(
        "\n", " "
    )
