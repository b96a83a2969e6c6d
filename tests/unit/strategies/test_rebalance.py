"""Rebalance over small made-up histories: what it ranks, sells and buys, and with which money."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from liualgotrader.backtest.request import Scale
from liualgotrader.common.calendar import us_equities
from liualgotrader.common.events import Bar, CorporateAction
from liualgotrader.strategies.rebalance import Ranked, Rebalance
from tests.golden.case import Case
from tests.golden.running import Outcome, run_case
from tests.strategy_bench import OPEN, Bench, flat

FIRST = date(2023, 11, 1)
DAY = 86_400 * 10**9
PLAN = """
fees = {{ model = "none" }}
participation = 0
session = {{ symbols = {symbols} }}
[strategies.rebalance]
days = 5
atr_days = 3
{parameters}
"""


def table(prices: list[float], *, gaps: tuple[int, ...] = ()) -> str:
    """Return day bars, the range of each a fiftieth of its price."""
    days = us_equities().sessions(date(2023, 10, 25), date(2024, 1, 31))
    rows = zip(days, prices, strict=False)
    return "\n".join(
        f"{session.date} {price} {price * 1.01} {price * 0.99} {price} 1000000"
        for number, (session, price) in enumerate(rows)
        if number not in gaps
    )


def growing(rate: float, days: int, start: float = 100.0) -> list[float]:
    """Return prices that grow by a rate a day."""
    return [round(start * (1 + rate) ** day, 4) for day in range(days)]


def lived(
    folder: Path, bars: dict[str, str], parameters: str = "", *, weeks: int = 2, cash: int = 100_000
) -> Outcome:
    """Return what came of some weeks by days."""
    case = Case(
        why="",
        plan=PLAN.format(symbols=list(bars), parameters=parameters),
        fills=[],
        first=FIRST,
        last=FIRST + timedelta(weeks=weeks),
        scale=Scale.DAY,
        cash=Decimal(cash),
        bars=bars,
    )
    outcome = run_case(case, folder)
    assert not outcome.disagreements
    return outcome


def sent(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Return side, symbol and reason of all orders."""
    return [(order.side.value, order.symbol, order.reason) for order in outcome.orders]


def test_the_best_are_bought_best_first_each_by_its_range(tmp_path: Path) -> None:
    bars = {
        "SLOW": table(growing(0.001, 40)),
        "FAST": table(growing(0.004, 40)),
        "MID": table(growing(0.002, 40, start=50.0)),
        "DOWN": table(growing(-0.002, 40)),
    }
    outcome = lived(tmp_path, bars, "top = 2", weeks=1)
    assert sent(outcome)[:2] == [
        ("buy", "FAST", "among the best"),
        ("buy", "MID", "among the best"),
    ]
    fast, mid = outcome.orders[:2]
    assert fast.qty is not None and mid.qty is not None
    # Ranges are two hundredths of the price: 100 dollars of risk are about 5000 dollars of shares.
    assert float(fast.qty) * 101 == pytest.approx(5_000, rel=0.06)
    assert float(mid.qty) * 50.5 == pytest.approx(5_000, rel=0.06)
    assert fast.indicators["momentum"] > mid.indicators["momentum"] > 0


def test_money_that_does_not_suffice_goes_to_the_best(tmp_path: Path) -> None:
    bars = {"SLOW": table(growing(0.001, 40)), "FAST": table(growing(0.004, 40))}
    outcome = lived(tmp_path, bars, "top = 2", weeks=1, cash=6_000)
    fast, slow = outcome.orders
    assert (fast.symbol, slow.symbol) == ("FAST", "SLOW")
    assert {order.status.value for order in outcome.orders} == {"filled"}
    cash = outcome.backtest.simulation.venue.account.cash
    assert 0 <= cash < 200


def test_steady_markets_give_no_orders_after_the_first(tmp_path: Path) -> None:
    bars = {"AAA": table(growing(0.001, 70)), "BBB": table(growing(0.002, 70))}
    outcome = lived(tmp_path, bars, "top = 2", weeks=5)
    assert [side for side, _, _ in sent(outcome)] == ["buy", "buy"]


def test_what_moves_more_than_before_is_cut(tmp_path: Path) -> None:
    prices = growing(0.002, 70)
    bars = {"AAA": table(prices[:12]) + "\n" + table_wide(prices, 12)}
    outcome = lived(tmp_path, bars, weeks=3)
    assert sent(outcome)[:2] == [
        ("buy", "AAA", "among the best"),
        ("sell", "AAA", "more than its size"),
    ]
    bought, cut = outcome.orders[:2]
    assert bought.qty is not None and cut.qty is not None and cut.qty < bought.qty


def table_wide(prices: list[float], since: int) -> str:
    """Return day bars from a day on, with ranges of a tenth of the price."""
    days = us_equities().sessions(date(2023, 10, 25), date(2024, 1, 31))
    rows = list(zip(days, prices, strict=False))[since:]
    return "\n".join(
        f"{session.date} {price} {price * 1.05} {price * 0.95} {price} 1000000"
        for session, price in rows
    )


def test_what_did_not_trade_on_the_newest_day_is_left_alone(tmp_path: Path) -> None:
    bars = {
        "AAA": table(growing(0.004, 40)[:10] + growing(-0.01, 30, start=104.0), gaps=(12, 13, 14)),
        "BBB": table(growing(0.001, 40)),
    }
    outcome = lived(tmp_path, bars, "top = 1", weeks=1)
    assert sent(outcome) == [("buy", "AAA", "among the best")]
    outcome = lived(tmp_path / "later", bars, "top = 1", weeks=3)
    assert ("sell", "AAA", "not among the best") in sent(outcome)


def test_the_interval_is_counted_over_days_without_orders(tmp_path: Path) -> None:
    bars = {"AAA": table(growing(0.004, 12) + growing(-0.004, 60, start=104.0))}
    weekly = lived(tmp_path, bars, weeks=6)
    monthly = lived(tmp_path / "monthly", bars, "interval = 30", weeks=6)
    ends = [outcome.orders[1].decided_at for outcome in (weekly, monthly)]
    starts = [outcome.orders[0].decided_at for outcome in (weekly, monthly)]
    day = 86_400 * 10**9
    assert [(end - start) // day for start, end in zip(starts, ends, strict=True)] == [14, 30]


def test_without_enough_days_it_waits_and_ranks_as_soon_as_there_are(tmp_path: Path) -> None:
    bars = {"AAA": table(growing(0.004, 60), gaps=tuple(range(7)))}
    outcome = lived(tmp_path, bars, weeks=3)
    (order,) = outcome.orders
    begun = us_equities().sessions(FIRST, date(2023, 12, 31))
    assert begun[5].open < order.decided_at < begun[8].open


def test_a_split_between_sale_and_purchase_makes_it_forget_the_size() -> None:
    strategy = Rebalance()
    bench = Bench(lambda: strategy)
    strategy._wanted = [Ranked("AAA", 1.0, 10), Ranked("BBB", 0.5, 10)]
    bench.process(CorporateAction("AAA", bench.now, cash=Decimal("0.1")))
    assert len(strategy._wanted) == 2
    bench.process(CorporateAction("AAA", bench.now, ratio=Decimal(2)))
    assert [each.symbol for each in strategy._wanted] == ["BBB"]


@pytest.mark.parametrize(("days", "atr_days"), [(260, 20), (20, 20), (90, 1)])
def test_days_that_are_not_loaded_are_refused(days: int, atr_days: int) -> None:
    strategy = Rebalance()
    strategy.days, strategy.atr_days = days, atr_days
    bench = Bench(lambda: strategy)
    bench.play(flat(10.0, 1))
    ((_, reason),) = bench.engine.failures
    assert "must be less than days" in reason


def test_a_restart_between_sale_and_purchase_ranks_again_and_buys() -> None:
    def make() -> Rebalance:
        strategy = Rebalance()
        strategy.days, strategy.atr_days, strategy.top = 5, 3, 1
        return strategy

    bench = Bench(make, symbols=("AAA", "BBB"))
    for symbol, rate in (("AAA", -0.01), ("BBB", 0.004)):
        bench.bars[symbol] = [
            Bar(
                symbol,
                OPEN - (10 - place) * DAY,
                price,
                price * 1.01,
                price * 0.99,
                price,
                1e6,
                86_400,
            )
            for place, price in enumerate(growing(rate, 9))
        ]
    bench.begin_with("AAA", Decimal(40), Decimal(100))
    bench.minutes({"AAA": (92.0,) * 4, "BBB": (103.0,) * 4})
    bench.minutes({"AAA": (92.0,) * 4, "BBB": (103.0,) * 4})
    assert [(order.side.value, order.symbol) for order in bench.sent] == [("sell", "AAA")]
    assert bench.held("AAA") == 0
    assert bench.engine.kept == []
    bench.restart()
    for _ in range(3):
        bench.minutes({"AAA": (92.0,) * 4, "BBB": (103.0,) * 4})
    assert [(order.side.value, order.symbol) for order in bench.sent[1:]] == [("buy", "BBB")]
    assert bench.held("BBB") > 0
    assert bench.engine.kept == [("s", "rebalanced", str(OPEN))]
    bench.restart()
    for _ in range(3):
        bench.minutes({"AAA": (92.0,) * 4, "BBB": (103.0,) * 4})
    assert len(bench.sent) == 2
