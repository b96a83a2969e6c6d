"""The same plan without processes, sockets and database: what a session is compared with."""

import os
from pathlib import Path
from typing import Any

import msgspec

from liualgotrader.bootstrap import (
    Endpoints,
    SessionConfig,
    engine_settings,
    make_strategies,
    portfolio_strategies,
)
from liualgotrader.common.events import Picked
from liualgotrader.common.ids import slot_name
from liualgotrader.common.ledger_orders import LedgerOrder
from liualgotrader.common.plan import Plan
from liualgotrader.credentials.secret import Secret
from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.exchange.file_tape import open_tape
from liualgotrader.simulation.simulation import Setting, Simulation
from liualgotrader.simulation.tape_session import live_tape, tape_simulation
from tests.e2e.sessions import Books
from tests.postgres import run

_NOWHERE = Endpoints("", "", "", "", Secret(""), Secret(""))


def session_config(
    plan: Plan, batch: str, *, slots: tuple[str, ...] = (), sources: dict[str, str] | None = None
) -> SessionConfig:
    """Return what `bootstrap` makes strategies and settings of."""
    return SessionConfig(
        batch_id=batch,
        plan=plan,
        sources=sources or {},
        dsn="",
        home="",
        endpoints=_NOWHERE,
        slots=slots,
        session_open=0,
        session_close=0,
        account_id=0,
    )


def simulate(
    plan_path: Path, *, batch: str, forecasts: dict[str, dict[str, float]] | None = None
) -> Books:
    """Play a plan's tape to engines in this process, with forecasts for its day; return what came of it."""
    plan = read_plan(plan_path, environ=os.environ)
    session = plan.session
    tape = open_tape(session.tape, seed=session.seed)
    slots = tuple(slot_name(index) for index in range(session.consumers or 1))
    config = session_config(plan, batch, slots=slots)
    config = msgspec.structs.replace(config, portfolios=portfolio_strategies(config))
    setting = Setting(
        settings=tuple(engine_settings(config, slot) for slot in slots),
        strategies=lambda settings: make_strategies(config, settings.slot),
        portfolios=config.portfolios,
        channels=frozenset(session.events),
        limits=plan.limits,
        latency=session.latency_ns,
        forecasts=lambda _: forecasts or {},
    )
    simulation = tape_simulation(tape, plan, setting)
    picks = [
        Picked(symbol, "plan", tape.start - 1, tape.instruments[symbol])
        for symbol in session.symbols
    ]
    run(live_tape(simulation, tape, picks))
    return _books(simulation)


def _books(simulation: Simulation) -> Books:
    ledger = simulation.ledger
    orders = sorted(ledger.orders.values(), key=lambda order: order.order_id)
    fills = sorted(ledger.executions, key=lambda each: (each.order_id, each.time))
    return Books(
        orders=[_order(order) for order in orders],
        fills=[
            (_name(e.order_id), e.symbol, e.side.value, e.qty, e.price, e.fee, e.time)
            for e in fills
        ],
        cash=ledger.view.cash,
        positions=sorted(
            (strategy, symbol, held.qty, held.avg_price)
            for (strategy, symbol), held in ledger.view.holdings.items()
        ),
    )


def _name(order_id: str) -> str:
    return order_id.partition("-")[2]


def _order(order: LedgerOrder) -> tuple[Any, ...]:
    return (
        _name(order.order_id),
        order.strategy,
        order.symbol,
        order.side.value,
        order.qty,
        order.type.value,
        order.limit,
        order.decided_at,
        order.status.value,
        order.filled,
    )
