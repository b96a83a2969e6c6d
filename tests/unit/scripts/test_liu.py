"""`liu` lists its commands without importing them, and ends with a code and a line."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from liualgotrader.common.errors import ConfigError, LiuError, StoreError
from liualgotrader.scripts.exits import DONE, FAILED, INTERRUPTED, WRONG_USE, run
from liualgotrader.scripts.liu import COMMANDS, cli

_HEAVY = ("numpy", "pandas", "asyncpg", "aiohttp", "alpaca", "pydantic", "uvloop", "asyncio")


def test_help_imports_nothing_heavy_and_lists_every_command() -> None:
    program = (
        "import sys; sys.argv = ['liu', '--help']\n"
        "from liualgotrader.scripts.liu import main\n"
        f"code = main(); print(code, [name for name in {_HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_of_the_table_is_there(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name


def test_a_command_that_is_not_there_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cli, ["doktor"]) == WRONG_USE
    assert "the nearest valid command is doctor" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("mend the plan"), WRONG_USE),
        (StoreError("no database"), FAILED),
        (LiuError("line 1\nline 2"), FAILED),
    ],
)
def test_an_error_is_its_own_lines_and_a_code(
    error: LiuError,
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.delenv("LIU_DEBUG", raising=False)
    assert run(fail, []) == code
    assert capsys.readouterr().err == f"{error}\n"
    monkeypatch.setenv("LIU_DEBUG", "1")
    with pytest.raises(type(error)):
        run(fail, [])


def test_what_a_command_returns_is_the_code() -> None:
    assert run(click.Command("a", callback=lambda: 1), []) == FAILED
    assert run(click.Command("b", callback=lambda: None), []) == DONE


def test_an_interrupt_has_a_code_of_its_own() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert run(click.Command("a", callback=interrupted), []) == INTERRUPTED


def test_a_reader_that_has_had_enough_is_no_traceback() -> None:
    program = (
        "import click, sys\n"
        "from liualgotrader.scripts.exits import run\n"
        "def flood():\n"
        "    for number in range(100_000): click.echo('x' * 100)\n"
        "sys.exit(run(click.Command('flood', callback=flood), []))\n"
    )
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    os.close(reader)
    _, said = process.communicate()
    assert (process.returncode, said) == (FAILED, "")
