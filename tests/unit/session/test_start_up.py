"""What a process of a session loads before it is ready: each is paid for at every start."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("liualgotrader.exchange.__main__", ("pandas", "alpaca", "massive", "exchange_calendars")),
        ("liualgotrader.consumer", ("pandas", "massive", "exchange_calendars", "sklearn")),
        ("liualgotrader.producer", ("pandas", "massive", "exchange_calendars", "sklearn")),
        ("liualgotrader.scanners_runner", ("pandas", "massive", "exchange_calendars", "sklearn")),
    ],
)
def test_a_process_loads_no_library_that_it_does_not_use(
    module: str, without: tuple[str, ...]
) -> None:
    code = f"import sys, {module}; print(*({set(without)} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == ""
