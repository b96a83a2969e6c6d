"""Every error this project raises, and what each one means for whoever operates it.

LiuError
├── ConfigError          start-up only; exit 2; names the place and the next step
├── NotLoaded            a strategy asked for what it did not declare; names the declaration to add
├── FeedError
│   ├── FeedLost         the stream broke; reconnecting with back-off
│   └── FeedRefused      the vendor said no (keys, entitlement, second connection); session stops
├── BrokerError
│   ├── BrokerUnavailable  no answer, or "later"; safe to ask again, never to send blindly
│   │   └── BrokerBusy       asked too often; it took no effect, ask again after its wait
│   ├── BrokerRefused      the broker said no to one request; becomes a rejected order
│   └── BrokerDisagrees    its books and ours differ; reconcile, or stop
├── RequestFailed        a REST request was refused or not answered; whoever asked knows what it means
├── StoreError           the database or the journal cannot keep up; no entry may leave unrecorded
├── StrategyError        user code raised; that strategy is disabled, the others go on
└── InvariantError       a bug of ours; the process dies and comes back through the recovery path
"""

from __future__ import annotations


class LiuError(Exception):
    """The root of the tree."""


class ConfigError(LiuError):
    """Something the user wrote cannot be used: nothing was started. Exit code 2."""


class NotLoaded(LiuError):
    """A strategy asked for data that was not declared, so it was never loaded."""


class FeedError(LiuError):
    """Market data or order updates do not arrive."""


class FeedLost(FeedError):
    """The stream broke. It is reconnected with back-off; entries wait until it is live.

    `retry_after`: seconds that the vendor wants to pass before the next attempt, at least.
    """

    def __init__(self, message: str, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FeedRefused(FeedError):
    """The vendor refused the stream for good (keys, entitlement, a second connection).

    The session stops.
    """


class BrokerError(LiuError):
    """The broker and this session do not get on."""


class BrokerUnavailable(BrokerError):
    """No answer, or an answer that means "later". Whether the request took effect is unknown.

    `retry_after`: how long the broker wants to be left alone, seconds; 0 when it did not say.
    """

    def __init__(self, message: str, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BrokerBusy(BrokerUnavailable):
    """Too many requests: this one took no effect, and may be sent again after `retry_after`."""


class BrokerRefused(BrokerError):
    """The broker refused one request; the order it was about is rejected, the session goes on."""

    def __init__(self, status: int, code: int | None, message: str) -> None:
        super().__init__(f"{message} (HTTP {status}, code {code})")
        self.status = status
        self.code = code
        self.message = message


class BrokerDisagrees(BrokerError):
    """The broker's books and ours differ, and the difference is not explained."""


class RequestFailed(LiuError):
    """A REST request came to nothing. `status` is HTTP's, None when there was no answer."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message if status is None else f"{message} (HTTP {status})")
        self.status = status
        self.message = message


class StoreError(LiuError):
    """The database or the journal cannot record what happens: no new order may leave."""


class StrategyError(LiuError):
    """User code raised. The strategy is disabled and its positions handled by the plan's policy."""

    def __init__(self, strategy: str, where: str, cause: str) -> None:
        super().__init__(f"strategy {strategy} raised in {where}: {cause}")
        self.strategy = strategy
        self.where = where
        self.cause = cause


class InvariantError(LiuError):
    """A bug in this project. The process stops rather than go on with a wrong book."""
