"""Waiting for the outside is refused at its first suspension, with the line to change."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from liualgotrader.compat.driving import drive
from liualgotrader.compat.errors import ForeignWait
from tests.old_bench import FOLDER, bench, old, show

WAITS = (FOLDER / "waits.py").read_text().splitlines()


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(WAITS, 1) if text in line)


def refused(how: str) -> tuple[str, str]:
    """Return which strategy was disabled, and why."""
    at = bench(old("waits.py", "Waits", how=how))
    assert show(at, 0, 10) == []
    (failure,) = at.engine.failures
    return failure


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("sleep", "await asyncio.sleep(1)"),
        ("yield", "await asyncio.sleep(0)  # only yields"),
        ("gather", "await asyncio.gather(self.deeper(), self.deeper())"),
        ("swallow", "await asyncio.sleep(2)"),
        ("task", "asyncio.create_task(self.deeper())"),
        ("session", "async with aiohttp.ClientSession() as session:"),
    ],
)
@pytest.mark.filterwarnings("ignore:coroutine 'Waits.deeper' was never awaited:RuntimeWarning")
def test_a_foreign_wait_disables_with_the_line_to_change(how: str, text: str) -> None:
    name, reason = refused(how)
    gc.collect()  # what was never awaited says so when it goes: here, and in no other test
    assert name == "Waits"
    assert f"waits.py:{line_of(text)}: this line ({text})" in reason
    assert "take the wait out" in reason


def test_a_loop_that_runs_outside_is_not_touched() -> None:
    async def outside() -> tuple[Any, int]:
        async def inside() -> int:
            with pytest.raises(ForeignWait):
                asyncio.get_running_loop().call_soon(print)
            return 1

        before = asyncio.get_running_loop()
        with pytest.raises(ForeignWait):
            drive(inside(), (), "run()")
        assert asyncio.get_running_loop() is before
        return drive(plain(), (), "run()"), len(asyncio.all_tasks())

    async def plain() -> str:
        return "done"

    assert asyncio.run(outside()) == ("done", 1)


def test_what_is_no_coroutine_is_its_own_answer() -> None:
    assert drive(5, (), "run()") == 5


def test_a_coroutine_that_will_not_end_is_refused_all_the_same() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)

    with pytest.raises(ForeignWait, match="run\\(\\): this line waits"):
        drive(stubborn(), (), "run()")
