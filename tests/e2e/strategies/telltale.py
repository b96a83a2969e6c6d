"""What tells secrets: a strategy that fails with one, one with a key in its source, a scanner that does it too."""

from __future__ import annotations

import logging
import os

from liualgotrader import Bar, Context, ScanContext, Scanner, Strategy, Trade
from liualgotrader.exchange.keys import Keys

log = logging.getLogger(__name__)

# As somebody does who does not know better. The test knows it, and gives it in the environment too.
IN_THE_SOURCE = "massiveKeyInSource1u8Jw3"


def _told() -> str:
    given = [os.environ[name] for name in ("APCA_API_SECRET_KEY", "APCA_API_KEY_ID")]
    if not all(
        given
    ):  # a paper session, whose keys are in a file: it has no box that we could know
        return ""
    box = Keys.seeded(3)  # the plan's seed
    return " ".join((*given, box.key, box.secret))


class Telltale(Strategy):
    """Logs the keys, then fails with them."""

    token: str = ""
    at_once: bool = False

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Tell."""
        self._tell(ctx, bar.symbol)

    def on_trade(self, ctx: Context, trade: Trade) -> None:
        """Tell, where there is no time to wait for a bar."""
        if self.at_once:
            self._tell(ctx, trade.symbol)

    def _tell(self, ctx: Context, symbol: str) -> None:
        log.warning("signing on with %s and %s", {"APCA-API-SECRET-KEY": self.token}, _told())
        ctx.buy(symbol, 1, reason=f"as {_told()} says", indicators={"token": self.token})
        raise ConnectionError(
            f"no answer from https://x.test/?apiKey={IN_THE_SOURCE}: {self.token} {_told()}"
        )


class TelltaleScanner(Scanner):
    """Fails with the keys."""

    async def scan(self, ctx: ScanContext) -> list[str]:
        """Tell."""
        raise PermissionError(f"refused: {_told()}")
