"""The market of a paper or live session: URLs, keys, days and clocks that belong together."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from liualgotrader.bootstrap import Endpoints
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.instruments import AssetClass
from liualgotrader.common.plan import Mode, Plan, SessionPlan
from liualgotrader.session.world import (
    MOST_CLOCK_OFFSET,
    clock_offset,
    endpoints_of,
    keys_of,
    session_of,
)

SECRET = "theSecretOfAnAccount0123"
PAPER_KEY, LIVE_KEY = "PKAAAAAAAAAAAAAAAAAA", "AKAAAAAAAAAAAAAAAAAA"
PAPER, LIVE, BOX = (
    "https://paper-api.alpaca.markets",
    "https://api.alpaca.markets",
    "http://127.0.0.1:8900",
)


def plan_of(mode: Mode = Mode.PAPER, **options: object) -> Plan:
    """Return a plan of that mode."""
    return Plan(session=SessionPlan(mode=mode, **options))  # type: ignore[arg-type]


def endpoints(plan: Plan, key: str, environ: dict[str, str] | None = None) -> Endpoints:
    """Return the endpoints of a session whose keys are in the environment."""
    known = {"APCA_API_KEY_ID": key, "APCA_API_SECRET_KEY": SECRET} | (environ or {})
    return endpoints_of(plan, known, keys_of(plan, known))


def at(text: str) -> int:
    """Return a moment in UTC as ns."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def test_endpoints_of_the_world() -> None:
    """Defaults are the vendor's; a plan's feed is in the stream's path."""
    at_paper = endpoints(plan_of(feed="sip"), PAPER_KEY)
    assert at_paper.trading_url == PAPER
    assert at_paper.order_stream_url == "wss://paper-api.alpaca.markets/stream"
    assert at_paper.data_url == "https://data.alpaca.markets"
    assert at_paper.data_stream_url == "wss://stream.data.alpaca.markets/v2/sip"
    live = endpoints(plan_of(Mode.LIVE), LIVE_KEY)
    assert live.trading_url == LIVE
    assert live.data_stream_url.endswith("/v2/iex")
    coins = endpoints(plan_of(asset_class=AssetClass.CRYPTO), PAPER_KEY)
    assert coins.data_stream_url == "wss://stream.data.alpaca.markets/v1beta3/crypto/us"


def test_endpoints_of_a_box() -> None:
    """One port serves all; the version that alpaca-py's users append is not repeated."""
    environ = {"APCA_API_BASE_URL": BOX + "/v2/"}
    box = endpoints(plan_of(), PAPER_KEY, environ)
    assert (box.trading_url, box.data_url) == (BOX, BOX)
    assert box.data_stream_url == "ws://127.0.0.1:8900/v2/iex"
    assert box.order_stream_url == "ws://127.0.0.1:8900/stream"


def test_keys_are_those_of_the_mode_and_shown_to_nobody(tmp_path: Path) -> None:
    """The file beside the plan has both; keys of the other environment do not begin a session."""
    file = tmp_path / ".env"
    file.write_text(f"APCA_LIVE_API_KEY_ID={LIVE_KEY}\nAPCA_LIVE_API_SECRET_KEY={SECRET}\n")
    plan = msgspec.structs.replace(plan_of(Mode.LIVE), filename=str(tmp_path / "plan.toml"))
    live = endpoints_of(plan, {}, keys_of(plan, {}))
    assert (live.trading_url, live.key.reveal(), live.secret.reveal()) == (LIVE, LIVE_KEY, SECRET)
    assert LIVE_KEY not in str(live) and SECRET not in str(live)
    with pytest.raises(ConfigError, match="is one of a live account"):
        endpoints(plan_of(), LIVE_KEY)


def test_the_day_of_a_session() -> None:
    """Before the open, during it, and in the night that belongs to a trade date."""
    monday = session_of(plan_of(), at("2026-11-30T13:00"))
    assert str(monday.date) == "2026-11-30"
    assert session_of(plan_of(), at("2026-11-30T20:59")) == monday
    assert session_of(plan_of(), at("2026-11-30T01:30")) == monday, "Sunday 20:30 in New York"


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-28T15:00", "Mon 2026-11-30 09:30"),
        ("2026-11-26T15:00", "Fri 2026-11-27 09:30"),
        ("2026-11-27T18:00", "Mon 2026-11-30 09:30"),
        ("2026-11-30T21:00", "Tue 2026-12-01 09:30"),
    ],
)
def test_a_closed_market_says_when_it_opens(now: str, opens: str) -> None:
    """On a Saturday, on Thanksgiving, after a half day's close, after a close."""
    with pytest.raises(ConfigError, match=opens):
        session_of(plan_of(), at(now))


def test_coins_trade_on_saturdays() -> None:
    """Their day is one of UTC."""
    day = session_of(plan_of(asset_class=AssetClass.CRYPTO), at("2026-11-28T23:00"))
    assert (str(day.date), day.close) == ("2026-11-28", at("2026-11-29T00:00"))


def test_a_clock_that_is_off_is_refused() -> None:
    """What the question itself took is no difference; an exchange on this machine has a day of its own."""
    second = 1_000_000_000
    assert clock_offset(PAPER, 100 * second, 99 * second, 100 * second) == 0
    assert clock_offset(PAPER, 100 * second, 97 * second, 103 * second) == 0
    with pytest.raises(ConfigError, match=r"3\.0 s behind"):
        clock_offset(PAPER, 103 * second, 100 * second, 100 * second)
    with pytest.raises(ConfigError, match=r"2\.0 s ahead of"):
        clock_offset(PAPER, 98 * second, 100 * second, 100 * second)
    assert clock_offset(BOX, 98 * second, 100 * second, 100 * second) == -2 * second
    assert clock_offset(BOX, 100 * second + MOST_CLOCK_OFFSET, 100 * second, 100 * second) == 0
