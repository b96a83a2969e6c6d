"""The report of a backtest: one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from liualgotrader.analytics.backtest import headline, tables
from liualgotrader.analytics.backtest.candle_chart import candle_chart
from liualgotrader.analytics.backtest.equity_chart import equity_chart
from liualgotrader.analytics.backtest.returns import beside
from liualgotrader.analytics.backtest.rows import BacktestData, Candles
from liualgotrader.analytics.backtest.statistics import BacktestStatistics
from liualgotrader.analytics.report import figures
from liualgotrader.analytics.report.elements import PACKAGE as SHARED
from liualgotrader.analytics.report.elements import document, legend, note, section, strategy_filter
from liualgotrader.analytics.report.markup import Markup, tag
from liualgotrader.analytics.round_trips import in_order
from liualgotrader.analytics.rows import ZERO, Fill

MOST_CHARTS = 12


def render(data: BacktestData, statistics: BacktestStatistics) -> str:
    """Return the report as one HTML page that makes no request.

    `statistics` is `backtest_statistics(data)`. Equal values give equal text: no clock is read.
    """
    told, curve = statistics, data.curve
    numbers = {row.name: n for n, row in enumerate(sorted(told.strategies, key=lambda r: r.name))}
    benchmark = told.benchmark.symbol if told.benchmark else ""
    main = tag(
        "main",
        headline.header(data, told),
        headline.notice(data.info),
        section("Key figures", headline.tiles(told)),
        section("Equity", equity_chart(curve, beside(curve, data.benchmark), benchmark)),
        section("Monthly returns, %", tables.monthly_table(told.years_table)),
        section("Strategies", _or_note(told, tables.strategies_table)),
        section("Symbols", _or_note(told, tables.symbols_table)),
        _charts(data, told, numbers),
        _trades(told, numbers),
        _refused(data),
        section("The run", headline.facts(data.info)),
        headline.definitions(),
    )
    return document(headline.title(data.info), main, [SHARED, __package__])


# -- symbols --------------------------------------------------------------------------------------


def _charts(data: BacktestData, told: BacktestStatistics, numbers: dict[str, int]) -> Markup | None:
    """Candles of the symbols with the most dollars traded."""
    ranked = _by_value(data.fills)
    if not ranked:
        return None
    known = {each.symbol: each for each in data.candles if len(each.ts)}
    drawn = [symbol for symbol in ranked if symbol in known][:MOST_CHARTS]
    cards = [_card(known[symbol], data, told, numbers) for symbol in drawn]
    return section(
        "Prices and trades",
        legend(),
        strategy_filter(numbers),
        tag("div", *cards, class_="cards"),
        _left_out(len(drawn), len(ranked), sum(symbol not in known for symbol in ranked)),
    )


def _by_value(fills: Sequence[Fill]) -> list[str]:
    """Return symbols by the dollars traded in them, the most first."""
    value: dict[str, Decimal] = {}
    for fill in fills:
        value[fill.symbol] = value.get(fill.symbol, ZERO) + fill.qty * fill.price
    return sorted(value, key=lambda symbol: (-value[symbol], symbol))


def _left_out(drawn: int, of: int, without: int) -> Markup | None:
    if drawn == of:
        return None
    text = f"Drawn are the {drawn:,} most traded of {of:,} symbols; {of - drawn:,} were left out"
    return note(text + (f", {without:,} of them without prices." if without else "."))


def _card(
    candles: Candles, data: BacktestData, told: BacktestStatistics, numbers: dict[str, int]
) -> Markup:
    symbol = candles.symbol
    trips = [trip for trip in told.trips if trip.symbol == symbol]
    gain = sum((trip.gain_value for trip in trips), ZERO)
    strategies = sorted({trip.strategy for trip in trips})
    caption = tag(
        "figcaption",
        tag("h3", symbol),
        tag("output", class_="readout", aria_live="off"),
        tag("span", figures.dollars(gain, plus=True), class_=f"sum {figures.tone(gain)}".rstrip()),
    )
    return candle_chart(
        caption,
        candles,
        in_order(fill for fill in data.fills if fill.symbol == symbol),
        trips,
        [each for each in data.adjustments if each.symbol == symbol],
        strategies=" ".join(str(numbers[name]) for name in strategies),
    )


# -- trades and refusals --------------------------------------------------------------------------


def _or_note(told: BacktestStatistics, make: Callable[[BacktestStatistics], Markup]) -> Markup:
    return make(told) if told.trips else note("Nothing was traded.")


def _trades(told: BacktestStatistics, numbers: dict[str, int]) -> Markup:
    if not told.trips:
        return section("Trades", note("No trade was made."))
    text = figures.count(len(told.trips), "round trip")
    if told.open_trips:
        text += f", {told.open_trips:,} of them still open and valued at the last price"
    text += (
        ". Times are New York’s; gains are after the fees of each fill, before those of the day."
    )
    return section("Trades", tag("p", text, class_="lead"), tables.trips_table(told.trips, numbers))


def _refused(data: BacktestData) -> Markup:
    table = tables.refused_table(data.orders)
    return section("Refused orders", table or note("No order was refused."))
