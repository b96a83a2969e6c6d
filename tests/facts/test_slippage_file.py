"""slippage.toml by cash: what a trade cost against the same trade at a mid, in fractions."""

from __future__ import annotations

import statistics
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.facts.make.bars import FOLDER, rounded

Case = dict[str, Any]
Figures = Iterator[tuple[str, Fraction]]

_FILE: dict[str, list[Case]] = tomllib.loads((FOLDER / "slippage.toml").read_text())


def _each(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", _FILE[kind], ids=lambda case: case["name"])


def _mid(quote: list[str]) -> Fraction:
    return (Fraction(quote[0]) + Fraction(quote[1])) / 2


def _texts(figures: Figures) -> dict[str, Decimal]:
    return {name: Decimal(rounded(number, 12)) for name, number in figures}


def _figures(case: Case) -> Figures:
    """Yield each part as a difference of two amounts of cash: what was paid, or would have been at a mid."""
    sign = 1 if case["side"] == "buy" else -1
    fills = [[Fraction(number) for number in fill] for fill in case["fills"]]
    shares = sum(qty for _, qty, *_ in fills)
    at_decision = shares * _mid(case["decision"])
    at_fills = sum((qty * (bid + ask) / 2 for _, qty, bid, ask in fills), Fraction(0))
    paid = sum((price * qty for price, qty, *_ in fills), Fraction(0))

    def points(less: Fraction, more: Fraction) -> Fraction:
        return sign * (more - less) / at_decision * 10_000

    yield "spread", points(at_fills, paid)
    yield "total", points(at_decision, paid)
    yield "cost", sign * (paid - at_decision)
    yield "effective_at_fill", 2 * sign * (paid - at_fills) / shares
    if "send" in case:
        at_send = shares * _mid(case["send"])
        yield "delay", points(at_decision, at_send)
        yield "market", points(at_send, at_fills)
        yield "execution", points(at_send, paid)
        yield "effective_spread", 2 * sign * (paid - at_send) / shares
    if "improvement" in case:
        ((price, _, bid, ask),) = fills
        yield "improvement", ask - price if sign == 1 else price - bid
    if "wanted" in case:
        yield from _shortfall(case, shares, sign * (paid - at_decision))


def _shortfall(case: Case, shares: Fraction | int, cost: Fraction) -> Figures:
    """Yield Perold's: the paper portfolio's gain less the real one's, both valued at the end."""
    assert case["side"] == "buy"
    wanted, end, before = Fraction(case["wanted"]), _mid(case["end"]), _mid(case["decision"])
    paper = wanted * (end - before)
    real = shares * (end - before) - cost - Fraction(case["fees"])
    yield "opportunity_cost", (wanted - shares) * (end - before)
    yield "shortfall", paper - real
    yield "shortfall_bp", (paper - real) / (wanted * before) * 10_000


@_each("case")
def test_parts(case: Case) -> None:
    not_figures = {
        "name",
        "side",
        "decision",
        "send",
        "fills",
        "total_by_fill",
        "wanted",
        "end",
        "fees",
    }
    given = {name: Decimal(text) for name, text in case.items() if name not in not_figures}
    assert _texts(_figures(case)) == given


def test_each_of_several_fills() -> None:
    (case,) = (case for case in _FILE["case"] if "total_by_fill" in case)
    alone = [dict(_figures({**case, "fills": [fill]}))["total"] for fill in case["fills"]]
    assert alone == [Fraction(text) for text in case["total_by_fill"]]
    assert sum(alone) / 3 != Fraction(case["total"])


@_each("together")
def test_several_orders(case: Case) -> None:
    orders = [[Fraction(number) for number in order] for order in case["orders"]]
    costs = [points / 10_000 * shares * mid for points, shares, mid in orders]
    shares, value = (sum(row[1] for row in orders), sum(row[1] * row[2] for row in orders))
    expected = {
        "by_shares": sum((points * qty for points, qty, _ in orders), Fraction(0)) / shares,
        "by_value": sum(costs, Fraction(0)) / value * 10_000,
        "median": statistics.median([points for points, *_ in orders]),
        "cost": sum(costs, Fraction(0)),
    }
    assert _texts(iter(expected.items())) == {name: Decimal(case[name]) for name in expected}


def test_orders_together_are_those_above() -> None:
    above = {
        Fraction(c["total"]): Fraction(c["cost"])
        for c in _FILE["case"]
        if c["name"] != "price_improvement"
    }
    for points, shares, mid in _FILE["together"][-1]["orders"]:
        assert above[Fraction(points)] == Fraction(points) / 10_000 * Fraction(shares) * Fraction(
            mid
        )
