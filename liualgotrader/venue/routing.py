"""How a request becomes an order at work, and how an order is replaced by another."""

from __future__ import annotations

from decimal import Decimal

from liualgotrader.common.events import OrderEventKind as Kind
from liualgotrader.common.orders import OrderClass, OrderStatus, OrderType
from liualgotrader.venue import admission, groups, matching, shares, validation
from liualgotrader.venue.books import Books, Step
from liualgotrader.venue.orders import Change, LegRole, OrderRequest, Rejection, VenueOrder
from liualgotrader.venue.time_in_force import works_in

_LONGEST_CLIENT_ID = 128
_NEW, _ACCEPTED = Kind.NEW, Kind.ACCEPTED
_OCO, _TRAILING_STOP = OrderClass.OCO, OrderType.TRAILING_STOP
_ON_THE_WAY = frozenset(
    {
        OrderStatus.ACCEPTED,
        OrderStatus.HELD,
        OrderStatus.PENDING_NEW,
        OrderStatus.PENDING_CANCEL,
        OrderStatus.PENDING_REPLACE,
    }
)


# ---------------------------------------------------------------------------- new orders


def submit(step: Step, request: OrderRequest) -> None:
    """Take an order with its legs and let it see the market. Raises Rejection."""
    books = step.books
    instrument = books.instruments.get(request.symbol)
    if instrument is None:
        raise validation.refuse(f'could not find asset "{request.symbol}"')
    _check_client_id(books, request.client_id)
    admission.check_request(step, request, instrument)
    order = _order_of(step, request)
    prepare(step, order)
    admission.check_account(books, order)
    books.store.add(order)
    if request.take_profit is not None or request.stop_loss is not None:
        for leg in groups.make_legs(step, order, request):
            books.store.add(leg)
    route(step, order)


def route(step: Step, order: VenueOrder) -> None:
    """Send an order to the market, or keep it until its hours begin."""
    phase = step.books.phase(order.symbol, step.ts)
    kind = _NEW if works_in(phase, extended_hours=order.extended_hours) else _ACCEPTED
    members: tuple[VenueOrder, ...] = (order,)
    if order.order_class is _OCO:
        members += tuple(step.books.store.legs(order))
    for member in members:
        step.tell(member, kind)
    for member in members:
        matching.arrive(step, member)


def _check_client_id(books: Books, client_id: str | None) -> None:
    if client_id is None:
        return
    if len(client_id) > _LONGEST_CLIENT_ID:
        raise Rejection(422, 40010001, "client_order_id must be no more than 128 characters")
    if client_id in books.store.by_client:
        raise Rejection(422, 40010001, "client_order_id must be unique")


def _order_of(step: Step, request: OrderRequest) -> VenueOrder:
    is_oco = request.order_class is _OCO
    r, limit, ts = request, request.limit, step.ts
    if is_oco and r.take_profit is not None:
        limit = r.take_profit.limit
    order_id = step.books.ids()
    order = VenueOrder(  # by place: by name, so many fields take several times as long
        order_id, r.client_id or step.books.ids(), r.symbol, r.side, r.type, r.tif, r.qty, ts, ts,
        r.notional, limit, r.trigger, r.trail_price, r.trail_percent, r.extended_hours, r.order_class,
    )  # fmt: skip
    order.live_since = ts
    if is_oco:
        order.role = LegRole.TAKE_PROFIT
    return order


def prepare(step: Step, order: VenueOrder) -> None:
    """Work out what the broker keeps with an order: collar, water mark, opening, value."""
    books = step.books
    position = books.account.position_qty(order.symbol)
    order.opening = not shares.reduces(position, order.side)
    groups.set_collar(books, order)
    if order.type is _TRAILING_STOP and order.hwm is None:
        mark = first_mark(books, order.symbol)
        if mark is not None:
            matching.trail(books, order, mark)
    order.value_price = admission.priced(step, order)


def first_mark(books: Books, symbol: str) -> Decimal | None:
    """Return where a water mark starts (S6): last print or close, else the quote's middle."""
    market = books.market
    for mark in (market.last_seen(symbol), market.midpoint(symbol), market.last(symbol)):
        if mark is not None:
            return mark
    return None


# ---------------------------------------------------------------------------- replacements


def replace(step: Step, old: VenueOrder, change: Change) -> None:
    """Put a changed order in the place of an open one. Raises Rejection; `old` then works on."""
    books = step.books
    _check_replaceable(books, old, change)
    _check_client_id(books, change.client_id)
    request = _changed(old, change)
    admission.check_request(step, request, books.instruments[old.symbol])
    new = _order_of(step, request)
    _inherit(old, new)
    prepare(step, new)
    if change.trail is not None and new.hwm is not None:
        matching.trail(books, new, new.hwm)
    admission.check_account(books, new, without=old)
    old.replaced_by = new.id
    books.store.add(new)
    _take_place(books, old, new)
    step.tell(old, Kind.REPLACED)
    step.tell(new, Kind.NEW)
    matching.arrive(step, new)


def _check_replaceable(books: Books, old: VenueOrder, change: Change) -> None:
    if not old.is_open:
        raise validation.refuse("unable to replace order, order is not open")
    if old.status in _ON_THE_WAY:
        raise validation.refuse(f"unable to replace order, order is {old.status}")
    if old.order_class is OrderClass.OTO:
        raise validation.refuse("unable to replace order, oto orders cannot be replaced")
    if old.qty is None or old.notional is not None or change.notional is not None:
        raise validation.refuse("unable to replace order, notional orders cannot be replaced")
    lot = books.instruments[old.symbol].lot
    if change.qty is not None and (change.qty % lot or old.qty % lot):
        raise validation.refuse("unable to replace order, qty must be whole")
    if change.qty is not None and change.qty <= old.filled_qty:
        raise validation.refuse("qty must be more than what has been filled")
    if change.qty is not None and groups.is_exit(old):
        raise validation.refuse("unable to replace order, the qty of an exit follows its entry")
    if change.trail is not None and old.type is not OrderType.TRAILING_STOP:
        raise validation.refuse("only trailing stop orders take a trail")


def _changed(old: VenueOrder, change: Change) -> OrderRequest:
    """Return the request that the changed order would have been; legs stand on their own here."""
    trails = old.type is OrderType.TRAILING_STOP
    by_price, by_percent = old.trail_price, old.trail_percent
    if change.trail is not None:
        by_price = change.trail if by_price is not None else None
        by_percent = change.trail if by_percent is not None else None
    return OrderRequest(
        symbol=old.symbol,
        side=old.side,
        type=old.type,
        tif=change.tif or old.tif,
        qty=change.qty if change.qty is not None else old.qty,
        limit=change.limit if change.limit is not None else old.limit,
        trigger=None if trails else (change.trigger if change.trigger is not None else old.trigger),
        trail_price=by_price,
        trail_percent=by_percent,
        extended_hours=old.extended_hours,
        client_id=change.client_id,
    )


def _inherit(old: VenueOrder, new: VenueOrder) -> None:
    """Hand on what a changed order keeps: its fills (FIX: CumQty), its group, its water mark."""
    new.filled_qty, new.filled_cost = old.filled_qty, old.filled_cost
    new.replaces = old.id
    new.order_class, new.role = old.order_class, old.role
    new.parent, new.legs = old.parent, old.legs
    new.hwm, new.triggered = old.hwm, old.triggered
    if new.type is OrderType.TRAILING_STOP:
        new.trigger = old.trigger


def _take_place(books: Books, old: VenueOrder, new: VenueOrder) -> None:
    """Put the new order where the old one stood in its group."""
    if old.parent is not None:
        parent = books.store.orders[old.parent]
        parent.legs = tuple(new.id if leg == old.id else leg for leg in parent.legs)
    for leg in books.store.legs(old):
        leg.parent = new.id
