"""The benchmark of parsing counts what it claims to, and its ratios are of one round."""

from __future__ import annotations

from pathlib import Path

from liualgotrader.exchange.encode import JsonCodec, MsgpackCodec
from tools.benchmarks import parse


async def test_everybody_gets_through_all_trades(tmp_path: Path) -> None:
    text, packed = (parse.frames(codec)[:30] for codec in (JsonCodec(), MsgpackCodec()))
    counts = [
        await contestant()
        for contestant in (
            parse.parsing(text),
            parse.parsing(packed),
            parse.routing(text, str(tmp_path)),
            parse.routing(packed, str(tmp_path)),
            parse.official(packed, raw=False),
            parse.official(packed, raw=True),
        )
    ]
    assert counts == [30 * parse.TRADES_A_FRAME] * 6


def test_medians_are_of_rates_and_ratios_of_rounds() -> None:
    rates = {
        "json_parse": [10.0, 20.0, 30.0],
        "alpaca_models": [10.0, 10.0, 5.0],
        "alpaca_raw": [10.0, 20.0, 30.0],
    }
    found = parse.figures(rates)
    assert (found["json_parse"], found["alpaca_models"]) == (20, 10)
    assert (found["json_parse_over_alpaca_models"], found["json_parse_over_alpaca_raw"]) == (2, 1)
