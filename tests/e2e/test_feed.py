"""A data stream that is open and mute is found, made anew, and what was missed is filled in and marked."""

import os
import signal
import time
from pathlib import Path

import pytest

from liualgotrader.common.events import FeedSource, FeedState, FeedStatus, HistoryLoaded, Input
from liualgotrader.models.journal import BatchFrame, InputFrame
from liualgotrader.replaying.recording import Recording, read_life
from tests.e2e.proofs import assert_proved, recorded
from tests.e2e.sessions import Setting, count_orders, ended, reached, started
from tests.e2e.tapes import write_tape

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

_MUTE_SECONDS = 9.0
Told = FeedStatus | HistoryLoaded


def _told(recording: Recording) -> list[list[Told]]:
    """Return, for each consumer, what it was told of the feed and of history, in order."""
    told = []
    for life in recording.lives:
        found: list[Input] = []
        for frame in read_life(life, []):
            if isinstance(frame, InputFrame):
                found.append(frame.event)
            elif isinstance(frame, BatchFrame):
                found += frame.events
        told.append([event for event in found if isinstance(event, Told)])
    return told


def _index(told: list[Told], state: FeedState, source: FeedSource, *, after: int = 0) -> int:
    """Return where a state is told first, from a place on."""
    for index, event in enumerate(told[after:], after):
        if isinstance(event, FeedStatus) and (event.state, event.source) == (state, source):
            return index
    pytest.fail(f"{state} is not told by {source}: {told[after:]}")


def test_a_mute_exchange_is_found_and_its_gap_is_filled(setting: Setting, tmp_path: Path) -> None:
    """The exchange is stopped, not ended: the kernel keeps its sockets open, and nothing comes."""
    setting.tape = write_tape(tmp_path / "tape.parquet", minutes=62)
    session = setting.start(setting.plan(speed="60"), "--json")
    assert reached(session, lambda: count_orders(setting.dsn) >= 120)
    exchange = started(setting)["exchange"]
    os.kill(exchange, signal.SIGSTOP)
    try:
        over = time.monotonic() + _MUTE_SECONDS
        assert reached(session, lambda: time.monotonic() > over)
    finally:
        os.kill(exchange, signal.SIGCONT)
    before = count_orders(setting.dsn)
    assert reached(session, lambda: count_orders(setting.dsn) >= before + 60)
    session.send_signal(signal.SIGTERM)
    outcome = ended(session, within=30)
    assert outcome.code == 0, outcome.err
    assert "the data stream is open and mute: nothing for" in outcome.err
    batch = outcome.summary["batch_id"]
    for told in _told(recorded(setting, batch)):
        stale = _index(told, FeedState.STALE, FeedSource.STREAM)
        live = _index(told, FeedState.LIVE, FeedSource.STREAM, after=stale)
        gapped = _index(told, FeedState.GAPPED, FeedSource.LINK, after=live)
        filled = _index(told, FeedState.LIVE, FeedSource.LINK, after=gapped)
        histories = [event for event in told[gapped:filled] if isinstance(event, HistoryLoaded)]
        assert histories and all(history.gap for history in histories)
        assert any(history.bars for history in histories), "the minutes that were missed"
    assert_proved(setting, batch, lives=2)
