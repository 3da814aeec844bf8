"""A list that the district uploads: any order and spelling of its three columns, and no line that is guessed."""

from __future__ import annotations

import pytest

from homeroom.model.directory import Account, UploadedList
from tests.reading.directory.reading import read, told

LIST = UploadedList(kind="uploaded")
ADA, BO = Account("a-1", "Ada", "Sample"), Account("a-2", "Bo", "Sample")


@pytest.mark.parametrize("body", [
    b"id,givenName,familyName\na-1,Ada,Sample\na-2,Bo,Sample\n",
    b"\xef\xbb\xbfID,Given Name,Family_Name\r\na-1,Ada,Sample\r\na-2,Bo,Sample\r\n",
    b"Last Name,First-Name,Object ID\nSample,Ada,a-1\nSample,Bo,a-2",
    b'surname,mail,"firstname",userId\nSample,x@sample.example,Ada,a-1\n\n , , ,\n"Sample",y,"Bo", a-2 \n',
])
def test_order_spelling_and_blanks_do_not_matter(body: bytes) -> None:
    assert read(LIST, {}, uploaded=lambda: body) == (ADA, BO)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_names_with_accents_come_in_either_encoding(encoding: str) -> None:
    body = "id,givenName,familyName\na-1,José,Müller\n".encode(encoding)
    assert read(LIST, {}, uploaded=lambda: body) == (Account("a-1", "José", "Müller"),)


def test_the_same_line_twice_is_one_account() -> None:
    body = b"id,givenName,familyName\na-1,Ada,Sample\na-1,Ada,Sample\n"
    assert read(LIST, {}, uploaded=lambda: body) == (ADA,)


@pytest.mark.parametrize(("body", "code", "said"), [
    (b"", "FIL-04", "line 1 does not name the column id and givenName and familyName"),
    (b"id,givenName\na-1,Ada\n", "FIL-04", "does not name the column familyName"),
    (b"id,first,givenName,last\na-1,A,B,C\n", "FIL-04", "names the column givenName more than once"),
    (b"id,givenName,familyName\na-1,Ada,Sample\na-2,Bo\n", "FIL-11", "line 3 has too few cells"),
    (b"id,givenName,familyName\n,Ada,Sample\n", "FLD-01", "line 2 has no id"),
    (b"id,givenName,familyName\na-1,Ada,Sample\na-1,Bo,Sample\n", "DUP-01", "line 3 has the id of an earlier line"),
    (b'id,givenName,familyName\na-1,"Ada"x,Sample\n', "FIL-02", "line 2 is no CSV"),
    (b"id,givenName,familyName\n" + b"x" * 256 + b",Ada,Sample\n", "FLD-08", "the id in line 2 is longer than 255"),
    (b"id,givenName,familyName\n", "SRC-11", "no account with a first and a last name"),
    ("id,givenName,familyName\na-1,Ada,Sample\n".encode("utf-16"), "FIL-04", "does not name"),
    (b"id,givenName,familyName\na-1,A\x81a,Sample\n", "FIL-01", "neither UTF-8 nor Windows-1252"),
])
def test_what_can_be_misread_is_refused_with_its_line_and_no_value(body: bytes, code: str, said: str) -> None:
    error = told(LIST, {}, uploaded=lambda: body)
    assert (error.issue_code, error.issue_owner) == (code, "district")
    assert said in error.text
    assert not [name for name in ("Ada", "Bo", "Sample", "a-1", "a-2") if name in error.text]


def test_an_uploaded_list_takes_no_credentials() -> None:
    assert told(LIST, {"password": "Never-Shown-3"}).issue_code == "SRC-10"
