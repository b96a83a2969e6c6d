"""A plan is read with the files that it names, wherever one stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.engine.plan_reading import read_plan

PLAN = """\
[session]
symbols = ["AAPL"]
tape = "day.parquet"
scenario = "faults.toml"
[strategies.Dip]
filename = "dip.py"
[strategies.sma_cross]
"""
STRATEGY = "from liualgotrader import Strategy\nclass Dip(Strategy): ...\n"


def test_paths_are_relative_to_the_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "dip.py").write_text(STRATEGY)
    (tmp_path / "day.parquet").write_bytes(b"")
    (tmp_path / "faults.toml").write_bytes(b"")
    plan = read_plan(tmp_path / "plan.toml", environ={})
    assert plan.session.tape == (str(tmp_path / "day.parquet"),)
    assert plan.session.scenario == str(tmp_path / "faults.toml")
    assert plan.strategies[0].filename == str(tmp_path / "dip.py")
    assert plan.strategies[1].filename == "liualgotrader.strategies.sma_cross"


def test_files_that_are_missing_are_mistakes_of_the_plan(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    with pytest.raises(ConfigError) as caught:
        read_plan(path, environ={})
    assert str(caught.value).splitlines() == [
        f'{path}:3: session.tape = "day.parquet": there is no file day.parquet',
        f'{path}:4: session.scenario = "faults.toml": there is no file faults.toml',
        f'{path}:6: strategies.Dip.filename = "dip.py": '
        "there is no such file, or it cannot be read",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no such file"), (b"a = 1\n\xff", ":2: is not UTF-8"), ("", "cannot be read")],
)
def test_a_plan_that_cannot_be_read_is_an_error_of_one_line(
    tmp_path: Path,
    content: bytes | str | None,
    said: str,
) -> None:
    path = tmp_path / "plan.toml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    with pytest.raises(ConfigError) as caught:
        read_plan(path, environ={})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
