"""A backtest that looks like one: seeded candles, trades made on them, and an account kept exactly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np

from liualgotrader.analytics.backtest.rows import (
    Adjustment,
    BacktestData,
    BacktestInfo,
    Candles,
    Curve,
)
from liualgotrader.analytics.rows import Fill, Floats, OrderRow, PriceSeries, Times
from liualgotrader.common.calendar import Session, us_equities
from liualgotrader.common.orders import Side

STRATEGIES = ("sma_cross", "momentum_long", "fade_short")
ENTRIES = ("SMA 10 above SMA 30", "broke its 20-day high on volume", "failed at resistance")
START = Decimal(100_000)
CENT = Decimal("0.01")


def sessions(first: dt.date, last: dt.date) -> list[Session]:
    """Return the trading days between two dates."""
    return list(us_equities().sessions(first, last))


def walk(symbol: str, days: list[Session], seed: int) -> Candles:
    """Return day candles of a seeded walk, in cents."""
    chance = np.random.default_rng(seed)
    moves = chance.normal(chance.normal(3e-4, 3e-4), 0.016, len(days))
    close = float(chance.uniform(20, 180)) * np.cumprod(1 + moves)
    before = np.concatenate(([close[0]], close[:-1]))
    opening = before * (1 + chance.normal(0, 0.004, len(days)))
    reach = np.abs(chance.normal(0, 0.006, (2, len(days)))) * close
    return Candles(
        symbol=symbol,
        ts=np.array([day.close for day in days], dtype=np.int64),
        open=np.round(opening, 2),
        high=np.round(np.maximum(opening, close) + reach[0], 2),
        low=np.round(np.minimum(opening, close) - reach[1], 2),
        close=np.round(close, 2),
        volume=np.round(chance.uniform(1e5, 1e6, len(days))),
    )


def halved(candles: Candles, split: int) -> Candles:
    """Return candles whose prices are half from one index on, as a 2:1 split makes them."""
    factor = np.where(np.arange(len(candles.ts)) >= split, 0.5, 1.0)
    columns = {name: getattr(candles, name) for name in ("open", "high", "low", "close")}
    scaled = {name: np.round(values * factor, 2) for name, values in columns.items()}
    return Candles(symbol=candles.symbol, ts=candles.ts, volume=candles.volume, **scaled)


class Account:
    """Trades at opens and keeps positions, cash and fees as a broker would."""

    def __init__(self, days: list[Session], seed: int) -> None:
        self.days = days
        self.chance = np.random.default_rng(seed)
        self.cash, self.fees = START, Decimal(0)
        self.held: dict[tuple[str, str], Decimal] = {}
        self.fills: list[Fill] = []
        self.orders: list[OrderRow] = []

    def trade(self, candles: Candles, day: int, strategy: int) -> None:
        """Enter or leave a position at the open of a day, in up to three parts."""
        name = STRATEGIES[strategy]
        key = (name, candles.symbol)
        held = self.held.get(key, Decimal(0))
        price = Decimal(str(round(float(candles.open[day]), 2)))
        sign = -1 if strategy == 2 else 1
        entry = not held
        signed = sign * (Decimal(int(6_000 / price)) if entry else abs(held))
        if not entry:
            signed = -held
        stop = (price * (1 - sign * Decimal("0.05"))).quantize(CENT) if entry else None
        reason = ENTRIES[strategy] if entry else "stop" if self.chance.random() < 0.3 else "target"
        parts = int(self.chance.integers(1, 4)) if abs(signed) >= 3 else 1
        order_id = f"sample00-{len(self.orders):06d}"
        for part in range(parts):
            qty = abs(signed) // parts + (abs(signed) % parts if part == 0 else 0)
            self._fill(key, price, qty, 1 if signed > 0 else -1, day, part, order_id, reason, stop)
        self.orders.append(
            OrderRow(
                order_id=order_id,
                strategy=name,
                symbol=candles.symbol,
                side=Side.BUY if signed > 0 else Side.SELL,
                order_type="market",
                status="filled",
                decided=self.days[day].open - 1,
                qty=abs(signed),
                filled=abs(signed),
                reason=reason,
            )
        )
        self.held[key] = held + signed

    def _fill(
        self,
        key: tuple[str, str],
        price: Decimal,
        qty: Decimal,
        sign: int,
        day: int,
        part: int,
        order_id: str,
        reason: str,
        stop: Decimal | None,
    ) -> None:
        fee = (qty * Decimal("0.0035")).quantize(CENT)
        fill = Fill(
            strategy=key[0],
            symbol=key[1],
            side=Side.BUY if sign > 0 else Side.SELL,
            qty=qty,
            price=price + CENT * part * sign,
            ts=self.days[day].open + (part + 1) * 1_700_000_000,
            fee=fee,
            order_id=order_id,
            execution_id=f"{order_id}-{part}",
            reason=reason,
            stop=stop,
            indicators={"rsi": 61.27},
        )
        self.cash += fill.cash - fee
        self.fees += fee
        self.fills.append(fill)

    def refuse(self, candles: Candles, day: int, number: int) -> None:
        """Keep an order that was refused."""
        why = (f"buying power: needs {31_000 + number:,}.00, has 12,050.32", "gross limit reached")
        self.orders.append(
            OrderRow(
                order_id=f"sample00-{len(self.orders):06d}",
                strategy=STRATEGIES[number % 2],
                symbol=candles.symbol,
                side=Side.BUY,
                order_type="limit",
                status="refused",
                decided=self.days[day].open,
                qty=Decimal(500),
                refusal=why[number % 2],
            )
        )

    def adjust(self, action: Adjustment) -> None:
        """Pay a dividend, split what is held."""
        for key, qty in self.held.items():
            if key[1] == action.symbol:
                self.cash += qty * action.cash
                self.held[key] = qty * action.ratio

    def value(self, closes: dict[str, float]) -> tuple[float, float]:
        """Return what is held long, and what is owed short."""
        worth = [float(qty) * closes[symbol] for (_, symbol), qty in self.held.items()]
        return sum(v for v in worth if v > 0), sum(v for v in worth if v < 0)


def sample(
    first: dt.date = dt.date(2020, 1, 2),
    last: dt.date = dt.date(2022, 12, 30),
    *,
    symbols: int = 14,
    every: int = 17,
) -> BacktestData:
    """Return a backtest of `symbols`, each of which enters or leaves about every `every` days.

    The first symbol is split 2:1 in the middle and pays a dividend a while later.
    """
    days = sessions(first, last)
    middle = len(days) // 2
    candles = [walk(f"SIM{n:02d}", days, n) for n in range(1, symbols + 1)]
    candles[0] = halved(candles[0], middle)
    actions = {
        middle: Adjustment(symbol="SIM01", ts=days[middle].pre_open, ratio=Decimal(2)),
        middle + 3: Adjustment(symbol="SIM01", ts=days[middle + 3].pre_open, cash=Decimal("0.25")),
    }
    rows: list[tuple[float, ...]] = [(float(START), 0.0, 0.0, 0.0)]
    account = Account(days, 5)
    for day in range(len(days)):
        if day in actions:
            account.adjust(actions[day])
        _live(account, candles, day, every, middle)
        closes = {each.symbol: float(each.close[day]) for each in candles}
        rows.append((float(account.cash), *account.value(closes), float(account.fees)))
    return BacktestData(
        info=_info(days, symbols),
        cash_start=START,
        curve=_curve(np.array([days[0].open - 1, *(day.close for day in days)]), np.array(rows)),
        fills=tuple(account.fills),
        orders=tuple(account.orders),
        adjustments=tuple(actions.values()),
        candles=tuple(candles),
        benchmark=_benchmark(days),
    )


def _live(account: Account, candles: list[Candles], day: int, every: int, middle: int) -> None:
    for number, each in enumerate(candles):
        if number == 0 and middle - 2 <= day <= middle + 5:
            if day == middle - 2 and not account.held.get((STRATEGIES[0], each.symbol)):
                account.trade(each, day, 0)
            continue
        if account.chance.random() < 1 / every:
            account.trade(each, day, number % 3)
    if day % 9 == 4:
        account.refuse(candles[day % len(candles)], day, day)


def _curve(ts: Times, rows: Floats) -> Curve:
    cash, long, short, fees = rows.T
    return Curve(ts=ts, equity=cash + long + short, cash=cash, long=long, short=short, fees=fees)


def _benchmark(days: list[Session]) -> PriceSeries:
    made = walk("SIMX", days, 99)
    ts = np.concatenate(([days[0].open - 60_000_000_000], made.ts))
    return PriceSeries("SIMX", ts, np.concatenate(([made.open[0]], made.close)))


def _info(days: list[Session], symbols: int) -> BacktestInfo:
    return BacktestInfo(
        batch_id="25e00b9c-d038-4305-a480-41b3354f3d21",
        first=days[0].date,
        last=days[-1].date,
        scale="day",
        asset="equity",
        symbols=symbols,
        days=len(days),
        bars=len(days) * symbols,
        duration_s=12.3,
        build="0.5.0",
        plan=(("Portfolio value", "100,000"), ("Latency", "500 ms"), ("Slippage", "1 tick")),
        notices=("The prices are simulated.",),
        benchmark="SIMX",
    )
