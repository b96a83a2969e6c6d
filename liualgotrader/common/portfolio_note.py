"""What a strategy with a portfolio is told of it when it starts, in its keystore under a key of the framework."""

from __future__ import annotations

from decimal import Decimal

import msgspec

PORTFOLIO_KEY = "~portfolio"


class PortfolioNote(msgspec.Struct, frozen=True):
    """A sum set aside, in dollars: what it began with, its cash now, and how far that may go below zero."""

    size: Decimal
    balance: Decimal
    credit_line: Decimal = Decimal(0)


def note_text(note: PortfolioNote) -> str:
    """Return a note as it is kept."""
    return msgspec.json.encode(note).decode()


def read_note(text: str) -> PortfolioNote:
    """Return the note that a text is. Raises msgspec.ValidationError."""
    return msgspec.json.decode(text, type=PortfolioNote)
