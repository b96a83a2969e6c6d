"""The page on the exchange in a box shows programs; they are run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "exchange.md"


PROGRAMS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
ENVIRON = os.environ | {
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
}


def run(program: str, folder: Path) -> str:
    """Return what a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_for_alpaca_py_buys_at_the_exchange(tmp_path: Path) -> None:
    printed = run(PROGRAMS[0], tmp_path)
    assert re.search(r"^bought at 4\d\d\.\d+ cash 95\d\d\d\.\d+$", printed, re.MULTILINE)


def test_the_program_for_massives_client_reads_history(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "liualgotrader.exchange", "--wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as exchange:
        assert exchange.stdout is not None
        line = exchange.stdout.readline()
        printed = run(f"import json\nat = json.loads({line!r})\n{PROGRAMS[1]}", tmp_path)
        exchange.terminate()
    previous, *bars = printed.splitlines()
    assert previous == "514.005"
    assert len(bars) == 15 and bars[0] == "1357102800000 196.35"
