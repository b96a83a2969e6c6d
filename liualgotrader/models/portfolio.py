"""Portfolios: sums of money that strategies trade with, each in an account of its own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import asyncpg

from liualgotrader.common.errors import ConfigError
from liualgotrader.common.ledger_orders import Holding
from liualgotrader.models.postgres import from_ns, translated
from liualgotrader.models.session_rows import Row
from liualgotrader.models.store import Store

_PORTFOLIOS = """
SELECT p.portfolio_id, p.account_id, p.size, a.credit_line, a.balance, p.assets, p.parameters,
    p.tstamp AS created_at, p.expire_tstamp AS expired_at, p.broker, p.external_account_id,
    (SELECT max(b.tstamp) FROM portfolio_batch_ids b WHERE b.portfolio_id = p.portfolio_id)
        AS last_used_at
FROM portfolio p JOIN accounts a USING (account_id)"""

_POSITIONS = """
SELECT t.symbol, CASE t.operation WHEN 'buy' THEN t.qty ELSE -t.qty END AS qty, t.price
FROM new_trades t JOIN algo_run r USING (algo_run_id)
WHERE r.portfolio_id = $1 AND t.expire_tstamp IS NULL ORDER BY t.trade_id"""

_REBOOK = """
INSERT INTO account_transactions (account_id, amount, trade_id, tstamp)
SELECT p.account_id,
    (CASE t.operation WHEN 'buy' THEN -t.qty ELSE t.qty END) * t.price - t.trade_fee,
    t.trade_id, t.tstamp
FROM new_trades t JOIN algo_run r USING (algo_run_id) JOIN portfolio p USING (portfolio_id)
WHERE r.portfolio_id = $1 AND t.expire_tstamp IS NULL AND t.order_id IS NOT NULL
ORDER BY t.trade_id"""


class PortfolioRow(Row, frozen=True, kw_only=True):
    """A portfolio. `balance` is its cash; `size` what it began with; dollars."""

    portfolio_id: str
    account_id: int
    size: Decimal
    credit_line: Decimal
    balance: Decimal
    assets: str
    parameters: Any
    created_at: int
    expired_at: int | None
    last_used_at: int | None
    broker: str | None
    external_account_id: str | None


class TransactionRow(Row, frozen=True, kw_only=True):
    """One change of a portfolio's balance, in dollars; `trade_id` is None for money put in."""

    time: int
    amount: Decimal
    trade_id: int | None
    details: Any


class PortfolioStore(Store):
    """Creates, lists and looks into portfolios."""

    async def create(
        self,
        *,
        size: Decimal,
        credit_line: Decimal = Decimal(0),
        assets: str = "US_EQUITIES",
        parameters: Mapping[str, Any] | None = None,
        portfolio_id: str | None = None,
    ) -> str:
        """Set money aside and return the portfolio's id. Sizes in dollars.

        Raises ConfigError for a size that is not positive, or a negative credit line.
        """
        if size <= 0 or credit_line < 0:
            raise ConfigError(f"a portfolio of {size} $ with {credit_line} $ credit cannot be")
        name = portfolio_id or str(uuid.uuid4())
        with translated("create a portfolio"):
            async with self.pool.acquire() as connection, connection.transaction():
                account_id = await connection.fetchval(
                    """INSERT INTO accounts (balance, allow_negative, credit_line)
                    VALUES ($1, $2, $3) RETURNING account_id""",
                    size,
                    credit_line > 0,
                    credit_line,
                )
                await self._deposit(connection, account_id, size)
                await connection.execute(
                    """INSERT INTO portfolio (portfolio_id, account_id, size, assets, parameters)
                    VALUES ($1, $2, $3, $4, $5)""",
                    name,
                    account_id,
                    size,
                    assets,
                    dict(parameters or {}),
                )
        return name

    async def _deposit(
        self, connection: asyncpg.Connection, account_id: int, size: Decimal
    ) -> None:
        await connection.execute(
            """INSERT INTO account_transactions (account_id, amount, details)
            VALUES ($1, $2, $3)""",
            account_id,
            size,
            {"why": "set aside"},
        )

    async def portfolios(self) -> list[PortfolioRow]:
        """Return all portfolios that are not expired, newest first."""
        query = _PORTFOLIOS + " WHERE p.expire_tstamp IS NULL ORDER BY p.tstamp DESC"
        return [PortfolioRow.of(row) for row in await self._fetch("list portfolios", query)]

    async def portfolio(self, portfolio_id: str) -> PortfolioRow:
        """Return one. Raises ConfigError when there is none."""
        query = _PORTFOLIOS + " WHERE p.portfolio_id = $1"
        rows = await self._fetch("load a portfolio", query, portfolio_id)
        if not rows:
            raise ConfigError(
                f"there is no portfolio {portfolio_id!r}; `portfolio list` shows those there are"
            )
        return PortfolioRow.of(rows[0])

    async def expire(self, portfolio_id: str) -> None:
        """Take a portfolio out of the list; what it did stays."""
        await self._execute(
            "expire a portfolio",
            "UPDATE portfolio SET expire_tstamp = now() WHERE portfolio_id = $1",
            portfolio_id,
        )

    async def associate(self, portfolio_id: str, batch_id: str) -> None:
        """Record that a batch trades for a portfolio; harmless when it was recorded before."""
        await self._execute(
            "associate a portfolio",
            """INSERT INTO portfolio_batch_ids (portfolio_id, batch_id) VALUES ($1, $2)
            ON CONFLICT DO NOTHING""",
            portfolio_id,
            batch_id,
        )

    async def batches(self, portfolio_id: str) -> list[str]:
        """Return the batches that traded for a portfolio, oldest first."""
        rows = await self._fetch(
            "load a portfolio's batches",
            "SELECT batch_id FROM portfolio_batch_ids WHERE portfolio_id = $1 ORDER BY assoc_id",
            portfolio_id,
        )
        return [row["batch_id"] for row in rows]

    async def transactions(self, portfolio_id: str) -> list[TransactionRow]:
        """Return every change of its balance, oldest first."""
        rows = await self._fetch(
            "load a portfolio's transactions",
            """SELECT t.tstamp AS time, t.amount, t.trade_id, t.details
            FROM account_transactions t JOIN portfolio p USING (account_id)
            WHERE p.portfolio_id = $1 ORDER BY t.tstamp, t.transaction_id""",
            portfolio_id,
        )
        return [TransactionRow.of(row) for row in rows]

    async def positions(self, portfolio_id: str) -> dict[str, Holding]:
        """Return what it holds by symbol, over all batches and strategies."""
        held: dict[str, Holding] = {}
        for row in await self._fetch("load a portfolio's positions", _POSITIONS, portfolio_id):
            symbol = row["symbol"]
            held[symbol] = held.get(symbol, Holding()).after(row["qty"], row["price"])
        return {symbol: holding for symbol, holding in sorted(held.items()) if holding.qty}

    async def recalculate(self, portfolio_id: str) -> Decimal:
        """Book all executions again, from the size on; return the balance that comes out."""
        found = await self.portfolio(portfolio_id)
        with translated("recalculate a portfolio"):
            async with self.pool.acquire() as connection, connection.transaction():
                account_id = found.account_id
                await connection.execute(
                    "SELECT 1 FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE", account_id
                )
                await connection.execute(
                    "DELETE FROM account_transactions WHERE account_id = $1", account_id
                )
                await connection.execute(
                    """INSERT INTO account_transactions (account_id, amount, details, tstamp)
                    VALUES ($1, $2, $3, $4)""",
                    account_id,
                    found.size,
                    {"why": "set aside"},
                    from_ns(found.created_at),
                )
                await connection.execute(_REBOOK, portfolio_id)
                balance: Decimal = await connection.fetchval(
                    """UPDATE accounts SET modified_tstamp = now(), balance = (
                        SELECT sum(amount) FROM account_transactions WHERE account_id = $1)
                    WHERE account_id = $1 RETURNING balance""",
                    account_id,
                )
        return balance
