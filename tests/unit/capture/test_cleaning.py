"""Account numbers are starred out of frames that stay as whole, or as broken, as they were."""

from typing import Any

import msgspec
import pytest

from liualgotrader.capture.cleaning import cleaned
from liualgotrader.credentials.secret import Secret

ORDER = {
    "id": "904837e3-3b76-47ec-b432-046db621571b",
    "account_id": "8f1d77aa-0000-4f3e-9c39-aabbccddeeff",
    "accountNumber": 1234567890,
    "nested": [
        {"account_number": "PA3ABCDEFGH"},
        {"account_blocked": False, "accountId": "x" * 300},
    ],
}
HIDDEN = ("8f1d77aa", "1234567890", "PA3ABCDEFGH", "x" * 300)


@pytest.mark.parametrize("codec", [msgspec.json, msgspec.msgpack])
def test_values_go_and_all_else_stays(codec: Any) -> None:
    frame = codec.encode({"stream": "trade_updates", "data": {"order": ORDER}})
    clean = cleaned(frame)
    assert len(clean) == len(frame)
    order = codec.decode(clean)["data"]["order"]
    assert order["id"] == ORDER["id"] and order["nested"][1]["account_blocked"] is False
    assert order["account_id"] == "*" * 36 and order["nested"][0]["account_number"] == "*" * 11
    assert order["accountNumber"] != 1234567890
    assert not any(hidden in str(codec.decode(clean)) for hidden in HIDDEN)


def test_a_frame_that_cannot_be_taken_apart_is_cleaned_too() -> None:
    torn = msgspec.json.encode(ORDER)[:120]
    assert b"8f1d77aa" not in cleaned(torn)
    torn = msgspec.msgpack.encode(ORDER)[:80]
    assert b"8f1d77aa" not in cleaned(torn)
    with pytest.raises(msgspec.DecodeError):
        msgspec.msgpack.decode(cleaned(torn))


def test_a_secret_that_a_vendor_echoes_is_starred() -> None:
    secret = Secret("eChOeDsEcReT0123456789")
    frame = b' {"T":"error","msg":"eChOeDsEcReT0123456789 is wrong"}'
    assert secret.reveal().encode() not in cleaned(frame) and len(cleaned(frame)) == len(frame)


def test_a_frame_without_any_is_passed_on_as_it_is() -> None:
    frame = b'[{"T":"q","S":"AAPL"}]'
    assert cleaned(frame) is frame
