"""What an old file imports: 0.4's modules, the files beside it, and nothing that others would see."""

from __future__ import annotations

import gc
import importlib
import sys
import weakref
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.compat.errors import Unanswerable
from tests.old_bench import bench, made, old, show

BASE = """
from liualgotrader.strategies.base import Strategy, StrategyType

class Mine(Strategy):
    def __init__(self, batch_id, data_loader=None, ref_run_id=None, schedule=[]):
        super().__init__("Mine", StrategyType.DAY_TRADE, batch_id, schedule, ref_run_id, data_loader)

    async def run(self, symbol, shortable, position, now, minute_history, **kwargs):
        return False, {}
"""


def load(folder: Path, head: str, body: str = BASE) -> Any:
    path = folder / "mine.py"
    path.write_text(head + body)
    return old(path, "Mine")


def test_files_beside_it_are_old_ones_too_and_hide_from_others() -> None:
    strategy = old("with_helper.py", "WithHelper")
    at = bench(strategy)
    for minute, close in enumerate([10, 10, 10, 10, 10.2, 10.3]):
        orders = show(at, minute, close)
        if orders:
            at.fill(orders[0].order_id)
            assert orders[0].indicators == {"times": 1} and orders[0].qty == 10
    assert at.held() == 10 and at.engine.failures == []
    assert not {"old_helper", "old_package", "liualgotrader.common.tlog"} & sys.modules.keys()


def test_two_of_a_file_share_nothing() -> None:
    one, two = (old("with_helper.py", "WithHelper") for _ in range(2))
    assert type(one.old) is not type(two.old)
    assert one._world.trading_data.positions is not two._world.trading_data.positions


def test_a_class_of_today_beside_old_ones_sees_the_real_modules() -> None:
    today = made("today.py", "Today")
    beside = old("callbacks.py", "WithFee")
    at = bench(today, beside)
    orders = show(at, 0, 10)
    assert at.engine.failures == []
    assert [(each.strategy, each.qty) for each in orders] == [
        ("Today", Decimal(3)),
        ("WithFee", Decimal(100)),
    ]
    assert type(today).__module__.startswith("_liu_user_")


def test_what_is_computed_from_frames() -> None:
    strategy = old("levels.py", "Levels")
    at = bench(strategy)
    closes = [10, 9.8, 10.1, 10.4, 10.2, 9.9, 9.7, 9.9, 10.3, 10.2, 10.0, 9.8, 10.1]
    for minute, close in enumerate(closes):
        show(at, minute, close)
    seen: dict[str, Any] = strategy.old.seen  # type: ignore[attr-defined]
    assert at.engine.failures == []
    assert seen["done"] is True and seen["group"] == [[100.0, 101.0], [120.0]]
    assert seen["vwap"] == pytest.approx(sum(closes) / len(closes))
    assert len(seen["anchored"]) == len(closes) - 1
    assert list(seen["five"].columns) == ["open", "high", "low", "close", "volume"]
    assert seen["doji"] is False and len(seen["day"]) == len(closes)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import liualgotrader.data.alpaca", "vendors are the framework's"),
        ("from liualgotrader.models.ticker_data import TickerData", "`liu db query`"),
        ("from liualgotrader.common.events import Bar", "write what needs it as a class of today"),
        ("from liualgotrader import Bar", "cannot import Bar from liualgotrader"),
        ("from liualgotrader.models.accounts import Nothing", "cannot import Nothing from"),
        ("import no_such_thing_anywhere", "No module named 'no_such_thing_anywhere'"),
    ],
)
def test_what_is_not_served_says_what_to_do(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"mine\.py:1: cannot be loaded: ") as caught:
        load(tmp_path, line)
    assert said in str(caught.value)


def test_modules_are_found_under_every_form_of_import(tmp_path: Path) -> None:
    head = """
import liualgotrader.common.config
import liualgotrader.common.trading_data as data
from liualgotrader.common import config, trading_data
from liualgotrader.models import accounts, keystore
from liualgotrader.common.types import *
import os.path as path
assert liualgotrader.common.config is config and data is trading_data
assert config.batch_id == "batch123-45" and config.env == "PAPER" and config.risk == 0.002
assert TimeScale.day.value == 86400 and path.join("a", "b")
"""
    assert load(tmp_path, head).old.name == "Mine"


def test_a_file_beside_it_never_hides_what_is_installed(tmp_path: Path) -> None:
    for name in ("json", "numpy", "helper"):
        (tmp_path / f"{name}.py").write_text("here = True")
    head = "import json, numpy, helper\nassert json.dumps and numpy.array and helper.here\n"
    load(tmp_path, head)
    assert "helper" not in sys.modules


def test_a_file_beside_it_is_old_though_its_folder_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "helper.py").write_text("from liualgotrader.common.tlog import tlog")
    monkeypatch.chdir(tmp_path / "real")
    monkeypatch.setattr(sys, "path", ["", *sys.path, str(tmp_path / "link")])
    load(tmp_path / "link", "from helper import tlog\n")
    assert "helper" not in sys.modules


@pytest.mark.parametrize("line", ["from helper import gone", "from .helper import here"])
def test_what_is_not_beside_it_is_an_import_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "helper.py").write_text("here = True")
    with pytest.raises(
        ConfigError, match=r"mine\.py:1: cannot be loaded: (ModuleNotFound|Import)Error"
    ):
        load(tmp_path, line)


def test_what_a_library_of_indicators_makes_of_a_column_counts_from_the_end(tmp_path: Path) -> None:
    head = """
import talib
from talib import MACD
from talib import *
from talib import abstract
import numpy
"""
    body = BASE.replace(
        "return False, {}",
        """macd, signal, _ = MACD(minute_history["close"])
        self.seen = macd[-1], talib.RSI(minute_history.close, 5)[-1], SMA(numpy.arange(9.0), 3)[-1]
        return False, {}""",
    )
    strategy = load(tmp_path, head, body)
    at = bench(strategy)
    for minute in range(40):
        show(at, minute, 10 + minute % 7)
    assert at.engine.failures == []
    macd, rsi, average = strategy.old.seen
    assert macd == pytest.approx(0.0, abs=1) and 0 < rsi < 100 and average == 7.0
    real: Any = importlib.import_module("talib")
    assert type(real.RSI(pd.Series([1.0, 2.0, 3.0]), 2)) is pd.Series


def test_an_error_in_a_file_beside_it_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("\nhere = 1 / 0")
    with pytest.raises(ConfigError, match=r"helper\.py:2: cannot be loaded: ZeroDivisionError"):
        load(tmp_path, "import helper")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (BASE.replace("class Mine", "class Other"), "defines no class Mine; valid: Other$"),
        (
            "from liualgotrader.common.tlog import tlog\nclass Mine:\n    pass",
            "is no Strategy of 0.4",
        ),
        (BASE + "\n    def", r"mine\.py:11: cannot be loaded: SyntaxError"),
        (BASE.replace("batch_id,", "batch_id, most,", 1), r"Mine\(\) raised: TypeError: .*'most'"),
    ],
)
def test_what_cannot_be_made_is_the_authors_to_mend(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, "", source)


def test_what_is_asked_while_it_is_made_says_when_to_ask(tmp_path: Path) -> None:
    body = BASE.replace("        super()", '        data_loader["A"].close[-1]\n        super()')
    with pytest.raises(ConfigError, match="read bars in create"):
        load(tmp_path, "", body)


def test_a_journals_source_takes_the_place_of_the_file() -> None:
    strategy = old("gone/away.py", "Mine", source=BASE)
    assert strategy.old.batch_id == "batch123-45"


def test_what_is_over_leaves_the_memory(tmp_path: Path) -> None:
    def live() -> weakref.ref[Any]:
        strategy = old("momentum_long.py", "MomentumLong")
        at = bench(strategy)
        for minute in range(3):
            show(at, minute, 10)
        return weakref.ref(strategy._world)

    worlds = [live() for _ in range(3)]
    load(tmp_path, "")  # the newest of a file stays until the next
    gc.collect()
    assert [world() is None for world in worlds[:2]] == [True, True]


def test_what_is_retired_is_there_to_annotate_with(tmp_path: Path) -> None:
    head = """
import alpaca_trade_api as tradeapi
from alpaca_trade_api.rest import REST, TimeFrame
from liualgotrader.common.types import QueueMapper, Trade

def ask(api: tradeapi.REST, queues: QueueMapper, trade: Trade) -> None:
    return REST("key")
"""
    module = sys.modules[type(load(tmp_path, head).old).__module__]
    with pytest.raises(Unanswerable, match=r"alpaca_trade_api\.rest\.REST of 0\.4 is not answered"):
        module.ask(None, None, None)
    assert "alpaca_trade_api" not in sys.modules


def test_a_folder_that_the_file_adds_has_old_files_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib" / "common").mkdir(parents=True)
    (tmp_path / "lib" / "common" / "trend.py").write_text(
        "from liualgotrader.common.tlog import tlog\nslope = 1\n"
    )
    (tmp_path / "strats").mkdir()
    monkeypatch.setattr(sys, "path", list(sys.path))
    head = f'import sys\nsys.path.append("{tmp_path}")\nfrom lib.common.trend import slope, tlog\n'
    assert load(tmp_path / "strats", head).old.name == "Mine"
    assert not {"lib", "lib.common"} & sys.modules.keys()
