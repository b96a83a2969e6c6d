"""What tells secrets: a strategy that fails with one, one with a key in its source, a scanner that does it too."""

from __future__ import annotations

import logging
import os

from liualgotrader import Bar, Context, ScanContext, Scanner, Strategy
from liualgotrader.exchange.keys import Keys

log = logging.getLogger(__name__)

# As somebody does who does not know better. The test knows it, and gives it in the environment too.
IN_THE_SOURCE = "massiveKeyInSource1u8Jw3"


def _told() -> str:
    box = Keys.seeded(3)  # the plan's seed
    return " ".join(
        (os.environ["APCA_API_SECRET_KEY"], os.environ["APCA_API_KEY_ID"], box.key, box.secret)
    )


class Telltale(Strategy):
    """Logs the keys, then fails with them."""

    token: str = ""

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Tell."""
        log.warning("signing on with %s and %s", {"APCA-API-SECRET-KEY": self.token}, _told())
        ctx.buy(bar.symbol, 1, reason=f"as {_told()} says", indicators={"token": self.token})
        raise ConnectionError(f"no answer from https://x.test/?apiKey={IN_THE_SOURCE}: {_told()}")


class TelltaleScanner(Scanner):
    """Fails with the keys."""

    async def scan(self, ctx: ScanContext) -> list[str]:
        """Tell."""
        raise PermissionError(f"refused: {_told()}")
