"""Which consumers get a symbol."""

from liualgotrader.common.events import Picked
from liualgotrader.common.instruments import Instrument
from liualgotrader.session.routing import directed, slot_index

SLOTS = ("A", "B", "C")


def pick(symbol: str, strategy: str | None = None) -> Picked:
    return Picked(symbol, "scan", 100, Instrument(symbol), strategy)


def symbol_of(slot: int) -> str:
    return next(s for s in (f"S{i}" for i in range(100)) if slot_index(s, 3) == slot)


def test_a_symbol_goes_where_its_hash_puts_it() -> None:
    for index, slot in enumerate(SLOTS):
        symbol = symbol_of(index)
        assert [s for s, _ in directed(pick(symbol), SLOTS, ())] == [slot]


def test_a_portfolio_strategy_gets_its_own_picks_in_the_first_slot_alone() -> None:
    picked = pick(symbol_of(2), "Rebalance")
    assert list(directed(picked, SLOTS, ("Rebalance",))) == [("A", picked)]


def test_a_pick_for_all_reaches_the_portfolio_strategies_too() -> None:
    picked = pick(symbol_of(1))
    routes = list(directed(picked, SLOTS, ("Rebalance",)))
    assert [(slot, part.strategy) for slot, part in routes] == [("B", None), ("A", "Rebalance")]
    assert len({part.time for _, part in routes}) == 2


def test_a_pick_of_the_first_slot_reaches_everybody_there_at_once() -> None:
    picked = pick(symbol_of(0))
    assert list(directed(picked, SLOTS, ("Rebalance",))) == [("A", picked)]


def test_the_hash_is_the_same_in_every_process() -> None:
    assert [slot_index(s, 4) for s in ("AAPL", "MSFT", "GOOG")] == [
        slot_index(s, 4) for s in ("AAPL", "MSFT", "GOOG")
    ]
    assert slot_index("AAPL", 1000) == 812
