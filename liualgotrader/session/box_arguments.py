"""The command line of a plan's exchange in a box."""

from __future__ import annotations

from pathlib import Path

import msgspec

from liualgotrader.common.plan import Plan, Rules, Slippage


def box_arguments(plan: Plan, home: Path, batch_id: str) -> list[str]:
    """Return the arguments; the folder of the order log is made, and what they name."""
    session = plan.session
    log_path = home / "exchange" / f"{batch_id}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fees = plan.fees
    options: dict[str, object] = {
        "--port": 0,
        "--speed": session.speed,
        "--latency-ms": session.latency,
        "--seed": session.seed,
        "--cash": plan.portfolio_value,
        "--log": log_path,
        "--participation": plan.participation,
        "--fees": fees.model,
        "--fee-per-share": fees.per_share,
        "--fee-minimum": fees.minimum,
        "--fee-percent": fees.percent,
        "--slippage-bps": plan.slippage.bps if plan.slippage.model == "bps" else 0,
    }
    if plan.slippage.model == "measured":
        options["--slippage"] = _slippage_file(
            plan.slippage, log_path.with_suffix(".slippage.json")
        )
    if session.date is not None:
        options["--date"] = session.date.isoformat()
    if session.scenario is not None:
        options["--scenario"] = session.scenario
    if plan.rules.intraday_margin_since is not None:
        options["--intraday-margin-since"] = plan.rules.intraday_margin_since.isoformat()
    arguments = [str(part) for item in options.items() for part in item]
    for tape in session.tape:
        arguments += ["--tape", tape]
    return arguments + _rules(plan.rules)


def _slippage_file(slippage: Slippage, path: Path) -> Path:
    """Write what was measured of each symbol: more than a command line takes."""
    path.write_bytes(msgspec.json.encode(slippage))
    return path


def _rules(rules: Rules) -> list[str]:
    flags = {
        "--no-day-trading-rules": not rules.day_trading,
        "--settled-cash-only": rules.cash_account,
        "--no-short-sale-test": not rules.short_sale_test,
        "--no-price-bands": not rules.price_bands,
    }
    arguments = [flag for flag, wanted in flags.items() if wanted]
    if rules.tier_1:
        arguments += ["--tier-1", *rules.tier_1]
    if rules.leverage:
        arguments += ["--leveraged", *(f"{s}={turns}" for s, turns in rules.leverage.items())]
    return arguments
