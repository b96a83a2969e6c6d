"""Writes go on behind the work, one at a time, and their failures come out."""

from __future__ import annotations

import asyncio

import pytest

from liualgotrader.common.errors import StoreError
from liualgotrader.miners.behind import Behind


async def _write(log: list[str], name: str, *, fails: bool = False) -> int:
    log.append(f"{name} begins")
    await asyncio.sleep(0.01)
    if fails:
        raise StoreError("the disk is full")
    log.append(f"{name} ends")
    return 2


async def test_one_at_a_time_beside_the_work() -> None:
    log: list[str] = []
    async with Behind() as behind:
        for name in "ab":
            await behind.hand_over(_write(log, name))
            await asyncio.sleep(0)
            log.append(f"work after {name}")
    assert log == ["a begins", "work after a", "a ends", "b begins", "work after b", "b ends"]
    assert behind.count == 4


async def test_a_failure_comes_out_and_nothing_follows_it() -> None:
    log: list[str] = []
    with pytest.raises(StoreError, match="disk is full"):
        async with Behind() as behind:
            await behind.hand_over(_write(log, "a", fails=True))
            await behind.hand_over(_write(log, "b"))
    assert log == ["a begins"]
    with pytest.raises(StoreError, match="disk is full"):
        async with Behind() as behind:
            await behind.hand_over(_write(log, "c", fails=True))


async def test_another_failure_gives_the_last_write_up() -> None:
    log: list[str] = []
    with pytest.raises(ValueError, match="mine"):
        async with Behind() as behind:
            await behind.hand_over(_write(log, "a"))
            await asyncio.sleep(0)
            raise ValueError("mine")
    assert log == ["a begins"]
