"""A made-up day of pairs: the same for the same seed, whole around the clock, on its ticks."""

from __future__ import annotations

from collections import Counter

from liualgotrader.common.calendar import crypto
from liualgotrader.common.events import Quote, Trade
from liualgotrader.common.instruments import AssetClass
from liualgotrader.exchange.__main__ import make_tape, parser
from liualgotrader.exchange.simulated_coins import (
    DEFAULT_DATE,
    PAIRS,
    SimulatedCoins,
    simulated_coins,
)
from liualgotrader.exchange.tape import moment


def small(seed: int = 0) -> SimulatedCoins:
    return simulated_coins(seed, trades_per_pair=500)


def test_the_same_seed_makes_the_same_day_and_another_another() -> None:
    first = list(small(3).events())
    assert first == list(small(3).events())
    assert first != list(small(4).events())
    assert small(3).daily_bars == small(3).daily_bars


def test_a_day_of_pairs_is_a_day_of_utc_and_a_saturday_too() -> None:
    tape = small()
    session = crypto().session(DEFAULT_DATE)
    assert DEFAULT_DATE.weekday() == 5
    assert (tape.start, tape.end) == (session.open, session.close)
    moments = [moment(event) for event in tape.events()]
    assert moments == sorted(moments)
    assert tape.start <= moments[0] and moments[-1] < tape.end
    hours = Counter((each - tape.start) // 3_600_000_000_000 for each in moments)
    assert len(hours) == 24 and min(hours.values()) > len(moments) / 24 / 2


def test_prices_are_on_the_tick_and_quotes_are_not_crossed() -> None:
    tape = small()
    assert {i.asset_class for i in tape.instruments.values()} == {AssetClass.CRYPTO}
    for event in tape.events():
        decimals = next(pair.decimals for pair in PAIRS if pair.symbol == event.symbol)
        if isinstance(event, Quote):
            assert 0 < event.bid < event.ask
            assert min(event.bid_size, event.ask_size) > 0
        assert isinstance(event, Quote | Trade)
        price = event.ask if isinstance(event, Quote) else event.price
        assert round(price, decimals) == price


def test_the_days_before_end_where_the_day_begins() -> None:
    tape = small()
    for symbol, bars in tape.daily_bars.items():
        assert all(bar.low <= bar.open <= bar.high for bar in bars)
        assert bars[-1].ts_event == tape.start
        first = next(e for e in tape.events() if isinstance(e, Trade) and e.symbol == symbol)
        assert abs(first.price / bars[-1].close - 1) < 0.02


def test_the_command_line_plays_it_by_one_word() -> None:
    tape = make_tape(parser().parse_args(["--crypto", "--seed", "5", "--date", "2026-03-01"]))
    assert isinstance(tape, SimulatedCoins)
    assert (tape.seed, str(tape.date)) == (5, "2026-03-01")
    named = "--tape=liualgotrader.exchange.simulated_coins:simulated_coins?seed=2"
    made = make_tape(parser().parse_args([named]))
    assert isinstance(made, SimulatedCoins) and made.seed == 2
