"""Write empyrical.json: the figures of seeded curves as empyrical-reloaded works them out.

It has a dependency without wheels for this Python, so it is not among the developers' packages. In an environment
of its own, from the project's root, `pip install empyrical-reloaded==0.7.1` and the project, then
`python -m tests.unit.analytics.answers.make_empyrical`.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import empyrical  # type: ignore[import-not-found]  # see above

from tests.unit.analytics.backtest.empyrical_curves import (
    BENCHMARKS,
    CURVES,
    benchmark_returns,
    curve_returns,
    daily_sample,
)

FIGURES = {
    "sharpe": empyrical.sharpe_ratio,
    "sortino": empyrical.sortino_ratio,
    "volatility": empyrical.annual_volatility,
    "cagr": empyrical.cagr,
    "calmar": empyrical.calmar_ratio,
}


def answers() -> dict[str, Any]:
    """Return all figures."""
    curves = []
    for seed, periods in CURVES:
        returns = curve_returns(seed)
        figures = {name: float(f(returns, annualization=periods)) for name, f in FIGURES.items()}
        figures["total_return"] = float(empyrical.cum_returns_final(returns))
        figures["max_drawdown"] = float(empyrical.max_drawdown(returns))
        curves.append({"seed": seed, "periods": periods, **figures})
    beside = []
    for seed in BENCHMARKS:
        returns, theirs = benchmark_returns(seed)
        alpha, beta = empyrical.alpha_beta(returns, theirs, annualization=252)
        beside.append({"seed": seed, "alpha": float(alpha), "beta": float(beta)})
    daily = daily_sample()
    monthly = empyrical.aggregate_returns(daily, "monthly")
    yearly = empyrical.aggregate_returns(daily, "yearly")
    return {
        "empyrical-reloaded": version("empyrical-reloaded"),
        "curves": curves,
        "benchmarks": beside,
        "months": {f"{year}-{month:02d}": float(value) for (year, month), value in monthly.items()},
        "years": {str(year): float(value) for year, value in yearly.items()},
    }


if __name__ == "__main__":
    Path(__file__).with_name("empyrical.json").write_text(json.dumps(answers(), indent=1) + "\n")
