"""What holds for an engine over any stream of inputs: it decides the same twice, and never sells short by mistake."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.events import FeedState, Input, OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import Order, Submit, Verdict
from liualgotrader.common.wire import decode_verdicts, encode_verdicts
from liualgotrader.strategies.base import Context
from tests.engine_bench import Bench, Told, bar, command, feed_is, history, submits

SYMBOLS = ("A", "B")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("trade"), st.sampled_from(SYMBOLS), st.integers(1, 40)),
        st.tuples(st.just("bar"), st.sampled_from(SYMBOLS), st.integers(0, 5)),
        st.tuples(st.just("history"), st.sampled_from(SYMBOLS), st.integers(0, 5)),
        st.tuples(st.just("fill"), st.integers(0, 20), st.integers(1, 8)),
        st.tuples(
            st.just("event"),
            st.integers(0, 20),
            st.sampled_from(
                [
                    Kind.ACCEPTED,
                    Kind.CANCELED,
                    Kind.REJECTED,
                    Kind.REPLACED,
                    Kind.CANCEL_REJECTED,
                    Kind.REPLACE_REJECTED,
                    Kind.EXPIRED,
                ]
            ),
        ),
        st.tuples(
            st.just("command"),
            st.sampled_from(["halt", "resume", "flatten", "disable"]),
            st.sampled_from([None, "one", "two"]),
        ),
        st.tuples(st.just("feed"), st.sampled_from(FeedState), st.sampled_from(SYMBOLS)),
        st.tuples(st.just("time"), st.integers(0, 3), st.just(0)),
    ),
    max_size=40,
)


def restless(seed: int) -> Callable[..., None]:
    """Return a handler that orders, cancels, changes and gives up, by a seed."""
    random = Random(seed)

    def handle(ctx: Context, event: object) -> None:
        symbol = random.choice(SYMBOLS)
        orders = ctx.orders()
        what = random.random()
        if what < 0.35:
            ctx.buy(symbol, random.randint(1, 9), limit=random.choice([None, 10.005]))
        elif what < 0.65:
            ctx.sell(symbol, random.randint(1, 9))
        elif what < 0.75:
            ctx.close(symbol)
        elif what < 0.85 and orders:
            ctx.cancel(random.choice(orders).order_id)
        elif what < 0.95 and orders:
            ctx.replace(random.choice(orders).order_id, qty=random.randint(0, 12))
        elif what > 0.995:
            ctx.reject(symbol)

    return handle


class Watched(Bench):
    """Looks at every exit when it is approved."""

    def feed(self, *inputs: Input) -> list[Verdict]:
        verdicts = []
        for event in inputs:
            said = super().feed(event)
            for order in submits(said):
                if order.exit:
                    self._fits(order)
            verdicts += said
        return verdicts

    def _fits(self, exit_: Submit) -> None:
        """With all that left before it on its side, an exit brings nobody beyond zero.

        A strategy may sell short knowingly on top of its exits; what it then fills is its own.
        """
        held = self.engine.book.qty(exit_.strategy, exit_.symbol)
        before = [
            order
            for order in self.engine.book.open_orders(exit_.strategy, exit_.symbol)
            if order.side is exit_.side and order.order_id <= exit_.order_id
        ]
        assert held * exit_.side.sign < 0
        assert sum(order.remaining for order in before) <= abs(held)


class Play:
    """Plays steps to a fresh engine."""

    def __init__(self, seed: int) -> None:
        handle = restless(seed)
        self.bench = Watched(
            Told("one", trade=handle, bar=handle, order=handle),
            Told("two", trade=restless(seed + 1)),
            symbols=SYMBOLS,
            on_strategy_error="flatten",
        )
        self.minute = 0.0

    def step(self, what: str, first: object, second: object) -> None:
        getattr(self, what)(first, second)

    def trade(self, symbol: str, price: int) -> None:
        self.bench.trade(price / 2, symbol)

    def bar(self, symbol: str, minute: int) -> None:
        self.bench.feed(bar(minute, symbol=symbol))

    def history(self, symbol: str, minute: int) -> None:
        self.bench.feed(history(minute, minute + 1, symbol=symbol, gap=bool(minute % 2)))

    def _order(self, index: int) -> Order | None:
        book = self.bench.engine.book
        orders = [*book.open_orders("one"), *book.open_orders("two")]
        return orders[index % len(orders)] if orders else None

    def fill(self, index: int, qty: int) -> None:
        order = self._order(index)
        if order is not None and order.remaining:
            rest = order.remaining
            qty_ = min(Decimal(qty), rest)
            self.bench.fill(order.order_id, qty_, part=qty_ < rest)

    def event(self, index: int, kind: Kind) -> None:
        order = self._order(index)
        if order is not None:
            self.bench.feed(OrderEvent(order.order_id, kind, 0, order.symbol))

    def command(self, name: str, strategy: str | None) -> None:
        self.bench.feed(command(name, strategy))

    def feed(self, state: FeedState, symbol: str) -> None:
        self.bench.feed(feed_is(state, symbol))

    def time(self, steps: int, _: object) -> None:
        self.minute += steps * 60
        self.bench.at(min(self.minute, 400))


def played(steps: list[tuple[str, object, object]], seed: int) -> list[Verdict]:
    play = Play(seed)
    for step in steps:
        play.step(*step)
    return play.bench.verdicts


@given(STEPS, st.integers(0, 5))
def test_the_same_inputs_give_the_same_verdicts_which_travel_unchanged(
    steps: list[tuple[str, object, object]], seed: int
) -> None:
    verdicts = played(steps, seed)
    assert verdicts == played(steps, seed)
    assert decode_verdicts(encode_verdicts(verdicts)) == verdicts


@given(STEPS, st.integers(0, 5))
def test_no_strategy_is_disabled_by_a_bug_of_ours(
    steps: list[tuple[str, object, object]], seed: int
) -> None:
    """Nor does the engine itself fail, whatever the strategies ask for."""
    play = Play(seed)
    for step in steps:
        play.step(*step)
    assert all("Error" not in reason for _, reason in play.bench.engine.failures)
