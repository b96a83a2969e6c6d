"""A secret never shows itself, and arrives where it is sent."""

import copy
import json
import logging
import multiprocessing
import pickle
import traceback
from multiprocessing.connection import Connection

import msgspec
import pytest

from liualgotrader.credentials.redaction import redact
from liualgotrader.credentials.secret import Secret

TEXT = "sYq8/Kd+Rn2vWmZtB4xLqP0c"


class Holder(msgspec.Struct, frozen=True):
    key: Secret


def test_it_shows_itself_nowhere() -> None:
    secret = Secret(TEXT)
    shown = [
        str(secret), repr(secret), f"{secret}", f"{secret!r:>10}", "%s" % secret,  # noqa: UP031
        str([secret]), repr(Holder(secret)), str({"key": secret}),
    ]  # fmt: skip
    assert all("***" in text and TEXT not in text for text in shown)
    assert not hasattr(secret, "__dict__")


def test_a_record_and_a_traceback_hold_stars(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(TEXT)
    try:
        raise ValueError(f"cannot sign on with {secret}", secret)
    except ValueError as exc:
        logging.getLogger("test").exception("with %s", secret)
        text = "".join(traceback.format_exception(exc))
    assert TEXT not in text + caplog.text


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode, json.dumps])
def test_no_encoder_takes_it_for_a_text(encode: object) -> None:
    with pytest.raises(TypeError):
        encode(Holder(Secret(TEXT)) if encode is not json.dumps else {"key": Secret(TEXT)})  # type: ignore[operator]
    assert msgspec.json.encode(Holder(Secret(TEXT)), enc_hook=str) == b'{"key":"***"}'


def test_equal_by_text_and_only_with_its_like() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert Secret(TEXT) != Secret(TEXT[:-1] + "d")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT)}) == 1


def test_copies_and_pickles_are_the_same() -> None:
    secret = Secret(TEXT)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    back = pickle.loads(pickle.dumps(Holder(secret)))
    assert back.key == secret and back.key.reveal() == TEXT


def _child(pipe: Connection) -> None:
    held: Holder = pipe.recv()
    pipe.send((str(held), held.key.reveal(), redact(f"failed with {TEXT}")))


def test_a_child_gets_it_through_a_pipe_and_knows_to_hide_it() -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_child, args=(theirs,))
    child.start()
    ours.send(Holder(Secret(TEXT)))
    shown, revealed, redacted = ours.recv()
    child.join(20)
    assert shown == "Holder(key=***)"
    assert revealed == TEXT
    assert redacted == "failed with ***"


def test_how_it_ends_is_told_of_long_ones_only() -> None:
    assert Secret(TEXT).last4() == "qP0c"
    assert Secret("PKTEST").last4() == "***"
    assert str(Secret("")) == "***"
