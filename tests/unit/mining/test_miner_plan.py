"""miner.toml becomes a plan, or every mistake in it with its line."""

from __future__ import annotations

import datetime as dt
import pickle

import pytest

from liualgotrader.common.plan import Mode
from liualgotrader.common.plan_errors import PlanErrors
from liualgotrader.mining.graph import circles, waits_for
from liualgotrader.mining.plan import (
    DataPlan,
    DataSource,
    JobKind,
    MinerPlan,
    Universe,
)
from liualgotrader.mining.plan_file import parse_miner_plan

MINERS = """
from typing import ClassVar
from liualgotrader import Miner

class Bars(Miner):
    days: int = 30

class Trend(Miner):
    after = ("Bars", "NotInTheFile")
    strength: float

class Steep(Trend):
    pass

class Loose(Miner):
    after: ClassVar[tuple[str, ...]] = tuple(["Bars"])

class Other:
    pass
"""
FORECAST = """
from liualgotrader.forecasts.base import Forecast

class Volume(Forecast):
    alpha: float = 0.5
"""
FILES = {"miners.py": MINERS, "volume.py": FORECAST, "broken.py": "class Bars(:\n"}
BARS = '[miners.bars]\nfilename = "miners.py"\n'


def read(text: str) -> MinerPlan:
    return parse_miner_plan(
        text, filename="miner.toml", sources=FILES.get, exists=lambda name: name == "day.parquet"
    )


def mistakes(text: str) -> list[str]:
    with pytest.raises(PlanErrors) as caught:
        read(text)
    return str(caught.value).splitlines()


def test_what_a_file_says_is_in_the_plan() -> None:
    plan = read("""
[data]
source = "box"
symbols = ["MSFT", "AAPL"]
workers = 3
seed = 7
date = 2013-01-25
tape = "day.parquet"

[miners.steep]
filename = "miners.py"
strength = 2

[miners.bars]
filename = "miners.py"
days = 5

[forecasts.volume]
filename = "volume.py"
alpha = 0.25
""")
    assert plan.data == DataPlan(
        source=DataSource.BOX,
        symbols=("MSFT", "AAPL"),
        workers=3,
        seed=7,
        date=dt.date(2013, 1, 25),
        tape=("day.parquet",),
    )
    bars, steep, volume = plan.jobs
    assert (bars.name, bars.class_name, bars.needs) == ("bars", "Bars", ())
    assert bars.parameters == {"days": 5}
    assert (steep.name, steep.class_name, steep.needs) == ("steep", "Steep", ("bars",))
    assert steep.class_after == ("Bars", "NotInTheFile")
    assert steep.parameters == {"strength": 2}
    assert (volume.kind, volume.needs) == (JobKind.FORECAST, ("steep", "bars"))
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_of_a_vendor_feed_and_account_can_be_said() -> None:
    plan = read(f'[data]\nsource = "alpaca"\nfeed = "sip"\naccount = "live"\n{BARS}')
    assert plan.data == DataPlan(source=DataSource.ALPACA, feed="sip", account=Mode.LIVE)
    assert plan.data.universe is Universe.LAKE


def test_the_file_may_say_what_a_job_waits_for() -> None:
    plan = read(f'[miners.late]\nfilename="miners.py"\nclass_name="Bars"\nafter=["bars"]\n{BARS}')
    assert [(job.name, job.needs) for job in plan.jobs] == [("bars", ()), ("late", ("bars",))]


def test_a_forecast_that_names_its_miners_only_follows_the_others() -> None:
    plan = read(
        f'{BARS}[miners.more]\nfilename="miners.py"\nclass_name="Bars"\n'
        '[forecasts.volume]\nfilename="volume.py"\nafter=["more"]\n'
    )
    volume = plan.jobs[-1]
    assert (volume.needs, volume.follows) == (("more",), ("bars", "more"))
    assert waits_for(volume) == {"bars", "more"}


def test_every_mistake_is_named_with_its_line() -> None:
    found = mistakes("""\
workers = 2
[data]
source = "yahoo"
symbols = []
universe = "lake"
feeds = "sip"
tape = "none.parquet"
[miners.bars]
filename = "miners.py"
dys = 5
[miners.trend]
filename = "miners.py"
after = ["brs"]
[miners.other]
filename = "miners.py"
[miners.gone]
filename = "gone.py"
[miners."a b"]
filename = "miners.py"
class_name = "Bars"
[miners.loose]
filename = "miners.py"
[miners.unknown]
[forecasts.bars]
filename = "volume.py"
class_name = "Volume"
[forecasts.trend2]
filename = "miners.py"
class_name = "Trend"
strength = 1
[forecast.volume]
""")
    assert found == [
        "miner.toml:1: workers = 2: unknown key; it belongs in [data]: data.workers",
        'miner.toml:3: data.source = "yahoo": must be one of box, alpaca, massive',
        "miner.toml:4: data.symbols = []: must not be empty",
        'miner.toml:6: data.feeds = "sip": unknown key; the nearest valid key is feed',
        'miner.toml:7: data.tape = "none.parquet": there is no file none.parquet',
        "miner.toml:10: miners.bars.dys = 5: Bars has no such parameter; the nearest valid key is"
        " days",
        "miner.toml:11: miners.trend.strength: is missing: Trend has no default for it",
        'miner.toml:13: miners.trend.after = ["brs"]: there is no brs in this file; the nearest'
        " valid name is bars",
        'miner.toml:15: miners.other.filename = "miners.py": Other is no Miner: write class'
        " Other(Miner)",
        'miner.toml:17: miners.gone.filename = "gone.py": there is no such file, or it cannot be'
        " read",
        "miner.toml:18: miners.a b: a name is made of letters, digits, _ and -",
        'miner.toml:22: miners.loose.filename = "miners.py": Loose.after must be written out: a'
        " tuple of names of classes in quotes",
        "miner.toml:23: miners.unknown.filename: is missing: the file that defines class Unknown"
        " (built in are catch_up, cost, daily_ohlc, finalise, gainloss, portfolio, stock_cluster,"
        " ticker_data, trade_analysis)",
        "miner.toml:24: forecasts.bars: there is a [miners.bars] too: give it another name",
        'miner.toml:28: forecasts.trend2.filename = "miners.py": Trend is no Forecast: write class'
        " Trend(Forecast)",
        "miner.toml:31: forecast: unknown key; the nearest valid key is forecasts",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no miner: add a [miners.NAME]"),
        (f'[data]\nseed = 1\nsource = "alpaca"\n{BARS}', "data.seed = 1: is only for the box"),
        (f'[data]\nfeed = "sip"\n{BARS}', 'data.feed = "sip": is for a vendor, and source is box'),
        (f'[data]\nsource="massive"\nfeed = "sip"\n{BARS}', "none of massive's feeds: realtime, d"),
        (f'[data]\nsymbols=["A"]\nuniverse="lake"\n{BARS}', "leave one of them out"),
        (f'[data]\nsource = "alpaca"\naccount = "simulated"\n{BARS}', "must be one of paper, live"),
        (f'{BARS}after = ["bars"]\n', "they wait for each other: bars after bars"),
        ('[miners.bars]\nfilename = "broken.py"\n', "is not Python: broken.py:1"),
    ],
)
def test_what_cannot_be_meant_is_said(text: str, message: str) -> None:
    assert message in "\n".join(mistakes(text))


def test_a_circle_is_named_once() -> None:
    found = mistakes(
        '[miners.a]\nfilename="miners.py"\nclass_name="Bars"\nafter=["c"]\n'
        '[miners.b]\nfilename="miners.py"\nclass_name="Bars"\nafter=["a"]\n'
        '[miners.c]\nfilename="miners.py"\nclass_name="Bars"\nafter=["b"]\n'
    )
    assert found == [
        'miner.toml:4: miners.a.after = ["c"]: they wait for each other: a after c after b after a'
    ]


def test_circles_are_told_apart() -> None:
    assert circles({"a": ["b"], "b": ["a", "c"], "c": ["c"], "d": ["a"]}) == [["a", "b"], ["c"]]
    assert circles({"a": ["b"], "b": [], "c": ["a", "b"]}) == []
