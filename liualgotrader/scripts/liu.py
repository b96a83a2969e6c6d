"""`liu`: everything but running a session."""

from __future__ import annotations

from liualgotrader.scripts.exits import run
from liualgotrader.scripts.lazy import Entry, LazyGroup

_HERE = "liualgotrader.scripts"

COMMANDS = {
    "check": Entry(f"{_HERE}.check:check", "Name every mistake in a tradeplan."),
    "doctor": Entry(f"{_HERE}.doctor:doctor", "Check the installation."),
    "new": Entry(f"{_HERE}.new:new", "Write a strategy, scanner, miner or forecast to start from."),
    "batches": Entry(f"{_HERE}.batches:batches", "List the sessions, newest first."),
    "status": Entry(f"{_HERE}.batches:status", "Show how a session stands."),
    "halt": Entry(f"{_HERE}.batches:halt", "Allow no more entries; exits go on."),
    "resume-entries": Entry(f"{_HERE}.batches:resume_entries", "Allow entries again."),
    "flatten": Entry(f"{_HERE}.batches:flatten", "Close all positions, allow no more entries."),
    "stop": Entry(f"{_HERE}.batches:stop", "End a session in order."),
    "data": Entry(f"{_HERE}.data:data", "Fill, check and read the history."),
    "recommend": Entry(
        f"{_HERE}.recommend:recommend", "Say which strategy fits a symbol, and how sure that is."
    ),
    "db": Entry(f"{_HERE}.db:db", "Ask the database."),
    "forecasts": Entry(f"{_HERE}.forecasts:forecasts", "Show what is expected of a day."),
    "keys": Entry(f"{_HERE}.keys:keys", "Keep the vendors' keys in the system keyring."),
    "capture": Entry(f"{_HERE}.capture:capture", "Record a vendor's streams for a bug report."),
    "exchange": Entry(f"{_HERE}.exchange:exchange", "Run the exchange in a box alone."),
}

cli = LazyGroup("liu", COMMANDS, help="Check, inspect and steer LiuAlgoTrader.")


def main() -> int:
    """Run `liu`."""
    return run(cli)
