"""Users' classes are found, run once, given parameters; mistakes name the line of their file."""

from __future__ import annotations

import pickle
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.engine.loading import (
    configure,
    load_class,
    parameter_types,
    source_of,
)
from liualgotrader.scanners.base import Scanner
from liualgotrader.strategies.base import Strategy

SOURCE = """\
from __future__ import annotations
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar
from liualgotrader.strategies.base import Strategy
if TYPE_CHECKING:
    from nowhere import Thing

@dataclass
class Level:
    price: float

class Base(Strategy):
    warmup: ClassVar[int] = 20
    dip: float = 0.01
    lots: int

class Dip(Base):
    budget: Decimal = Decimal(1)
    sides: list[str] = []

class Loose(Strategy):
    thing: Thing | None = None
    dip: float = 0.5

@dataclass
class Data(Strategy):
    dip: float

class Bad(Strategy):
    def __init__(self) -> None:
        self.x = 1 / 0

class Often(Strategy):
    every: int = 5

class Plain:
    pass
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "dip.py"
    path.write_text(SOURCE)
    return str(path)


def refused(file: str, name: str, base: type = Strategy, *, source: str | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_class(file, name, base, source=source)
    return str(caught.value)


def test_a_class_is_loaded_and_configured(file: str) -> None:
    cls = load_class(file, "Dip", Strategy)
    assert load_class(file, "Dip", Strategy) is cls
    dip = configure(cls, "mine", {"dip": 1, "lots": 3, "budget": 2.5})
    assert (dip.name, vars(dip)["dip"], vars(dip)["lots"]) == ("mine", 1.0, 3)
    assert vars(dip)["budget"] == Decimal("2.5")
    any_class: type = cls  # mypy takes no type[Strategy] for Hashable
    assert parameter_types(any_class) == {
        "dip": float,
        "lots": int,
        "budget": Decimal,
        "sides": list[str],
    }


def test_instances_share_no_default_list(file: str) -> None:
    cls = load_class(file, "Dip", Strategy)
    one, two = (configure(cls, name, {"lots": 1}) for name in "ab")
    vars(one)["sides"].append("long")
    assert vars(two)["sides"] == []


def test_values_of_a_loaded_module_can_be_pickled(file: str) -> None:
    module = sys.modules[load_class(file, "Dip", Strategy).__module__]
    level = module.Level(3.0)
    assert pickle.loads(pickle.dumps(level)) == level


def test_a_dataclass_gets_its_parameters_from_its_init(file: str) -> None:
    data = configure(load_class(file, "Data", Strategy), "data", {"dip": 0.25})
    assert vars(data)["dip"] == 0.25


def test_an_annotation_that_cannot_be_resolved_leaves_the_others_checked(file: str) -> None:
    cls = load_class(file, "Loose", Strategy)
    with pytest.raises(ConfigError, match=r"dip = 'x': Expected float, got str"):
        configure(cls, "loose", {"thing": 3, "dip": "x"})


def test_the_text_of_a_journal_runs_in_place_of_the_file(file: str) -> None:
    other = SOURCE.replace("0.01", "0.02")
    kept = configure(load_class(file, "Dip", Strategy, source=other), "kept", {"lots": 1})
    today = configure(load_class(file, "Dip", Strategy), "today", {"lots": 1})
    assert (getattr(kept, "dip", None), getattr(today, "dip", None)) == (0.02, 0.01)
    gone = load_class("/no/such/place.py", "Dip", Strategy, source=SOURCE)
    assert gone.__name__ == "Dip"


def test_a_file_may_import_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "liu_test_neighbour.py").write_text("DIP = 0.25\n")
    path = tmp_path / "dip.py"
    path.write_text(
        "from liu_test_neighbour import DIP\n"
        "from liualgotrader.strategies.base import Strategy\n"
        "class Dip(Strategy):\n    dip: float = DIP\n",
    )
    assert getattr(load_class(str(path), "Dip", Strategy), "dip", None) == 0.25


def test_a_built_in_module_is_loaded_by_its_dotted_name() -> None:
    assert load_class("liualgotrader.strategies.base", "Strategy", Strategy) is Strategy
    source = source_of("liualgotrader.strategies.base")
    assert source is not None
    assert "class Strategy" in source
    copy = load_class("liualgotrader.strategies.base", "Strategy", object, source=source + "\n#")
    assert copy is not Strategy


@pytest.mark.parametrize("name", ["none.py", "liualgotrader.none", ".", "a\0b"])
def test_there_is_no_source_without_a_file(name: str) -> None:
    assert source_of(name) is None
    assert "there is no such file" in refused(name, "Dip")


def test_a_class_that_is_not_there_is_named_with_its_nearest(file: str) -> None:
    text = refused(file, "Dipp")
    assert text == f"{file}: defines no class Dipp; the nearest valid class is Dip"


def test_a_class_of_another_kind_is_refused_with_its_line(file: str) -> None:
    line = SOURCE.splitlines().index("class Plain:") + 1
    assert refused(file, "Plain") == (
        f"{file}:{line}: Plain is no Strategy: write class Plain(Strategy)"
    )
    assert "Dip is no Scanner" in refused(file, "Dip", Scanner)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1\ny = 1 / 0\n", ":2: cannot be loaded: ZeroDivisionError: division by zero"),
        ("x = 1\nclass Dip(:\n", ":2: cannot be loaded: SyntaxError: invalid syntax"),
        ("raise SystemExit(3)\n", ":1: cannot be loaded: SystemExit: 3"),
        ("def f():\n    import nowhere_at_all\nf()\n", ":2: cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_what_raises_in_the_users_file_is_named_with_its_line(
    file: str,
    source: str,
    said: str,
) -> None:
    before = set(sys.modules)
    assert refused(file, "Dip", source=source).startswith(f"{file}{said}")
    assert not [name for name in set(sys.modules) - before if name.startswith("_liu_user_")]


def test_every_wrong_parameter_is_named(file: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configure(load_class(file, "Dip", Strategy), "dip", {"dipp": 1, "budget": "much"})
    lines = str(caught.value).splitlines()
    assert [line.partition("Dip: ")[2] for line in lines] == [
        "dipp = 1: no such parameter; the nearest valid parameter is dip",
        "budget = 'much': Invalid decimal string",
        "lots is missing: it has no default, so the plan must set it",
    ]
    assert all(line.startswith(f"{file}:") for line in lines)


def test_a_strategy_may_have_a_parameter_by_the_name_of_a_scanners_interval(file: str) -> None:
    often = configure(load_class(file, "Often", Strategy), "often", {"every": 25})
    assert often.every == 25  # type: ignore[attr-defined]  # a class of the test's file


def test_a_constructor_that_raises_is_named_with_its_line(file: str) -> None:
    line = SOURCE.splitlines().index("        self.x = 1 / 0") + 1
    with pytest.raises(ConfigError) as caught:
        configure(load_class(file, "Bad", Strategy), "bad", {})
    assert str(caught.value).startswith(f"{file}:{line}: Bad() raised: ZeroDivisionError")
