"""What must hold after any session, whoever was killed in it."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from liualgotrader.bootstrap import make_strategies
from liualgotrader.common.plan import plan_from_json
from liualgotrader.engine.core import Engine
from liualgotrader.engine.replay import Replay, Replayed
from liualgotrader.engine.settings import EngineSettings
from liualgotrader.exchange.app import Settings, build
from liualgotrader.exchange.desk import Request
from liualgotrader.exchange.file_tape import open_tape
from liualgotrader.exchange.log import Header as LogHeader
from liualgotrader.exchange.log import OrderLog
from liualgotrader.exchange.service import Exchange
from liualgotrader.models.journal import Header, read_journal
from liualgotrader.venue.fees import FeeModel, UsRegulatoryFees
from liualgotrader.venue.rules import VenueRules
from tests.e2e.sessions import Setting, books, query
from tests.e2e.simulations import session_config

US_FEES = UsRegulatoryFees()
CLOSED = {"filled", "canceled", "expired", "replaced", "rejected", "refused", "never_sent"}


@dataclass
class Population:
    """How much happened: too little would prove nothing."""

    orders: int
    parts: int
    cancels: int
    refusals: int

    @property
    def is_rich(self) -> bool:
        """Whether it is enough."""
        return self.orders >= 200 and self.parts >= 20 and self.cancels >= 10 and self.refusals >= 5


def population(setting: Setting, batch: str) -> Population:
    """Count what happened in a batch."""
    kinds = query(
        setting.dsn,
        "SELECT kind, count(*) AS n FROM order_events JOIN orders o USING (order_id)"
        " WHERE o.batch_id = $1 GROUP BY kind",
        batch,
    )
    count = Counter({row["kind"]: row["n"] for row in kinds})
    orders = query(setting.dsn, "SELECT count(*) AS n FROM orders WHERE batch_id = $1", batch)
    return Population(orders[0]["n"], count["partial_fill"], count["canceled"], count["refused"])


def relived(
    setting: Setting, batch: str, fees: FeeModel = US_FEES
) -> tuple[Exchange, list[Request]]:
    """Return the exchange as its own log tells, and the requests that it had accepted."""
    path = setting.home / "exchange" / f"{batch}.log"
    tape = open_tape([setting.tape], seed=3)
    exchange, _ = build(
        tape,
        Settings(
            rules=VenueRules(fees=fees, participation=Decimal("0.1")),
            seed=3,
            speed=None,
            log=path,
        ),
    )
    exchange.floor.advance(max(tape.end, exchange.session.post_close))
    exchange.close()
    lines = OrderLog(path, header_of(path)).lines
    return exchange, [line for line in lines if isinstance(line, Request)]


def header_of(path: Path) -> LogHeader:
    """Return the header of an exchange's log."""
    return msgspec.json.decode(path.read_bytes().splitlines()[0], type=LogHeader)


def assert_books_agree(setting: Setting, batch: str, fees: FeeModel = US_FEES) -> Exchange:
    """No order lost, none doubled, none unrecorded; money and positions as the exchange has them.

    Return the exchange as its log tells.
    """
    exchange, requests = relived(setting, batch, fees)
    submitted = Counter(each.client_id for each in requests if each.kind != "cancel")
    assert [name for name, times in submitted.items() if times > 1] == []
    orders = {
        row["order_id"]: row["status"]
        for row in query(
            setting.dsn, "SELECT order_id, status FROM orders WHERE batch_id = $1", batch
        )
    }
    assert {k: v for k, v in orders.items() if v not in CLOSED} == {}
    never = {"refused", "never_sent", "rejected"}
    assert {k for k, v in orders.items() if v not in never} <= submitted.keys()
    assert {
        k for k, v in orders.items() if v in ("refused", "never_sent")
    } & submitted.keys() == set()
    assert submitted.keys() <= orders.keys()
    booked = query(
        setting.dsn,
        "SELECT t.execution_id, t.order_id, t.qty, t.price FROM new_trades t"
        " JOIN orders o USING (order_id) WHERE o.batch_id = $1 AND t.expire_tstamp IS NULL",
        batch,
    )
    executed = [(e.execution_id, e.client_id, e.qty, e.price) for e in exchange.venue.executions]
    assert sorted(tuple(row.values()) for row in booked) == sorted(executed)
    ours = books(setting.dsn, batch)
    account = exchange.venue.account
    assert ours.cash == account.cash, (ours.cash, account.cash, account.charges)
    held: Counter[str] = Counter()
    for _, symbol, qty, _ in ours.positions:
        held[symbol] += qty
    theirs = {symbol: p.qty for symbol, p in account.positions.items() if p.qty}
    assert {symbol: qty for symbol, qty in held.items() if qty} == theirs
    return exchange


def replays(setting: Setting, batch: str) -> dict[str, Replayed]:
    """Replay every journal of a batch; return what each came to."""
    folder = setting.home / "journals" / batch
    return {path.name: replay(path) for path in sorted(folder.iterdir())}


def replay(path: Path) -> Replayed:
    """Live one incarnation again."""
    frames = read_journal(path)
    header = next(frames)
    assert isinstance(header, Header)
    settings = msgspec.msgpack.decode(header.settings, type=EngineSettings)
    plan = plan_from_json(header.plan)
    strategies = make_strategies(session_config(plan, header.batch_id, sources=header.sources))
    return Replay(Engine(strategies, settings)).run(frames)
