"""Other code on the market of a session that really ran, its fills from the venue."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from liualgotrader.engine.plan_reading import read_plan
from liualgotrader.scripts.backtest import backtest
from liualgotrader.scripts.exits import DONE, FAILED, WRONG_USE, run
from liualgotrader.what_if.comparison import Side, compare
from liualgotrader.what_if.decisions import recorded_decisions
from liualgotrader.what_if.living import Ran, Task, live
from liualgotrader.what_if.selection import Selection
from liualgotrader.what_if.variants import Change, variants
from tests.e2e.proofs import recorded
from tests.e2e.sessions import STRATEGIES, Books, Setting, books, query
from tests.e2e.simulations import simulate
from tests.e2e.tapes import OPEN, SYMBOLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PICKED = SYMBOLS[:5]
IDLE = "XOM"
FURTHER = SYMBOLS[5]
MINUTE = 60_000_000_000
_PLAN = """
[strategies.busy]
class_name = "Busy"
filename = "own.py"

[strategies.contrary]
class_name = "Contrary"
filename = "own.py"
"""


def test_what_if(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    own = setting.home / "own.py"
    own.write_text(_without_idle((STRATEGIES / "busy.py").read_text()))
    outcome = setting.trade(setting.plan(symbols=PICKED, strategies=_PLAN))
    assert outcome.code == 0, outcome.err
    source = outcome.summary["batch_id"]
    monkeypatch.setenv("LIU_HOME", str(setting.home))
    monkeypatch.setenv("DSN", setting.dsn)

    def command(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run(backtest, [source, *arguments])
        said = capfd.readouterr()
        return code, said.out, said.err

    _unchanged_code_gives_what_the_session_gave(setting, source, command("--current", "--json"))
    told = _another_parameter_gives_another_day(
        source, command("--param", "busy.size=30", "--debug", "KO", "--json")
    )
    _parts_of_the_market(setting, source)
    _a_symbol_that_nobody_picked(setting, source)
    _another_plan(setting, source)
    lives = recorded(setting, source).lives
    found = [d for life in lives for d in recorded_decisions(life, ("KO",), before=1 << 62)]
    assert len(found) == told > 10
    own.write_text(own.read_text().replace("symbol, close = bar.symbol, bar.close", "1 / 0"))
    code, _, err = command("--current", "--strict", "--strategies", "busy", "--duration", "5")
    assert code == FAILED
    assert "changed: strategy busy is disabled: raised in on_bar: ZeroDivisionError" in err
    own.unlink()
    code, out, err = command("--current")
    assert (code, out) == (WRONG_USE, "")
    assert f"{own}: the file of strategy busy is gone" in err and "leave --current out" in err


def _without_idle(text: str) -> str:
    """Return the busy strategies so that they leave one symbol alone."""
    for place in ("symbol, close = bar.symbol", "turn = _turn(bar.symbol"):
        text = text.replace(
            place, f'if bar.symbol == "{IDLE}":\n            return\n        {place}'
        )
    return text.replace(
        "self._prints += 1",
        f'self._prints += 1\n        if trade.symbol == "{IDLE}":\n            return',
    )


def _unchanged_code_gives_what_the_session_gave(
    setting: Setting, source: str, said: tuple[int, str, str]
) -> None:
    code, out, err = said
    assert code == DONE, err
    result = json.loads(out)
    assert (result["source_batch_id"], result["identical"]) == (source, True)
    assert (result["first_divergence"], result["differences"]) == (None, [])
    session, again = books(setting.dsn, source), books(setting.dsn, result["batch_id"])
    assert len(session.fills) > 100
    assert again.orders == session.orders
    assert again.fills == session.fills
    assert again.cash == session.cash
    assert result["unchanged"] == {
        name: result[name] for name in ("orders", "fills", "equity_end", "fees")
    }
    (row,) = query(setting.dsn, "SELECT * FROM batches WHERE batch_id = $1", result["batch_id"])
    assert (row["environment"], row["source_batch_id"]) == ("BACKTEST", source)
    assert row["report"] == result["report"]
    assert source in Path(result["report"]).read_text()
    assert row["summary"]["fills"] == len(session.fills)
    assert "Verdict   identical" in err and "quotes were not recorded: fills go by prints" in err


def _another_parameter_gives_another_day(source: str, said: tuple[int, str, str]) -> int:
    """Return how many decisions were told of the unchanged run."""
    code, out, err = said
    assert code == DONE, err
    result = json.loads(out)
    assert (result["source_batch_id"], result["identical"]) == (source, False)
    first = result["first_divergence"]
    assert (first["unchanged"]["qty"], first["changed"]["qty"]) == (24, 30)
    assert first["ts"] == OPEN + MINUTE
    assert {row["strategy"] for row in result["differences"]} >= {"busy"}
    for row in result["differences"]:
        assert row["symbol"] in PICKED and row["symbol"] != IDLE
        assert all(len(row[name]) == 2 for name in ("orders", "fills", "pnl"))
    told = [
        line.split("  ") for line in err.splitlines() if " KO  " in line and " New York  " in line
    ]
    runs = {line[0] for line in told}
    assert runs == {"unchanged", "changed"}
    assert any("reason: market" in line and "close=" in line[-1] for line in told)
    assert any("refused: " in part for line in told for part in line)
    assert "Total" in err and "Verdict   different from 09:31:00.000 New York on: busy " in err
    return sum(line[0] == "unchanged" for line in told)


def _ran(setting: Setting, source: str, change: Change, **selection: Any) -> tuple[Ran, Ran]:
    recording = recorded(setting, source)
    unchanged, changed = (
        live(
            Task(
                recording=recording,
                variant=variant,
                selection=Selection(**selection),
                home=str(setting.home),
                batch_id="12345678-what-if",
            )
        )
        for variant in variants(recording, change)
    )
    return unchanged, changed


def _parts_of_the_market(setting: Setting, source: str) -> None:
    session = books(setting.dsn, source)
    traded = {fill[1] for fill in session.fills}
    assert traded == {symbol for symbol in PICKED if symbol != IDLE}
    strict, _ = _ran(setting, source, Change(), only=tuple(traded))
    assert set(strict.symbols) == traded
    assert _fills(strict) == session.fills
    short, _ = _ran(setting, source, Change(), minutes=10.0)
    until = OPEN + 10 * MINUTE
    assert short.bars == 10 * len(PICKED)
    assert _fills(short) == [fill for fill in session.fills if fill[-1] <= until]


def _a_symbol_that_nobody_picked(setting: Setting, source: str) -> None:
    expected: Books = simulate(setting.plan(strategies=_PLAN), batch="12345678-simulated")
    further, _ = _ran(setting, source, Change(), more=(FURTHER,))
    assert any(FURTHER == fill[1] for fill in expected.fills)
    assert _fills(further) == expected.fills
    assert f"{FURTHER} was not recorded: its market is from the session's tape" in further.notices


def _another_plan(setting: Setting, source: str) -> None:
    path = setting.plan(strategies=_PLAN.partition("[strategies.contrary]")[0], consumers=1)
    plan = read_plan(path, environ={})
    unchanged, changed = _ran(setting, source, Change(plan=plan))
    assert _fills(unchanged) == books(setting.dsn, source).fills
    assert {order.strategy for order in changed.books.orders} == {"busy"}
    comparison = compare(unchanged, changed)
    assert not comparison.identical
    alone = [row for row in comparison.rows if row.strategy == "contrary"]
    assert alone and all(row.changed == Side() and row.first is not None for row in alone)
    for ran, name in ((unchanged, "unchanged"), (changed, "changed")):
        gained = sum(getattr(row, name).pnl for row in comparison.rows)
        assert abs(gained - ran.charges - (ran.equity - ran.cash)) < Decimal("0.00001")


def _fills(ran: Ran) -> list[tuple[Any, ...]]:
    fills = sorted(ran.books.executions, key=lambda each: (each.order_id, each.time))
    return [
        (e.order_id.partition("-")[2], e.symbol, e.side.value, e.qty, e.price, e.fee, e.time)
        for e in fills
    ]
