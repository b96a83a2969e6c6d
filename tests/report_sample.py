"""A session that looks like one: seeded prices, and trades that a strategy might have made of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np

from liualgotrader.analytics.rows import (
    Company,
    FeedIncident,
    FeedSummary,
    Fill,
    OrderRow,
    PriceSeries,
    Reconciliation,
    RunRow,
    SessionData,
    SessionInfo,
)
from liualgotrader.common.orders import Side

OPEN = 1_362_753_000_000_000_000  # 8 March 2013, 9:30 in New York
MINUTE = 60_000_000_000
CLOSE = OPEN + 390 * MINUTE
STRATEGIES = ("momentum_long", "fade_short", "sma_cross")
REASONS = {
    "momentum_long": ("broke the 15-minute high on rising volume", "target reached", "stop"),
    "fade_short": ("failed at resistance, gap fades", "support reached", "stop"),
    "sma_cross": ("SMA 10 above SMA 30", "SMA 10 below SMA 30", "before the close"),
}


def series(symbol: str, number: int) -> PriceSeries:
    """Return 390 minute bars of a seeded walk."""
    walk = np.random.default_rng(number)
    start = float(walk.uniform(8, 190))
    moves = walk.normal(walk.normal(0, 4e-5), 9e-4, 390)
    close = np.round(start * np.cumprod(1 + moves), 2)
    before = np.concatenate(([round(start, 2)], close[:-1]))
    reach = np.abs(walk.normal(0, 6e-4, 390)) * close
    return PriceSeries(
        symbol,
        OPEN + MINUTE * np.arange(1, 391, dtype=np.int64),
        close,
        np.round(np.minimum(close, before) - reach, 2),
        np.round(np.maximum(close, before) + reach, 2),
    )


def _cents(value: float) -> Decimal:
    return Decimal(str(round(value, 2)))


class Trader:
    """Writes the fills of round trips; each order is filled in one to three parts."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.fills: list[Fill] = []
        self.orders: list[OrderRow] = []

    def trip(self, prices: PriceSeries, strategy: str, begin: int, end: int) -> None:
        """Enter and leave, half at a time."""
        sign = -1 if strategy == "fade_short" else 1
        qty = int(self.chance.integers(3, 40)) * 10
        risk = sign * 0.006 * float(prices.close[begin])
        entry, leave, late = REASONS[strategy]
        levels = (_cents(prices.close[begin] - risk), _cents(prices.close[begin] + 2 * risk))
        self.order(prices, strategy, begin, sign * qty, entry, levels)
        middle = (begin + end) // 2
        self.order(prices, strategy, middle, -sign * (qty // 2), leave)
        self.order(prices, strategy, end, -sign * (qty - qty // 2), late)

    def order(
        self,
        prices: PriceSeries,
        strategy: str,
        minute: int,
        signed: int,
        reason: str,
        levels: tuple[Decimal | None, Decimal | None] = (None, None),
    ) -> None:
        """Fill one order within its minute."""
        name = f"sample00-{len(self.orders):05d}"
        side = Side.BUY if signed > 0 else Side.SELL
        ts = OPEN + minute * MINUTE + int(self.chance.integers(0, 40)) * 1_000_000_000
        parts = int(self.chance.integers(1, 4)) if abs(signed) > 90 else 1
        for part in range(parts):
            qty = abs(signed) // parts + (abs(signed) % parts if part == 0 else 0)
            price = float(prices.close[minute]) + 0.01 * signed / abs(signed) * (part + 1)
            self.fills.append(
                Fill(
                    strategy=strategy,
                    symbol=prices.symbol,
                    side=side,
                    qty=Decimal(qty),
                    price=_cents(price),
                    ts=ts + part * 1_700_000_000,
                    fee=Decimal(qty) * Decimal("0.0035"),
                    algo_run_id=1 + STRATEGIES.index(strategy),
                    order_id=name,
                    execution_id=f"{name}-{part}",
                    reason=reason,
                    stop=levels[0],
                    target=levels[1],
                    indicators={"macd": round(self.chance.normal(0, 0.2), 4), "rsi": 61.27},
                )
            )
        self.note(prices.symbol, strategy, side, ts, status="filled", qty=abs(signed))

    def note(
        self,
        symbol: str,
        strategy: str,
        side: Side,
        ts: int,
        *,
        status: str,
        qty: int,
        refusal: str = "",
    ) -> None:
        """Keep an order's row."""
        self.orders.append(
            OrderRow(
                order_id=f"sample00-{len(self.orders):05d}",
                strategy=strategy,
                symbol=symbol,
                side=side,
                order_type="limit",
                status=status,
                decided=ts,
                qty=Decimal(qty),
                limit=Decimal("25.10"),
                refusal=refusal,
            )
        )


def sample(symbols: int = 12, trips: int = 2) -> SessionData:
    """Return a day of `symbols` traded names with some `trips` trades in each."""
    real = [
        ("AAPL", "Apple Inc."),
        ("IBM", "International Business Machines"),
        ("MSFT", "Microsoft"),
    ]
    named = [(f"ZQ{n}X", f"Simulated Company {n}") for n in range(1, symbols - 2)]
    companies = [Company(s, n) for s, n in real] + [Company(s, n, True) for s, n in named]
    prices = tuple(series(each.symbol, number) for number, each in enumerate(companies, 1))
    trader = Trader(7)
    for number, each in enumerate(prices):
        strategy = STRATEGIES[number % 3]
        for turn in range(trips):
            begin = 20 + turn * (340 // trips) + int(trader.chance.integers(0, 12))
            trader.trip(each, strategy, begin, begin + 300 // trips)
    trader.order(prices[0], "sma_cross", 371, 40, "SMA 10 above SMA 30")
    for number, why in enumerate(("buying power: needs 31,400.00, has 12,050.32", "gross limit")):
        trader.note(
            prices[number].symbol,
            STRATEGIES[number],
            Side.BUY,
            OPEN + (200 + number) * MINUTE,
            status="refused",
            qty=500,
            refusal=why,
        )
    trader.note(prices[2].symbol, STRATEGIES[0], Side.BUY, CLOSE, status="canceled", qty=10)
    return SessionData(
        session=_info(tuple(companies)),
        cash_start=Decimal("100000"),
        fills=tuple(trader.fills),
        orders=tuple(trader.orders),
        prices=prices,
        runs=tuple(
            RunRow(algo_run_id=n + 1, strategy=name, slot=f"c{n % 2}", end_reason="session ended")
            for n, name in enumerate(STRATEGIES)
        ),
        feed=FeedSummary(
            events=184_220,
            dropped_stale=12,
            gaps=1,
            lag_ms_p50=0.21,
            lag_ms_p99=3.4,
            incidents=(
                FeedIncident(
                    ts=OPEN + 93 * MINUTE,
                    state="gap",
                    symbols=("IBM",),
                    reason="sequence 4102 to 4117",
                ),
            ),
        ),
        reconciliation=_books(trader.fills),
    )


def _books(fills: list[Fill]) -> Reconciliation:
    cash = Decimal(100000) + sum((fill.cash - fill.fee for fill in fills), Decimal(0))
    return Reconciliation(ledger_cash=cash, broker_cash=cash, positions=1)


def _info(companies: tuple[Company, ...]) -> SessionInfo:
    return SessionInfo(
        batch_id="0k3v9q7c-2f1d",
        mode="simulated",
        environment="SIMULATED",
        session_date=dt.date(2013, 3, 8),
        open=OPEN,
        close=CLOSE,
        symbols=60,
        consumers=2,
        build="0.5.0",
        started=1_793_520_000_000_000_000,
        ended=1_793_520_061_000_000_000,
        end_reason="the market closed",
        plan=(("Tape", "bundled day"), ("Speed", "max"), ("Latency", "500 ms"), ("Risk", "0.3 %")),
        companies=companies,
        intraday_simulated=True,
    )
