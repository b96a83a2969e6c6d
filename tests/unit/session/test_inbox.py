"""Nothing that a task puts into an inbox is lost, whenever the consumer takes from it."""

from __future__ import annotations

import asyncio

from liualgotrader.common.events import Command
from liualgotrader.session.inbox import Inbox

WORD = Command("halt", 1, "a disk that is full")


async def _waited(answer: asyncio.Future[Command]) -> Command:
    return await answer


def test_what_was_waited_for_comes_with_the_next_taking() -> None:
    async def lived() -> None:
        woken: list[int] = []
        inbox = Inbox(lambda: woken.append(1))
        answer: asyncio.Future[Command] = asyncio.get_running_loop().create_future()

        async def put() -> None:
            inbox.put(await _waited(answer))

        task = asyncio.create_task(put())
        await asyncio.sleep(0)
        taken = inbox.take()
        iterator = iter(taken)
        answer.set_result(WORD)
        await task
        assert list(iterator) == [], "what was taken is left alone while it is admitted"
        assert woken and inbox
        assert list(inbox.take()) == [WORD]
        assert not inbox

    asyncio.run(lived())


def test_inputs_are_taken_in_order() -> None:
    inbox = Inbox(lambda: None)
    words = [Command("halt", ts, "") for ts in range(3)]
    inbox.put(words[0])
    inbox.put(*words[1:])
    assert list(inbox.take()) == words
