"""An exchange in a box as a process, with keys as long as a vendor's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen


@contextmanager
def exchange_of(tape: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run an exchange whose tape waits; give its addresses and keys."""
    with subprocess.Popen(
        [sys.executable, "-m", "liualgotrader.exchange", "--wait", "--tape", str(tape), *arguments],
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def begin(at: dict[str, Any]) -> None:
    """Let the tape run."""
    request = Request(at["box_url"] + "/start", method="POST")
    request.add_header("APCA-API-KEY-ID", at["key"])
    request.add_header("APCA-API-SECRET-KEY", at["secret"])
    with urlopen(request, timeout=10) as answer:
        answer.read()
