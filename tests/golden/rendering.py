"""What came of a case as text, one fact a line, so that a change of behaviour is a diff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain

from liualgotrader.backtest.request import Asset
from liualgotrader.common.calendar import NEW_YORK
from liualgotrader.common.ids import parse_order_id
from liualgotrader.common.ledger_orders import LedgerOrder
from tests.golden.case import Case
from tests.golden.running import Outcome

Clock = Callable[[int], str]

DISAGREE = "the books disagree"
"""The section that no case may have."""

_PRICES = (
    ("limit", "limit"),
    ("trigger", "stop"),
    ("trail_price", "trail"),
    ("trail_percent", "trail%"),
)


def render(case: Case, outcome: Outcome) -> str:
    """Return the text of a case. Times are New York's, of crypto UTC."""
    zone = UTC if case.asset is Asset.CRYPTO else NEW_YORK

    def clock(ts: int) -> str:
        moment = datetime.fromtimestamp(ts // 10**9, zone)
        millis = ts % 10**9 // 10**6
        return f"{moment:%m-%d %H:%M:%S}" + (f".{millis:03d}" if millis else "")

    sections = (
        ("orders", _orders(outcome, clock)),
        ("fills", _fills(outcome, clock)),
        ("corporate actions", _actions(outcome, clock)),
        ("the end", _end(outcome)),
        ("statistics", _statistics(outcome)),
        ("kept", _kept(outcome)),
        ("passed over", _passed_over(outcome)),
        ("said", _said(outcome)),
        (DISAGREE, iter(outcome.disagreements)),
    )
    lines = [f"# {' '.join(case.why.split())}"]
    for title, found in sections:
        body = list(found)
        if body:
            lines += ["", f"[{title}]", *body]
    return "\n".join(lines) + "\n"


def _name(order_id: str) -> str:
    _, slot, number = parse_order_id(order_id)
    return f"{slot}{number}"


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _orders(outcome: Outcome, clock: Clock) -> Iterator[str]:
    for order in outcome.orders:
        size = f"{order.notional} $" if order.qty is None else _number(order.qty)
        words = [clock(order.decided_at), _name(order.order_id), order.strategy, order.side, size]
        words += [order.symbol, order.type, *_prices(order), order.tif]
        words += ["extended"] if order.extended_hours else []
        words += [f"replaces {_name(order.replaces)}"] if order.replaces else []
        status = f"-> {order.status}"
        if order.filled:
            status += f" {_number(order.filled)}"
        reasons = "".join(f" | {text}" for text in (order.reason, order.refusal) if text)
        yield " ".join([*words, status]) + reasons


def _prices(order: LedgerOrder) -> Iterator[str]:
    for attribute, word in _PRICES:
        value: Decimal | None = getattr(order, attribute)
        if value is not None:
            yield f"{word} {_number(value)}"


def _fills(outcome: Outcome, clock: Clock) -> Iterator[str]:
    for each in outcome.executions:
        fee = f" fee {_number(each.fee)}" if each.fee else ""
        what = f"{each.side} {_number(each.qty)} {each.symbol} at {_number(each.price)}"
        yield f"{clock(each.time)} {_name(each.order_id)} {what}{fee}"


def _actions(outcome: Outcome, clock: Clock) -> Iterator[str]:
    for each in outcome.backtest.adjustments:
        cash = f" cash {_number(each.cash)}" if each.cash else ""
        ratio = f" ratio {_number(each.ratio)}" if each.ratio != 1 else ""
        into = f" into {each.new_symbol}" if each.new_symbol else ""
        held = f" held {_number(each.held)}"
        yield f"{clock(each.ts)} {each.symbol} {each.kind}{ratio}{cash}{into}{held}"


def _end(outcome: Outcome) -> Iterator[str]:
    simulation = outcome.backtest.simulation
    for (strategy, symbol), held in sorted(simulation.ledger.view.holdings.items()):
        if held.qty:
            yield f"{strategy} holds {_number(held.qty)} {symbol} at {_number(held.avg_price)}"
    for charge in simulation.venue.account.charges:
        yield f"fee {charge.kind} {charge.amount}"
    yield f"cash {simulation.venue.account.cash:.2f}"
    yield f"equity {outcome.backtest.equity:.2f}"


def _statistics(outcome: Outcome) -> Iterator[str]:
    told = outcome.statistics
    fall = told.max_drawdown
    values: dict[str, object] = {
        "pnl": f"{told.pnl:.2f}",
        "total return": _fraction(told.total_return),
        "max drawdown": _fraction(fall.depth if fall else None),
        "exposure time": _fraction(told.exposure_time),
        "traded value": f"{told.traded_value:.2f}",
        "fees": f"{told.fees:.2f}",
        "trips closed, won, open": f"{told.trades.closed} {told.trades.wins} {told.open_trips}",
        "expectancy": "none" if told.trades.expectancy is None else f"{told.trades.expectancy:.2f}",
    }
    return (f"{name}: {value}" for name, value in values.items())


def _fraction(value: float | None) -> str:
    return "none" if value is None else f"{value:.6f}"


def _passed_over(outcome: Outcome) -> Iterator[str]:
    for each in outcome.backtest.simulation.passed_over:
        yield f"{each.strategy} {each.symbol} round {each.round}: {each.reason}"


def _kept(outcome: Outcome) -> Iterator[str]:
    for slot, by_strategy in sorted(outcome.backtest.simulation.keystore.items()):
        for strategy, values in sorted(by_strategy.items()):
            for key, value in sorted(values.items()):
                yield f"{slot} {strategy} {key}: {value}"


def _said(outcome: Outcome) -> Iterator[str]:
    return chain(outcome.backtest.warnings, outcome.backtest.notices)
