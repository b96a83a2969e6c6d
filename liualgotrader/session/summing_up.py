"""What a session's figures are, and whether its ledger and its broker end with the same money and positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from liualgotrader.analytics.rows import FeedSummary, PositionDifference, Reconciliation
from liualgotrader.bootstrap import SessionConfig
from liualgotrader.common.events import Picked
from liualgotrader.common.ports import BrokerAccount, Trader
from liualgotrader.engine.latency import Latencies
from liualgotrader.models.session_store import SessionStore


class Summary(msgspec.Struct, kw_only=True):
    """How a session went. Money in dollars, lag in ms of the machine's time, duration in seconds."""

    batch_id: str
    mode: str
    symbols: int
    consumers: int
    events: int
    dropped_stale: int
    gaps: int
    orders: int
    fills: int
    refused: int
    equity_start: Decimal
    equity_end: Decimal
    pnl: Decimal
    fees: Decimal
    lag_ms_p50: float | None
    lag_ms_p99: float | None
    duration_s: float
    report: str | None
    end_reason: str = ""
    failure: str = ""
    warnings: list[str] = []
    differences: list[str] = []
    picks: list[str] = []

    @property
    def feed(self) -> FeedSummary:
        """What came of the feed."""
        return FeedSummary(
            events=self.events,
            dropped_stale=self.dropped_stale,
            gaps=self.gaps,
            lag_ms_p50=self.lag_ms_p50,
            lag_ms_p99=self.lag_ms_p99,
        )


class Opening(msgspec.Struct, frozen=True):
    """The account as it was when the batch began, also if it is resumed later."""

    cash: Decimal
    equity: Decimal


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How the processes ran: each consumer's own figures, and why it is over."""

    consumers: Sequence[Mapping[str, Any]]
    end_reason: str
    failure: str
    warnings: list[str]


async def summarise(
    store: SessionStore,
    config: SessionConfig,
    ran: Ran,
    start: Opening,
    end: BrokerAccount,
    charges: Decimal,
) -> Summary:
    """Return the figures of a batch; report, duration and differences are not known yet."""
    batch_id, session = config.batch_id, config.plan.session
    orders = await store.orders(batch_id)
    executions = await store.executions(batch_id)
    picks = [pick.picked for pick in await store.load_picks(batch_id)]
    lag = Latencies()
    for consumer in ran.consumers:
        lag.merge({int(k): v for k, v in consumer.get("latency", {}).items()})
    return Summary(
        batch_id=batch_id,
        mode=session.mode.value,
        symbols=len({pick.symbol for pick in picks}),
        consumers=len(config.slots),
        events=sum(c.get("events", 0) for c in ran.consumers),
        dropped_stale=sum(c.get("stale", 0) for c in ran.consumers),
        gaps=sum(c.get("gaps", 0) for c in ran.consumers),
        orders=sum(order.status != "refused" for order in orders),
        fills=len(executions),
        refused=sum(order.status in ("refused", "rejected") for order in orders),
        equity_start=start.equity,
        equity_end=end.equity,
        pnl=end.equity - start.equity,
        fees=charges + sum((each.fee for each in executions), Decimal(0)),
        lag_ms_p50=_rounded(lag.quantile_ms(0.5)),
        lag_ms_p99=_rounded(lag.quantile_ms(0.99)),
        duration_s=0.0,
        report=None,
        end_reason=ran.end_reason,
        failure=ran.failure,
        warnings=ran.warnings,
        picks=_by_scanner(picks) if session.test_scanners else [],
    )


async def compare_books(
    store: SessionStore, config: SessionConfig, trader: Trader
) -> Reconciliation:
    """Hold the ledger beside the broker: cash to the cent, positions to the share."""
    account, held = await trader.account(), await trader.positions()
    ours: dict[str, Decimal] = {}
    for row in await store.positions(config.account_id):
        ours[row.symbol] = ours.get(row.symbol, Decimal(0)) + row.qty
    theirs = {position.symbol: position.qty for position in held}
    cent, none = Decimal("0.01"), Decimal(0)
    return Reconciliation(
        ledger_cash=(await store.load_account(config.account_id)).cash.quantize(cent),
        broker_cash=account.cash.quantize(cent),
        positions=len(theirs),
        differences=tuple(
            PositionDifference(symbol, ours.get(symbol, none), theirs.get(symbol, none))
            for symbol in sorted(ours.keys() | theirs.keys())
            if ours.get(symbol, none) != theirs.get(symbol, none)
        ),
    )


def told(books: Reconciliation) -> Iterator[str]:
    """Iterate over the differences, as lines for a person."""
    for each in books.differences:
        yield f"{each.symbol}: the ledger holds {each.ledger}, the broker {each.broker}"
    if books.ledger_cash != books.broker_cash:
        yield f"cash: the ledger has {books.ledger_cash}, the broker {books.broker_cash}"


def _by_scanner(picks: Sequence[Picked]) -> list[str]:
    """Return what each scanner picked, as lines for a person."""
    found: dict[str, dict[str, None]] = {}
    for pick in picks:
        found.setdefault(pick.scanner, {})[pick.symbol] = None
    return [f"{scanner}: {', '.join(symbols)}" for scanner, symbols in found.items()]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
