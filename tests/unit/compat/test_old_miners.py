"""Miners written for 0.4, run as jobs of a night."""

from __future__ import annotations

from typing import Any

import pytest

from liualgotrader.common.errors import ConfigError, LiuError
from liualgotrader.compat.making import old_source
from liualgotrader.compat.miner import OldMiner, old_miner
from liualgotrader.engine.loading import source_of
from liualgotrader.mining.plan_file import parse_miner_plan
from tests.engine_bench import OPEN
from tests.old_bench import FOLDER
from tests.unit.compat.test_old_scanners import days, market_at

FILE = str(FOLDER / "counts_miner.py")


def miner(**parameters: Any) -> OldMiner:
    text = old_source(FILE)
    assert text is not None
    return old_miner(FILE, "CountsMiner", "counts", parameters, text)


async def test_it_is_made_of_its_table_and_reads_days() -> None:
    counts = miner(days=3, watch=["AAPL"], debug=True)
    old: Any = counts.old
    assert (old.days, old.symbols, old.debug, counts.name) == (3, ["AAPL"], True, "counts")
    assert await counts.run(market_at(OPEN, {"AAPL": days("AAPL", 1, 2, 3, 4)})) == 0
    assert old.found == {"AAPL": 100.0}


async def test_false_is_a_failure() -> None:
    with pytest.raises(LiuError, match=r"CountsMiner\.run\(\) did not return True"):
        await miner(watch=[]).run(market_at(OPEN, {}))


def test_what_it_raises_while_it_is_made_names_its_line() -> None:
    with pytest.raises(
        ConfigError, match=r"counts_miner\.py:13: CountsMiner\(\) raised: KeyError: 'watch'"
    ):
        miner()


def test_its_table_may_hold_anything() -> None:
    text = f'[miners.CountsMiner]\nfilename = "{FILE}"\nwatch = ["AAPL"]\nanything = 1\n'
    (job,) = parse_miner_plan(text, sources=source_of).jobs
    assert job.parameters == {"watch": ["AAPL"], "anything": 1}
