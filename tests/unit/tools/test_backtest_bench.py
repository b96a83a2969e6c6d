"""The benchmark of backtests: its data, its exact answer, its rounds, its figures."""

import dataclasses
import datetime as dt
import json
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from liualgotrader.common.compiled import STAMP
from liualgotrader.common.errors import ConfigError
from tools.benchmarks import backtest
from tools.benchmarks.backtest_peers import market, rounds
from tools.benchmarks.backtest_peers.environments import (
    OURS,
    PEERS,
    Engine,
    Unavailable,
    compiled,
    interpreter,
)
from tools.benchmarks.backtest_peers.reference import Answer, answer
from tools.benchmarks.backtest_peers.rounds import Entry
from tools.benchmarks.backtest_peers.workload import Workload

LOOP = PEERS["loop"]
BROKEN = Engine("broken", "tools.benchmarks.backtest_peers.nowhere")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIU_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def minutes() -> Workload:
    return market.generate(market.minutes())


def flat(closes: list[float]) -> Workload:
    """One symbol whose bars open where the one before closed."""
    close = np.array(closes)
    open_ = np.concatenate([close[:1], close[:-1]])
    bars = np.column_stack([open_, close, close, close, close])
    return Workload("minute", ("A",), np.arange(len(closes)), bars[None])


def test_the_exact_answers_of_the_three_markets(minutes: Workload) -> None:
    one = dataclasses.replace(minutes, symbols=minutes.symbols[:1], ohlcv=minutes.ohlcv[:1])
    assert answer(minutes) == Answer(76_770, Decimal("9999269.61"))
    assert answer(one) == Answer(3_800, Decimal("10000092.26"))
    assert answer(market.generate(market.days())) == Answer(24_022, Decimal("10268570.66"))


def test_a_minute_is_labelled_by_its_end_in_sessions_of_new_york(minutes: Workload) -> None:
    def told(index: int) -> dt.datetime:
        return dt.datetime.fromtimestamp(int(minutes.ends[index]) / 1e9, dt.UTC)

    assert told(0) == dt.datetime(2022, 1, 3, 14, 31, tzinfo=dt.UTC)
    assert told(389) == dt.datetime(2022, 1, 3, 21, 0, tzinfo=dt.UTC)
    assert told(390) == dt.datetime(2022, 1, 4, 14, 31, tzinfo=dt.UTC)
    assert told(-1) == dt.datetime(2023, 1, 4, 17, 30, tzinfo=dt.UTC)


def test_bars_are_bars_on_a_grid_of_ticks(minutes: Workload) -> None:
    open_, high, low, close, volume = np.moveaxis(minutes.ohlcv, 2, 0)
    assert (low <= np.minimum(open_, close)).all() and (high >= np.maximum(open_, close)).all()
    assert (minutes.ohlcv == np.round(minutes.ohlcv, 4)).all()
    assert volume.min() >= 100 and volume.max() < 10_000


def test_fewer_symbols_are_the_first_of_more(minutes: Workload) -> None:
    assert (market.generate(market.minutes(2)).ohlcv == minutes.ohlcv[:2]).all()


def test_more_bars_than_the_calendar_has_are_refused() -> None:
    with pytest.raises(ValueError, match="1,000,000 minute bars from 2015-01-02: only 8"):
        market.generate(market.long_minutes(20_000_000))


def test_answer_worked_by_hand() -> None:
    # Both averages are 100 at bar 29. Bar 30 lifts the fast one to 100.1, the slow one to 100.03:
    # bought at the open of bar 31, which is 101. Bar 31 lowers them to 99.1 and 99.7: sold at the
    # open of bar 32, which is 90.
    closes = [100.0] * 30 + [101.0, 90.0, 90.0, 90.0]
    assert answer(flat(closes)) == Answer(2, Decimal(10_000_000 + 100 * (90 - 101)))
    # Without the last two bars the sale is decided on the last bar, never filled, and valued at 90.
    assert answer(flat(closes[:32])) == Answer(1, Decimal(10_000_000 + 100 * (90 - 101)))
    # The purchase that the last bar decides is not filled either.
    assert answer(flat(closes[:31])) == Answer(0, Decimal(10_000_000))
    assert answer(flat(closes[:30])) == Answer(0, Decimal(10_000_000))


def test_a_market_is_kept_and_read_back_to_the_bit(home: Path) -> None:
    spec = dataclasses.replace(market.minutes(2), bars=500)
    path = market.kept(spec)
    drawn, read = market.generate(spec), Workload.load(path)
    assert path == home / "bench" / "minute-2x500-2022-01-03-v1.npz"
    assert (read.period, read.symbols, read.bars) == ("minute", ("S000", "S001"), 1_000)
    assert (read.ends == drawn.ends).all() and (read.ohlcv == drawn.ohlcv).all()
    before = path.stat().st_mtime_ns
    assert market.kept(spec).stat().st_mtime_ns == before
    assert list(path.parent.iterdir()) == [path]


def test_the_loop_finds_the_exact_answer_in_all_rounds_and_peers_are_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = dataclasses.replace(market.minutes(3), bars=2_000)
    alone = dataclasses.replace(LOOP, name="alone", one_symbol=True)
    one = dataclasses.replace(spec, symbols=1)
    result = backtest.compare(spec, one, [LOOP, BROKEN, alone], 2, LOOP, plain=LOOP)
    exact, exact_one = (answer(market.generate(each)) for each in (spec, one))
    for figures in (result, result["peers"]["loop"], result["reference"]):
        assert (figures["fills"], figures["equity_end"]) == (exact.fills, float(exact.equity_end))
    for figures in (result["one_symbol"], result["peers"]["alone"]):
        assert figures["fills"] == exact_one.fills
    assert "exit code 1" in result["peers"]["broken"]["unavailable"]
    assert set(result["ratio"]) == {"loop", "alone"}
    rate = result["peers"]["alone"]["bars_per_s"]
    assert result["ratio"]["alone"] == round(result["one_symbol"]["bars_per_s"] / rate, 3)
    assert result["ratio_of_rates"]["alone"] == round(result["bars_per_s"] / rate, 3)
    assert result["compiled"]
    assert result["plain"]["fills"] == result["fills"]
    assert result["plain"]["one_symbol"]["fills"] == exact_one.fills
    own = ["ours", "one_symbol", "plain_ours", "plain_one_symbol"]
    # The second round begins with the second peer, and the broken one is not tried again.
    assert [list(each) for each in result["rounds"]] == [
        [*own, "loop", "alone"],
        [*own, "alone", "loop"],
    ]
    assert 20 < result["rss_mb"] < 500
    assert json.loads(json.dumps(result)) == result
    shown = backtest.table(result)
    names = [
        "ours ",
        "ours, one symbol ",
        "ours, plain ",
        "plain, one symbol ",
        "loop ",
        "alone ",
        "broken ",
        "exact answer ",
    ]
    assert all(f"\n{name}" in shown for name in names)
    assert f"{result['ratio']['alone']:.2f} x" in shown
    assert "round 2, alone" in capsys.readouterr().err


def test_scaling_runs_ours_alone_on_ever_more_bars() -> None:
    result = backtest.scale(1, (2_000, 4_000), LOOP)
    assert [each["bars"] for each in result["scaling"]] == [2_000, 4_000]
    rates = [each["bars_per_s"] for each in result["scaling"]]
    assert result["slowest_to_fastest"] == round(min(rates) / max(rates), 3)
    assert "4,000 bars" in backtest.table(result)


def test_what_fails_of_our_own_ends_the_benchmark() -> None:
    spec = dataclasses.replace(market.minutes(1), bars=100)
    with pytest.raises(Unavailable, match=r"nowhere: exit code 1: .*No module named"):
        backtest.compare(spec, spec, [LOOP], 1, BROKEN)


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("", "not an object with bars_per_s, rss_mb, fills, equity_end"),
        ("print('hello')", "hello"),
        ("print('{\"fills\": 1}')", "not an object"),
    ],
)
def test_a_runner_without_figures_is_told_apart(tmp_path: Path, output: str, why: str) -> None:
    (tmp_path / "mute.py").write_text(output)
    mute = Engine("mute", "mute", root=tmp_path)
    entry = Entry("mute", mute, tmp_path / "no.npz", Path(sys.executable))
    with pytest.raises(Unavailable, match=why):
        rounds.run(entry)


def test_an_engine_that_finds_something_else_in_another_round_is_not_believed(
    tmp_path: Path,
) -> None:
    (tmp_path / "moody.py").write_text(
        "import json, pathlib, sys\n"
        "seen = pathlib.Path(sys.argv[1])\n"
        "fills = int(seen.read_text()) if seen.exists() else 0\n"
        "seen.write_text(str(fills + 1))\n"
        "print(json.dumps(dict(bars_per_s=1, rss_mb=1, fills=fills, equity_end=1.0)))\n"
    )
    moody = Engine("moody", "moody", root=tmp_path)
    entry = Entry("moody", moody, tmp_path / "seen", Path(sys.executable))
    with pytest.raises(ValueError, match=r"moody: \{'fills': 1, .*in round 2"):
        rounds.play([entry], [], 2, lambda line: None)


def wheel(folder: Path, name: str) -> str:
    """Make a package that can be installed without an index."""
    info = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", "GREETING = 'hello'\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return str(path)


def test_an_environment_is_made_once_and_anew_for_other_requirements(home: Path) -> None:
    first, second = wheel(home, "first_of_two"), wheel(home, "second_of_two")
    engine = Engine("greeter", "greeter", (first,))
    python = interpreter(engine)
    assert python.is_relative_to(home / "bench" / "envs" / "greeter")
    subprocess.run([python, "-c", "import first_of_two"], check=True)
    left = python.parents[1] / "left"
    left.touch()
    interpreter(engine)
    assert left.exists()
    interpreter(dataclasses.replace(engine, requirements=(second,)))
    assert not left.exists()
    subprocess.run([python, "-c", "import second_of_two"], check=True)


def test_what_cannot_be_installed_is_named_and_nothing_is_taken_for_installed(home: Path) -> None:
    engine = Engine("absent", "absent", (str(home / "absent-1.0-py3-none-any.whl"),))
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"not installed: .*absent-1\.0"):
            interpreter(engine)


def test_a_compiled_copy_is_made_once_and_anew_for_other_sources(
    home: Path, tmp_path: Path
) -> None:
    root = tmp_path / "checkout"
    (root / "tools").mkdir(parents=True)
    (root / "liualgotrader").mkdir()
    source = root / "liualgotrader" / "source.py"
    source.write_text("")
    (root / "tools" / "__init__.py").touch()
    (root / "tools" / "compile_engine.py").write_text(
        "import pathlib, sys\n(pathlib.Path(sys.argv[2]) / 'made').open('a').write('.')\n"
    )
    engine = Engine("ours", "ours", root=root)
    folder = compiled(engine).root
    assert folder == home / "bench" / "compiled"
    assert compiled(engine).root == folder
    assert (folder / "made").read_text() == "."
    (folder / "left").touch()
    source.write_text("changed = True")
    assert compiled(engine).root == folder
    assert not (folder / "left").exists()
    (root / "tools" / "compile_engine.py").write_text("raise SystemExit('no compiler here')")
    source.write_text("")
    with pytest.raises(Unavailable, match="no compiler here"):
        compiled(engine)


def test_a_compiled_checkout_has_no_plain_one_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "liualgotrader").mkdir()
    (tmp_path / "liualgotrader" / STAMP).write_text("{}")
    monkeypatch.setattr(backtest, "OURS", dataclasses.replace(OURS, root=tmp_path))
    with pytest.raises(ConfigError, match="tools/compile --undo first"):
        backtest.measure(backtest._options(["--peers", ""]))


def test_options() -> None:
    options = backtest._options(["--peers", "nautilus,loop", "--rounds", "2", "--symbols", "3"])
    assert [peer.name for peer in options.peers] == ["nautilus", "loop"]
    assert (options.rounds, options.symbols, options.daily, options.scaling) == (2, 3, False, False)
    assert backtest._options(["--peers", ""]).peers == ()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--peers", "zip,loop"], "no peer zip; there are loop, backtesting, nautilus"),
        (["--rounds", "0"], "0: 1 or more"),
        (["--daily", "--scaling"], "not allowed with"),
    ],
)
def test_options_that_make_no_sense(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        backtest._options(arguments)
    assert exit_.value.code == 2
    assert why in capsys.readouterr().err
