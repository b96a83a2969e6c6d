"""The report's page: what a reader wants to know, in the order in which they ask."""

from __future__ import annotations

from collections.abc import Sequence

from liualgotrader.analytics.analysis import Analysis
from liualgotrader.analytics.report import figures, summary, tables
from liualgotrader.analytics.report.elements import (
    PACKAGE,
    document,
    legend,
    note,
    section,
    strategy_filter,
)
from liualgotrader.analytics.report.equity_chart import equity_chart
from liualgotrader.analytics.report.markup import Markup, join, tag
from liualgotrader.analytics.report.symbol_chart import symbol_chart
from liualgotrader.analytics.round_trips import RoundTrip, in_order
from liualgotrader.analytics.rows import ZERO, Company, SessionData


def render(data: SessionData, analysis: Analysis) -> str:
    """Return the report as one HTML page that needs nothing else and makes no request.

    `analysis` is `analyse(data)`. Equal values give equal text: no clock is read.
    """
    session = data.session
    title = f"{session.mode.capitalize()} session of {figures.day(session.session_date)}"
    numbers = {name: number for number, name in enumerate(_strategies(data))}
    main = tag(
        "main",
        summary.header(data, analysis),
        summary.notice(session),
        section("Key figures", summary.key_figures(analysis)),
        section("Equity", equity_chart(analysis.curve)),
        section("Strategies", tables.strategies_table(analysis.trips, data.fills, data.runs)),
        _symbols(data, analysis, numbers),
        _trades(analysis.trips, numbers),
        _refused(data),
        section("Books and market data", summary.integrity(data)),
        section("The session", summary.facts(session)),
        summary.definitions(),
    )
    return document(title, main, [PACKAGE])


def _strategies(data: SessionData) -> list[str]:
    return sorted(
        {fill.strategy for fill in data.fills}
        | {held.strategy for held in data.openings}
        | {run.strategy for run in data.runs}
    )


# -- symbols --------------------------------------------------------------------------------------


def _symbols(data: SessionData, analysis: Analysis, numbers: dict[str, int]) -> Markup:
    traded = sorted({trip.symbol for trip in analysis.trips})
    if not traded:
        return section("Symbols", note("Nothing was traded."))
    by_symbol = {symbol: [t for t in analysis.trips if t.symbol == symbol] for symbol in traded}
    # The day's story first: what moved the account most.
    ranked = sorted(traded, key=lambda symbol: (-abs(_gain(by_symbol[symbol])), symbol))
    cards = [_card(symbol, by_symbol[symbol], data, numbers) for symbol in ranked]
    return section(
        "Symbols",
        legend(),
        strategy_filter(_traded(numbers, analysis.trips)),
        tag("div", *cards, class_="cards"),
    )


def _traded(numbers: dict[str, int], trips: Sequence[RoundTrip]) -> dict[str, int]:
    """Return the strategies that traded, with their numbers."""
    return {name: numbers[name] for name in sorted({trip.strategy for trip in trips})}


def _gain(trips: Sequence[RoundTrip]) -> float:
    return float(sum((trip.gain_value for trip in trips), ZERO))


def _card(
    symbol: str, trips: Sequence[RoundTrip], data: SessionData, numbers: dict[str, int]
) -> Markup:
    company = next((each for each in data.session.companies if each.symbol == symbol), None)
    strategies = sorted({trip.strategy for trip in trips})
    gain = _gain(trips)
    return tag(
        "figure",
        tag(
            "figcaption",
            tag("h3", symbol),
            _company(company),
            tag("output", class_="readout", aria_live="off"),
            tag(
                "span",
                figures.dollars(gain, plus=True),
                class_=f"sum {figures.tone(gain)}".rstrip(),
            ),
        ),
        symbol_chart(
            next((each for each in data.prices if each.symbol == symbol), None),
            in_order(fill for fill in data.fills if fill.symbol == symbol),
            trips,
            symbol=symbol,
            t0=data.session.open,
            t1=data.session.close,
        ),
        class_="chart card",
        data_strategies=" ".join(str(numbers[name]) for name in strategies),
    )


def _company(company: Company | None) -> Markup | None:
    if company is None:
        return None
    name = company.name if company.name != company.symbol else ""
    badge = tag("span", "invented", class_="badge") if company.invented else None
    return join(tag("span", name, class_="company") if name else None, badge, by=" ")


# -- trades and refusals --------------------------------------------------------------------------


def _trades(trips: Sequence[RoundTrip], numbers: dict[str, int]) -> Markup:
    if not trips:
        return section("Trades", note("No trade was made."))
    still = sum(trip.is_open for trip in trips)
    text = figures.count(len(trips), "round trip")
    if still:
        text += f", {still} of them still open and valued at the last price"
    text += (
        ". Times are New York’s; gains are after the fees of each fill, before those of the day."
    )
    return section("Trades", tag("p", text, class_="lead"), tables.trips_table(trips, numbers))


def _refused(data: SessionData) -> Markup:
    orders = tables.refused(data.orders)
    if not orders:
        return section("Refused orders", note("No order was refused."))
    return section("Refused orders", tables.refused_table(orders))
