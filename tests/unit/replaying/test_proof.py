"""A recording proves itself, and what was changed in it is found: in which life, when, at which input."""

from __future__ import annotations

from pathlib import Path

import pytest

from liualgotrader import __version__
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.events import Trade
from liualgotrader.common.orders import Approved, Submit, Verdict
from liualgotrader.replaying.difference import differences, told
from liualgotrader.replaying.proof import prove
from tests.unit.replaying.recorded import (
    OPEN,
    SECOND,
    VERDICT_KIND,
    record,
    recording,
    rewrite,
    with_source,
)


def _reason(verdict: Verdict) -> str:
    assert isinstance(verdict, Approved) and isinstance(verdict.intent, Submit)
    return verdict.intent.reason


def test_every_life_is_found_again_from_the_header_alone(tmp_path: Path) -> None:
    """The strategy counts in its module and has no file, so each life needs a process and its header's source."""
    lives = record(tmp_path, number=1, prints=5), record(tmp_path, number=2, prints=7)
    proof = prove(recording(tmp_path, *lives), processes=1)
    assert proof.identical and proof.first is None and proof.losses == ()
    assert [(each.slot, each.incarnation, each.decisions) for each in proof.lives] == [
        ("A", 1, 5),
        ("A", 2, 7),
    ]
    assert (proof.decisions, proof.inputs, proof.bars) == (12, 2 * 2 + 12, 0)
    assert {each.version for each in proof.lives} == {__version__}
    assert not any(each.open_end for each in proof.lives)


def test_one_altered_byte_of_a_verdict_is_found_at_its_input(tmp_path: Path) -> None:
    first = record(tmp_path, number=1, prints=5, close=False)
    second = record(tmp_path, number=2, prints=5, close=False)
    changed: list[int] = []

    def change(kind: int, payload: bytes) -> bytes:
        if kind != VERDICT_KIND or b"print 3" not in payload:
            return payload
        changed.append(1)
        return payload.replace(b"print 3", b"print 8")

    for paths in (second, first):
        rewrite(paths[0], change)
    assert len(changed) == 2
    proof = prove(recording(tmp_path, first, second))
    assert not proof.identical
    assert [each.divergence is not None for each in proof.lives] == [True, True]
    life = proof.first
    assert life is not None and life.divergence is not None
    assert (life.slot, life.incarnation, life.decisions) == ("A", 1, 3)
    assert life.divergence.ts == OPEN + 103 * SECOND
    assert life.divergence.input == Trade("AAA", OPEN + 103 * SECOND, 13.0, 1)
    assert [_reason(each) for each in life.divergence.expected] == ["print 8"]
    assert [_reason(each) for each in life.divergence.actual] == ["print 3"]
    assert differences(life.divergence.expected, life.divergence.actual) == [
        "1.intent.reason: print 8, replayed print 3"
    ]


def test_an_altered_source_in_the_header_diverges(tmp_path: Path) -> None:
    (path,) = record(tmp_path, close=False)
    with_source(path, lambda text: text.replace("self.size, limit", "self.size + 1, limit"))
    life = prove(recording(tmp_path, [path])).first
    assert life is not None and life.divergence is not None
    assert life.divergence.ts == OPEN + 101 * SECOND
    found = differences(life.divergence.expected, life.divergence.actual)
    assert "1.intent.qty: 1, replayed 2" in found


def test_a_source_that_decides_no_more_diverges_with_nothing(tmp_path: Path) -> None:
    (path,) = record(tmp_path, close=False)
    with_source(path, lambda text: text.replace("        ctx.buy", "        0 and ctx.buy"))
    life = prove(recording(tmp_path, [path])).first
    assert life is not None and life.divergence is not None
    assert life.divergence.actual == []
    (line,) = differences(life.divergence.expected, life.divergence.actual)
    assert line.startswith("1: Approved(intent=Submit(order_id=") and line.endswith(
        "replayed nothing"
    )


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("1 / 0\n", "ZeroDivisionError"),
        ("import no_such_package_of_anyone\n", "no_such_package_of_anyone"),
        ("def (\n", "SyntaxError"),
    ],
)
def test_a_source_that_cannot_be_loaded_now_names_strategy_and_line(
    tmp_path: Path, damage: str, word: str
) -> None:
    (path,) = record(tmp_path, close=False)
    with_source(path, lambda text: damage + text)
    with pytest.raises(ConfigError, match=rf"strategy watcher(.|\n)*watcher\.py:1: .*{word}"):
        prove(recording(tmp_path, [path]))


def test_a_strategy_that_ends_its_process_is_an_error_and_no_hang(tmp_path: Path) -> None:
    (path,) = record(tmp_path, close=False)
    with_source(path, lambda text: "import os\nos._exit(3)\n" + text)
    with pytest.raises(ConfigError, match=r"os\._exit"):
        prove(recording(tmp_path, [path]))


def _spins_on(number: int) -> str:
    return f"        while len(SEEN) == {number}:\n            pass\n        ctx.buy"


def test_a_strategy_that_spun_on_its_last_input_is_named_and_the_rest_is_proved(
    tmp_path: Path,
) -> None:
    (path,) = record(tmp_path, prints=5, close=False)
    path.write_bytes(path.read_bytes()[:-1])  # killed before the last verdict
    with_source_after_tear = recording(tmp_path, [path])
    header = with_source_after_tear.lives[0].header
    source = header.sources["watcher.py"].replace("        ctx.buy", _spins_on(5))
    header.sources["watcher.py"] = source
    proof = prove(with_source_after_tear, spin_seconds=0.5)
    (life,) = proof.lives
    assert proof.identical and life.decisions == 4 and life.open_end
    assert any("strategy watcher spins on its last inputs" in each.what for each in proof.losses)


def test_a_strategy_that_spins_where_the_recording_goes_on_is_an_error(tmp_path: Path) -> None:
    (path,) = record(tmp_path, prints=5, close=False)
    with_source(path, lambda text: text.replace("        ctx.buy", _spins_on(3)))
    with pytest.raises(ConfigError, match=r"strategy watcher .* spins where the recorded one went"):
        prove(recording(tmp_path, [path]), spin_seconds=0.5)


def test_what_is_lost_is_in_the_proof_and_the_intact_part_is_identical(tmp_path: Path) -> None:
    paths = record(tmp_path, prints=30, rotate_bytes=2_000)
    paths[1].unlink()
    proof = prove(recording(tmp_path, paths))
    assert proof.identical and 0 < proof.decisions < 30
    assert [(each.slot, each.incarnation, each.part) for each in proof.losses] == [("A", 1, 1)]


def test_what_a_strategy_prints_and_logs_is_no_output_of_the_replay(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (path,) = record(tmp_path, close=False)
    with_source(path, lambda text: "print('loud')\nimport logging\nlogging.error('too')\n" + text)
    assert prove(recording(tmp_path, [path])).identical
    assert capfd.readouterr() == ("", "loud\n")


def test_differences_tell_of_missing_rows_and_keys() -> None:
    trade = Trade("AAA", 1, 2.0, 3.0)
    assert differences([trade], []) == [f"1: {told(trade)}, replayed nothing"]
    assert differences([trade], [Trade("AAB", 1, 2.5, 3.0)]) == [
        "1.symbol: AAA, replayed AAB",
        "1.price: 2.0, replayed 2.5",
    ]
    assert differences([{"a": 1}], [{"b": 2}]) == [
        "1.a: 1, replayed nothing",
        "1.b: nothing, replayed 2",
    ]
    assert differences([trade], [trade]) == []
