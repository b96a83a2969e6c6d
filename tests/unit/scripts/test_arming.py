"""Going live is said on purpose."""

from decimal import Decimal

import pytest

from liualgotrader.bootstrap import Endpoints
from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Mode, Plan, SessionPlan
from liualgotrader.common.ports import BrokerAccount
from liualgotrader.scripts import arming

LIVE = Plan(session=SessionPlan(mode=Mode.LIVE))
KEYS = {"APCA_API_KEY_ID": "AK" + "A" * 18, "APCA_API_SECRET_KEY": "secret0123"}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the broker answer without a broker."""

    async def answer(endpoints: Endpoints) -> BrokerAccount:
        assert endpoints.trading_url == "https://api.alpaca.markets"
        dollars = Decimal("12345.60")
        return BrokerAccount("987654321", dollars, dollars, dollars, Decimal(2), shorting=True)

    monkeypatch.setattr(arming, "patient_account", answer)


def test_the_last_digits_arm_it() -> None:
    """The question shows how much is at stake, and of the account's number no more than it asks for."""
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return " 4321 "

    arming.arm(LIVE, KEYS, yes=False, ask=answer)
    assert "12,345.60" in asked[0]
    assert "98765" not in asked[0]


@pytest.mark.parametrize("answer", ["", "yes", "1234", "987654321"])
def test_anything_else_does_not(answer: str) -> None:
    """Nothing is started."""
    with pytest.raises(ConfigError, match="not confirmed"):
        arming.arm(LIVE, KEYS, yes=False, ask=lambda _: answer)


def test_other_modes_are_not_asked() -> None:
    """No keys are needed for them, either."""

    def never(question: str) -> str:
        raise AssertionError(question)

    for mode in (Mode.SIMULATED, Mode.PAPER):
        arming.arm(Plan(session=SessionPlan(mode=mode)), {}, yes=False, ask=never)


def test_yes_live_still_wants_a_live_key() -> None:
    """The flag answers the question and nothing else."""
    arming.arm(LIVE, KEYS, yes=True)
    with pytest.raises(ConfigError, match="is one of a paper account"):
        arming.arm(LIVE, KEYS | {"APCA_API_KEY_ID": "PK" + "A" * 18}, yes=True)
