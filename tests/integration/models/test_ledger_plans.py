"""No statement of the order path reads a whole table: years of orders must not slow down a session."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from liualgotrader.models import ledger_sql

GROWING = frozenset({"orders", "order_events", "new_trades", "account_transactions"})

# After corrections only; ordered by trade_id, which an empty table is read by. With rows in it the runs' index serves.
_RARE = {"LIVE_TRADES"}

STATEMENTS = {
    name: value
    for name, value in vars(ledger_sql).items()
    if name.isupper() and not name.startswith("_") and isinstance(value, str) and name not in _RARE
}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def unaided(plan: dict[str, Any]) -> list[str]:
    """Return the growing tables that a plan reads by no condition of an index, and how."""
    return [
        f"{node['Node Type']} on {node['Relation Name']}"
        for node in nodes(plan)
        if "Scan" in node["Node Type"]
        and node.get("Relation Name") in GROWING
        and not {"Index Cond", "Recheck Cond"} & node.keys()
    ]


async def plan_of(connection: asyncpg.Connection[Any], statement: str) -> dict[str, Any]:
    """Return the plan for any values, where reading a whole table is the last resort."""
    last = max(map(int, re.findall(r"\$(\d+)", statement)))
    await connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
    await connection.execute(f"PREPARE looked_at AS {statement}")
    values = ", ".join(["NULL"] * last)
    found = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE looked_at({values})")
    [whole] = json.loads(found)
    plan: dict[str, Any] = whole["Plan"]
    return plan


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_statement_finds_its_rows_by_an_index(database: str, name: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        assert unaided(await plan_of(connection, STATEMENTS[name])) == []
    finally:
        await connection.close()


async def test_a_condition_that_no_index_serves_is_found(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        plan = await plan_of(connection, "SELECT 1 FROM new_trades WHERE execution_id = $1")
        assert unaided(plan) == ["Seq Scan on new_trades"]
    finally:
        await connection.close()
