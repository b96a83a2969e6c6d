"""Scenario files: what they may say, and what is said of mistakes."""

from pathlib import Path

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.exchange.faults.kinds import AnswerLost, Disconnect, Stream, UnknownValue
from liualgotrader.exchange.faults.scenario import fault_of, read_scenario


def read(path: Path, text: str, *, lockstep: bool = False) -> object:
    file = path / "faults.toml"
    file.write_text(text)
    return read_scenario(file, lockstep=lockstep)


def test_a_scenario_is_a_seed_and_faults(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text("""
seed = 7
[[faults]]
kind = "disconnect"
stream = "data"
at = "10:15"
for = 30
limit = 1
[[faults]]
kind = "answer_lost"
nth = 3
answer = "close"
""")
    scenario = read_scenario(file, lockstep=False)
    assert scenario.seed == 7
    assert scenario.faults == (
        Disconnect(stream=Stream.DATA, at="10:15", lasts=30.0, limit=1),
        AnswerLost(nth=3, answer="close"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed =", "is no TOML"),
        ("sead = 1", "sead"),
        ('[[faults]]\nkind = "mute"\nstream = "data"', r"fault 1 \(mute\): .*`for`"),
        (
            '[[faults]]\nkind = "explode"',
            r"fault 1 \(explode\): .*explode.*kinds are disconnect, mute",
        ),
        ("[[faults]]\nnth = 1", r"fault 1 \(no kind\): .*kinds are"),
        (
            '[[faults]]\nkind = "bust"\n[[faults]]\nkind = "halt"\nsymbols = []\nfor = 1',
            r"fault 2 \(halt\): .*at symbols",
        ),
        (
            '[[faults]]\nkind = "bust"\nat = "noon"',
            r'fault 1 \(bust\): at must be .*"10:15:30", not noon',
        ),
        ('[[faults]]\nkind = "bust"\nat = "10:00"\nafter = 1', "give one of them"),
        ('[[faults]]\nkind = "bust"\nat = "10:00+01:00"', "time of day in New York"),
        ('[[faults]]\nkind = "bust"\ndelay = nan', "at delay"),
        ('[[faults]]\nkind = "bust"\nafter = inf', "at after"),
        ('[[faults]]\nkind = "correct"\nby = nan', "amount in dollars"),
        ('[[faults]]\nkind = "bust"\nnht = 2', "nht"),
        ('[[faults]]\nkind = "bust"\nnth = 0', "at nth"),
        (
            '[[faults]]\nkind = "disconnect"\nstream = "updates"\nlimit = 1',
            "limit is for the data stream",
        ),
        ('[[faults]]\nkind = "split"\nsymbol = "A"\nratio = 0', "ratio must be more than 0"),
        (
            '[[faults]]\nkind = "unknown_value"\nwhere = "data"\nfield = "status"',
            "data have no field status: T",
        ),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as told:
        read(tmp_path, text)
    assert "faults.toml" in str(told.value)
    assert "\n" not in str(told.value).replace(text, "")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_scenario(tmp_path / "none.toml", lockstep=False)


@pytest.mark.parametrize("kind", ["disconnect", "mute", "slow"])
def test_faults_of_connections_are_not_for_lockstep(kind: str) -> None:
    fault = {"kind": kind, "stream": "data", "for": 5}
    fault_of(fault, lockstep=False)
    with pytest.raises(ConfigError, match=f"{kind} needs a speed"):
        fault_of(fault, lockstep=True)


def test_a_fault_by_itself_is_read_alike() -> None:
    value = {"kind": "unknown_value", "where": "orders", "field": "status"}
    assert fault_of(value, lockstep=True) == UnknownValue(where="orders", field="status")
    for wrong in (value | {"where": "news"}, [1], "bust", None):
        with pytest.raises(ConfigError):
            fault_of(wrong, lockstep=True)


def test_the_example_can_be_played() -> None:
    example = Path(__file__).parents[4] / "examples" / "faults" / "scenario.toml"
    assert len(read_scenario(example, lockstep=False).faults) == 8
