"""Waits as counts in buckets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.engine.latency import Latencies

WAITS = st.lists(st.integers(1_000, 10**11), min_size=1, max_size=50)


@given(WAITS, st.floats(0.01, 1))
def test_a_quantile_is_right_to_within_a_bucket(waits: list[int], share: float) -> None:
    latencies = Latencies()
    for wait in waits:
        latencies.add(wait)
    ordered = sorted(waits)
    rank = next(n for n in range(1, len(ordered) + 1) if n >= share * len(ordered))
    exact = ordered[rank - 1] / 1e6
    found = latencies.quantile_ms(share)
    assert found is not None
    assert exact * 0.999 <= found <= exact * 1.06


@given(WAITS, WAITS)
def test_merging_counts_is_the_same_as_counting_together(one: list[int], two: list[int]) -> None:
    first, second, both = Latencies(), Latencies(), Latencies()
    for latencies, waits in ((first, one), (second, two), (both, [*one, *two])):
        for wait in waits:
            latencies.add(wait)
    first.merge(second.counts)
    assert first.counts == both.counts


def test_a_batch_counts_as_its_events_and_nothing_has_no_quantile() -> None:
    latencies = Latencies()
    assert latencies.quantile_ms(0.5) is None
    latencies.add(0, 9)
    latencies.add(10**9)
    assert latencies.quantile_ms(0.9) == pytest.approx(0.001, rel=0.06)
    assert latencies.quantile_ms(1) == pytest.approx(1000, rel=0.06)
