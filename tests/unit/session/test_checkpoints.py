"""The points at which a process kills itself: named, counted, once a batch, and only when asked for."""

import os
import signal
from pathlib import Path

import pytest

from liualgotrader.common.errors import ConfigError
from liualgotrader.session.checkpoints import VARIABLE, checkpoints


def test_without_the_variable_there_are_no_checkpoints(tmp_path: Path) -> None:
    assert checkpoints("consumer-A", tmp_path, {}) is None
    assert checkpoints("consumer-A", tmp_path, {VARIABLE: "consumer-B:commit:1"}) is None


@pytest.mark.parametrize("text", ["consumer-A", "consumer-A:commit", "consumer-A:commit:x", ":a:1"])
def test_a_malformed_variable_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=VARIABLE):
        checkpoints("consumer-A", tmp_path, {VARIABLE: text})


def test_the_named_time_is_fatal_and_no_later_life_dies_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append(number))
    environ = {VARIABLE: "consumer-A:commit:2,consumer-A:send:1"}
    points = checkpoints("consumer-A", tmp_path, environ)
    assert points is not None
    points.reached("verdict")
    points.reached("commit")
    assert killed == []
    points.reached("commit")
    assert killed == [signal.SIGKILL]
    again = checkpoints("consumer-A", tmp_path, environ)
    assert again is not None
    again.reached("commit")
    again.reached("commit")
    assert len(killed) == 1
    again.reached("send")
    assert len(killed) == 2
