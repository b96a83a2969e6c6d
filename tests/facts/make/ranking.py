"""Writes ranking.toml: python -m tests.facts.make.ranking. Decimals of 50 digits, no numpy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

from tests.facts.make.bars import FOLDER, SYMBOLS, Bars, bars_of, rounded

DAYS = ("2000-11-15", "2005-03-31", "2009-03-09", "2012-09-28")
WINDOW = 90
ACCOUNT, RISK_FACTOR = Decimal(100_000), Decimal("0.001")

_HEAD = """\
# Risk-adjusted momentum and position sizes as in Andreas Clenow's "Stocks on the Move", on real day bars. FACTS.md has
# the formulas. Made by `python -m tests.facts.make.ranking`, in decimals of 50 digits; do not edit by hand.
#
# Prices are divided by the splits that had begun by the day, so that shares and ATR are those of the day.
# slope, r2: of the straight line through ln(close) of the 90 bars up to the day, x = 0 ... 89.
# annual = exp(slope * 250) - 1, score = annual * r2; annual_252 and score_252: the same with 252 days.
# atr_wilder: ATR(20) as TA-Lib has it, from the first bar of 2000-03-01 on.
# atr_simple: the mean of the last 20 true ranges.
# shares_*: floor(100000 * 0.001 / ATR). above_sma100: close > SMA(100).
# largest_move: the largest |close / close before - 1| between two of the 90 bars.
# raw_score: what raw closes would give where a split lies among the 90 bars: a mistake, to be told from the truth.
# rank: by score, 1 the best of the three.
"""


def line(closes: Sequence[Fraction]) -> tuple[Decimal, Decimal]:
    """Return slope and R squared of ln(close), by the normal equations written out."""
    y = [(Decimal(c.numerator) / c.denominator).ln() for c in closes]
    n = Decimal(len(y))
    sum_x, sum_xx = n * (n - 1) / 2, (n - 1) * n * (2 * n - 1) / 6
    sum_y, sum_yy = sum(y, Decimal(0)), sum((v * v for v in y), Decimal(0))
    sum_xy = sum((x * v for x, v in enumerate(y)), Decimal(0))
    xy, xx, yy = n * sum_xy - sum_x * sum_y, n * sum_xx - sum_x**2, n * sum_yy - sum_y**2
    return xy / xx, xy**2 / (xx * yy)


def true_ranges(bars: Bars) -> list[Fraction]:
    """Return max(high, close before) - min(low, close before) from the second bar on."""
    rows = zip(bars.high[1:], bars.low[1:], bars.close, strict=False)
    return [max(high, before) - min(low, before) for high, low, before in rows]


def wilder(ranges: Sequence[Fraction], window: int) -> Decimal:
    """Return Wilder's average: the mean of the first `window`, then a 1/window part of each more."""
    exact = [Decimal(r.numerator) / r.denominator for r in ranges]
    average = sum(exact[:window], Decimal(0)) / window
    for number in exact[window:]:
        average += (number - average) / window
    return average


def annual_score(closes: Sequence[Fraction], days: int) -> tuple[Decimal, Decimal]:
    """Return the slope a year and the score, for a year of so many days."""
    slope, r2 = line(closes)
    annual = (slope * days).exp() - 1
    return annual, annual * r2


def _case(symbol: str, day: str) -> tuple[Decimal, list[str]]:
    bars = bars_of(symbol, "split", date.fromisoformat(day))
    raw = bars_of(symbol, "raw", date.fromisoformat(day)).close[-WINDOW:]
    closes = bars.close[-WINDOW:]
    ranges = true_ranges(bars)
    slope, r2 = line(closes)
    annual, score = annual_score(closes, 250)
    annual_252, score_252 = annual_score(closes, 252)
    atrs = {"wilder": wilder(ranges, 20), "simple": _mean(ranges[-20:])}
    hundred = sum(bars.close[-100:], Fraction(0)) / 100
    moves = [abs(now / before - 1) for before, now in pairwise(closes)]
    lines = [
        "[[case]]",
        f'symbol = "{symbol}"',
        f'day = "{day}"',
        f'close = "{rounded(closes[-1], 6)}"',
    ]
    numbers = {"slope": slope, "r2": r2, "annual": annual, "score": score}
    numbers |= {"annual_252": annual_252, "score_252": score_252}
    numbers |= {f"atr_{name}": atr for name, atr in atrs.items()}
    lines += [f'{name} = "{rounded(number, 15)}"' for name, number in numbers.items()]
    for name, atr in atrs.items():
        shares = (ACCOUNT * RISK_FACTOR / atr).to_integral_value(ROUND_FLOOR)
        lines.append(f"shares_{name} = {shares}")
    lines.append(f"above_sma100 = {str(bars.close[-1] > hundred).lower()}")
    lines.append(f'largest_move = "{rounded(max(moves), 15)}"')
    if any(a / b != raw[0] / closes[0] for a, b in zip(raw, closes, strict=True)):
        lines.append(f'raw_score = "{rounded(annual_score(raw, 250)[1], 15)}"')
    return score, lines


def _mean(numbers: Sequence[Fraction]) -> Decimal:
    mean = sum(numbers, Fraction(0)) / len(numbers)
    return Decimal(mean.numerator) / mean.denominator


def text() -> str:
    """Return what the file holds."""
    parts = [_HEAD]
    with localcontext(prec=50):
        for day in DAYS:
            cases = [_case(symbol, day) for symbol in SYMBOLS]
            best = sorted((score for score, _ in cases), reverse=True)
            parts += [
                "\n".join([*lines, f"rank = {best.index(score) + 1}"]) + "\n"
                for score, lines in cases
            ]
    return "\n".join(parts)


if __name__ == "__main__":
    (FOLDER / "ranking.toml").write_text(text(), encoding="utf-8")
