"""What a job tells while it works."""

from __future__ import annotations

import asyncio
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread

import pytest

from liualgotrader.credentials.redaction import HIDDEN
from liualgotrader.credentials.secret import Secret
from liualgotrader.mining.context import OpenContext
from liualgotrader.mining.voice import Ended, Logged, Outcome, Progressed, Voice, Word, hear
from tests.unit.mining.mining_jobs import Jobs


async def test_progress_is_told_now_and_then_and_at_the_end(tmp_path: Path, database: str) -> None:
    jobs = Jobs(tmp_path, database)
    said: list[Word] = []
    async with OpenContext(jobs.task(jobs.plan("job", "Notes")), said.append) as ctx:
        for done in range(10_001):
            ctx.progress(done, 10_000)
        assert said[0] == Progressed(0, 10_000)
        assert said[-1] == Progressed(10_000, 10_000)
        assert len(said) < 50
        await asyncio.sleep(0.25)
        ctx.progress(1, 10_000)
        assert said[-1] == Progressed(1, 10_000)
        assert ctx.trading_days(ctx.next_day, ctx.day) == []
        assert ctx.trading_days(ctx.day, ctx.next_day) == [ctx.day, ctx.next_day]


def test_words_of_several_threads_do_not_mix() -> None:
    ours, theirs = Pipe(duplex=False)
    voice = Voice(theirs)

    def talk(letter: str) -> None:
        for _ in range(50):
            voice.say(Logged(letter * 50_000))

    threads = [Thread(target=talk, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    words = [hear(ours.recv_bytes()) for _ in range(100)]
    for thread in threads:
        thread.join()
    assert {
        (word.message[0], len(set(word.message))) for word in words if type(word) is Logged
    } == {
        ("a", 1),
        ("b", 1),
    }


@pytest.mark.parametrize(
    "word", [Logged("the key is {}"), Ended(Outcome.FAILED, detail="refused {}")]
)
def test_secrets_are_not_told(word: Logged | Ended) -> None:
    Secret("SECRETKEY1234567890")
    ours, theirs = Pipe(duplex=False)
    text = word.message if isinstance(word, Logged) else word.detail
    told = text.format("SECRETKEY1234567890")
    Voice(theirs).say(
        Logged(told) if isinstance(word, Logged) else Ended(word.outcome, detail=told)
    )
    heard = ours.recv_bytes().decode()
    assert "SECRETKEY1234567890" not in heard
    assert HIDDEN in heard


def test_nobody_need_be_there_to_hear() -> None:
    ours, theirs = Pipe(duplex=False)
    ours.close()
    Voice(theirs).say(Progressed(1, 2))
    assert theirs.closed is False
