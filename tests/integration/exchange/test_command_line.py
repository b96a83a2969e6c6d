"""The process: one line when ready, a clear word when not, and an end with its parent or a signal."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import pytest

TAPE = "liualgotrader.exchange.walk:walk_tape?minutes=1&symbols=AAPL"


def launch(*options: str, tape: str = TAPE) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "liualgotrader.exchange", "--tape", tape, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ready(process: subprocess.Popen[bytes]) -> dict[str, str]:
    assert process.stdout is not None
    line: dict[str, str] = json.loads(process.stdout.readline())
    return line


def test_ready_line_names_urls_and_keys() -> None:
    process = launch("--key", "PKMINE", "--secret", "mine")
    line = ready(process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, b"", b"")
    assert (line["key"], line["secret"]) == ("PKMINE", "mine")
    assert line["trading_url"].startswith("http://127.0.0.1:")
    assert line["stream_url"].endswith("/v2/sip")


def test_same_seed_makes_the_same_keys() -> None:
    lines = []
    for _ in range(2):
        process = launch("--seed", "4")
        lines.append(ready(process))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 0
    assert lines[0]["key"] == lines[1]["key"]


def test_it_ends_when_its_parent_closes_the_pipe() -> None:
    process = launch("--die-with-parent")
    ready(process)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def test_port_in_use_is_one_line_and_exit_code_two() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = launch("--port", str(taken.getsockname()[1]))
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, b"")
    assert len(err.splitlines()) == 1
    assert b"address already in use" in err


@pytest.mark.parametrize(
    ("tape", "options", "word"),
    [
        ("nowhere:tape", (), b"nowhere"),
        ("liualgotrader.exchange.walk:walk_tape?date=2026-01-17", (), b"Saturday"),
        ("missing.parquet", (), b"missing.parquet"),
        (TAPE, ("--latency-ms", "0"), b"latency"),
    ],
)
def test_what_cannot_be_used_is_named(tape: str, options: tuple[str, ...], word: bytes) -> None:
    process = launch(*options, tape=tape)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert word in err
