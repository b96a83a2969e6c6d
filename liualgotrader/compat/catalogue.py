"""Which of 0.4's modules are served, and by what; for others, what to write instead."""

from __future__ import annotations

_HERE = "liualgotrader.compat.served"
_OLD = "liualgotrader"

SERVED: dict[str, str] = {
    f"{_OLD}.{name}": f"{_HERE}.{home}"
    for name, home in {
        "analytics.analysis": "analysis",
        "common.assets": "assets",
        "common.config": "",  # a world's own
        "common.data_loader": "data_loader",
        "common.database": "database",
        "common.decorators": "decorators",
        "common.exceptions": "exceptions",
        "common.list_utils": "list_utils",
        "common.market_data": "market_data",
        "common.tlog": "tlog",
        "common.trading_data": "",  # a world's own
        "common.types": "types",
        "data.data_base": "data_base",
        "data.data_factory": "data_base",
        "fincalcs.candle_patterns": "candle_patterns",
        "fincalcs.data_conditions": "data_conditions",
        "fincalcs.resample": "resample",
        "fincalcs.support_resistance": "support_resistance",
        "fincalcs.trends": "trends",
        "fincalcs.vwap": "vwap",
        "miners.base": "miners_base",
        "models.accounts": "accounts",
        "models.algo_run": "algo_run",
        "models.keystore": "keystore",
        "models.new_trades": "new_trades",
        "models.portfolio": "portfolio",
        "models.trending_tickers": "trending_tickers",
        "scanners.base": "scanners_base",
        "strategies.base": "strategies_base",
        "trading.base": "trader",
        "trading.trader_factory": "trader",
    }.items()
}
"""0.4's name of a module, and ours."""

_TABLES = (
    "the table is written by the framework now; read it with `liu db query`, outside the session"
)
_VENDOR = "vendors are the framework's; a scanner or a miner of today asks `ctx.data`, a strategy reads its data_loader"

HINTS: dict[str, str] = {
    **{
        f"{_OLD}.models.{name}": _TABLES
        for name in (
            "gain_loss", "optimizer", "stock_ohlc", "ticker_data", "ticker_snapshot",
            "trade_analysis", "tradeplan", "trades",
        )
    },
    **{
        f"{_OLD}.data.{name}": _VENDOR
        for name in ("alpaca", "finnhub", "gemini", "polygon", "streaming_base", "tradier", "static")
    },
    **{
        f"{_OLD}.trading.{name}": "orders are what run() and run_all() return; the broker is the framework's"
        for name in ("alpaca", "gemini", "tradier")
    },
    f"{_OLD}.analytics.consolidate": "gain and loss are worked out at the end of each session",
    f"{_OLD}.common.hyperparameter": "try parameters with `backtest BATCH --param NAME=VALUE`",
    f"{_OLD}.scanners.momentum": "put [scanners.momentum] into the plan: it is built in",
}  # fmt: skip
"""What to do about a module that is not served."""
