"""How REST requests are made to a vendor: how many a minute, how long, and what is asked again.

Whatever client a vendor has, its calls go through `ask`: it takes a turn from the key's
`TokenBucket`, tells from the failure whether to ask again by the `RetryPolicy`, and always ends.
Blocking, for worker threads. Only what may be asked twice is asked again: give orders `ONCE`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any, TypeVar

import msgspec
from requests import RequestException, Response, Session
from requests.adapters import HTTPAdapter

from liualgotrader.common.errors import RequestFailed

T = TypeVar("T")
TOO_MANY = 429
_MINUTE, _NS = 60, 1_000_000_000
# A vendor that says 429 and not for how long.
_UNTOLD_PAUSE = 5.0


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked again, how often, and after how long.

    `statuses`: HTTP's; silence (no connection, no answer in time) is asked again if `silence`.
    `waits` in seconds, one before each further try: with three of them there are four tries. What
    the vendor says in Retry-After goes before them. `timeout` is one try's, `seconds` all tries'
    and waits' together: what would take longer fails at once.
    """

    statuses: frozenset[int] = frozenset({408, 429, 500, 502, 503, 504})
    silence: bool = True
    waits: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    timeout: float = 15.0
    seconds: float = 90.0

    def wait(self, tries: int, failure: Failure) -> float | None:
        """Return how long to wait after so many tries (1 and more), in seconds; None to give up."""
        again = self.silence if failure.status is None else failure.status in self.statuses
        if not again or tries > len(self.waits):
            return None
        return max(self.waits[tries - 1], failure.retry_after or 0.0)


ONCE = RetryPolicy(statuses=frozenset(), silence=False, waits=())
"""Nothing is asked again: for what must not happen twice."""


class Failure(msgspec.Struct, frozen=True):
    """Why there is no answer. `status` is None when nobody answered; `retry_after` in seconds."""

    status: int | None
    message: str
    retry_after: float | None = None


class TokenBucket:
    """Turns for requests: in no minute more than `per_minute`, by any threads.

    A tenth of them may be taken at once; the others come one by one.
    """

    def __init__(
        self, per_minute: float, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.per_minute = per_minute
        self._monotonic = monotonic
        self._lock = threading.Lock()
        burst = max(1, int(per_minute // 10))
        self._interval = ceil(_MINUTE * _NS / max(per_minute - burst, 1.0))
        self._ahead = (burst - 1) * self._interval
        self._full_at = self._shut_until = self._now()

    def _now(self) -> int:
        """Return the time in whole ns: sums of seconds would be a little off."""
        return round(self._monotonic() * _NS)

    def take(self, patience: float) -> float | None:
        """Take a turn and return how many seconds to wait for it; None if that is over `patience`.

        A turn that is taken counts; one that would come too late is not taken.
        """
        with self._lock:
            now = self._now()
            full_at = max(self._full_at, now)
            wait = (max(full_at - self._ahead, self._shut_until, now) - now) / _NS
            if wait > patience:
                return None
            self._full_at = full_at + self._interval
            return wait

    def pause(self, seconds: float) -> None:
        """Give nobody a turn for so long: the vendor has said so to one of us."""
        with self._lock:
            self._shut_until = max(self._shut_until, self._now() + round(seconds * _NS))


_buckets: dict[tuple[str, str], TokenBucket] = {}
_registry = threading.Lock()


def shared_bucket(vendor: str, key: str, per_minute: float) -> TokenBucket:
    """Return the process's one bucket of a key at a vendor; the first caller says how large it is."""
    with _registry:
        return _buckets.setdefault((vendor, key), TokenBucket(per_minute))


def ask(
    call: Callable[[], T],
    *,
    explain: Callable[[Exception], Failure | None],
    bucket: TokenBucket | None,
    policy: RetryPolicy,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call until there is an answer, and return it. Raises RequestFailed when there is none.

    `explain` turns what the call raises into a failure; None is for what is no failure of the
    request's, and is raised as it is. Without a bucket nobody waits for a turn.
    """
    until = monotonic() + policy.seconds
    tries = 0
    while True:
        turn = 0.0 if bucket is None else bucket.take(max(0.0, until - monotonic()))
        if turn is None:
            raise RequestFailed(
                None, f"no turn within {policy.seconds:.0f} s: too many requests; ask for less"
            )
        sleep(turn)
        tries += 1
        try:
            return call()
        except Exception as exc:
            failure = explain(exc)
            if failure is None:
                raise
            wait = _next_wait(policy, tries, failure, bucket)
            if wait is None or monotonic() + wait > until:
                raise RequestFailed(failure.status, failure.message) from exc
        sleep(wait)


def _next_wait(
    policy: RetryPolicy, tries: int, failure: Failure, bucket: TokenBucket | None
) -> float | None:
    if failure.status == TOO_MANY and bucket is not None:
        bucket.pause(failure.retry_after or _UNTOLD_PAUSE)
    return policy.wait(tries, failure)


def explain_requests(exc: Exception) -> Failure | None:
    """Explain what the library requests raises; its words may hold a URL, so only its kind is told."""
    if not isinstance(exc, RequestException):
        return None
    response: Response | None = exc.response
    if response is None:
        return Failure(None, f"no answer ({type(exc).__name__})")
    return Failure(
        response.status_code, response.text[:200], retry_after(response.headers)
    )  # fmt: skip


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds a vendor wants peace, or None when it does not say.

    Retry-After in seconds or as a date (RFC 9110, 10.2.3), or else X-Ratelimit-Reset, seconds
    since 1970, as Alpaca has it. Moments are taken from the answer's own Date, not from a clock.
    """
    told = headers.get("Retry-After", "")
    if told.strip().isdecimal():
        return float(told)
    now = _seconds(headers.get("Date", ""))
    then = _seconds(told)
    reset = headers.get("X-Ratelimit-Reset", "").strip()
    if then is None and reset.isdecimal():
        then = float(reset)
    return None if now is None or then is None else max(0.0, then - now)


def _seconds(http_date: str) -> float | None:
    try:
        return parsedate_to_datetime(http_date).timestamp()
    except ValueError:
        return None


class _Bounded(HTTPAdapter):
    """Every request ends: without this the vendors' clients wait for ever."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._timeout = timeout

    def send(self, *args: Any, **kwargs: Any) -> Any:
        """Send, with a time-out for the connection and for each silence in the answer."""
        kwargs["timeout"] = self._timeout
        return super().send(*args, **kwargs)


def bound(session: Session, timeout: float) -> None:
    """Have every request of a session end."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Bounded(timeout))
