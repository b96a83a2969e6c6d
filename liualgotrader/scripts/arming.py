"""Going live on purpose: who trades real money says so, once, after seeing which account it is."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping

import click

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.plan import Mode, Plan
from liualgotrader.common.ports import BrokerAccount
from liualgotrader.session.world import endpoints_of, keys_of, patient_account

SHOWN_DIGITS = 4


def arm(
    plan: Plan,
    environ: Mapping[str, str],
    *,
    yes: bool,
    ask: Callable[[str], str] | None = None,
) -> None:
    """Let a live session begin once its user has typed the account's last digits, or given --yes-live.

    Nothing is asked for other modes. Raises ConfigError when the answer is another, or when nobody
    can be asked.
    """
    if plan.session.mode is not Mode.LIVE:
        return
    endpoints = endpoints_of(plan, environ, keys_of(plan, environ))
    if yes:
        return
    if ask is None and not sys.stdin.isatty():
        raise ConfigError(
            'session.mode = "live" trades real money, and there is no terminal to confirm it on: give --yes-live'
        )
    account = asyncio.run(patient_account(endpoints))
    digits = account.account_id[-SHOWN_DIGITS:]
    if (ask or _typed)(_question(account, digits)).strip() != digits:
        raise ConfigError("not confirmed: nothing was started")


def _question(account: BrokerAccount, digits: str) -> str:
    return (
        f"LIVE: this session trades real money, {account.equity:,.2f} dollars of equity in the account ending in "
        f"{digits}.\nType these {SHOWN_DIGITS} digits to begin"
    )


def _typed(question: str) -> str:
    return str(click.prompt(question, default="", show_default=False, err=True))
