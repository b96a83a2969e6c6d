"""`portfolio`: money set aside for a strategy, kept and limited by the framework."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import click

from liualgotrader.scripts.exits import run

ASSETS = ("US_EQUITIES", "CRYPTO")


def dollars(text: str) -> Decimal:
    """Return an exact amount: 25000, 25,000 or 25000.50."""
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise click.BadParameter(f"{text} is not an amount") from None
    if not amount.is_finite():
        raise click.BadParameter(f"{text} is not an amount")
    return amount


@click.group()
def portfolio() -> None:
    """Set money aside for strategies: name a portfolio's id in the plan as portfolio_id."""


@portfolio.command()
@click.argument("size", type=dollars)
@click.option("--credit", type=dollars, default="0", help="How far below zero its cash may go.")
@click.option(
    "--asset",
    type=click.Choice(ASSETS, case_sensitive=False),
    default=ASSETS[0],
    help="What it trades.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one object on one line.")
def create(size: Decimal, credit: Decimal, asset: str, as_json: bool) -> None:
    """Make a portfolio of SIZE dollars, and print its id."""
    # Lazily: `portfolio --help` must not wait for the database's libraries.
    import msgspec

    from liualgotrader.models.portfolio import PortfolioStore
    from liualgotrader.scripts.stores import ask

    made = ask(
        PortfolioStore,
        lambda store: store.create(size=size, credit_line=credit, assets=asset),
    )
    if as_json:
        click.echo(msgspec.json.encode({"portfolio_id": made}))
    else:
        click.echo(f'{made}\nIn the plan, under [strategies.NAME]: portfolio_id = "{made}"')


@portfolio.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one object a line.")
def list_portfolios(as_json: bool) -> None:
    """List the portfolios, newest first; amounts in dollars."""
    # Lazily: as above.
    import msgspec

    from liualgotrader.models.portfolio import PortfolioStore
    from liualgotrader.scripts.stores import ask
    from liualgotrader.scripts.times import utc

    found = ask(PortfolioStore, lambda store: store.portfolios())
    encode = msgspec.json.Encoder(decimal_format="number").encode
    for each in found:
        used = f"last used {utc(each.last_used_at)}" if each.last_used_at else "never used"
        click.echo(
            encode(each)
            if as_json
            else f"{each.portfolio_id}  {each.assets}  size {each.size:f}  "
            f"credit {each.credit_line:f}  cash {each.balance:f}  {used}",
        )
    if not found and not as_json:
        click.echo("There is no portfolio yet; `portfolio create SIZE` makes one.")


def main() -> int:
    """Run `portfolio`."""
    return run(portfolio)
