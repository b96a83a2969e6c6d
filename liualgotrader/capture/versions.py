"""With what a capture was made."""

from __future__ import annotations

import sys
from importlib import metadata

from liualgotrader import __version__


def versions() -> dict[str, str]:
    """Return the versions that a reader of the file must know."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {
        "liualgotrader": __version__,
        "python": python,
        "platform": sys.platform,
        "picows": metadata.version("picows"),
        "msgspec": metadata.version("msgspec"),
    }
