"""tradeplan.toml becomes a Plan, or every mistake in it with its line."""

from __future__ import annotations

import datetime as dt
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import (
    Channel,
    ErrorPolicy,
    LossAction,
    Mode,
    Plan,
    Window,
    plan_from_json,
    plan_to_json,
)
from liualgotrader.common.plan_errors import PlanErrors
from liualgotrader.common.plan_file import override, parse_plan

STRATEGY = """
from decimal import Decimal
from typing import ClassVar
from liualgotrader import Strategy

class Dip(Strategy):
    warmup: ClassVar[int] = 20
    dip: float = 0.01
    lots: int
    sides: list[str] = []
    budget: Decimal = Decimal(1)
"""
FILES = {"dip.py": STRATEGY, "broken.py": "class Dip(:\n", "scan.py": "class Movers(Scanner): ..."}
SMALLEST = "[scanners.gap]\n[strategies.sma_cross]\n"


def read(text: str, environ: dict[str, str] | None = None, **options: object) -> Plan:
    return parse_plan(
        text,
        filename="plan.toml",
        environ=environ or {},
        sources=FILES.get,
        options=options,
    )


def mistakes(text: str, environ: dict[str, str] | None = None, **options: object) -> list[str]:
    with pytest.raises(PlanErrors) as caught:
        read(text, environ, **options)
    assert isinstance(caught.value, ConfigError)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.mistakes)
    return lines


FULL = """\
portfolio_value = 25000.10
risk = 0.01
market_liquidation_end_time_minutes = 20
on_strategy_error = "flatten"
participation = 0.25

[session]
mode = "simulated"
tape = ["a.parquet", "b.parquet"]
speed = 60
latency = 250
date = 2024-01-31
symbols = ["AAPL", "BRK.B"]
max_symbols = 100
consumers = 2
link = "pipe"
events = ["trades", "quotes", "minute", "second"]
skip_existing = true
bypass_market_schedule = true
seed = 7
keep_journals = { days = 3, size = "1.5 GB" }
min_free_disk = "200 MB"

[scanners.momentum]
recurrence = 5
target_strategy_name = "Dip"
min_volume = 30000
today_change_percent = 3.5
min_last_dv = 500000
min_share_price = 2.0
max_share_price = 20.0
from_market_open = 15
max_symbols = 440

[scanners.Movers]
filename = "scan.py"

[strategies.Dip]
filename = "dip.py"
portfolio_id = "5b2ea4ab-0f04-44b2-8f9d-c0b5ea1c1ad1"
lots = 3
dip = 1
sides = ["long"]
budget = 2.50

[[strategies.Dip.schedule]]
start = 15
duration = 150
[[strategies.Dip.schedule]]
start = 300
duration = 60.5

[strategies.again]
class_name = "Dip"
filename = "dip.py"
lots = 1

[limits]
gross_exposure = 100000
net_exposure = 50000
loss_of_day = 500.5
on_loss = "flatten"
orders_per_minute = 60
max_position = 10000
max_order = 5000

[fees]
model = "per_share"
per_share = 0.005
minimum = 1

[slippage]
model = "bps"
bps = 1.5
"""


def test_every_key_is_read() -> None:
    plan = read(FULL)
    assert plan.filename == "plan.toml"
    assert plan.portfolio_value == Decimal("25000.10")
    assert (plan.risk, plan.participation) == (0.01, 0.25)
    assert plan.market_liquidation_end_time_minutes == 20
    assert plan.on_strategy_error is ErrorPolicy.FLATTEN
    session = plan.session
    assert session.mode is Mode.SIMULATED
    assert session.tape == ("a.parquet", "b.parquet")
    assert (session.speed, session.lockstep) == (60.0, False)
    assert session.latency_ns == 250_000_000
    assert session.date == dt.date(2024, 1, 31)
    assert session.symbols == ("AAPL", "BRK.B")
    assert (session.max_symbols, session.consumers, session.link) == (100, 2, "pipe")
    assert session.events == tuple(Channel)
    assert session.skip_existing and session.bypass_market_schedule and not session.test_scanners
    assert (session.keep_journals.days, session.keep_journals.size) == (3, 1_500_000_000)
    assert (session.seed, session.min_free_disk) == (7, 200_000_000)
    momentum, movers = plan.scanners
    assert momentum.filename == "liualgotrader.scanners.momentum"
    assert (momentum.recurrence, momentum.target_strategy_name) == (5.0, "Dip")
    assert momentum.parameters["today_change_percent"] == 3.5
    assert (movers.class_name, movers.filename, movers.recurrence) == ("Movers", "scan.py", None)
    dip, again = plan.strategies
    assert dip.parameters == {"lots": 3, "dip": 1, "sides": ["long"], "budget": 2.5}
    assert dip.schedule == (Window(start=15, duration=150), Window(start=300, duration=60.5))
    assert dip.schedule[0].span(0) == (900_000_000_000, 9_900_000_000_000)
    assert (again.name, again.class_name, again.schedule) == ("again", "Dip", ())
    assert plan.strategy("again") is again
    assert plan.limits.loss_of_day == Decimal("500.5")
    assert plan.limits.on_loss is LossAction.FLATTEN
    assert (plan.fees.model, plan.fees.per_share) == ("per_share", Decimal("0.005"))
    assert (plan.slippage.model, plan.slippage.bps) == ("bps", Decimal("1.5"))


def test_a_plan_survives_json_and_pickle() -> None:
    plan = override(read(FULL), speed="max")
    assert plan_from_json(plan_to_json(plan)) == plan
    assert pickle.loads(pickle.dumps(plan)) == plan
    assert plan.session.lockstep


TEN = """\
portfolio_valu = 100000
risk = 3
[session]
mode = "simulatd"
speed = fast
consumers = 0
symbols = ["AAPL", "aapl"]

[scanners.momentum]
min_volume = "many"  # a text
max_symbol = 3

[strategies.Dip]
filename = "dip.py"
lots = 1.5
"""


def test_a_plan_with_ten_mistakes_names_ten_with_their_lines() -> None:
    text = TEN + "[limits]\nmax_order = -4\n"
    assert mistakes(text) == [
        "plan.toml:1: portfolio_valu = 100000: unknown key; "
        "the nearest valid key is portfolio_value",
        "plan.toml:2: risk = 3: must be 1 or less",
        'plan.toml:4: session.mode = "simulatd": must be one of simulated, paper, live; '
        "the nearest valid word is simulated",
        "plan.toml:5: session.speed = fast: not TOML: Invalid value; a text needs quotes",
        "plan.toml:6: session.consumers = 0: must be 1 or more",
        'plan.toml:7: session.symbols = ["AAPL", "aapl"]: item 2 is not a symbol; write AAPL',
        'plan.toml:10: scanners.momentum.min_volume = "many": does not fit what Momentum declares: '
        "Expected float, got str",
        "plan.toml:11: scanners.momentum.max_symbol = 3: Momentum has no such parameter; "
        "the nearest valid key is max_symbols",
        "plan.toml:15: strategies.Dip.lots = 1.5: does not fit what Dip declares: "
        "Expected int, got float",
        "plan.toml:17: limits.max_order = -4: must be more than 0",
    ]


def test_keys_are_checked_even_where_the_file_is_missing() -> None:
    text = '[scanners.gap]\n[strategies.X]\nfilename = "none.py"\nshedule = 3\nown = 4\n'
    assert mistakes(text) == [
        'plan.toml:3: strategies.X.filename = "none.py": '
        "there is no such file, or it cannot be read",
        "plan.toml:4: strategies.X.shedule = 3: unknown key; the nearest valid key is schedule",
    ]


CASES = [
    ("[strategies.sma_cross]", "plan.toml:1: scanners: there is nothing to trade: add a"),
    ("[scanners.gap]", "plan.toml:1: strategies: there is no strategy: add a [strategies.NAME]"),
    ("[session]\ntest_scanners = true", "plan.toml:1: scanners: there is nothing to trade: add"),
    (SMALLEST + "[session]\nmode = 'paper'\nspeed = 'max'", "plan.toml:5: session.speed = 'max'"),
    (SMALLEST + "[session]\nmode = 'live'\ntape = 'x'", "plan.toml:5: session.tape = 'x': is only"),
    (
        SMALLEST + "[session]\nmode = 'live'\nscenario = 'x'",
        "plan.toml:5: session.scenario = 'x': is only",
    ),
    (SMALLEST + "[session]\nmode = 'live'\ndate = 2024-01-02", "plan.toml:5: session.date = 2024"),
    (SMALLEST + "[session]\ndate = 2024-01-02T10:00:00", "plan.toml:4: session.date = 2024-01-02T"),
    (SMALLEST + "[session]\ndate = 'soon'", "plan.toml:4: session.date = 'soon': must be a date"),
    (SMALLEST + "[session]\nspeed = 0", "plan.toml:4: session.speed = 0: must be more than 0"),
    (SMALLEST + "[session]\nspeed = inf", "plan.toml:4: session.speed = inf: must be a finite"),
    (SMALLEST + "[session]\nspeed = true", "plan.toml:4: session.speed = true: must be a number"),
    (SMALLEST + "[session]\nspeed = 'x'", "plan.toml:4: session.speed = 'x': must be a number abo"),
    (SMALLEST + "[session]\nevents = []", "plan.toml:4: session.events = []: must not be empty"),
    (SMALLEST + "[session]\nevents = ['trade']", "plan.toml:4: session.events = ['trade']: item 1"),
    (SMALLEST + "[session]\nevents = 'quotes'", "plan.toml:4: session.events = 'quotes': must be"),
    (
        SMALLEST + "[session]\nsymbols = ['A', 'A']",
        "plan.toml:4: session.symbols = ['A', 'A']: nam",
    ),
    (SMALLEST + "[session]\nlink = 'pip'", "plan.toml:4: session.link = 'pip': must be one of"),
    (SMALLEST + "[session]\nskip_existing = 1", "plan.toml:4: session.skip_existing = 1: must be"),
    (SMALLEST + "[session]\nmin_free_disk = '1 XB'", "plan.toml:4: session.min_free_disk = '1 XB'"),
    (
        SMALLEST + "[session]\nrisk = 0.1",
        "plan.toml:4: session.risk = 0.1: unknown key; it belongs",
    ),
    (
        SMALLEST + "[session.keep_journals]\nday = 1",
        "plan.toml:4: session.keep_journals.day = 1: u",
    ),
    ("speed = 3\n" + SMALLEST, "plan.toml:1: speed = 3: unknown key; it belongs in [session]"),
    ("session = 3\n" + SMALLEST, "plan.toml:1: session = 3: must be a table, not a whole number"),
    (
        "max_order = 3\n" + SMALLEST,
        "plan.toml:1: max_order = 3: unknown key; it belongs in [limits",
    ),
    (
        "[strategy.X]\n" + SMALLEST,
        "plan.toml:1: strategy: unknown key; the nearest valid key is st",
    ),
    ("[scanners]\nx = 3\n[strategies.sma_cross]", "plan.toml:2: scanners.x = 3: must be a table"),
    (SMALLEST + "[strategies.X]", "plan.toml:3: strategies.X.filename: is missing: the file that"),
    (
        SMALLEST + "schedule = 3",
        "plan.toml:3: strategies.sma_cross.schedule = 3: must be written a",
    ),
    (
        SMALLEST + "filename = ''",
        "plan.toml:3: strategies.sma_cross.filename = '': must not be emp",
    ),
    (
        SMALLEST + "class_name = '1'\n",
        "plan.toml:3: strategies.sma_cross.class_name = '1': must be",
    ),
    (
        SMALLEST + "[limits]\nloss_of_day = nan",
        "plan.toml:4: limits.loss_of_day = nan: must be a f",
    ),
    (
        SMALLEST + "[limits]\nloss_of_day = 1e999",
        "plan.toml:4: limits.loss_of_day = 1e999: is more",
    ),
    (
        SMALLEST + "[fees]\nmodel = 'per_share'",
        "plan.toml:4: fees.model = 'per_share': needs per_s",
    ),
    (SMALLEST + "[fees]\nmodel = 'percent'", "plan.toml:4: fees.model = 'percent': needs percent"),
    (SMALLEST + "[slippage]\nmodel = 'bps'", "plan.toml:4: slippage.model = 'bps': needs bps"),
    (
        SMALLEST + "[limits]\nnet_exposure = 2\ngross_exposure = 1",
        "plan.toml:4: limits.net_exposure = 2: is more than gross_exposure (1)",
    ),
    (
        SMALLEST + "[session]\nsymbols = ['A', 'B']\nmax_symbols = 1",
        "plan.toml:4: session.symbols = ['A', 'B']: 2 symbols are more than max_symbols (1)",
    ),
    (
        SMALLEST + "schedule = [{ start = 10, duration = 381 }]",
        "plan.toml:3: strategies.sma_cross.schedule[0].duration = 381: ends after the session: "
        "at most 380 from that start",
    ),
    (
        SMALLEST + "schedule = [{ start = 390, duration = 1 }]",
        "plan.toml:3: strategies.sma_cross.schedule[0].start = 390: is after the session's end",
    ),
    (
        SMALLEST + "[[strategies.sma_cross.schedule]]\nduration = 1",
        "plan.toml:3: strategies.sma_cross.schedule[0].start: is missing: minutes, from the open",
    ),
    (
        "[scanners.gap]\ntarget_strategy_name = 'sma_cros'\n[strategies.sma_cross]",
        "plan.toml:2: scanners.gap.target_strategy_name = 'sma_cros': there is no such strategy; "
        "the nearest valid strategy is sma_cross",
    ),
    (
        "[scanners.momentum]\nmin_gap = 3\n[strategies.sma_cross]",
        "plan.toml:2: scanners.momentum.min_gap = 3: Momentum has no such parameter; "
        "it is called today_change_percent",
    ),
    (
        "[scanners.momentum]\nmin_share_price = 3\nmax_share_price = 2\n[strategies.sma_cross]",
        "plan.toml:2: scanners.momentum.min_share_price = 3: is more than max_share_price (2)",
    ),
    (
        "[scanners.gap]\n[strategies.Dip]\nfilename = 'dip.py'",
        "plan.toml:2: strategies.Dip.lots: is missing: Dip has no default for it",
    ),
    (
        "[scanners.gap]\n[strategies.Dipp]\nfilename = 'dip.py'",
        "plan.toml:3: strategies.Dipp.filename = 'dip.py': dip.py defines no class Dipp; "
        "the nearest valid class is Dip",
    ),
    (
        "[scanners.Dip]\nfilename = 'dip.py'\nlots = 1\n[strategies.sma_cross]",
        "plan.toml:2: scanners.Dip.filename = 'dip.py': Dip is no Scanner: write class Dip(Scanner)",
    ),
    (
        "[scanners.gap]\n[strategies.Dip]\nfilename = 'broken.py'",
        "plan.toml:3: strategies.Dip.filename = 'broken.py': is not Python: broken.py:1: invalid",
    ),
    (
        "[scanners.gap]\n[strategies.Dip]\nfilename = 'dip.py'\nlots = 1\ndipp = 3",
        "plan.toml:5: strategies.Dip.dipp = 3: Dip has no such parameter; the nearest",
    ),
    (
        "[scanners.gap]\n[strategies.Dip]\nfilename = 'dip.py'\nlots = 99999999999999999999",
        "plan.toml:4: strategies.Dip.lots = 99999999999999999999: is too large for a whole number",
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_one_mistake_is_named_alone(text: str, expected: str) -> None:
    found = mistakes(text)
    assert len(found) == 1, found
    assert found[0].startswith(expected)


def test_a_line_that_is_not_toml_hides_no_other_mistake() -> None:
    text = "risk = 3\n[session\nspeed = 1\n[limits]\nmax_order = 1\nmax_order = 2\nmax_ordr = 1\n"
    assert mistakes(text) == [
        "plan.toml:1: risk = 3: must be 1 or less",
        "plan.toml:2: [session: not TOML: Expected ']' at the end of a table declaration",
        "plan.toml:6: limits.max_order = 2: not TOML: Cannot overwrite a value",
        "plan.toml:7: limits.max_ordr = 1: unknown key; the nearest valid key is max_order",
    ]


def test_what_stands_under_a_bad_header_is_checked_where_it_seems_to_belong() -> None:
    text = "[session]\nmode = 'paper'\nseed = -1\n[session]\nmode = 3\nspeed = 0\n[limits\nmax_ordr = 1\n"
    assert mistakes(text) == [
        "plan.toml:3: session.seed = -1: must be 0 or more",
        "plan.toml:4: [session]: not TOML: Cannot declare ('session',) twice",
        "plan.toml:6: session.speed = 0: must be more than 0",
        "plan.toml:7: [limits: not TOML: Expected ']' at the end of a table declaration",
        "plan.toml:8: limits.max_ordr = 1: unknown key; the nearest valid key is max_order",
    ]


@pytest.mark.parametrize("text", ["risk = [1, 2\nspeed = 1\n", 'a = """\nx\n', "a = [", "["])
def test_what_is_not_closed_is_one_mistake(text: str) -> None:
    assert len(mistakes(text)) == 1


def test_numbers_come_from_the_environment_where_the_plan_has_none() -> None:
    environ = {"NUM_CONSUMERS": "3", "LIU_MAX_SYMBOLS": "7"}
    session = read(SMALLEST, environ).session
    assert (session.consumers, session.max_symbols) == (3, 7)
    session = read(SMALLEST + "[session]\nconsumers = 1\nmax_symbols = 2", environ).session
    assert (session.consumers, session.max_symbols) == (1, 2)
    session = read(SMALLEST, {"NUM_CONSUMERS": "0", "LIU_MAX_SYMBOLS": ""}).session
    assert (session.consumers, session.max_symbols) == (None, 440)
    assert mistakes(SMALLEST, {"NUM_CONSUMERS": "two"}) == [
        "environment NUM_CONSUMERS = two: must be a whole number, not a text",
    ]


def test_the_command_line_overrides_before_the_whole_is_judged() -> None:
    plan = read("[strategies.sma_cross]", symbols="A, BRK.B", speed="max", tape="x.parquet")
    assert plan.session.symbols == ("A", "BRK.B")
    assert plan.session.tape == ("x.parquet",)
    assert plan.session.speed == "max"
    changed = override(plan, date="2024-01-02", consumers="4", tape=("a", "b"), speed=None)
    assert changed.session.date == dt.date(2024, 1, 2)
    assert (changed.session.consumers, changed.session.tape) == (4, ("a", "b"))
    assert changed.session.speed == "max"


def test_a_plan_that_turns_to_paper_forgets_what_is_only_simulated() -> None:
    faulty = read(FULL.replace("tape = [", 'scenario = "faults.toml"\ntape = [', 1))
    assert faulty.session.scenario == "faults.toml"
    plan = override(faulty, mode="paper")
    assert plan.session.scenario is None
    assert (plan.session.tape, plan.session.speed, plan.session.date) == ((), 1.0, None)
    with pytest.raises(PlanErrors) as caught:
        override(read(FULL), mode="paper", speed="max", consumers="x", symbols="a,b")
    assert str(caught.value).splitlines() == [
        "--consumers = x: must be a whole number, not a text",
        "--symbols = a,b: item 1 is not a symbol; write A",
        "--speed = max: is only for a simulated session, and mode is paper",
    ]


_FRAGMENTS = st.sampled_from(
    [
        *FULL.splitlines(),
        "[",
        "]]",
        "= 3",
        '"""',
        "'",
        "{",
        "}",
        "a.b.c = 1",
        "[session]",
        "x = [1,",
    ],
)
_TEXTS = st.one_of(st.text(), st.lists(st.one_of(_FRAGMENTS, st.text())).map("\n".join))


@given(_TEXTS)
def test_any_text_is_a_plan_or_a_list_of_mistakes(text: str) -> None:
    try:
        plan = parse_plan(text, environ={}, sources=FILES.get)
    except PlanErrors as errors:
        assert errors.mistakes
        assert [each.line for each in errors.mistakes] == sorted(e.line for e in errors.mistakes)
    else:
        assert plan_from_json(plan_to_json(plan)) == plan


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5000, "a = 1" + "0" * 5000, "x = 1e99999999999999999999", "[\n["]
)
def test_extreme_texts_are_mistakes(text: str) -> None:
    assert mistakes(text)


@given(_TEXTS)
def test_any_source_is_read_or_refused(source: str) -> None:
    text = "[scanners.gap]\n[strategies.Dip]\nfilename = 'any.py'\n"
    sources = {"any.py": source}.get
    with pytest.raises(PlanErrors):
        parse_plan(text, environ={}, sources=sources)
