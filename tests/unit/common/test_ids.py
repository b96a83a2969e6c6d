"""Order ids that survive a crash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liualgotrader.common.ids import BadOrderId, order_id, order_prefix, parse_order_id, slot_name

BATCHES = st.text("0123456789abcdef", min_size=8, max_size=32)


@given(BATCHES, st.integers(0, 800), st.integers(0, 10**9))
def test_an_id_reads_back(batch: str, slot: int, number: int) -> None:
    name = slot_name(slot)
    text = order_id(batch, name, number)
    assert text.startswith(order_prefix(batch, name))
    assert parse_order_id(text) == (batch[:8], name, number)
    assert len(text) <= 48, "what Alpaca takes as a client order id"


@given(st.lists(st.integers(0, 9_999_999), min_size=2, max_size=2, unique=True))
def test_ids_of_a_consumer_sort_by_number(numbers: list[int]) -> None:
    one, two = (order_id("batch123", "A", number) for number in numbers)
    assert (one < two) == (numbers[0] < numbers[1])


def test_slots_are_letters_and_no_two_are_the_same() -> None:
    names = [slot_name(index) for index in range(800)]
    assert [names[0], names[25], names[26], names[701], names[702]] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert len(set(names)) == 800


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "batch123-A-",
        "batch123-a-1",
        "batch12-A-1",
        "batch123-A-1-2",
        "batch123-A-²",
        "8f-A-1",
    ],
)
def test_ids_of_others_are_told_apart(text: str) -> None:
    with pytest.raises(BadOrderId):
        parse_order_id(text)
