"""What others send is read in one way or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeroom.sso.strict import Unreadable, base64url_bytes, json_object, short_text
from tests.fakes.portal_tokens import encoded


@given(st.binary(min_size=1, max_size=60))
def test_base64url_comes_back_as_it_was(raw: bytes) -> None:
    assert base64url_bytes(encoded(raw)) == raw


@pytest.mark.parametrize("text", ["", "A", "AA=", "AA==", "A+", "A/", "A A", "AB", "AAB", "é", "AA\n"])
def test_base64url_has_one_form(text: str) -> None:
    with pytest.raises(Unreadable):
        base64url_bytes(text)


@pytest.mark.parametrize("raw", [
    b"", b"[]", b"1", b'{"a":1,"a":1}', b'{"a":[{"b":1,"b":1}]}', b'{"a":NaN}', b'\xef\xbb\xbf{}', b'{"a":"\xff"}',
    '{"a":1}'.encode("utf-16"), b'{"a":1}x', b'{"a":' + b"[" * 30_000, b'{"a":' + b"9" * 5_000 + b"}"])
def test_json_has_one_reading(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        json_object(raw)


@pytest.mark.parametrize(("value", "text"), [
    (17, "17"), ("17", "17"), (" 17 ", "17"), (0, "0"), ("", ""), (None, ""), (True, ""), (1.5, ""), ([1], ""),
    ("x" * 255, "x" * 255), ("x" * 256, ""), ("a\nb", ""), ("a\x00", ""), ("\ud800", ""), (10**400, ""),
    ("Zoë", "Zoë")])
def test_a_number_and_a_text_are_alike_and_all_else_is_missing(value: object, text: str) -> None:
    assert short_text(value) == text
