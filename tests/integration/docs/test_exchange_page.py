"""The page on the exchange in a box shows a program; it is run as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "exchange.md"


def test_the_program_for_alpaca_py_buys_at_the_exchange(tmp_path: Path) -> None:
    program = re.search(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert program is not None
    environ = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    }
    done = subprocess.run(
        [sys.executable, "-c", program[1]],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^bought at 4\d\d\.\d+ cash 95\d\d\d\.\d+$", done.stdout, re.MULTILINE)
