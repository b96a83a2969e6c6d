"""Which changes are made to a piece of code, and how sure a sample makes one."""

from types import ModuleType

import pytest

from liualgotrader.common.orders import Side
from tools.mutation.mutants import mutants_of
from tools.mutation.score import Score


def changes(code: str) -> list[str]:
    module = ModuleType("sample")
    vars(module)["Side"] = Side
    source = code.encode()
    return [mutant.apply(source).decode() for mutant in mutants_of("sample.py", source, module)]


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("a = b < c", ["a = b <= c", "a = b >= c"]),
        ("a = b is None", ["a = b is not None"]),
        ("a = b in c", ["a = b not in c"]),
        ("a = b and c", ["a = (b or c)"]),
        ("a = not b", ["a = (b)"]),
        ("a = b + c", ["a = (b - c)"]),
        ("a = min(b, c)", ["a = max(b, c)"]),
        ("a = abs(b)", ["a = (b)"]),
        ("a = True", ["a = False"]),
        ("a = 7", ["a = 8"]),
        ("a = ZERO", ["a = (ZERO + 1)"]),
        ("a = Side.SELL", ["a = Side.BUY"]),
        ("a.b = c", ["pass"]),
        ("a()", ["pass"]),
        ("if a:\n    b()", ["if not (a):\n    b()", "if a:\n    pass"]),
        ("def f() -> bool:\n    return a()", ["def f() -> bool:\n    return not (a())"]),
        (
            "def f(a=1):\n    return a",
            ["def f(a=2):\n    return a", "def f(a=1):\n    return None"],
        ),
    ],
)
def test_code_is_changed_one_little_thing_at_a_time(code: str, changed: list[str]) -> None:
    assert changes(code) == changed


@pytest.mark.parametrize(
    "code",
    [
        '"""A docstring."""',
        'a = "text"',
        "a: int | None = None",
        "class A(B, frozen=True):\n    c: int",
        "a = b",
        "a = b.sign * c",
    ],
)
def test_what_no_test_could_notice_is_left_alone(code: str) -> None:
    assert changes(code) == []


def test_a_product_compared_with_nothing_has_only_its_sign() -> None:
    assert "a = (b / c) < 0" not in changes("a = b * c < 0")


def test_everything_tried_leaves_nothing_open() -> None:
    score = Score(killed=90, tried=100, known=100)
    assert score.interval() == pytest.approx((0.9, 0.9))
    assert score.words() == "  90.0%  90/100"


def test_a_sample_leaves_open_what_its_size_does() -> None:
    # Wilson's interval of 90 in 100 from an endless population is 82.6 % to 94.5 %.
    low, high = Score(killed=90, tried=100, known=10**9).interval()
    assert [low, high] == pytest.approx([0.826, 0.945], abs=0.001)
