"""When a life knew what, by its journal."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from liualgotrader.common.events import (
    Command,
    FeedState,
    FeedStatus,
    HistoryLoaded,
    MarketEvent,
    Picked,
    Trade,
)
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import plan_from_json, plan_to_json
from liualgotrader.common.wire import encode_events
from liualgotrader.engine.runner import own_stamps_after
from liualgotrader.models.journal import Header, Journal
from liualgotrader.replaying.recording import Life
from liualgotrader.session.incarnation import journal_header
from liualgotrader.what_if.hearing import hear
from tests.unit.replaying.recorded import OPEN, SECOND, config

PICK = Picked("AAA", "gap", OPEN - SECOND, Instrument("AAA"))
GAP = HistoryLoaded("AAA", OPEN, (), gap=True)
STALE = FeedStatus(FeedState.STALE, OPEN + SECOND)
EVENTS: list[MarketEvent] = [
    Trade("AAA", OPEN + SECOND, 1.0, 1),
    Trade("AAA", OPEN + 2 * SECOND, 2.0, 1),
    Trade("AAA", OPEN + 3 * SECOND, 3.0, 1),
]


def _life(folder: Path, header: Header, ts: int) -> Life:
    with Journal(folder / "A-1.journal", header) as journal:
        journal.input(OPEN, -1, PICK)
        journal.input(OPEN, -1, HistoryLoaded("AAA", OPEN, ()))
        journal.batch(ts, encode_events([EVENTS[0], STALE, *EVENTS[1:]]), dropped=[2])
        journal.input(OPEN + 9 * SECOND, 3, GAP)
        journal.input(OPEN + 9 * SECOND, 3, Command("halt", OPEN, "by hand"))
    return Life(slot="A", incarnation=1, header=header, parts=tuple(journal.paths))


def test_outside_lockstep_the_moment_of_admission_is_when_it_was_known(tmp_path: Path) -> None:
    at = OPEN + 5 * SECOND
    heard = hear(_life(tmp_path, journal_header(config(), "A", 1), at), [])
    assert heard.events == [EVENTS[0], EVENTS[2]], "what was dropped was not heard"
    assert heard.stamps == [at, at]
    assert [pick.time for pick in heard.picks] == [OPEN]
    assert [word.time for word in heard.words] == [at, OPEN + 9 * SECOND]
    assert heard.words[1] == replace(GAP, time=OPEN + 9 * SECOND)
    assert [command.name for command in heard.commands] == ["halt"]
    assert (heard.first, heard.last) == (OPEN, OPEN + 9 * SECOND)


def test_in_lockstep_each_event_has_its_own_moment(tmp_path: Path) -> None:
    header = journal_header(config(), "A", 1)
    plan = plan_from_json(header.plan)
    plan = replace(plan, session=replace(plan.session, speed="max"))
    header = replace(header, plan=plan_to_json(plan).decode())
    heard = hear(_life(tmp_path, header, own_stamps_after(OPEN)), [])
    assert heard.stamps == [OPEN + SECOND, OPEN + 3 * SECOND]
    assert heard.picks == [PICK]
