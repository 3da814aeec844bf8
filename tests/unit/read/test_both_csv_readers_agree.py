"""The fast reader either declines or says exactly what the exact one says."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeroom.read.csv_exact import read_exact
from homeroom.read.csv_fast import read_fast
from homeroom.read.header import Header, read_header
from homeroom.read.layout import layout_of
from homeroom.read.unusable import SetUnusable

HEADERS = (
    "sourcedId,name", "sourcedId,status,name,unknown", "unknown,name,sourcedId", '"sourcedId","name","type"',
    '\n\nsourcedId,name', '\ufeffsourcedId,"two\nlines",name',
)
SIGNS = ["a", "é", ",", '"', "\n", "\r", "\r\n", " ", "\t", "\u00a0", "\ufeff", "\x0b", "ab cd"]
soup = st.lists(st.sampled_from(SIGNS), max_size=40).map("".join)
WORDS = ["a", "é", ",", '"', " ", "\u00a0", "Long enough to leave the row"]
cells = st.lists(st.sampled_from(WORDS), max_size=4).map("".join)
ends = st.sampled_from(["\n", "\r\n"])


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str]:
    """Header and rows of a well-formed file: any quoting, either line end, with or without a last one."""
    header, end = draw(st.sampled_from(HEADERS)), draw(ends)
    width = header.count(",") + 1
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6))
    out = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(rows)
    return header + end, out.getvalue() if draw(st.booleans()) else out.getvalue().removesuffix(end)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A well-formed file with a few signs put in or taken out below its header."""
    header, body = draw(tables())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.sampled_from(["", *SIGNS])) + body[at + draw(st.integers(0, 1)):]
    return header + body


def header_of(data: bytes) -> Header:
    return read_header(data, layout_of("orgs"), "orgs.csv")


def exactly(data: bytes, header: Header) -> pl.DataFrame | None:
    try:
        return read_exact(data, header, "orgs.csv")
    except SetUnusable:
        return None


def assert_agree(text: str) -> None:
    data = text.encode()
    header = header_of(data)
    fast = read_fast(data, header)
    if fast is None:
        return
    exact = exactly(data, header)
    assert exact is not None
    assert fast.schema == exact.schema
    assert fast.to_dicts() == exact.to_dicts()


@given(header=st.sampled_from(HEADERS), end=ends, body=soup)
def test_on_any_soup_of_signs(header: str, end: str, body: str) -> None:
    assert_agree(header + end + body)


@given(damaged())
def test_on_files_with_a_few_wrong_signs(text: str) -> None:
    assert_agree(text)


@given(tables().map("".join))
def test_on_well_formed_files(text: str) -> None:
    assert_agree(text)


@pytest.mark.parametrize("quote_all", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_a_well_formed_file_takes_the_fast_way(quote_all: bool, end: str, last: bool) -> None:
    """Else the tests above could pass with a reader that always declines."""
    rows = [["o-1", "Plain", "school"], ["o-2", "With, comma" if quote_all else "José", ""]]
    out = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, lineterminator=end, quoting=quoting).writerows([["sourcedId", "name", "type"], *rows])
    data = (out.getvalue() if last else out.getvalue().removesuffix(end)).encode()
    frame = read_fast(data, header_of(data))
    assert frame is not None
    assert frame.rows() == [("o-1", "Plain", "school", 2), ("o-2", rows[1][1], None, 3)]


DECLINED = {
    "a short row": "o-1,x\no-2,y,z\n",
    "a long row": "o-1,x,y,z\no-2,y,z\n",
    "a short row beside a long one": "o-1,x\no-2,x,y,z\n",
    "a blank line between rows": "o-1,x,y\n\no-2,y,z\n",
    "a line break in quotes": 'o-1,"x\nx",y\n',
    "a quote inside a value": 'o-1,5" x,y\n',
    "a quote that is not closed": 'o-1,"x,y\n',
    "a sign after a closing quote": 'o-1,"x"x,y\n',
    "a space before a quote": 'o-1, "x",y\n',
    "a carriage return alone": "o-1,x\rx,y\n",
    "a carriage return alone at the end of a cell": "o-1,x\r,y\n",
    "a carriage return in the last cell": "o-1,x,y\r\no-2,x,y\ry\no-3,x,y\r\n",
    "a byte order mark before the first row": "\ufeffo-1,x,y\n",
    "a byte order mark on a line of its own, after quotes": '"o-1",x,y\n\ufeff',
    "a byte order mark before the first row, and quotes": '\ufeffo-1,"x",y\n',
    "mixed line ends": "o-1,x,y\no-2,x,y\r\n",
    "a row of empty cells": "o-1,x,y\n,,\n",
}


@pytest.mark.parametrize("last", ["type", "unknown"])
@pytest.mark.parametrize("body", DECLINED.values(), ids=DECLINED.keys())
def test_the_fast_reader_declines(body: str, last: str) -> None:
    data = (f"sourcedId,name,{last}\n" + body).encode()
    assert read_fast(data, header_of(data)) is None
