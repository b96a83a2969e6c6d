"""What leaves a process is searched for what it knows, and for the places where keys travel."""

import json
import logging
import subprocess
import sys
from urllib.parse import quote

import pytest
from requests import Request

from liualgotrader.credentials.redaction import RedactingFormatter, Redactor, redact
from liualgotrader.session.logs import formatter

SECRET = 'w7/Hq+2"Zk\\9vR5nT1xB8mC3'
UNKNOWN = "hJ4kPq9sLw2eVb7n"


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.learn(SECRET)
    return made


@pytest.mark.parametrize(
    "text",
    [SECRET, f"x{SECRET}y", quote(SECRET, safe=""), json.dumps({"k": SECRET}), repr([SECRET])],
)
def test_what_is_known_is_hidden_however_it_is_spelt(redactor: Redactor, text: str) -> None:
    assert "7/Hq" not in redactor.text(text) and "Hq%2B2" not in redactor.text(text)
    assert "***" in redactor.text(text)


def test_a_secret_that_begins_with_another_leaves_no_rest(redactor: Redactor) -> None:
    redactor.learn("PKAAAAAAAA", "PKAAAAAAAABBBBBB")
    assert redactor.text("PKAAAAAAAABBBBBB PKAAAAAAAA") == "*** ***"


def test_what_is_too_short_to_be_a_key_leaves_words_whole(redactor: Redactor) -> None:
    redactor.learn("", "market")
    assert redactor.text("the market is open") == "the market is open"


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://api.massive.com/v2/aggs?limit=5&apiKey={UNKNOWN}&sort=asc",
        f"401 Client Error for url: https://x.test/?token={UNKNOWN}",
        f"{{'APCA-API-KEY-ID': '{UNKNOWN}', 'APCA-API-SECRET-KEY': '{UNKNOWN}'}}",
        f"[(b'APCA-API-SECRET-KEY', b'{UNKNOWN}')]",
        f"Authorization: Bearer {UNKNOWN}",
        f"{{'Authorization': 'Basic {UNKNOWN}=='}}",
        f"apca-api-key-id: {UNKNOWN}\r\napca-api-secret-key: {UNKNOWN}\r\n",
        json.dumps({"action": "auth", "key": UNKNOWN, "secret": UNKNOWN}),
        json.dumps({"action": "auth", "params": UNKNOWN}),
        json.dumps(json.dumps({"action": "auth", "params": UNKNOWN})),
        str({"action": "authenticate", "data": {"key_id": UNKNOWN, "secret_key": UNKNOWN}}),
    ],
)
def test_places_where_keys_travel_are_hidden_whatever_stands_there(text: str) -> None:
    assert UNKNOWN not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"stream":"authorization","data":{"status":"authorized"}}',
        '{"key": "AAPL", "secret": "none of your business"}',
        "authorization: refused",
        "https://data.alpaca.markets/v2/stocks/bars?symbols=AAPL&page_token=QUFQTHxN",
    ],
)
def test_what_is_no_key_stays(text: str) -> None:
    assert redact(text) == text


def test_bytes_keep_their_length(redactor: Redactor) -> None:
    frame = b'{"a":"' + SECRET.encode() + b'"}'
    assert redactor.blanked(frame) == b'{"a":"' + b"*" * len(SECRET) + b'"}'
    assert Redactor().blanked(frame) is frame


@pytest.mark.parametrize("as_json", [False, True])
def test_a_log_line_is_redacted_with_its_arguments_and_its_traceback(as_json: bool) -> None:
    prepared = Request("GET", "https://x.test/", headers={"Authorization": f"Bearer {UNKNOWN}"})
    try:
        raise OSError(f"no answer from https://x.test/?apiKey={UNKNOWN}")
    except OSError:
        record = logging.LogRecord(
            "x", logging.ERROR, __file__, 1, "asked %s", (prepared.headers,), sys.exc_info()
        )
    made = formatter(as_json=as_json)
    line = made.format(record)
    assert isinstance(made, RedactingFormatter)
    assert UNKNOWN not in line and "no answer from" in line
    if as_json:
        assert json.loads(line)["level"] == "ERROR"


_PROGRAM = """
import sys, threading, warnings
from liualgotrader.credentials.process import guard_process
guard_process()
import os
key = os.environ["MASSIVE_API_KEY"]

class Bad:
    def __del__(self):
        raise ValueError(f"unraisable {key}")

def fails():
    raise ValueError(f"in a thread {key}")

thread = threading.Thread(target=fails)
thread.start()
thread.join()
warnings.warn(f"a warning {key}")
bad = Bad()
del bad
raise ValueError(f"uncaught {key}")
"""


def test_tracebacks_and_warnings_of_a_process_are_redacted() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={"MASSIVE_API_KEY": UNKNOWN, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert ended.returncode == 1
    assert UNKNOWN not in ended.stderr + ended.stdout
    for words in ("in a thread ***", "a warning ***", "unraisable ***", "uncaught ***"):
        assert words in ended.stderr
