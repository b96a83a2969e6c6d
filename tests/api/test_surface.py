"""What users import is a promise: it changes on purpose, here and in the changelog."""

import ast
import subprocess
import sys
from pathlib import Path

import liualgotrader

SURFACE = {
    "AssetClass",
    "Bar",
    "Context",
    "CorporateAction",
    "DataLoader",
    "Forecast",
    "Instrument",
    "LiuError",
    "Miner",
    "MinerContext",
    "NotLoaded",
    "Order",
    "OrderClass",
    "OrderEvent",
    "OrderEventKind",
    "OrderType",
    "Quote",
    "ScanContext",
    "Scanner",
    "Side",
    "Snapshot",
    "Strategy",
    "StrategyType",
    "TimeInForce",
    "TimerFired",
    "Trade",
    "Viability",
    "__version__",
}


def test_the_surface_is_what_it_was() -> None:
    assert set(liualgotrader.__all__) == SURFACE


def test_every_public_name_can_be_loaded() -> None:
    assert all(getattr(liualgotrader, name) is not None for name in SURFACE)


def test_an_unknown_name_says_so() -> None:
    try:
        liualgotrader.Stratgy  # noqa: B018 - the point
    except AttributeError as exc:
        assert "Stratgy" in str(exc)
    else:
        raise AssertionError("an unknown name was found")


def test_importing_the_package_loads_no_library() -> None:
    code = "import sys, liualgotrader; print('numpy' in sys.modules, 'msgspec' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "False"]


def test_the_lazy_names_are_those_type_checkers_see() -> None:
    tree = ast.parse(Path(liualgotrader.__file__).read_text())
    seen = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("liualgotrader")
        for alias in node.names
    }
    assert seen | {"__version__"} == SURFACE
