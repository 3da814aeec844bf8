"""Plain values in DynamoDB's wire format and back."""

from __future__ import annotations

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from homeroom.aws.values import plain, plain_item, wired, wired_item

NUMBERS = st.integers(-(10**15), 10**15) | st.floats(-1e6, 1e6).map(lambda f: round(f, 6))
LEAVES = st.none() | st.booleans() | st.text() | NUMBERS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner), max_leaves=8)


@given(VALUES)
def test_every_value_comes_back_as_it_was(value) -> None:
    back = plain(wired(value))
    assert back == value
    assert type(back) is type(value) or isinstance(value, float)


@given(VALUES.filter(lambda v: not isinstance(v, float)))
def test_boto3_reads_our_wire_format_alike(value) -> None:
    assert TypeDeserializer().deserialize(wired(value)) is not None or value is None


def test_sets_and_tuples_have_their_forms() -> None:
    assert wired(frozenset({2, 1})) == {"NS": ["1", "2"]}
    assert plain({"NS": ["1", "2"]}) == frozenset({1, 2})
    assert plain(wired(frozenset({"b", "a"}))) == frozenset({"a", "b"})
    assert plain(wired(("a", 1))) == ["a", 1]


def test_true_is_not_the_number_one() -> None:
    assert wired_item({"a": True, "b": 1}) == {"a": {"BOOL": True}, "b": {"N": "1"}}
    assert plain_item({"a": {"BOOL": True}, "b": {"N": "1"}}) == {"a": True, "b": 1}


@pytest.mark.parametrize("value", [b"bytes", object(), 1j])
def test_other_types_are_refused(value) -> None:
    with pytest.raises(TypeError):
        wired(value)


def test_other_forms_are_refused() -> None:
    with pytest.raises(TypeError):
        plain({"B": b"x"})
