"""What a session came to, on a terminal: words in brackets are words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from liualgotrader.scripts.show import show_summary
from liualgotrader.session.summing_up import Summary


def test_a_warning_keeps_what_it_has_in_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(
        Summary(
            batch_id="b",
            mode="simulated",
            symbols=1,
            consumers=1,
            events=0,
            dropped_stale=0,
            gaps=0,
            orders=0,
            fills=0,
            refused=0,
            equity_start=Decimal(0),
            equity_end=Decimal(0),
            pnl=Decimal(0),
            fees=Decimal(0),
            lag_ms_p50=None,
            lag_ms_p99=None,
            duration_s=0.0,
            report=None,
            failure="see [limits]",
            warnings=["look at [strategies.dip]"],
        )
    )
    said = capsys.readouterr()
    shown = said.out + said.err
    assert "! look at [strategies.dip]" in shown
    assert "The session failed: see [limits]" in shown
