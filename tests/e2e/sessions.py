"""Whole sessions for tests: `trader` as its user runs it, and what it leaves behind."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from liualgotrader.models.postgres import connect
from tests.e2e.tapes import SYMBOLS
from tests.postgres import run

STRATEGIES = Path(__file__).parent / "strategies"
TRADER = (
    "import sys; from liualgotrader.scripts.trader import main;"
    "sys.argv[0] = 'trader'; sys.exit(main())"
)
LIU = TRADER.replace("trader import", "liu import").replace("'trader'", "'liu'")
BACKTEST = TRADER.replace("trader import", "backtest import").replace("'trader'", "'backtest'")

_STARTED = re.compile(r"started (?P<name>[\w ]+), pid (?P<pid>\d+)")

BUSY = f"""
[strategies.busy]
class_name = "Busy"
filename = "{STRATEGIES}/busy.py"

[strategies.contrary]
class_name = "Contrary"
filename = "{STRATEGIES}/busy.py"
"""


@dataclass
class Setting:
    """What a session is run with."""

    home: Path
    dsn: str
    tape: Path
    environ: dict[str, str] = field(default_factory=dict)

    def plan(
        self,
        *,
        link: str = "queue",
        speed: str = '"max"',
        head: str = "",
        session: str = "",
        strategies: str = BUSY,
        symbols: tuple[str, ...] = SYMBOLS,
        consumers: int = 2,
    ) -> Path:
        """Write a plan and return its path."""
        path = self.home / "plan.toml"
        path.write_text(f"""
portfolio_value = 100_000
participation = 0.1
{head}

[session]
mode = "simulated"
speed = {speed}
consumers = {consumers}
tape = ["{self.tape}"]
{f"symbols = {json.dumps(list(symbols))}" if symbols else ""}
events = ["trades", "minute"]
link = "{link}"
seed = 3
{session}
{strategies}

[limits]
max_order = 20_000
""")
        return path

    def start(self, *arguments: str | Path, program: str = TRADER) -> subprocess.Popen[str]:
        """Start a command of ours in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            env={**os.environ, "LIU_HOME": str(self.home), "DSN": self.dsn, **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def trade(self, *arguments: str | Path, within: float = 50) -> "Outcome":
        """Run a session to its end."""
        return ended(self.start(*arguments, "--json"), within=within)

    def backtest(self, *arguments: str | Path, within: float = 60) -> "Outcome":
        """Run a command of `backtest` to its end."""
        return ended(self.start(*arguments, "--json", program=BACKTEST), within=within)

    def liu(self, *arguments: str | Path, within: float = 20) -> "Outcome":
        """Run a command of `liu`."""
        return ended(self.start(*arguments, program=LIU), within=within)


@dataclass
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """What `--json` said."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def ended(process: subprocess.Popen[str], *, within: float) -> Outcome:
    """Wait for a command's end; one that takes longer is killed, and the test fails."""
    try:
        out, err = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Outcome(process.returncode, out, err)


def started(setting: Setting) -> dict[str, int]:
    """Return the newest process of each name that a session has started, and its id."""
    log = setting.home / "logs" / "trader.log"
    lines = log.read_text().splitlines() if log.exists() else []
    found = (_STARTED.search(line) for line in lines)
    return {match["name"]: int(match["pid"]) for match in found if match is not None}


def reached(process: subprocess.Popen[str], condition: Callable[[], bool]) -> bool:
    """Wait until a condition holds, as long as the process lives; tell whether it came to hold."""
    while not condition():
        try:
            process.wait(timeout=0.02)
        except subprocess.TimeoutExpired:
            continue
        return condition()
    return True


def query(dsn: str, sql: str, *values: object) -> list[dict[str, Any]]:
    """Return the rows of a query."""

    async def ask() -> list[dict[str, Any]]:
        connection = await connect(dsn)
        try:
            return [dict(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    rows: list[dict[str, Any]] = run(ask())
    return rows


def count_orders(dsn: str) -> int:
    """Return how many orders a database holds."""
    return int(query(dsn, "SELECT count(*) AS n FROM orders")[0]["n"])


@dataclass
class Books:
    """What a session left in the database, without what is different each time (the batch's id)."""

    orders: list[tuple[Any, ...]]
    fills: list[tuple[Any, ...]]
    cash: Decimal
    positions: list[tuple[Any, ...]]


_ORDERS = """
SELECT substr(order_id, strpos(order_id, '-') + 1) AS name, strategy, symbol, side, qty, order_type,
    limit_price, decided_ns, status, filled
FROM orders WHERE batch_id = $1 ORDER BY slot, number"""
_FILLS = """
SELECT substr(t.order_id, strpos(t.order_id, '-') + 1) AS name, t.symbol, t.operation, t.qty,
    t.price, t.trade_fee, t.ts_ns
FROM new_trades t JOIN orders o USING (order_id)
WHERE o.batch_id = $1 AND t.expire_tstamp IS NULL ORDER BY o.slot, o.number, t.ts_ns, t.trade_id"""
_CASH = """
SELECT a.balance FROM accounts a
WHERE account_id = (SELECT max(account_id) FROM orders WHERE batch_id = $1)"""
_POSITIONS = """
SELECT strategy, symbol, qty, avg_price FROM positions WHERE batch_id = $1 ORDER BY 1, 2"""


def books(dsn: str, batch: str) -> Books:
    """Read what a session left."""

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in query(dsn, sql, batch)]

    return Books(rows(_ORDERS), rows(_FILLS), rows(_CASH)[0][0], rows(_POSITIONS))
