"""The gates an intent passes before it is approved.

One gate, one function; each returns a reason or None.

These are what one consumer can judge alone. Cash, exposure and rates over all consumers are judged
at admission.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from liualgotrader.common.events import FeedState
from liualgotrader.common.frozen import Frozen
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderClass, Submit
from liualgotrader.engine.settings import EngineSettings, StrategySettings


class Situation(Frozen, frozen=True):
    """What the gates look at, as of the intent."""

    settings: EngineSettings
    strategy: StrategySettings
    instrument: Instrument | None
    since_open: int
    until_close: int
    feed: FeedState
    halted: str
    disabled: bool
    rejected: bool
    warming_up: bool
    position: Decimal
    pending: Decimal
    last: float | None


Gate = Callable[[Submit, Situation], str | None]


def known(order: Submit, now: Situation) -> str | None:
    """The symbol was picked, and this strategy may still order."""
    if now.instrument is None:
        return f"{order.symbol} is not among the symbols of this session"
    if now.disabled:
        return f"{order.strategy} is disabled"
    if now.warming_up:
        return "history is for warming up, not for trading"
    return None


def without_legs(order: Submit, now: Situation) -> str | None:
    """Groups bring orders with ids that the broker makes; nobody here would know their fills for ours."""
    if order.order_class is OrderClass.SIMPLE:
        return None
    return (
        f"order_class {order.order_class.value} is not open to strategies yet: place the exit as an "
        "order of its own when the entry has filled"
    )


def sized(order: Submit, now: Situation) -> str | None:
    """There is something to trade."""
    if order.qty is not None and order.qty <= 0:
        return "the quantity rounds down to nothing"
    if order.notional is not None and order.notional < 1:
        return f"a notional order needs at least 1 dollar, was {order.notional}"
    if (order.qty is None) == (order.notional is None):
        return "either a quantity or an amount must be given"
    return None


def in_session(order: Submit, now: Situation) -> str | None:
    """Nothing leaves after the close.

    Before the open only what asks for extended hours or an auction.
    """
    if now.settings.bypass_market_schedule:
        return None
    if now.until_close <= 0 and not order.extended_hours:
        return "the session is over"
    return None


def in_window(order: Submit, now: Situation) -> str | None:
    """Entries keep to the schedule of the plan."""
    if order.exit or now.settings.bypass_market_schedule or not now.strategy.windows:
        return None
    if now.settings.on_day_bars:
        return None  # between two days there are no minutes since the open
    if any(window.holds(now.since_open) for window in now.strategy.windows):
        return None
    return "outside the schedule of the plan"


def not_halted(order: Submit, now: Situation) -> str | None:
    """An operator or a limit stopped entries; exits go on."""
    return f"entries are halted: {now.halted}" if now.halted and not order.exit else None


def feed_is_live(order: Submit, now: Situation) -> str | None:
    """Entries need to see the market; exits do not."""
    if order.exit or now.feed is FeedState.LIVE:
        return None
    return f"the feed of {order.symbol} is {now.feed}"


def not_given_back(order: Submit, now: Situation) -> str | None:
    """A symbol that the strategy rejected is not entered again."""
    return (
        f"{order.symbol} was rejected by this strategy" if now.rejected and not order.exit else None
    )


def can_be_shorted(order: Submit, now: Situation) -> str | None:
    """Selling below zero needs something that can be borrowed, in whole lots."""
    if order.side.sign > 0 or order.exit or now.instrument is None:
        return None
    if order.qty is None and now.last and order.notional is not None:
        # An amount is sold of what is held; what of it is on sale already is the broker's to say.
        if order.notional <= now.position * Decimal(repr(now.last)):
            return None
    if not now.instrument.shortable:
        return f"{order.symbol} cannot be sold short"
    if order.qty is None or order.qty % now.instrument.lot:
        return f"short sales of {order.symbol} need whole lots of {now.instrument.lot}"
    return None


def _value(order: Submit, now: Situation, qty: Decimal) -> Decimal | None:
    price = order.limit or order.trigger
    if price is None and now.last is not None:
        price = Decimal(repr(now.last))
    return None if price is None else abs(qty) * price


def within_max_order(order: Submit, now: Situation) -> str | None:
    """One order stays below the plan's `max_order` dollars."""
    largest = now.settings.max_order
    if largest is None or order.exit:
        return None
    value = order.notional if order.qty is None else _value(order, now, order.qty)
    if value is not None and value > largest:
        return f"worth {value:.2f}, more than max_order = {largest}"
    return None


def within_max_position(order: Submit, now: Situation) -> str | None:
    """A strategy's position in a symbol stays below the plan's `max_position` dollars."""
    largest = now.settings.max_position
    if largest is None or order.exit or order.qty is None:
        return None
    after = now.position + now.pending + order.qty * order.side.sign
    value = _value(order, now, after)
    if value is not None and value > largest:
        return f"the position would be worth {value:.2f}, more than max_position = {largest}"
    return None


# The others let every exit pass.
FOR_ALL: tuple[Gate, ...] = (known, without_legs, sized, in_session)
GATES: tuple[Gate, ...] = (
    *FOR_ALL,
    not_halted,
    in_window,
    feed_is_live,
    not_given_back,
    can_be_shorted,
    within_max_order,
    within_max_position,
)


def gates_for(settings: EngineSettings, *, exits: bool) -> tuple[Gate, ...]:
    """Return the gates for exits or for all else, without those that the plan leaves open.

    Open is a limit that it does not set, and a schedule that it passes by.
    """
    is_open: dict[Gate, bool] = {
        in_session: settings.bypass_market_schedule,
        in_window: settings.bypass_market_schedule,
        within_max_order: settings.max_order is None,
        within_max_position: settings.max_position is None,
    }
    return tuple(gate for gate in (FOR_ALL if exits else GATES) if not is_open.get(gate))


def refusal(order: Submit, now: Situation, gates: Sequence[Gate] = GATES) -> str | None:
    """Return the first gate's reason to refuse, or None when all let the order pass."""
    for gate in gates:
        reason = gate(order, now)
        if reason is not None:
            return reason
    return None
