"""0.4's models answer from what was admitted, book nothing twice, and say what to write where they cannot."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from liualgotrader.common.clock import MINUTE, SECOND
from liualgotrader.common.events import Bar, OpenPosition, SessionBegan
from liualgotrader.common.instruments import Instrument
from liualgotrader.common.plan import Window
from liualgotrader.common.portfolio_note import PORTFOLIO_KEY, PortfolioNote, note_text
from liualgotrader.compat.driving import drive
from liualgotrader.compat.errors import Unanswerable
from liualgotrader.compat.served import (
    accounts,
    algo_run,
    analysis,
    assets,
    database,
    market_data,
    new_trades,
    portfolio,
    trader,
    trending_tickers,
)
from liualgotrader.compat.served.data_base import data_loader_factory, streaming_factory
from liualgotrader.compat.strategy import OldStrategy
from tests.engine_bench import CLOSE, OPEN, Bench, bar, started, submits
from tests.old_bench import bench, old, show

DAY = 86_400 * SECOND
Accounts, Portfolio = accounts.Accounts, portfolio.Portfolio


def at_work(*, note: PortfolioNote | None = None, **more: Any) -> tuple[OldStrategy, Bench]:
    """Return a strategy with ten shares of A since before, and its engine."""
    strategy = old("callbacks.py", "WithFee", portfolio_id="mine", **more)
    kept = {PORTFOLIO_KEY: note_text(note)} if note is not None else {}
    start = started(
        positions=(OpenPosition("WithFee", "A", Decimal(10), Decimal(9)),),
        instruments=(Instrument("A", fractionable=False, shortable=False),),
        routes=(("A", None),),
        keystore={"WithFee": kept},
    )
    return strategy, bench(strategy, start=start, symbols=())


def ask(strategy: OldStrategy, question: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Return the answer to a question that the strategy asks."""
    with strategy._world.active():
        return drive(question(), (), "run()")


def test_a_portfolio_tells_its_size_and_cash_and_follows_its_fills() -> None:
    note = PortfolioNote(Decimal(5000), Decimal(800), Decimal(100))
    strategy, at = at_work(note=note)
    mine = ask(strategy, lambda: Portfolio.load_by_portfolio_id("mine"))
    assert (mine.portfolio_id, mine.portfolio_size, mine.account_id) == ("mine", 5000.0, 1)
    assert ask(strategy, lambda: Portfolio.get_portfolio_account_balance("mine")) == 800.0
    (sale,) = show(at, 0, 10)
    at.fill(sale.order_id, 10, price=10)
    assert ask(strategy, lambda: Accounts.get_balance(1)) == 900.0
    enough = Accounts.check_if_enough_balance_to_withdraw
    assert ask(strategy, lambda: enough(1, 1000.0)) is True
    assert ask(strategy, lambda: enough(1, 1000.01)) is False
    with pytest.raises(ValueError, match="must not be negative"):
        ask(strategy, lambda: enough(1, -1.0))


def test_without_a_portfolio_the_account_answers() -> None:
    strategy, _ = at_work()
    assert ask(strategy, lambda: Accounts.get_balance(None)) == 1000.0
    assert ask(strategy, lambda: Portfolio.load_by_batch_id("b")).portfolio_size == 100_000.0
    assert ask(strategy, lambda: strategy.old.calc_qty(7.0, 0.1)) == 129


def test_a_portfolio_is_associated_and_another_is_not_known() -> None:
    strategy, _ = at_work()
    assert ask(strategy, lambda: Portfolio.associate_batch_id_to_profile("mine", "b")) is None
    assert ask(strategy, lambda: Portfolio.is_associated("mine", "batch123-45")) is True
    assert ask(strategy, lambda: Portfolio.exists("other")) is False
    assert ask(strategy, lambda: Portfolio.get_external_account_id("mine")) == (None, None)
    with pytest.raises(Unanswerable, match=r"of 'other' of 0\.4 is not answered here: a strategy"):
        ask(strategy, lambda: Portfolio.load_by_portfolio_id("other"))


def test_a_booking_of_its_own_is_noted_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    strategy, _ = at_work()
    for _ in range(2):
        ask(strategy, lambda: Accounts.add_transaction(1, -50.0))
    ask(strategy, lambda: new_trades.NewTrade(0, "A", "buy", 1, 2.0, {}).save(None, ""))
    ask(strategy, lambda: trending_tickers.TrendingTickers("b").save(["A"]))
    assert ask(strategy, lambda: Accounts.get_balance(1)) == 1000.0
    said = [record.getMessage() for record in caplog.records]
    assert sum("booked by the framework" in line for line in said) == 1
    assert sum("stored by the framework" in line for line in said) == 2


def test_trades_are_the_position_of_the_start_and_the_orders_since() -> None:
    strategy, at = at_work()
    (sale,) = show(at, 0, 10)
    at.fill(sale.order_id, 10, price=11)
    rows = ask(strategy, lambda: analysis.load_trades_by_portfolio("mine"))
    assert rows[["symbol", "operation", "qty", "price"]].to_numpy().tolist() == [
        ["A", "buy", 10, 9.0],
        ["A", "sell", 10, 11.0],
    ]
    assert rows.tstamp.iloc[-1] == pd.Timestamp(OPEN + MINUTE, tz="UTC")
    assert len(ask(strategy, lambda: analysis.load_trades_by_batch_id("b"))) == 2
    latest = ask(strategy, lambda: new_trades.NewTrade.load_latest(None, "A", "x"))
    assert latest[1] == 11.0
    assert ask(strategy, lambda: new_trades.NewTrade.load_latest(None, "B", "x")) is None
    assert ask(strategy, lambda: trending_tickers.TrendingTickers.load("b")) == ["A"]


def test_the_keystore_keeps_text_across_sessions() -> None:
    strategy, at = at_work()
    ask(strategy, lambda: strategy.old.set_global_var("when", "2021-03-08"))
    assert ("WithFee", "when", "2021-03-08") in at.engine.kept
    assert ask(strategy, lambda: strategy.old.get_global_var("when")) == "2021-03-08"
    assert ask(strategy, lambda: strategy.old.get_global_var("never")) is None
    with pytest.raises(TypeError, match=r"write str\(...\)"):
        ask(strategy, lambda: strategy.old.set_global_var("when", 5))  # type: ignore[arg-type]


def test_a_trader_tells_facts_and_takes_no_orders() -> None:
    strategy, _ = at_work()
    broker = trader.trader_factory()
    with strategy._world.active():
        opened, closed = broker.get_market_schedule()
        assert (opened.value, closed.value) == (OPEN, CLOSE)
        assert broker.get_time_market_close() == pd.Timedelta(minutes=390)
        assert broker.get_position("A") == 10
    assert ask(strategy, lambda: broker.is_fractionable("a")) is False
    assert ask(strategy, lambda: broker.is_shortable("A")) is False
    assert ask(strategy, broker.get_tradeable_symbols) == ["A"]
    assert ask(strategy, broker.get_shortable_symbols) == []
    assert ask(strategy, lambda: broker.is_market_open(opened)) is True
    assert ask(strategy, lambda: broker.is_market_open(closed)) is False
    with pytest.raises(Unanswerable, match=r"return the order from run\(\)"):
        ask(strategy, lambda: broker.submit_order("A", 1))
    with pytest.raises(Unanswerable, match=r"Trader\.get_order\(\)"):
        broker.get_order("x")


@pytest.mark.parametrize(
    ("since_open", "buys", "sells"),
    [
        (0, False, False),
        (15, True, True),
        (44.9, True, True),
        (45, False, True),
        (375, False, False),
    ],
)
def test_the_schedule_says_when_to_buy_and_to_sell(
    since_open: float, buys: bool, sells: bool
) -> None:
    strategy, _ = at_work(schedule=(Window(start=15, duration=30),))
    now = pd.Timestamp(OPEN + int(since_open * MINUTE), tz="UTC").tz_convert("America/New_York")
    assert ask(strategy, lambda: strategy.old.is_buy_time(now)) is buys
    assert ask(strategy, lambda: strategy.old.is_sell_time(now)) is sells


def test_without_a_schedule_it_is_always_time() -> None:
    strategy, _ = at_work()
    now = pd.Timestamp(OPEN, tz="UTC")
    assert ask(strategy, lambda: strategy.old.is_buy_time(now)) is True
    assert ask(strategy, lambda: strategy.old.is_sell_time(now)) is True


def test_a_coins_precision_is_the_venues() -> None:
    strategy, _ = at_work()
    with strategy._world.active():
        assert assets.round_asset("a", 1.5) == 1.0
        assert (assets.get_asset_min_qty("A"), assets.get_asset_precision("A")) == (1e-9, 9)
        with pytest.raises(Unanswerable, match="the precision of eth/usd"):
            assets.round_asset("eth/usd", 1.5)


def test_the_calendar_is_the_exchanges() -> None:
    strategy, _ = at_work()
    monday = pd.Timestamp("2021-03-08 12:00", tz="America/New_York")
    day = ask(strategy, lambda: market_data.get_trading_day(monday, 1))
    assert day.isoformat() == "2021-03-05"
    assert "2021-07-05" in ask(strategy, market_data.get_trading_holidays)


def test_the_volume_of_the_day_counts_from_the_open() -> None:
    strategy, at = at_work()
    at.feed(bar(-1), bar(0), bar(1))
    with strategy._world.active():
        assert dict(market_data.volume_today) == {"A": 200}
        assert market_data.volume_today.get("B", 0) == 0


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (lambda: Accounts.create(100), "portfolio create SIZE"),
        (lambda: Accounts.get_transactions(1), "liu db query"),
        (lambda: Accounts.clear_balance(1, 0), "portfolio create SIZE"),
        (lambda: Portfolio.list_portfolios(), "portfolio list"),
        (lambda: Portfolio.save("x", 1), "portfolio create SIZE"),
        (lambda: algo_run.AlgoRun.get_batches(), "liu batches --json"),
        (lambda: new_trades.NewTrade.expire_trade(1), "outside the session"),
        (lambda: new_trades.NewTrade.rename_algo_run_id(1, 2), "trader --resume BATCH"),
        (lambda: database.fetch_as_dataframe("SELECT 1"), "liu db query"),
        (lambda: market_data.get_sector_tickers("tech"), "have a miner write a file"),
        (lambda: market_data.sp500_historical_constituents("2021-01-01"), "session.symbols"),
        (lambda: analysis.get_portfolio_cash("mine"), r"Accounts\.get_balance\(\)"),
    ],
)
def test_what_needs_a_database_says_what_to_write(question: Any, said: str) -> None:
    strategy, _ = at_work()
    with pytest.raises(Unanswerable, match=said):
        ask(strategy, question)


def test_a_vendor_is_not_asked() -> None:
    with pytest.raises(Unanswerable, match="read bars with a DataLoader"):
        data_loader_factory().get_symbols()
    with pytest.raises(Unanswerable, match="the plan's events"):
        streaming_factory()


def test_a_portfolio_is_rebalanced_when_its_days_are_over() -> None:
    strategy = old(
        "swing_rebalance.py", "SwingRebalance", portfolio_id="mine", window=3, rebalance_days=2
    )
    note = PortfolioNote(Decimal(5000), Decimal(5000))
    start = started(keystore={"SwingRebalance": {PORTFOLIO_KEY: note_text(note)}})
    at = bench(strategy, start=start, symbols=("A", "B"), bar_seconds=DAY // SECOND)
    bought: list[tuple[int, str, int, float | None]] = []
    for day, closes in enumerate([(10, 10), (11, 9), (12, 8), (13, 7), (6, 9), (5, 12), (4, 13)]):
        at.at((day + 1) * 24 * 60)
        over = at.engine.clock.now()
        at.feed(SessionBegan(over, over + DAY // 3, over + DAY // 2))
        for symbol, close in zip("AB", closes, strict=True):
            at.feed(Bar(symbol, over - DAY, close, close, close, close, 1000, DAY // SECOND))
        before = len(at.verdicts)
        at.at((day + 1) * 24 * 60 + 1)
        for order in submits(at.verdicts[before:]):
            bought.append((day, order.symbol, order.side.sign, float(order.qty or 0)))
            at.fill(order.order_id, price=closes["AB".index(order.symbol)])
    assert at.engine.failures == []
    # On the first day there is no average yet; what the sale brings is there once it has filled.
    many = int(0.9 * 5000 / 2 / 12)
    later = int(0.9 * (5000 - many * 12) / 2 / 9)
    assert bought == [(2, "A", 1, many), (4, "A", -1, many), (4, "B", 1, later)]
    kept = [value for _, key, value in at.engine.kept if key == "last_rebalance"]
    assert kept == ["2023-11-15", "2023-11-17", "2023-11-19", "2023-11-21"]


def test_history_that_was_not_declared_disables_though_the_class_catches_it() -> None:
    strategy = old("swing_rebalance.py", "SwingRebalance", portfolio_id="mine")
    at = bench(strategy)
    show(at, 0, 10)
    at.at(1.5)
    ((_, reason),) = at.engine.failures
    assert (
        "set strategies.SwingRebalance.warmup = 15600 in the plan, or warmup in the class" in reason
    )


def test_what_earlier_versions_of_0_4_asked_is_answered_too() -> None:
    strategy, at = at_work()
    ask(strategy, lambda: strategy.old.set_global_var("when", "now", "live"))
    assert ("WithFee", "live/when", "now") in at.engine.kept
    assert ask(strategy, lambda: strategy.old.get_global_var("when", "live")) == "now"
    assert ask(strategy, lambda: strategy.old.get_global_var("when")) is None
    assert ask(strategy, lambda: Portfolio.load_details("mine")) == (1, 100_000.0)
