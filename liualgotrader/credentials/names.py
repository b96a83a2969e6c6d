"""What a vendor's keys are called, and where one gets them."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import NamedTuple

from liualgotrader.common.plan import Vendor
from liualgotrader.credentials.environments import Environment


class Names(NamedTuple):
    """Under which names a key and its secret are looked for; Massive's keys have none."""

    key: str
    secret: str | None = None

    def __str__(self) -> str:
        return f"{self.key} and {self.secret}" if self.secret else self.key


# The names of the vendor's own clients. Those with the environment in them come first, so that both can be there.
_ALPACA = Names("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
_NAMES: dict[tuple[Vendor, Environment], tuple[Names, ...]] = {
    (Vendor.ALPACA, Environment.PAPER): (
        Names("APCA_PAPER_API_KEY_ID", "APCA_PAPER_API_SECRET_KEY"),
        _ALPACA,
    ),
    (Vendor.ALPACA, Environment.LIVE): (
        Names("APCA_LIVE_API_KEY_ID", "APCA_LIVE_API_SECRET_KEY"),
        _ALPACA,
    ),
}
_MASSIVE = (Names("MASSIVE_API_KEY"), Names("POLYGON_API_KEY"))
BASE_URL = "APCA_API_BASE_URL"
_AROUND = string.whitespace + "\"'" + "\ufeff\u200b\u201c\u201d\u2018\u2019"


def bare(text: str) -> str:
    """Return a pasted text without blanks, line ends and quotes around it."""
    return text.strip(_AROUND)


def names_of(vendor: Vendor, environment: Environment) -> tuple[Names, ...]:
    """Return the names under which keys are looked for, the first choice first."""
    return _NAMES.get((vendor, environment), _MASSIVE)


def all_names() -> Iterator[str]:
    """Yield every name whose value is a secret."""
    for names in (*(n for each in _NAMES.values() for n in each), *_MASSIVE):
        yield names.key
        if names.secret is not None:
            yield names.secret


def holder(vendor: Vendor, environment: Environment) -> str:
    """Return whose keys these are, in words."""
    return "Massive" if vendor is Vendor.MASSIVE else f"Alpaca's {environment} account"


def advice(vendor: Vendor, environment: Environment) -> str:
    """Return how one gets a key and where to put it."""
    if vendor is Vendor.MASSIVE:
        return "make a key at https://massive.com/dashboard/keys, then `liu keys set massive`, or export it"
    return (
        f"make a key of the {environment} account in the dashboard, https://app.alpaca.markets, then "
        f"`liu keys set alpaca --environment {environment}`, or export both"
    )
