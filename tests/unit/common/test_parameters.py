"""Parameters are read from a class's source, without running it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal, Optional

import pytest

from liualgotrader.common.parameters import (
    BadParameter,
    BadSource,
    Declared,
    NoSuchClass,
    class_names_for,
    convert,
    declared,
    type_of,
)

SOURCE = """
raise SystemExit("this must not run")
from typing import ClassVar, Literal
import liualgotrader.strategies.base as base
from liualgotrader.strategies.sma_cross import SmaCross as Cross
from elsewhere import Other

class Base(base.Strategy):
    a: int
    b: float = 1.0
    c: ClassVar[int] = 3
    d: "ClassVar[int]" = 3
    _private: int = 1
    name: str = "x"
    every: int = 5

class Timed(base.Scanner):
    every: int = 5
    most: int = 3

class Child(Base):
    a = 3
    e: Decimal

class Grown(Cross):
    extra: str = ""

class Stranger(Other):
    x: int = 1

class Old(base.Strategy):
    def __init__(self, batch_id, *, risk, **rest): ...

class Loop(Loop): ...
"""
STRATEGY = frozenset({"Strategy"})
CROSS = "class SmaCross(Strategy):\n    fast: int = 5\n"


def look(*names: str) -> Declared | NoSuchClass:
    sources = {"liualgotrader.strategies.sma_cross": CROSS}.get
    return declared(SOURCE, names, filename="user.py", sources=sources)


def test_annotated_attributes_are_parameters() -> None:
    assert look("Base") == Declared(
        "Base", {"a": int, "b": float, "every": int}, frozenset({"a"}), True, STRATEGY
    )


def test_how_often_a_scanner_runs_is_no_parameter_of_it() -> None:
    assert look("Timed") == Declared(
        "Timed", {"most": int}, frozenset(), True, frozenset({"Scanner"})
    )


def test_a_subclass_inherits_and_may_give_defaults() -> None:
    types = {"a": int, "b": float, "every": int, "e": Decimal}
    assert look("Child") == Declared("Child", types, frozenset({"e"}), True, STRATEGY)


def test_a_built_in_base_is_looked_up() -> None:
    assert look("Grown") == Declared(
        "Grown", {"fast": int, "extra": str}, frozenset(), True, STRATEGY
    )


@pytest.mark.parametrize("name", ["Stranger", "Old", "Loop"])
def test_a_class_with_a_base_or_arguments_out_of_sight_is_open(name: str) -> None:
    found = look(name)
    assert isinstance(found, Declared)
    assert not found.closed


def test_arguments_of_its_own_init_count() -> None:
    found = look("Old")
    assert isinstance(found, Declared)
    assert found.types == {"batch_id": Any, "risk": Any}


def test_the_first_name_that_is_defined_is_taken() -> None:
    found = look("child", "Child", "Base")
    assert isinstance(found, Declared)
    assert found.class_name == "Child"
    assert look("none") == NoSuchClass(
        ("Base", "Timed", "Child", "Grown", "Stranger", "Old", "Loop")
    )


@pytest.mark.parametrize("source", ["class X(", "x = '\0'", "(" * 300 + ")" * 300])
def test_what_is_not_python_is_refused(source: str) -> None:
    with pytest.raises(BadSource, match=r"user\.py"):
        declared(source, ["X"], filename="user.py", sources=lambda _: None)


def test_a_name_in_the_plan_may_mean_several_classes() -> None:
    assert class_names_for("sma_cross")[:3] == ("sma_cross", "SmaCross", "SmaCrossStrategy")
    assert class_names_for("Dip")[0] == "Dip"


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("int", int),
        ("decimal.Decimal", Decimal),
        ("float | None", Optional[float]),  # noqa: UP045
        ("Optional[str]", Optional[str]),  # noqa: UP045
        ("'list[int]'", list[int]),
        ("tuple[int, ...]", tuple[int, ...]),
        ("dict[str, float]", dict[str, float]),
        ("Literal['a', 1]", Literal["a", 1]),
        ("Final[int]", int),
        ("Foo", Any),
        ("int | Foo", Any),
        ("Foo[int]", Any),
        ("int |", Any),
        ("3", Any),
    ],
)
def test_annotations_become_types(annotation: str, expected: Any) -> None:
    assert type_of(annotation) == expected


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (1, float, 1.0),
        (1.5, Decimal, Decimal("1.5")),
        ("1.10", Decimal, Decimal("1.10")),
        ("2024-01-02", dt.date, dt.date(2024, 1, 2)),
        ([1, 2], tuple[int, ...], (1, 2)),
        ([1], Any, [1]),
    ],
)
def test_values_become_what_is_declared(value: Any, type_: Any, expected: Any) -> None:
    found = convert(value, type_)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "type_"),
    [("x", int), (True, int), (1.5, int), (1, str), (1, bool), ("c", Literal["a"]), (1, list[int])],
)
def test_values_that_do_not_fit_are_refused(value: Any, type_: Any) -> None:
    with pytest.raises(BadParameter):
        convert(value, type_)
