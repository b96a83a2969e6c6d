"""The only loop: what is recorded before what, and what happens at which moment."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liualgotrader.common.clock import SECOND
from liualgotrader.common.events import (
    AccountUpdate,
    Event,
    Input,
    OrderEvent,
    Picked,
    TimerFired,
    Trade,
)
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import Approved, Submit, Verdict
from liualgotrader.common.wire import encode_events
from liualgotrader.engine.core import Engine
from liualgotrader.engine.runner import OWN_STAMPS, Batch, Runner
from liualgotrader.engine.settings import EngineSettings, StrategySettings
from liualgotrader.models.journal import (
    BatchFrame,
    Frame,
    Header,
    InputFrame,
    Journal,
    VerdictFrame,
    read_journal,
)
from liualgotrader.strategies.base import Context
from tests.engine_bench import OPEN, Told, started

Step = tuple[Any, ...]


class Diary:
    """A journal that is also a witness: it and the desk write into one list."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def batch(self, ts: int, raw: bytes, dropped: Sequence[int] = ()) -> None:
        self.steps.append(("batch", ts))

    def input(self, ts: int, after: int, event: Event) -> None:
        self.steps.append(("input", ts, after, event))

    def verdicts(self, after: int, verdicts: Sequence[Verdict]) -> None:
        self.steps.append(("verdicts", after, len(verdicts)))

    def write_through(self) -> None:
        self.steps.append(("through",))


class Desk:
    """Admits everything but every `refuse`-th order; fills come `latency` later, into `between`."""

    def __init__(self, steps: list[Step] | None = None, *, refuse: int = 0) -> None:
        self.steps = [] if steps is None else steps
        self.between: deque[Input] = deque()
        self.booked: set[str | None] = set()
        self._refuse = refuse
        self._seen = 0

    async def submit(self, approved: Sequence[Approved]) -> Sequence[OrderEvent | AccountUpdate]:
        self.steps.append(("submit", len(approved)))
        answers: list[OrderEvent | AccountUpdate] = []
        for intent in (item.intent for item in approved):
            self._seen += 1
            if self._refuse and self._seen % self._refuse == 0 and isinstance(intent, Submit):
                answers.append(
                    OrderEvent(
                        intent.order_id, Kind.REFUSED, intent.decided_at, intent.symbol, reason="no"
                    )
                )
            elif isinstance(intent, Submit):
                self.between.append(_fill(intent, intent.decided_at + 2 * SECOND))
        return answers

    async def book(self, event: OrderEvent) -> Sequence[AccountUpdate] | None:
        if event.execution_id in self.booked:
            return None
        self.booked.add(event.execution_id)
        return (AccountUpdate(event.time, Decimal(len(self.booked)), Decimal(0)),)


def _fill(order: Submit, time: int) -> OrderEvent:
    return OrderEvent(
        order.order_id,
        Kind.FILL,
        time,
        order.symbol,
        qty=order.qty,
        price=Decimal(10),
        execution_id=f"e-{order.order_id}",
    )


def engine(*strategies: Told) -> Engine:
    settings_ = EngineSettings(
        "batch123", "A", strategies=tuple(StrategySettings(s.name) for s in strategies)
    )
    return Engine(strategies, settings_)


def begin(made: Engine) -> None:
    made.clock.advance(OPEN)
    made.process(started())
    made.process(Picked("A", "s", OPEN, Instrument("A")))


def trade(second: float, price: float = 10.0) -> Trade:
    return Trade("A", OPEN + int(second * SECOND), price, 1.0)


def batch(*events: Trade, ts: int = OPEN, **more: Any) -> Batch:
    return Batch(ts, encode_events(events), events, **more)


async def test_an_input_is_recorded_before_it_is_seen_and_a_verdict_before_it_leaves() -> None:
    diary = Diary()

    def sees(ctx: Context, event: Trade) -> None:
        diary.steps.append(("seen",))
        ctx.buy("A", 1)

    made = engine(Told(trade=sees))
    begin(made)
    await Runner(made, Desk(diary.steps), diary).admit(batch(trade(0)))
    assert diary.steps == [
        ("batch", OPEN),
        ("seen",),
        ("verdicts", 0, 1),
        ("through",),
        ("submit", 1),
    ]


async def test_nothing_approved_means_nothing_is_submitted() -> None:
    diary = Diary()
    made = engine(Told(trade=lambda ctx, t: ctx.buy("ZZZ", 1)))
    begin(made)
    await Runner(made, Desk(diary.steps), diary).admit(batch(trade(0)))
    assert diary.steps == [("batch", OPEN), ("verdicts", 0, 1)]


async def test_what_is_refused_at_admission_is_the_next_input() -> None:
    diary = Diary()
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1))
    made = engine(strategy)
    begin(made)
    await Runner(made, Desk(diary.steps, refuse=1), diary).admit(batch(trade(0), trade(1)))
    assert [step[0] for step in diary.steps] == [
        "batch",
        *("verdicts", "through", "submit", "input"),
        *("verdicts", "through", "submit", "input"),
    ]
    assert [step[2] for step in diary.steps if step[0] == "input"] == [0, 1]
    assert [what for what, _, _ in strategy.heard] == ["start", "trade", "order", "trade", "order"]
    assert made.book.pending("told", "A") == 0


async def test_orders_of_one_input_are_submitted_together() -> None:
    diary = Diary()
    made = engine(Told(trade=lambda ctx, t: [ctx.buy("A", 1), ctx.buy("A", 2)]))
    begin(made)
    await Runner(made, Desk(diary.steps), diary).admit(batch(trade(0)))
    assert ("submit", 2) in diary.steps


async def test_timers_come_before_fills_before_the_market_of_one_instant() -> None:
    def first(ctx: Context, event: object) -> None:
        if not ctx.pending("A") and not ctx.position("A"):
            ctx.buy("A", 1)
            ctx.call_at(OPEN + 3 * SECOND, "then")

    strategy = Told(trade=first)
    made = engine(strategy)
    begin(made)
    desk = Desk()
    more = batch(trade(1), trade(3), trade(4), ts=OWN_STAMPS, between=desk.between)
    await Runner(made, desk, None).admit(more)
    assert [(what, (now - OPEN) // SECOND) for what, _, now in strategy.heard] == [
        ("start", 0),
        ("trade", 1),
        ("timer", 3),
        ("order", 3),
        ("trade", 3),
        ("trade", 4),
    ]


async def test_what_waits_is_admitted_at_its_own_time_between_the_events() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1) if t.price == 1 else None)
    made = engine(strategy)
    begin(made)
    desk, diary = Desk(), Diary()
    more = batch(
        trade(1, 1), trade(2), trade(10), ts=OWN_STAMPS, between=desk.between, until=OPEN + 20
    )
    await Runner(made, desk, diary).admit(more)
    inputs = [step for step in diary.steps if step[0] == "input"]
    assert [(ts, after, type(e)) for _, ts, after, e in inputs] == [
        (OPEN + 3 * SECOND, 1, OrderEvent),
        (OPEN + 3 * SECOND, 1, AccountUpdate),
    ]
    assert made.cash == 1


async def test_all_that_is_due_by_the_end_is_admitted_before_the_batch_is_done() -> None:
    strategy = Told(trade=lambda ctx, t: [ctx.buy("A", 1), ctx.call_at(OPEN + 9 * SECOND, "x")])
    made = engine(strategy)
    begin(made)
    desk = Desk()
    runner = Runner(made, desk, None)
    await runner.admit(
        batch(trade(1), ts=OWN_STAMPS, between=desk.between, until=OPEN + 8 * SECOND)
    )
    assert [what for what, _, _ in strategy.heard][2:] == ["order"]
    assert made.clock.now() == OPEN + 8 * SECOND
    await runner.admit(Batch(OWN_STAMPS, between=desk.between, until=OPEN + 9 * SECOND))
    assert [what for what, _, _ in strategy.heard][3:] == ["timer"]


async def test_a_late_event_is_seen_and_does_not_move_time_back() -> None:
    strategy = Told()
    made = engine(strategy)
    begin(made)
    runner = Runner(made, Desk(), None)
    await runner.admit(batch(trade(5), trade(1), trade(2), ts=OWN_STAMPS))
    await runner.admit(batch(trade(9), ts=OPEN + SECOND))
    assert [(now - OPEN) // SECOND for _, _, now in strategy.heard] == [0, 5, 5, 5, 5]


async def test_a_late_fill_is_booked_at_the_time_it_is_admitted() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1) if t.price == 1 else None)
    made = engine(strategy)
    begin(made)
    desk, diary = Desk(), Diary()
    runner = Runner(made, desk, diary)
    await runner.admit(batch(trade(1, 1), ts=OWN_STAMPS))
    await runner.admit(batch(trade(30), ts=OWN_STAMPS))
    await runner.admit(batch(trade(31), ts=OWN_STAMPS, between=desk.between))
    assert [step[1] for step in diary.steps if step[0] == "input"] == [OPEN + 30 * SECOND] * 2


async def test_what_is_too_old_is_recorded_and_not_seen() -> None:
    strategy = Told()
    made = engine(strategy)
    begin(made)
    diary = Diary()
    events = [trade(n) for n in range(4)]
    await Runner(made, Desk(), diary).admit(batch(*events, dropped=(0, 2)))
    assert [event for what, event, _ in strategy.heard if what == "trade"] == [events[1], events[3]]
    assert diary.steps == [("batch", OPEN)]


async def test_an_order_event_that_was_booked_before_is_not_seen() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1))
    made = engine(strategy)
    begin(made)
    desk, diary = Desk(), Diary()
    runner = Runner(made, desk, diary)
    await runner.admit(batch(trade(0)))
    (fill,) = desk.between
    await runner.admit(Batch(OPEN, between=deque([fill, fill])))
    assert strategy.kinds() == [Kind.FILL]
    assert made.book.qty("told", "A") == 1
    assert len([step for step in diary.steps if step[0] == "input"]) == 2


async def test_timers_fire_at_the_moment_of_admission_before_all_else() -> None:
    strategy = Told(start=lambda ctx: ctx.call_at(OPEN + SECOND, "due"))
    made = engine(strategy)
    begin(made)
    diary = Diary()
    await Runner(made, Desk(), diary).admit(batch(trade(2), ts=OPEN + 2 * SECOND))
    assert diary.steps == [
        ("batch", OPEN + 2 * SECOND),
        ("input", OPEN + 2 * SECOND, -1, TimerFired(OPEN + SECOND, "told", "due")),
    ]
    assert [what for what, _, _ in strategy.heard] == ["start", "timer", "trade"]


async def test_a_strategy_that_answers_the_desk_for_ever_is_stopped() -> None:
    strategy = Told(trade=lambda ctx, t: ctx.buy("A", 1), order=lambda ctx, e: ctx.buy("A", 1))
    made = engine(strategy)
    begin(made)
    await Runner(made, Desk(refuse=1), None).admit(batch(trade(0)))
    assert [name for name, _ in made.failures] == ["told"]


# -- a recorded run, lived again -------------------------------------------------------------------


class Replay:
    """Reads a journal back into a fresh engine."""

    def __init__(self, made: Engine) -> None:
        self._engine = made
        self._batch = BatchFrame(0, [], frozenset())
        self._next = 0
        self.verdicts: list[VerdictFrame] = []

    def play(self, frames: list[Frame]) -> None:
        for frame in frames:
            if isinstance(frame, BatchFrame):
                self._events(len(self._batch.events) - 1)
                self._batch, self._next = frame, 0
                self._advance(max(frame.ts, OWN_STAMPS - frame.ts))
            elif isinstance(frame, InputFrame):
                self._events(frame.after)
                self._advance(frame.ts)
                if isinstance(frame.event, TimerFired):
                    self._engine.clock.forget(frame.event)
                self._see(frame.after, frame.event)
        self._events(len(self._batch.events) - 1)

    def _advance(self, ts: int) -> None:
        self._engine.clock.advance(max(ts, self._engine.clock.now()))

    def _events(self, upto: int) -> None:
        while self._next <= upto:
            index, self._next = self._next, self._next + 1
            event = self._batch.events[index]
            if self._batch.ts <= OWN_STAMPS:
                self._advance(event.ts_event)
            if index not in self._batch.dropped:
                self._see(index, event)

    def _see(self, after: int, event: Input) -> None:
        if verdicts := self._engine.process(event):
            self.verdicts.append(VerdictFrame(after, verdicts))


def _busy() -> Told:
    """A strategy whose decisions hang on time, prices, its position and what it heard before."""

    def trade(ctx: Context, event: Trade) -> None:
        if event.price > 12:
            ctx.buy("A", int(event.price), reason=str(ctx.clock.now()))
        elif event.price < 8 and ctx.position("A"):
            ctx.close("A", reason=str(ctx.cash))
        elif event.price < 9:
            ctx.call_at(ctx.clock.now() + 3 * SECOND, str(event.price))

    def timer(ctx: Context, event: TimerFired) -> None:
        ctx.buy("A", 1, limit=float(event.name) or 1, reason=str(len(ctx.orders())))

    def order(ctx: Context, event: OrderEvent) -> None:
        if event.kind is Kind.REFUSED and ctx.clock.now() % 3:
            ctx.buy("A", 2, reason="again")

    return Told(trade=trade, timer=timer, order=order)


BATCHES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 12), st.integers(1, 20)), max_size=6),
        st.integers(0, 8),
        st.sets(st.integers(0, 5)),
    ),
    max_size=8,
)


async def _record(
    path: Path, batches: list[Any], *, own: bool, refuse: int
) -> tuple[list[Frame], Engine]:
    made, desk = engine(_busy()), Desk(refuse=refuse)
    with Journal(path, Header("batch123", "A", 1, b"", "", {}, {}), rotate_bytes=2000) as journal:
        runner = Runner(made, desk, journal)
        begin(made)
        now = OPEN
        for events, wait, dropped in batches:
            now += wait * SECOND
            trades = [Trade("A", now + at * SECOND, float(price), 1.0) for at, price in events]
            if own:
                trades.sort(key=lambda t: t.ts_event)
                until = now + 13 * SECOND
                await runner.admit(batch(*trades, ts=OWN_STAMPS, between=desk.between, until=until))
                now = until
            else:
                await runner.admit(
                    batch(*trades, ts=now, between=desk.between, dropped=tuple(dropped))
                )
    return [frame for part in journal.paths for frame in read_journal(part)], made


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=BATCHES, own=st.booleans(), refuse=st.integers(0, 4))
async def test_a_replay_decides_what_the_recorded_run_decided(
    tmp_path_factory: Any, batches: list[Any], own: bool, refuse: int
) -> None:
    path = tmp_path_factory.mktemp("replay") / "x.journal"
    frames, recorded = await _record(path, batches, own=own, refuse=refuse)
    again = engine(_busy())
    begin(again)
    replay = Replay(again)
    replay.play(frames)
    assert replay.verdicts == [frame for frame in frames if isinstance(frame, VerdictFrame)]
    assert again.book.positions() == recorded.book.positions()
    assert again.book.cash_flow == recorded.book.cash_flow
    assert again.next_order == recorded.next_order
