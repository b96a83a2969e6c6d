"""The report's page: what a reader wants to know, in the order in which they ask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from liualgotrader.analytics.analysis import Analysis
from liualgotrader.analytics.report import figures, summary, tables
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
        _section("Key figures", summary.key_figures(analysis)),
        _section("Equity", equity_chart(analysis.curve)),
        _section("Strategies", tables.strategies_table(analysis.trips, data.fills, data.runs)),
        _symbols(data, analysis, numbers),
        _trades(analysis.trips, numbers),
        _refused(data),
        _section("Books and market data", summary.integrity(data)),
        _section("The session", summary.facts(session)),
        summary.definitions(),
    )
    return "<!DOCTYPE html>\n" + tag("html", _head(title), tag("body", main, _script()), lang="en")


def _head(title: str) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        # What the page may do: nothing but show itself. Holds even if an escape were forgotten.
        tag(
            "meta",
            http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
        ),
        tag("title", title),
        tag("style", _resource("style.css")),
    )


def _script() -> Markup:
    return tag("script", _resource("script.js"))


@lru_cache(maxsize=2)
def _resource(name: str) -> Markup:
    """Part of the code that happens to be kept in a file of its own language."""
    return Markup(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _section(title: str, *content: Markup | None, class_: str | None = None) -> Markup:
    return tag("section", tag("h2", title), *content, class_=class_)


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
        return _section("Symbols", tag("p", "Nothing was traded.", class_="note"))
    by_symbol = {symbol: [t for t in analysis.trips if t.symbol == symbol] for symbol in traded}
    # The day's story first: what moved the account most.
    ranked = sorted(traded, key=lambda symbol: (-abs(_gain(by_symbol[symbol])), symbol))
    cards = [_card(symbol, by_symbol[symbol], data, numbers) for symbol in ranked]
    return _section(
        "Symbols",
        _legend(),
        _filter(numbers, analysis.trips),
        tag("div", *cards, class_="cards"),
    )


def _gain(trips: Sequence[RoundTrip]) -> float:
    return float(sum((trip.gain_value for trip in trips), ZERO))


def _legend() -> Markup:
    return tag(
        "p",
        _swatch("buy entry", "M6,1L12,12L0,12Z"),
        "bought ",
        _swatch("sell entry", "M6,12L12,1L0,1Z"),
        "sold ",
        tag("span", "filled: into a position, hollow: out of it", class_="muted"),
        class_="legend",
    )


def _swatch(kind: str, path: str) -> Markup:
    svg = tag(
        "svg", tag("path", d=path), width=13, height=13, class_=f"mark {kind}", aria_hidden="true"
    )
    return join(svg, " ")


def _filter(numbers: dict[str, int], trips: Sequence[RoundTrip]) -> Markup | None:
    """Buttons that show one strategy's symbols and trades; only where there are several."""
    traded = sorted({trip.strategy for trip in trips})
    if len(traded) < 2:
        return None
    buttons = [tag("button", "All", type="button", data_filter="", aria_pressed="true")]
    buttons += [
        tag("button", name, type="button", data_filter=numbers[name], aria_pressed="false")
        for name in traded
    ]
    return tag("div", *buttons, class_="filter", role="group", aria_label="Strategy")


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
        return _section("Trades", tag("p", "No trade was made.", class_="note"))
    still = sum(trip.is_open for trip in trips)
    text = figures.count(len(trips), "round trip")
    if still:
        text += f", {still} of them still open and valued at the last price"
    text += (
        ". Times are New York’s; gains are after the fees of each fill, before those of the day."
    )
    return _section("Trades", tag("p", text, class_="lead"), tables.trips_table(trips, numbers))


def _refused(data: SessionData) -> Markup:
    orders = tables.refused(data.orders)
    if not orders:
        return _section("Refused orders", tag("p", "No order was refused.", class_="note"))
    return _section("Refused orders", tables.refused_table(orders))
