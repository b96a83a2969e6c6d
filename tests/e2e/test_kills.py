"""Whoever is killed, at whatever moment: no order is lost, doubled or unrecorded."""

import pytest

from tests.e2e.audit import assert_books_agree, population, replays
from tests.e2e.sessions import Setting

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    ("link", "kills"),
    [
        ("queue", "consumer-A:journal:120,consumer-B:verdict:20"),
        ("pipe", "consumer-A:commit:25,consumer-B:send:30"),
        ("queue", "consumer-A:acknowledgement:40,consumer-B:acknowledgement:60"),
        ("pipe", "consumer-A:send:20,consumer-A:verdict:30,consumer-B:commit:1,consumer-B:journal:9"),
    ],
)
def test_a_consumer_killed_at_a_named_point_recovers(
    setting: Setting, link: str, kills: str
) -> None:
    setting.environ["LIU_KILL_AT"] = kills
    ended = setting.trade(setting.plan(link=link))
    assert ended.code == 0, ended.err
    batch = ended.summary["batch_id"]
    assert ended.err.count("died (signal 9)") == len(kills.split(","))
    assert population(setting, batch).is_rich
    assert_books_agree(setting, batch)
    lived = replays(setting, batch)
    assert [(name, each) for name, each in lived.items() if not each.identical] == []
    assert len(lived) == 2 + len(kills.split(","))
