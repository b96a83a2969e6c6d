"""A file says by itself whether it was written for 0.4, and what its classes take."""

from __future__ import annotations

from pathlib import Path

import pytest

from liualgotrader.common.old_classes import beside, written_for_0_4
from liualgotrader.common.plan import Plan
from liualgotrader.common.plan_errors import PlanErrors
from liualgotrader.common.plan_file import parse_plan

OLD = Path(__file__).parents[2] / "old_classes"
PACKAGE = Path(__file__).parents[3] / "liualgotrader"
EXAMPLES = Path(__file__).parents[3] / "examples"

STRATEGY = """
from liualgotrader.strategies.base import Strategy, StrategyType

class Mine(Strategy):
    name: str
    def __init__(self, batch_id, most, data_loader=None, schedule=(), *, least=1, must, ref_run_id=None):
        pass
    async def run(self, symbol, shortable, position, now, minute_history):
        return False, {}
"""


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(OLD.glob("*.py")) if p.stem not in ("today",)],
    ids=lambda path: path.stem,
)
def test_old_files_are_known(path: Path) -> None:
    assert written_for_0_4(source(path))


@pytest.mark.parametrize(
    "path",
    [
        OLD / "today.py",
        *sorted(PACKAGE.glob("strategies/*.py")),
        *sorted(PACKAGE.glob("scanners/*.py")),
        *sorted(PACKAGE.glob("miners/*.py")),
        *sorted(EXAMPLES.glob("**/*.py")),
    ],
    ids=lambda path: f"{path.parent.stem}/{path.stem}",
)
def test_files_of_today_are_left_alone(path: Path) -> None:
    assert not written_for_0_4(source(path))


@pytest.mark.parametrize(
    ("text", "is_old"),
    [
        ("class A(Scanner):\n    async def run(self): ...", True),
        (
            "class A(Scanner):\n    async def run(self): ...\n    async def scan(self, ctx): ...",
            False,
        ),
        ("class A(Miner):\n    async def run(self): ...", True),
        ("class A(Miner):\n    async def run(self, ctx): ...", False),
        ("class A(Base):\n    async def run(self, back_time=None): ...", True),
        ("class A(Base):\n    async def run(self, *args): ...", True),
        ("class A(Base):\n    async def run(self): ...", False),
        ("class A:\n    async def run_all(self): ...", False),
        ("import liualgotrader.common.config", True),
        ("from liualgotrader.common import tlog", True),
        ("from liualgotrader.common import clock", False),
        ("from .common import tlog", False),
        ("class A(Strategy)", False),
    ],
)
def test_what_tells_the_two_apart(text: str, is_old: bool) -> None:
    assert written_for_0_4(text) is is_old


def test_a_class_is_as_old_as_the_one_beside_it_that_it_derives_from() -> None:
    files = {"base": STRATEGY, "middle": "import base\nclass Middle(base.Mine):\n    pass"}
    text = "from middle import Middle\nclass Mine(Middle):\n    pass"
    assert written_for_0_4(text, files.get)
    assert not written_for_0_4(text.replace("(Middle)", "(Other)"), files.get)
    assert not written_for_0_4(text)


def test_a_file_that_derives_from_itself_ends() -> None:
    text = "from me import A\nclass B(A):\n    pass"
    assert not written_for_0_4(text, lambda name: text)


def test_where_a_file_beside_it_would_be() -> None:
    assert beside("/plans/mine.py", "lib.helper") == "/plans/lib/helper.py"


def plan(keys: str, text: str = STRATEGY) -> Plan:
    document = f'[session]\nsymbols = ["A"]\n[strategies.Mine]\nfilename = "mine.py"\n{keys}'
    return parse_plan(document, environ={}, sources={"mine.py": text}.get)


def test_the_constructor_says_what_the_plan_may_set() -> None:
    (part,) = plan('most = 3\nmust = "x"\nwarmup = 100\nportfolio_id = "p"').strategies
    assert part.parameters == {"most": 3, "must": "x", "warmup": 100}
    assert part.portfolio_id == "p"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("most = 3", "Mine.must: is missing"),
        ('must = "x"', "Mine.most: is missing"),
        (
            "most = 3\nmust = 1\nleats = 2",
            "Mine has no such parameter; the nearest valid key is least",
        ),
        ('most = 3\nmust = 1\nwarmup = "many"', "does not fit what Mine declares"),
    ],
)
def test_what_the_constructor_does_not_take_is_named_with_its_line(keys: str, said: str) -> None:
    with pytest.raises(PlanErrors) as caught:
        plan(keys)
    assert said in str(caught.value)


_INIT = STRATEGY[STRATEGY.index("    def __init__") : STRATEGY.index("    async def")]


@pytest.mark.parametrize(
    "text",
    [STRATEGY.replace("ref_run_id=None", "**more"), STRATEGY.replace(_INIT, "")],
    ids=["anything", "out of sight"],
)
def test_a_constructor_that_takes_anything_or_is_out_of_sight_is_given_anything(text: str) -> None:
    assert plan("most = 3\nmust = 1\nmore = 2", text).strategies[0].parameters["more"] == 2
