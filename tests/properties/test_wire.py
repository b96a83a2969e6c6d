"""Every input and every verdict reads back as it was written."""

from __future__ import annotations

from decimal import Decimal
from types import UnionType
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liualgotrader.common.events import Event, Input, Quote, Started, Trade
from liualgotrader.common.orders import Approved, Cancel, Refused, Replace, Submit, Verdict
from liualgotrader.common.wire import (
    decode_event,
    decode_events,
    decode_verdicts,
    encode_event,
    encode_events,
    encode_verdicts,
)
from liualgotrader.engine.intents import plain

KINDS: tuple[type[Event], ...] = get_args(Input)
REMARKS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
).map(plain)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    Decimal: st.decimals(-(10**9), 10**9, places=4),
    Any: REMARKS,
}


def _value(annotation: Any) -> st.SearchStrategy[Any]:
    """Return any value of a field's type; registering types would change other tests' values."""
    if annotation in SIMPLE:
        return SIMPLE[annotation]
    arguments = get_args(annotation)
    match get_origin(annotation):
        case origin if origin is UnionType:
            return st.one_of([_value(each) for each in arguments])
        case origin if origin is dict:
            return st.dictionaries(st.text(max_size=3), _value(arguments[1]), max_size=3)
        case origin if origin is tuple and arguments[-1] is ...:
            return st.lists(_value(arguments[0]), max_size=3).map(tuple)
        case origin if origin is tuple:
            return st.tuples(*map(_value, arguments))
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return built(annotation)
    return st.from_type(annotation)


def built(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return any value of a struct, its remarks such as the engine lets through."""
    fields = {field.name: _value(field.type) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


INPUTS = st.sampled_from(KINDS).flatmap(built)
INTENTS = st.sampled_from((Submit, Cancel, Replace)).flatmap(built)
VERDICTS = st.builds(Approved, INTENTS) | st.builds(Refused, INTENTS, st.text())


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_each_input_reads_back(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(built(kind))
    again = decode_event(encode_event(event))
    assert again == event
    assert type(again) is kind


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(INPUTS, max_size=5))
def test_a_batch_reads_back_in_order(events: list[Event]) -> None:
    assert decode_events(encode_events(events)) == events


@given(st.lists(VERDICTS, max_size=4))
def test_verdicts_read_back(verdicts: list[Verdict]) -> None:
    assert decode_verdicts(encode_verdicts(verdicts)) == verdicts


def test_vendors_time_stays_text_on_the_wire() -> None:
    trade = Trade("A", "2024-01-03T14:30:00.5Z", 1.0, 2.0)
    again = decode_event(encode_event(trade))
    assert isinstance(again, Trade)
    assert again.time == trade.time
    assert again.ts_event == 1_704_292_200_500_000_000


def test_nothing_is_shared_between_inputs_with_defaults() -> None:
    one, two = (Started(0, "A", 1, 1, 0, 0, 0, 0) for _ in range(2))  # type: ignore[arg-type]
    one.settings["x"] = 1
    assert two.settings == {}


def test_a_quote_has_its_own_time() -> None:
    assert Quote("A", 5, 1.0, 2.0, 3.0, 4.0).ts_event == 5
