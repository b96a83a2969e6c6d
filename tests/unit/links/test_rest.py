"""Turns, tries and waits, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import ConnectionError as NoConnection
from requests import HTTPError, Response

from liualgotrader.common.errors import RequestFailed
from liualgotrader.links.rest import (
    ONCE,
    Failure,
    RetryPolicy,
    TokenBucket,
    ask,
    explain_requests,
    retry_after,
    shared_bucket,
)


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        if seconds:
            self.slept.append(seconds)


class Down(Exception):
    """A failure with a status."""

    def __init__(self, status: int | None, after: float | None = None) -> None:
        self.failure = Failure(status, "down", after)


def explain(exc: Exception) -> Failure | None:
    return exc.failure if isinstance(exc, Down) else None


def answers(*what: Exception | str) -> Callable[[], str]:
    left = iter(what)

    def call() -> str:
        answer = next(left)
        if isinstance(answer, str):
            return answer
        raise answer

    return call


def asked(
    call: Callable[[], str],
    policy: RetryPolicy,
    clock: Clock,
    bucket: TokenBucket | None = None,
) -> str:
    return ask(
        call, explain=explain, bucket=bucket, policy=policy, monotonic=clock, sleep=clock.sleep
    )


@given(
    st.integers(1, 300),
    st.lists(st.floats(0, 20), max_size=400),
)
def test_no_minute_has_more_requests_than_allowed(per_minute: int, pauses: list[float]) -> None:
    clock, taken = Clock(), []
    bucket = TokenBucket(per_minute, monotonic=clock)
    for pause in [*([0.0] * 20), *pauses]:
        clock.now += pause
        wait = bucket.take(1e9)
        assert wait is not None
        taken.append(clock.now + wait)
    for first in range(len(taken)):
        within = [moment for moment in taken if taken[first] <= moment < taken[first] + 59.999]
        assert len(within) <= max(per_minute, 2)


def test_a_tenth_may_be_taken_at_once_and_a_turn_too_late_is_left_to_others() -> None:
    clock = Clock()
    bucket = TokenBucket(200, monotonic=clock)
    assert [bucket.take(0.0) for _ in range(20)] == [0.0] * 20
    assert bucket.take(0.1) is None
    assert bucket.take(1.0) == pytest.approx(60 / 180)


def test_a_pause_is_everybodys() -> None:
    clock = Clock()
    bucket = TokenBucket(200, monotonic=clock)
    bucket.pause(7.0)
    assert bucket.take(10.0) == 7.0
    assert bucket.take(5.0) is None


def test_a_key_has_one_bucket_at_a_vendor() -> None:
    mine = shared_bucket("test-vendor", "key", 100)
    assert shared_bucket("test-vendor", "key", 500) is mine
    assert mine.per_minute == 100
    assert shared_bucket("test-vendor", "other", 500) is not mine


def test_what_may_pass_is_asked_again_after_growing_waits() -> None:
    clock = Clock()
    policy = RetryPolicy(waits=(1.0, 2.0, 4.0))
    call = answers(Down(503), Down(None), Down(500), "here")
    assert asked(call, policy, clock) == "here"
    assert clock.slept == [1.0, 2.0, 4.0]


def test_tries_end() -> None:
    clock = Clock()
    with pytest.raises(RequestFailed, match=r"down .HTTP 503") as failed:
        asked(answers(*[Down(503)] * 4, "late"), RetryPolicy(waits=(1.0, 1.0, 1.0)), clock)
    assert failed.value.status == 503
    assert clock.slept == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    with pytest.raises(RequestFailed):
        asked(answers(Down(status), "never"), RetryPolicy(), Clock())


@pytest.mark.parametrize("status", [None, 429, 500])
def test_what_must_not_happen_twice_is_asked_once(status: int | None) -> None:
    with pytest.raises(RequestFailed):
        asked(answers(Down(status), "never"), ONCE, Clock())


def test_retry_after_goes_before_the_policys_wait_and_shuts_the_bucket() -> None:
    clock = Clock()
    bucket = TokenBucket(600, monotonic=clock)
    assert asked(answers(Down(429, 9.0), "here"), RetryPolicy(), clock, bucket) == "here"
    assert clock.now == 1_009.0
    with pytest.raises(RequestFailed):
        asked(answers(Down(429), "never"), ONCE, clock, bucket)
    assert bucket.take(100.0) == 5.0  # it did not say for how long


def test_what_would_take_too_long_fails_at_once() -> None:
    clock = Clock()
    with pytest.raises(RequestFailed):
        asked(answers(Down(429, 3_600.0), "late"), RetryPolicy(seconds=60), clock)
    assert clock.slept == []


def test_too_many_of_our_own_are_told_as_that() -> None:
    clock = Clock()
    bucket = TokenBucket(1, monotonic=clock)
    policy = RetryPolicy(seconds=5)
    assert asked(answers("here"), policy, clock, bucket) == "here"
    with pytest.raises(RequestFailed, match="no turn within 5 s"):
        asked(answers("late"), policy, clock, bucket)


def test_a_bug_is_no_failure_of_the_request() -> None:
    with pytest.raises(ZeroDivisionError):
        asked(answers(ZeroDivisionError()), RetryPolicy(), Clock())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        (
            {
                "Retry-After": "Fri, 20 Nov 2026 14:30:30 GMT",
                "Date": "Fri, 20 Nov 2026 14:30:00 GMT",
            },
            30.0,
        ),
        ({"X-Ratelimit-Reset": "1795185020", "Date": "Fri, 20 Nov 2026 14:30:00 GMT"}, 20.0),
        ({"Retry-After": "Fri, 20 Nov 2026 14:30:30 GMT"}, None),
        ({"Retry-After": "soon", "Date": "Fri, 20 Nov 2026 14:30:00 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_a_vendor_wants_peace(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_the_http_librarys_failures_are_told_without_a_url() -> None:
    response = Response()
    response.status_code = 429
    response._content = b"too many requests"
    response.headers["Retry-After"] = "3"
    assert explain_requests(HTTPError("x", response=response)) == Failure(
        429, "too many requests", 3.0
    )
    silent = NoConnection("https://host/path?apiKey=secret")
    assert explain_requests(silent) == Failure(None, "no answer (ConnectionError)")
    assert explain_requests(KeyError("x")) is None
