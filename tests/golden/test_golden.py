"""Small strategies over small made-up histories give the orders, fills and figures they always gave."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from liualgotrader.backtest.request import Request
from tests.golden.case import CASES, case_names, expected_path, read_case
from tests.golden.checking import difference
from tests.golden.rendering import render
from tests.golden.running import run_case

_NEVER_LOST = Decimal(10**9)


@pytest.mark.parametrize("name", case_names())
def test_gives_what_is_expected(name: str, tmp_path: Path) -> None:
    disputed = read_case(name).disputed
    _, diff, wrong = difference(name, tmp_path)
    by_hand = "\n".join(wrong) or "what was worked out by hand holds now: take `disputed` out"
    assert not disputed, f"{name} is disputed: {disputed}\n{by_hand}\n{diff}"
    assert not wrong, f"{name} breaks what was worked out by hand:\n{by_hand}\n{diff}"
    assert not diff, f"{name} behaves differently; tools/golden --update {name} takes it:\n{diff}"


def _undisputed() -> list[str]:
    return [name for name in case_names() if not read_case(name).disputed]


def _watched(request: Request) -> Request:
    """Set a limit that is never reached: with one, quiet stretches are lived window by window too."""
    limits = replace(request.plan.limits, loss_of_day=_NEVER_LOST)
    return replace(request, plan=replace(request.plan, limits=limits))


def _lived_in_strides() -> list[str]:
    """Return the cases that are not lived window by window as they are."""
    cases = {name: read_case(name) for name in _undisputed()}
    return [
        name
        for name, case in cases.items()
        if case.scale != "day" and case.request().plan.limits.loss_of_day is None
    ]


@pytest.mark.parametrize("name", _lived_in_strides())
def test_gives_the_same_window_by_window(name: str, tmp_path: Path) -> None:
    case = read_case(name)
    watched = render(case, run_case(case, tmp_path, _watched))
    assert watched == expected_path(name).read_text(encoding="utf-8")


def test_every_case_that_is_not_disputed_has_its_expectation() -> None:
    assert sorted(path.stem for path in CASES.glob("*.txt")) == _undisputed()
