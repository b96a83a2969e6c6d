"""A session whose strategies and scanners tell what they should not: afterwards every place is searched."""

import asyncio
import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from liualgotrader.exchange.keys import Keys
from liualgotrader.models.postgres import connect
from tests.e2e.sessions import BUSY, STRATEGIES, Setting, ended, reached, started
from tests.e2e.strategies.telltale import IN_THE_SOURCE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BOX = Keys.seeded(3)
ENVIRON = {
    "APCA_API_KEY_ID": "PKDISTINCTIVE0Q7ZX41",
    "APCA_API_SECRET_KEY": "dIsTiNcTiVe/SeCrEt+9fGh27LmNpQrStUvWxYz1",
    "MASSIVE_API_KEY": IN_THE_SOURCE,
}
SECRETS = (*ENVIRON.values(), BOX.key, BOX.secret)
PLAN = f"""
[strategies.telltale]
class_name = "Telltale"
filename = "{STRATEGIES}/telltale.py"
token = "{ENVIRON["APCA_API_SECRET_KEY"]}"
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
        if path.is_file() and path.name != "plan.toml":  # that is the user's own
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


def test_nothing_that_a_session_leaves_holds_a_key(setting: Setting) -> None:
    setting.environ |= ENVIRON
    session = setting.start(setting.plan(strategies=PLAN), "--json", "--json-logs")
    assert reached(
        session, lambda: {"producer", "consumer A", "scanners"} <= started(setting).keys()
    )
    seen = command_lines(session)
    outcome = ended(session, within=80)
    assert outcome.code == 0, outcome.err

    assert len(seen) >= 5
    assert [line for line in seen if found_in(line)] == []
    assert found_in(outcome.out) == [] and found_in(outcome.err) == []
    # It was told, and what was told is there without the keys.
    assert "telltale is disabled: raised in on_bar: ConnectionError" in outcome.err
    assert "scanner telltale raised PermissionError: refused: *** *** *** ***" in outcome.err

    left = dict(files(setting.home))
    assert {path: found_in(data) for path, data in left.items() if found_in(data)} == {}
    kinds = {path.suffix for path in left}
    assert {".log", ".gz", ".html"} <= kinds
    logs = b"".join(data for path, data in left.items() if path.name.startswith("consumer"))
    assert b"no answer from https://x.test/?apiKey=***" in logs
    journals = b"".join(data for path, data in left.items() if path.suffix == ".gz")
    assert b"class Telltale(Strategy)" in journals and b"*" * len(IN_THE_SOURCE) in journals

    tables = asyncio.run(rows(setting.dsn))
    assert {name: found_in("\n".join(lines)) for name, lines in tables.items()} == {
        name: [] for name in tables
    }
    assert tables["batches"] and tables["orders"] and tables["algo_run"]
