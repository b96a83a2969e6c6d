"""Which strategies are there, and which can be tried on one symbol."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Plan, StrategyPlan
from liualgotrader.common.plan_classes import BUILT_IN
from liualgotrader.engine.loading import load_class
from liualgotrader.recommending import discovery
from liualgotrader.recommending.discovery import chosen, installed, sort_out
from liualgotrader.strategies.base import Strategy

FILE = """
from typing import ClassVar

from liualgotrader import Strategy


class Alone(Strategy):
    lot: int = 1


class Needy(Strategy):
    lot: int
    mate: str


class Together(Strategy):
    portfolio: ClassVar[bool] = True


class Prophet(Strategy):
    forecasts: ClassVar[tuple[str, ...]] = ("trend",)
"""


def part(folder: Path, class_name: str, **more: object) -> StrategyPlan:
    path = folder / "mine.py"
    path.write_text(FILE)
    return StrategyPlan(
        name=class_name.lower(), class_name=class_name, filename=str(path), parameters=more
    )


def test_every_built_in_strategy_is_found_and_can_be_loaded() -> None:
    found = {each.name: each for each in installed()}
    assert list(found) == list(BUILT_IN["strategy"])
    for each in found.values():
        assert issubclass(load_class(each.filename, each.class_name, Strategy), Strategy)
    fit = {each.name for each in sort_out(found.values(), Plan()).fit}
    assert {"sma_cross", "momentum_long", "momentum_short"} <= fit


def test_a_new_built_in_strategy_is_found_without_being_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(BUILT_IN, "strategy", {"trend_rider": "liualgotrader.strategies.rider"})
    monkeypatch.setattr(discovery, "import_module", lambda _: SimpleNamespace(TrendRider=Strategy))
    assert [(e.name, e.class_name) for e in installed()] == [("trend_rider", "TrendRider")]


def test_a_plan_s_strategies_come_too_and_go_before_those_of_their_name(tmp_path: Path) -> None:
    own = StrategyPlan(
        name="sma_cross",
        class_name="SmaCross",
        filename="liualgotrader.strategies.sma_cross",
        portfolio_id="mine",
        parameters={"fast": 5},
    )
    found = {e.name: e for e in installed(Plan(strategies=(own, part(tmp_path, "Alone"))))}
    assert found["sma_cross"].parameters == {"fast": 5}
    assert found["sma_cross"].portfolio_id is None
    assert set(found) == {*BUILT_IN["strategy"], "alone"}


def test_what_cannot_be_tried_on_one_symbol_is_left_out_with_the_reason(tmp_path: Path) -> None:
    kinds = ("Alone", "Needy", "Together", "Prophet")
    found = sort_out([part(tmp_path, each) for each in kinds], Plan())
    assert [each.name for each in found.fit] == ["alone"]
    assert found.failed == {}
    assert found.left_out == {
        "needy": "lot, mate must be given, in a plan (--plan)",
        "together": "it decides over several symbols at once",
        "prophet": "it needs forecasts",
    }
    assert sort_out([part(tmp_path, "Needy", lot=1, mate="B")], Plan()).left_out == {}


def test_a_file_that_cannot_be_loaded_is_a_failure_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import nowhere_at_all\n")
    bad = StrategyPlan(name="bad", class_name="Bad", filename=str(tmp_path / "bad.py"))
    found = sort_out([bad, part(tmp_path, "Alone")], Plan())
    assert [each.name for each in found.fit] == ["alone"]
    assert "bad.py:1: cannot be loaded: ModuleNotFoundError" in found.failed["bad"]


def test_only_the_named_ones_are_tried_and_a_slip_is_told(tmp_path: Path) -> None:
    assert [each.name for each in chosen(installed(), ["sma_cross"])] == ["sma_cross"]
    assert chosen(installed(), []) == installed()
    with pytest.raises(ConfigError, match=r"--strategies sma_cros: .*nearest valid .* sma_cross"):
        chosen(installed(), ["sma_cros"])


def test_a_strategy_of_0_4_is_tried_like_any_other() -> None:
    folder = Path(__file__).parents[2] / "old_classes"
    parts = [
        StrategyPlan(name=name, class_name=class_name, filename=str(folder / f"{name}.py"))
        for name, class_name in (
            ("daily_average", "DailyAverage"),
            ("swing_rebalance", "SwingRebalance"),
        )
    ]
    found = sort_out(parts, Plan())
    assert [each.name for each in found.fit] == ["daily_average"]
    assert found.left_out == {"swing_rebalance": "it decides over several symbols at once"}
