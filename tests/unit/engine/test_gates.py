"""An exit is asked only the gates at which it can fail: all others must let it pass, however bad things are."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from liualgotrader.common.events import FeedState
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.orders import OrderType, Side, Submit, TimeInForce
from liualgotrader.engine.risk import FOR_ALL, GATES, Gate, Situation
from liualgotrader.engine.settings import EngineSettings, StrategySettings, Window

SETTINGS = EngineSettings(
    "b", "A", (), max_order=Decimal("0.01"), max_position=Decimal("0.01"), bar_seconds=60
)
WORST = Situation(
    settings=SETTINGS,
    strategy=StrategySettings("s", windows=(Window(300, 1),)),
    instrument=Instrument("A", shortable=False),
    since_open=0,
    until_close=1,
    feed=FeedState.STALE,
    halted="by command",
    disabled=False,
    rejected=True,
    warming_up=False,
    position=Decimal("100.5"),
    pending=Decimal(1_000),
    last=10.0,
)
EXIT = Submit(
    "b-A-1", "s", "A", Side.SELL, OrderType.MARKET, TimeInForce.DAY, 0, Decimal("100.5"), exit=True
)
ONLY_FOR_ENTRIES = [gate for gate in GATES if gate not in FOR_ALL]


@pytest.mark.parametrize("gate", ONLY_FOR_ENTRIES)
def test_an_exit_passes_what_it_is_not_asked(gate: Gate) -> None:
    assert gate(EXIT, WORST) is None


@pytest.mark.parametrize("gate", ONLY_FOR_ENTRIES)
def test_the_same_order_would_not_pass_as_an_entry(gate: Gate) -> None:
    assert gate(msgspec.structs.replace(EXIT, exit=False), WORST) is not None
