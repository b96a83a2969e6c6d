"""How old market data is when it gets here."""

from liualgotrader.common.events import Bar, Event, Trade
from liualgotrader.session.transit import Transit

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


class Feed:
    """A feed whose events take a while, and what the session's age gate will see of them."""

    def __init__(self, delay: int = 0) -> None:
        self.monotonic = 50 * SECOND
        self.ages: list[float] = []
        self._transit = Transit(self._aged, now=lambda: START + self.monotonic, delay=delay)

    def _aged(self, read_at: int, events: list[Event]) -> None:
        self.ages.append((self.monotonic - read_at) / SECOND)

    def trade(self, late: float, *, after: float = 0.1) -> float:
        """Hand in a print that is so many seconds late; return the age it is given."""
        self.monotonic += int(after * SECOND)
        happened = START + self.monotonic - int(late * SECOND)
        self._transit(self.monotonic, [Trade("AAPL", happened, 10.0, 1.0)])
        return self.ages[-1]

    def bar(self, late: float) -> float:
        """Hand in a minute that ended so many seconds ago."""
        start = START + self.monotonic - int((late + 60) * SECOND)
        self._transit(self.monotonic, [Bar("AAPL", start, 10.0, 10.0, 10.0, 10.0, 5.0)])
        return self.ages[-1]


def test_what_was_under_way_counts_as_age() -> None:
    """And comes down again with the feed."""
    feed = Feed()
    assert feed.trade(0.25) == 0.25
    assert feed.trade(7, after=3) == 7
    assert feed.trade(7.5) == 7, "the least of the last second"
    assert feed.trade(0.1) == 0.1


def test_a_print_that_was_reported_late_is_no_lag() -> None:
    """An exchange may report a print minutes later; others of that second were on time."""
    feed = Feed()
    feed.trade(0.2)
    assert feed.trade(300) == 0.2
    assert feed.trade(300, after=1.0) == 0.2, "the second before counts too"
    assert feed.trade(300, after=2.5) == 300, "but no longer"


def test_a_declared_delay_is_no_lag() -> None:
    """Events of a delayed feed are fifteen minutes old by its own words."""
    feed = Feed(delay=900 * SECOND)
    assert feed.trade(900.5) == 0.5
    assert feed.trade(899, after=3) == 0, "a clock ahead makes nothing younger than its reading"


def test_bars_say_nothing() -> None:
    """They are told some time after their end."""
    feed = Feed()
    assert feed.bar(12) == 0
    feed.trade(0.3)
    assert feed.bar(12) == 0.3


def test_a_time_that_cannot_be_read_says_nothing() -> None:
    """It is the parser's and the reader's to complain."""
    feed = Feed()
    feed.trade(0.3)
    feed._transit(feed.monotonic, [Trade("AAPL", "yesterday", 10.0, 1.0)])
    assert feed.ages[-1] == 0.3
