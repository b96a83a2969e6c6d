"""May these orders leave? One input's intents are judged together, against all consumers.

What the account can bear is judged pessimistically, the way the broker will judge it:

* an entry claims its money from the moment it is admitted until it ends, at the worst price it may
  pay: its limit, or, without one, 3 % above the last price (a market order is filled at whatever is
  asked by the time it arrives);
* a short sale claims the larger of its limit and 3 % above the last price. Source: "Placing Orders"
  in Alpaca's documentation, where shorts are valued so and open entries reduce buying power;
* what exits will bring is not counted before they have brought it;
* positions are valued at cost: the ledger sees no market. The broker does, and has the last word.

What brings a position towards zero is never refused for money or for a limit: a limit that holds
one in is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache

from liualgotrader.common.account_view import (
    AccountView,
    buying_power,
    claimed,
    claims,
    value_of,
    worst_price,
)
from liualgotrader.common.events import OrderEvent
from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.frozen import Frozen
from liualgotrader.common.ledger_orders import ZERO, LedgerOrder
from liualgotrader.common.orders import Approved, Cancel, Replace, Side
from liualgotrader.common.plan import Limits

MINUTE = 60_000_000_000
_BUY = Side.BUY


class Decision(Frozen, frozen=True):
    """What became of one intent. `order` is the row to write: a new order, admitted or refused."""

    approved: Approved
    refusal: OrderEvent | None = None
    order: LedgerOrder | None = None


# -- the rules ------------------------------------------------------------------------------------


class Entry(Frozen, frozen=True):
    """An order that a rule judges.

    `opening` is the quantity that goes beyond closing a position, `value` its dollars.
    """

    order: LedgerOrder
    opening: Decimal
    value: Decimal


Rule = Callable[[Entry, AccountView, Limits], str | None]


def has_a_price(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """What cannot be valued cannot be afforded."""
    order = entry.order
    if worst_price(order) is not None:
        return None
    return f"No price of {order.symbol} is known, so a {order.type} order cannot be valued."


def not_halted(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """An operator or a limit stopped entries in all consumers."""
    return f"Entries are halted: {view.halted}." if view.halted else None


def not_crossing(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """Two strategies must not trade with each other: it costs twice, and is a wash trade.

    Brokers refuse those, exits too. An order without a limit may trade anywhere.
    """
    if not view.orders:
        return None
    order = entry.order
    for other in view.orders.values():
        if (
            other.symbol != order.symbol
            or other.side is order.side
            or other.strategy == order.strategy
        ):
            continue
        if _meet(order, other):
            return (
                f"The {order.side} of {order.symbol} by {order.strategy} could trade with order "
                f"{other.order_id}, a {other.side}{_at(other)} by {other.strategy}."
            )
    return None


def _meet(one: LedgerOrder, other: LedgerOrder) -> bool:
    buy, sell = (one, other) if one.side is Side.BUY else (other, one)
    if buy.limit is None or sell.limit is None:
        return True
    return buy.limit >= sell.limit


def _at(order: LedgerOrder) -> str:
    return "" if order.limit is None else f" at {order.limit}"


def not_oversold(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """Without leave to sell short, a strategy sells what it holds and is not selling already."""
    order = entry.order
    if not entry.opening or view.shorting or order.side is _BUY:
        return None
    held = max(view.held(order), ZERO)
    return (
        f"Selling {_number(order.remaining)} {order.symbol} would sell {_number(entry.opening)} "
        f"more than {order.strategy} can: it holds {_number(held)}, open sell orders included, "
        "and this account does not sell short."
    )


def within_rate(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """So many orders a minute, over all consumers; exits count but are let through."""
    most = limits.orders_per_minute
    if most is None or view.recent_orders < most:
        return None
    return f"There were {view.recent_orders} orders within the last minute; the plan allows {most}."


def within_max_order(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """One order opens at most so many dollars."""
    most = limits.max_order
    if most is None or entry.value <= most:
        return None
    return f"The order is worth {_money(entry.value)}; the plan allows {_money(most)} an order."


def within_max_position(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """One symbol ties up at most so many dollars, entries on their way included."""
    most, symbol = limits.max_position, entry.order.symbol
    if most is None:
        return None
    held = sum((abs(h.value) for (_, name), h in view.holdings.items() if name == symbol), ZERO)
    coming = claimed(claim for claim in claims(view) if claim.order.symbol == symbol)
    after = held + coming + entry.value
    if after <= most:
        return None
    return (
        f"{symbol} would tie up {_money(after)} ({_money(held)} held, {_money(coming)} in open "
        f"orders); the plan allows {_money(most)} a position."
    )


def within_gross(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """Long and short together stay within the plan's limit, entries on their way included."""
    most = limits.gross_exposure
    if most is None:
        return None
    held = sum((abs(h.value) for h in view.holdings.values()), ZERO)
    after = held + view.claimed() + entry.value
    if after <= most:
        return None
    return f"Gross exposure would be {_money(after)}; the plan allows {_money(most)}."


def within_net(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """Long less short stays within the plan's limit even if only the entries of one side fill."""
    most, side = limits.net_exposure, entry.order.side
    if most is None:
        return None
    now = side.sign * sum((h.value for h in view.holdings.values()), ZERO)
    coming = claimed(claim for claim in claims(view) if claim.order.side is side)
    after = now + coming + entry.value
    if after <= most:
        return None
    direction = "long" if side is Side.BUY else "short"
    return f"Net exposure would be {_money(after)} {direction}; the plan allows {_money(most)}."


def within_portfolio(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """A strategy with a portfolio spends its balance and credit line, and no one else's money."""
    purse = view.portfolios.get(entry.order.strategy) if view.portfolios else None
    if purse is None:
        return None
    mine = {
        name for name, each in view.portfolios.items() if each.portfolio_id == purse.portfolio_id
    }
    holdings = {key: held for key, held in view.holdings.items() if key[0] in mine}
    coming = claimed(claim for claim in claims(view) if claim.order.strategy in mine)
    free = buying_power(purse.balance, Decimal(1), holdings) + purse.credit_line - coming
    if entry.value <= free:
        return None
    return (
        f"The order needs {_money(entry.value)}; portfolio {purse.portfolio_id} has {_money(free)} "
        f"(balance {_money(purse.balance)}, credit {_money(purse.credit_line)}, "
        f"open orders {_money(coming)})."
    )


def within_money(entry: Entry, view: AccountView, limits: Limits) -> str | None:
    """An entry is paid from buying power that no other open entry claims."""
    power, coming = view.power(), view.claimed()
    if entry.value <= power - coming:
        return None
    return (
        f"The order needs {_money(entry.value)}; buying power is {_money(power - coming)} "
        f"({_money(power)} less {_money(coming)} claimed by open orders)."
    )


FOR_ALL: tuple[Rule, ...] = (not_crossing, not_oversold)
FOR_ENTRIES: tuple[Rule, ...] = (
    not_halted,
    has_a_price,
    within_rate,
    within_max_order,
    within_max_position,
    within_gross,
    within_net,
    within_portfolio,
    within_money,
)
ALL_FOR_ENTRIES = FOR_ALL + FOR_ENTRIES


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f} $"


def _number(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


_LIMITED_BY: dict[Rule, str] = {
    within_rate: "orders_per_minute",
    within_max_order: "max_order",
    within_max_position: "max_position",
    within_gross: "gross_exposure",
    within_net: "net_exposure",
}


@lru_cache(maxsize=16)
def _rules_for_entries(limits: Limits) -> tuple[Rule, ...]:
    """Return the rules for an entry, without those whose limit the plan does not set."""
    return tuple(
        rule
        for rule in ALL_FOR_ENTRIES
        if rule not in _LIMITED_BY or getattr(limits, _LIMITED_BY[rule]) is not None
    )


# -- admission ------------------------------------------------------------------------------------


def refusal(order: LedgerOrder, view: AccountView, limits: Limits) -> str | None:
    """Return the first rule's reason to refuse an order; otherwise None, `reserved` being set."""
    entry = _entry(order, view)
    for rule in _rules_for_entries(limits) if entry.opening else FOR_ALL:
        reason = rule(entry, view, limits)
        if reason is not None:
            return reason
    order.reserved = entry.value
    return None


def _entry(order: LedgerOrder, view: AccountView) -> Entry:
    """Return an order as rules see it. What open orders will close, it cannot close again."""
    closable = view.closable(order)
    if order.qty is not None:
        opening = _beyond(order.remaining, closable)
    else:
        # Without any price the size of an amount is unknown; it opens something, and is refused.
        is_sized = order.limit or order.reference_price
        opening = _beyond(order.remaining, closable) if is_sized else Decimal(1)
    return Entry(order, opening, value_of(order, opening))


def _beyond(qty: Decimal, closable: Decimal) -> Decimal:
    """Return what of a quantity closes nothing."""
    if closable > 0:
        qty -= closable
    return qty if qty > 0 else ZERO


def judge(
    view: AccountView, approved: Sequence[Approved], *, now: int, limits: Limits
) -> list[Decision]:
    """Judge the intents of one input, in their order, each against what those before it left.

    `view` takes in what is admitted. Cancels always pass. A replacement is judged as if the old
    order were gone; when refused, the old order stays at work and hears REPLACE_REJECTED.
    """
    return [decide(view, each, now, limits) for each in approved]


def decide(view: AccountView, approved: Approved, now: int, limits: Limits) -> Decision:
    """Judge one intent; `view` takes it in when it is admitted."""
    intent = approved.intent
    if isinstance(intent, Cancel):
        return Decision(approved)
    if isinstance(intent, Replace):
        return _decide_replacement(view, approved, intent, now, limits)
    order = LedgerOrder.of(intent)
    reason = refusal(order, view, limits)
    if reason is not None:
        return Decision(approved, _refused(order, now, reason), order)
    view.take_in(order)
    return Decision(approved, None, order)


def _decide_replacement(
    view: AccountView, approved: Approved, intent: Replace, now: int, limits: Limits
) -> Decision:
    old = view.orders.get(intent.order_id)
    if old is None:
        reason: str | None = f"Order {intent.order_id} is not open, so it cannot be changed."
    else:
        order = old.changed(intent)
        reason = refusal(order, view.without(old), limits)
        if reason is None:
            view.take_in(order)
            return Decision(approved, None, order)
    event = OrderEvent(intent.order_id, Kind.REPLACE_REJECTED, now, intent.symbol, reason=reason)
    return Decision(approved, event)


def _refused(order: LedgerOrder, now: int, reason: str) -> OrderEvent:
    event = OrderEvent(order.order_id, Kind.REFUSED, now, order.symbol, reason=reason)
    order.apply(event)
    return event


def admit(
    view: AccountView, approved: Sequence[Approved], now: int, limits: Limits | None = None
) -> tuple[list[Approved], list[OrderEvent]]:
    """Return what may leave, and refusals of the rest, in the order given; `view` stays as is."""
    own = view.with_orders(dict(view.orders))
    decisions = judge(own, approved, now=now, limits=limits or Limits())
    return outcome(decisions)


def outcome(decisions: Sequence[Decision]) -> tuple[list[Approved], list[OrderEvent]]:
    """Split decisions into what may leave and the refusals."""
    admitted = [each.approved for each in decisions if each.refusal is None]
    return admitted, [each.refusal for each in decisions if each.refusal is not None]
