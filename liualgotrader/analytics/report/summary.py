"""What the session was, what it came to, and whether its books and its data can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from liualgotrader.analytics.analysis import Analysis
from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.elements import tile
from liualgotrader.analytics.report.figures import NONE
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.rows import (
    Company,
    FeedIncident,
    FeedSummary,
    Reconciliation,
    SessionData,
    SessionInfo,
)
from liualgotrader.analytics.statistics import SessionStatistics, TradeStatistics

MOST_INCIDENTS = 40
FEW_NAMES = 6


# -- the header -----------------------------------------------------------------------------------


def header(data: SessionData, analysis: Analysis) -> Markup:
    """Return the title, the result in one line, and the checks that a reader should see first."""
    session, told = data.session, analysis.statistics
    change = join(
        tag("strong", figures.dollars(told.pnl, plus=True), class_=figures.tone(told.pnl) or None),
        f" ({figures.percent(told.total_return, plus=True)}) from "
        f"{figures.dollars(told.equity_start)} to {figures.dollars(told.equity_end)}",
    )
    return tag(
        "header",
        tag(
            "p",
            f"{session.mode.capitalize()} session",
            tag("code", session.batch_id),
            class_="kicker",
        ),
        tag("h1", figures.day(session.session_date)),
        tag("p", change, class_="result"),
        tag("ul", *_checks(data), class_="checks"),
    )


def _checks(data: SessionData) -> Iterable[Markup]:
    books, feed = data.reconciliation, data.feed
    if books is None:
        yield _check(None, "Books not compared with the broker’s")
    else:
        yield _check(books.equal, _books(books))
    if feed is not None:
        whole = not feed.dropped_stale and not feed.gaps
        yield _check(
            whole or None,
            f"{figures.count(feed.dropped_stale, 'event')} dropped as stale, "
            f"{figures.count(feed.gaps, 'gap')} in the feed",
        )
    ended = data.session.end_reason
    yield _check(bool(ended) or None, f"Ended: {ended or 'still running'}")


def _check(good: bool | None, text: str) -> Markup:
    signs = {True: ("✓", "good"), False: ("✗", "bad"), None: ("!", "warn")}
    sign, kind = signs[good]
    return tag(
        "li",
        tag("span", sign, class_="sign", aria_hidden="true"),
        tag("span", text),
        class_=kind,
    )


def _books(books: Reconciliation) -> str:
    if books.equal:
        held = figures.count(books.positions, "position")
        return f"Ledger equals broker: cash {figures.dollars(books.ledger_cash)}, {held}"
    parts = []
    if books.ledger_cash != books.broker_cash:
        parts.append(
            f"cash {figures.dollars(books.ledger_cash)} against "
            f"{figures.dollars(books.broker_cash)}"
        )
    if books.differences:
        parts.append(figures.count(len(books.differences), "position"))
    return "Ledger differs from broker: " + ", ".join(parts)


def notice(session: SessionInfo) -> Markup | None:
    """Return what must not be misread: that the market was simulated, and which names are invented."""
    invented = [each for each in session.companies if each.invented]
    texts = []
    if session.mode == "simulated":
        texts.append("The exchange, its fills and the money in this session are simulated.")
    if session.intraday_simulated:
        texts.append(
            "So are the prices within the day: of a real company, only the day’s open, high, low, "
            "close and volume are real. No trade took place at these times."
        )
    texts += [session.notice] if session.notice else []
    if not texts and not invented:
        return None
    return tag(
        "aside",
        tag("h2", "Simulated, not real" if session.mode == "simulated" else "Note"),
        tag("p", " ".join(texts)),
        _invented(invented) if invented else None,
        class_="notice",
    )


def _invented(companies: list[Company]) -> Markup:
    """Say which names are invented; folded where they are many, so that the figures stay in sight."""
    names = ", ".join(
        each.symbol if each.name in ("", each.symbol) else f"{each.symbol} ({each.name})"
        for each in companies
    )
    many = figures.count(len(companies), "company is", "companies are")
    title = f"{many} invented and cannot be bought anywhere"
    if len(companies) <= FEW_NAMES:
        return tag("p", f"{title}: {names}.")
    symbols = ", ".join(each.symbol for each in companies)
    return join(
        tag("p", f"{title}: {symbols}."),
        tag("details", tag("summary", "Their names"), tag("p", f"{names}.")),
    )


# -- key figures ----------------------------------------------------------------------------------


def key_figures(analysis: Analysis) -> Markup:
    """Return the figures as tiles: value, name, and what it is made of."""
    told = analysis.statistics
    return tag("dl", *_account_tiles(told), *_trade_tiles(told, told.trades), class_="tiles")


def _account_tiles(told: SessionStatistics) -> Iterable[Markup]:
    fall = told.max_drawdown
    yield tile(
        "Net gain",
        figures.dollars(told.pnl, plus=True),
        f"{figures.percent(told.total_return, plus=True)} of the start",
        figures.tone(told.pnl),
    )
    yield tile(
        "Maximum drawdown",
        figures.percent(fall.depth if fall else 0.0),
        f"{figures.dollars(fall.amount)}, under water {figures.duration(fall.length)}"
        if fall
        else "never below a peak",
    )
    yield tile(
        "Exposure",
        figures.percent(told.mean_exposure, decimals=1),
        f"of equity on average; in the market {figures.percent(told.exposure_time, decimals=0)} "
        "of the time",
    )
    yield tile(
        "Turnover",
        figures.ratio(told.turnover) + ("\u00a0×" if told.turnover is not None else ""),
        f"{figures.dollars(told.traded_value, decimals=0)} bought and sold",
    )


def _trade_tiles(told: SessionStatistics, trades: TradeStatistics) -> Iterable[Markup]:
    still = f", {told.open_trips} open" if told.open_trips else ""
    yield tile(
        "Trades",
        f"{trades.closed:,}",
        f"round trips{still}; {figures.count(told.fills, 'fill')}; held "
        f"{figures.duration(trades.mean_holding_ns)} on average",
    )
    yield tile(
        "Won",
        figures.percent(trades.win_rate, decimals=0),
        f"{trades.wins} won, {trades.losses} lost; average "
        f"{figures.dollars(trades.average_win, plus=True)} and "
        f"{figures.dollars(trades.average_loss, plus=True)}",
    )
    yield tile(
        "Profit factor",
        figures.ratio(trades.profit_factor),
        f"mean R {figures.ratio(trades.mean_r, plus=True)}; "
        f"{figures.dollars(trades.expectancy, plus=True)} a trade",
    )
    points = told.fees / told.traded_value * 10_000 if told.traded_value else None
    yield tile(
        "Fees",
        figures.dollars(told.fees),
        f"{figures.ratio(points)} basis points of what was traded",
    )


# -- books and feed -------------------------------------------------------------------------------


def integrity(data: SessionData) -> Markup:
    """Return how the ledger compares with the broker, what became of the orders, and how data came."""
    return tag(
        "div",
        _facts("Ledger and broker", _book_facts(data.reconciliation)),
        _facts("Orders", _order_facts(data)),
        _facts("Market data", _feed_facts(data.feed)),
        _incidents(data.feed.incidents) if data.feed and data.feed.incidents else None,
        class_="columns",
    )


def _facts(title: str, rows: Iterable[tuple[str, str]]) -> Markup:
    pairs = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows]
    return tag("div", tag("h3", title), tag("dl", *pairs, class_="facts"))


def _book_facts(books: Reconciliation | None) -> Iterable[tuple[str, str]]:
    if books is None:
        yield "Compared", "no"
        return
    yield "Equal", "yes, to the cent and to the share" if books.equal else "no"
    yield "Cash in the ledger", figures.dollars(books.ledger_cash)
    yield "Cash at the broker", figures.dollars(books.broker_cash)
    yield "Positions compared", f"{books.positions:,}"
    for each in books.differences:
        ledger, broker = figures.quantity(each.ledger), figures.quantity(each.broker)
        yield each.symbol, f"ledger {ledger}, broker {broker}"


def _order_facts(data: SessionData) -> Iterable[tuple[str, str]]:
    yield "In all", f"{len(data.orders):,}"
    states = Counter(order.status for order in data.orders)
    for state, many in sorted(states.items(), key=lambda each: (-each[1], each[0])):
        yield state.replace("_", " ").capitalize(), f"{many:,}"
    yield "Fills", f"{len(data.fills):,}"


def _feed_facts(feed: FeedSummary | None) -> Iterable[tuple[str, str]]:
    if feed is None:
        yield "Recorded", "no"
        return
    yield "Events", f"{feed.events:,}"
    yield "Dropped as stale", f"{feed.dropped_stale:,}"
    yield "Gaps", f"{feed.gaps:,}"
    yield "Lag, half below", _milliseconds(feed.lag_ms_p50)
    yield "Lag, 99 % below", _milliseconds(feed.lag_ms_p99)


def _milliseconds(value: float | None) -> str:
    return NONE if value is None else f"{figures.ratio(value)}\u00a0ms"


def _incidents(incidents: tuple[FeedIncident, ...]) -> Markup:
    rows = [(figures.clock(each.ts), _incident(each)) for each in incidents[:MOST_INCIDENTS]]
    if len(incidents) > MOST_INCIDENTS:
        rows.append(("…", f"{len(incidents) - MOST_INCIDENTS:,} more"))
    return _facts("When the feed was not live", rows)


def _incident(each: FeedIncident) -> str:
    where = ", ".join(each.symbols[:8]) if each.symbols else "all symbols"
    if len(each.symbols) > 8:
        where += f" and {len(each.symbols) - 8} more"
    return figures.shortened(f"{each.state}, {where}" + (f": {each.reason}" if each.reason else ""))


# -- the session ----------------------------------------------------------------------------------


def facts(session: SessionInfo) -> Markup:
    """Return what was run, when and from which plan."""
    return tag(
        "div",
        _facts("Run", _run_facts(session)),
        _facts("Plan", session.plan) if session.plan else None,
        class_="columns",
    )


def _run_facts(session: SessionInfo) -> Iterable[tuple[str, str]]:
    opened, closed = (figures.clock(each, seconds=False) for each in (session.open, session.close))
    yield "Batch", session.batch_id
    yield "Mode", f"{session.mode} ({session.environment})"
    yield "Regular hours", f"{opened} to {closed}, New York"
    yield "Symbols", f"{session.symbols:,}"
    yield "Consumers", f"{session.consumers:,}"
    if session.build:
        yield "Version", session.build
    if session.started is not None:
        yield "Started", f"{figures.moment(session.started)}, New York"
    if session.started is not None and session.ended is not None:
        yield "Took", figures.duration(session.ended - session.started)
    yield "Ended", session.end_reason or "still running"


# -- how the figures are made ---------------------------------------------------------------------

_DEFINITIONS = (
    (
        "Trade",
        "a position from its first share to its last, at average cost, per strategy and "
        "symbol. What crosses zero ends one and begins another.",
    ),
    (
        "Gain",
        "after each fill's fees; the day's fees are in the net gain only. Open positions count at the last price.",
    ),
    ("R", "gain a share before fees over entry less planned stop; none without a stop."),
    ("Won", "finished trades with a gain above zero, of all finished ones."),
    ("Profit factor", "dollars won over dollars lost, finished trades."),
    (
        "Drawdown",
        "equity below its highest so far, minute by minute. Falls within a minute are "
        "not seen. Its length is from the peak until that level is reached again, or the end.",
    ),
    ("Exposure", "long plus short positions over equity, mean over time."),
    ("Turnover", "dollars bought plus dollars sold over mean equity."),
    ("Lag", "wall time from socket to strategy."),
)


def definitions() -> Markup:
    """Return how each figure is worked out, folded away."""
    pairs = [
        tag("div", tag("dt", name), tag("dd", text[0].upper() + text[1:]))
        for name, text in _DEFINITIONS
    ]
    return tag(
        "footer",
        tag(
            "details",
            tag("summary", "How these figures are worked out"),
            tag("dl", *pairs, class_="facts prose"),
        ),
    )
