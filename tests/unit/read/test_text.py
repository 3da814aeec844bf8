"""Bytes become UTF-8 without garbling a name, or are refused in words."""

from __future__ import annotations

import pytest

from homeroom.errors import SourceUnusable
from homeroom.read.text import as_utf8

TEXT = "sourcedId,name\r\no-1,Académie Zoë\r\n"


@pytest.mark.parametrize("text", [TEXT, "sourcedId,name\r\no-1,Plain\r\n"])
def test_utf_8_is_left_as_it_is(text: str) -> None:
    found = as_utf8(text.encode(), "orgs.csv")
    assert found.data == text.encode()
    assert found.warning is None


def test_a_byte_order_mark_is_no_content_of_its_own() -> None:
    found = as_utf8(TEXT.encode("utf-8-sig"), "orgs.csv")
    assert found.data.decode("utf-8-sig") == TEXT
    assert found.warning is None


@pytest.mark.parametrize("mark", ["utf-16", "utf-32"])
def test_c07_utf16_with_its_mark_is_decoded(mark: str) -> None:
    found = as_utf8(TEXT.encode(mark), "orgs.csv")
    assert found.data.decode() == TEXT
    assert found.warning is None


def test_c07_utf16_of_the_other_order_is_decoded() -> None:
    assert as_utf8(b"\xfe\xff" + TEXT.encode("utf-16-be"), "orgs.csv").data.decode() == TEXT


def test_c07_what_only_begins_like_utf16_is_refused() -> None:
    with pytest.raises(SourceUnusable, match="begins like UTF-16") as caught:
        as_utf8(b"\xff\xfe\x00", "orgs.csv")
    assert caught.value.issue_code == "FIL-01"


def test_c07_utf16_without_its_mark_is_refused_with_the_line() -> None:
    with pytest.raises(SourceUnusable, match="zero bytes from line 1 on") as caught:
        as_utf8(TEXT.encode("utf-16-le"), "orgs.csv")
    assert caught.value.issue_code == "FIL-01"


def test_c06_windows_1252_is_decoded_with_a_warning_that_names_file_and_line() -> None:
    found = as_utf8(TEXT.encode("cp1252"), "orgs.csv")
    assert found.data.decode() == TEXT
    assert found.warning is not None
    assert (found.warning.code, found.warning.file, found.warning.line) == ("FIL-08", "orgs.csv", 2)


def test_c06_in_a_file_of_mixed_origin_each_name_is_read_as_it_was_written() -> None:
    mixed = "h\no-1,José\n".encode() + "o-2,René “x”\n".encode("cp1252") + "o-3,Zoë, ".encode() + "é\n".encode("cp1252")
    found = as_utf8(mixed, "orgs.csv")
    assert found.data.decode() == "h\no-1,José\no-2,René “x”\no-3,Zoë, é\n"
    assert found.warning is not None
    assert found.warning.line == 3
    assert "2 lines" in found.warning.text


def test_a_name_cut_in_the_middle_of_a_letter_garbles_no_other() -> None:
    found = as_utf8("h\no-1,José\no-2,Jos".encode() + b"\xc3\no-3,Zo\xc3\xab\n", "orgs.csv")
    assert found.data.decode() == "h\no-1,José\no-2,JosÃ\no-3,Zoë\n"


def test_bytes_of_neither_encoding_are_refused_with_the_line() -> None:
    with pytest.raises(SourceUnusable, match="neither UTF-8 nor Windows-1252 at line 2") as caught:
        as_utf8(b"h\no-1,\x81\n", "orgs.csv")
    assert caught.value.issue_code == "FIL-01"


def test_a_bad_byte_far_into_a_large_file_is_found() -> None:
    data = "é".encode() * (1 << 20) + b"\n\xe9\n"
    found = as_utf8(data, "orgs.csv")
    assert found.warning is not None
    assert found.warning.line == 2


def test_a_letter_on_the_border_of_two_pieces_is_whole() -> None:
    data = b"x" + "é".encode() * (1 << 20)
    assert as_utf8(data, "orgs.csv").data == data


def test_a_letter_that_the_file_ends_in_is_read_as_windows_1252() -> None:
    assert as_utf8(b"abc\xc3", "orgs.csv").data.decode() == "abcÃ"


def test_lines_that_end_in_cr_alone_are_lines() -> None:
    assert as_utf8(b"a,b\rc,d\r", "orgs.csv").data == b"a,b\nc,d\n"
