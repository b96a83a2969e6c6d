"""What goes wrong in a strategy of 0.4: passed over, or the end of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from liualgotrader.common.clock import SECOND
from liualgotrader.common.events import Bar
from tests.engine_bench import OPEN
from tests.old_bench import bench, old, show


def lines(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((True, {"side": "buy", "type": "market"}), '"qty" is missing'),
        ((True, {"side": "long", "qty": 1}), '"side" must be "buy" or "sell"'),
        ((True, {"side": "buy", "qty": 1, "type": "stop"}), '"type" must be "market" or "limit"'),
        ((True, {"side": "buy", "qty": 1, "type": "limit"}), '"limit_price" is missing'),
        ((True, {"side": "buy", "qty": "many"}), '"qty" is not a number'),
        ("buy", "return (True, action)"),
        ((True, "buy"), "it must be a dict"),
    ],
)
def test_what_is_no_order_disables_with_the_key_to_mend(answer: Any, said: str) -> None:
    strategy = old("callbacks.py", "WithFee")

    async def run(*args: Any, **named: Any) -> Any:
        return answer

    strategy.old.run = run  # type: ignore[method-assign]
    at = bench(strategy)
    assert show(at, 0, 10) == []
    ((name, reason),) = at.engine.failures
    assert name == "WithFee" and said in reason


def test_an_error_of_short_history_passes_a_bar_over_while_nothing_is_held(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    strategy = old("callbacks.py", "WithFee")
    run = strategy.old.run
    answers: list[Any] = [IndexError("too few"), None, ValueError("odd"), KeyError("gone")]

    async def troubled(*args: Any, **named: Any) -> Any:
        answer = answers.pop(0)
        named.pop("trading_api")
        if answer is not None:
            raise answer
        return await run(*args, **named)

    strategy.old.run = troubled  # type: ignore[method-assign]
    at = bench(strategy)
    show(at, 0, 10)
    assert "run() of A raised IndexError: too few; its bar is passed over" in lines(caplog)
    (order,) = show(at, 1, 10)
    at.fill(order.order_id)
    show(at, 2, 10)
    assert at.engine.failures == [] and "raised ValueError: odd" in lines(caplog)
    show(at, 3, 10)
    assert at.engine.failures == [("WithFee", "raised in on_bar: KeyError: 'gone'")]


def test_sixty_errors_in_a_row_are_no_want_of_history() -> None:
    strategy = old("callbacks.py", "WithFee")

    async def run(*args: Any, **named: Any) -> Any:
        raise KeyError("misspelt")

    strategy.old.run = run  # type: ignore[method-assign]
    at = bench(strategy)
    for minute in range(59):
        show(at, minute, 10)
    assert at.engine.failures == []
    show(at, 59, 10)
    assert at.engine.failures == [("WithFee", "raised in on_bar: KeyError: 'misspelt'")]


def test_days_decide_beside_minutes_and_parts_of_shares_are_bought() -> None:
    strategy = old("daily_average.py", "DailyAverage", days=2)
    assert (strategy.warmup, strategy.warmup_days) == (390, 250)
    day = 86_400 * SECOND
    past = tuple(
        Bar("A", OPEN - back * day, close, close, close, close, 100, 86_400)
        for back, close in ((3, 50.0), (2, 9.0), (1, 11.0))
    )
    at = bench(strategy, past=past)
    assert show(at, 0, 9.9) == []
    (order,) = show(at, 1, 10.5)
    # A twentieth of what the account's 1000 dollars would buy, a tenth of a percent of fees off.
    assert order.qty == pytest.approx(Decimal(1000 / (10.5 * 1.001) / 20), abs=Decimal("1e-8"))


def test_create_with_false_sleeps_on() -> None:
    strategy = old("callbacks.py", "WithFee")

    async def create() -> bool:
        return False

    strategy.old.create = create  # type: ignore[method-assign]
    at = bench(strategy)
    assert show(at, 0, 10) == []
