"""The exact reader: which physical line, which row is unusable, and where a file stops being CSV."""

from __future__ import annotations

import pytest

from homeroom.errors import SourceUnusable
from homeroom.read.csv_exact import read_exact
from homeroom.read.header import read_header
from homeroom.read.layout import layout_of

HEADER = "sourcedId,name,type\n"


def rows(body: str, header: str = HEADER) -> list[dict[str, object]]:
    data = (header + body).encode()
    return read_exact(data, read_header(data, layout_of("orgs"), "orgs.csv"), "orgs.csv").to_dicts()


def refused(body: str) -> SourceUnusable:
    with pytest.raises(SourceUnusable) as caught:
        rows(body)
    assert caught.value.issue_code == "FIL-02"
    return caught.value


def test_c05_quoted_commas_doubled_quotes_and_other_letters_survive() -> None:
    assert rows('o-1,"Zoë ""the"" school, east",学校\n') == [
        {"sourcedId": "o-1", "name": 'Zoë "the" school, east', "type": "学校", "_line": 2}]


def test_a_value_with_a_line_break_keeps_it_and_lines_go_on_counting() -> None:
    found = rows('o-1,"one\r\ntwo\nthree",x\no-2,y,z\n')
    assert found[0]["name"] == "one\r\ntwo\nthree"
    assert [row["_line"] for row in found] == [2, 5]


def test_blank_lines_and_rows_of_blank_cells_are_no_rows_but_lines() -> None:
    assert [row["_line"] for row in rows("\n  \no-1,x,y\n,,\n\no-2,x,y\n\n")] == [4, 7]


def test_lines_count_from_the_top_of_the_file() -> None:
    assert [row["_line"] for row in rows("o-1,x,y\n", header="\n\n" + HEADER)] == [4]


@pytest.mark.parametrize("row", ["o-2,x", "o-2,Smith, Jr,x", "o-2"])
def test_t44_a_row_with_too_few_or_too_many_cells_is_marked_and_the_others_are_read(row: str) -> None:
    found = rows(f"o-1,x,y\n{row}\no-3,x,y\n")
    assert [(r["sourcedId"], r["_line"], r["_problem"]) for r in found] == [
        ("o-1", 2, None), ("o-2", 3, "FIL-11"), ("o-3", 4, None)]


def test_a_file_without_ragged_rows_has_no_mark() -> None:
    assert "_problem" not in rows("o-1,x,y\n")[0]


def test_cells_are_trimmed_and_blank_ones_are_null() -> None:
    assert rows(' o-1\t,\u00a0x y\u00a0," "\n') == [{"sourcedId": "o-1", "name": "x y", "type": None, "_line": 2}]


def test_a_space_before_a_quote_does_not_hide_it() -> None:
    assert rows('o-1, "x, y",z\n')[0]["name"] == "x, y"


def test_a_quote_inside_a_value_is_a_letter() -> None:
    assert rows('o-1,5" pipe,The "old" one\n')[0]["name"] == '5" pipe'


def test_a_sign_after_a_closing_quote_is_refused_with_its_line() -> None:
    error = refused('o-1,x,y\no-2,"x"y,z\no-3,x,y\n')
    assert "line 3" in error.text


def test_a_quote_that_is_never_closed_is_refused_with_the_line_where_it_opens() -> None:
    error = refused('o-1,x,y\no-2,"Main St,z\n' + "o-3,x,y\n" * 5)
    assert "line 3 do not match (found out at line 8)" in error.text


SWALLOWING = {
    "one row": 'o-2,"Main St,a\no-3,Oak St",b\n',
    "many rows": 'o-2,"Main St,a\n' + "o-9,x,y\n" * 20 + 'o-3,Oak St",b\n',
    "rows that then have another width": 'o-2,"Main St,a\no-3",b,c\n',
}


@pytest.mark.parametrize("body", SWALLOWING.values(), ids=SWALLOWING.keys())
def test_stray_quotes_that_swallow_rows_are_refused_because_the_rows_would_seem_gone(body: str) -> None:
    assert "line 3" in refused("o-1,x,y\n" + body).text


def test_messages_hold_no_cell() -> None:
    assert "Main" not in str(refused('o-2,"Main St,z\n'))


def test_more_rows_than_one_batch_keep_order_and_lines() -> None:
    found = rows("".join(f"o-{n},x\n" for n in range(20_005)), header="sourcedId,name\n")
    assert [row["_line"] for row in found] == list(range(2, 20_007))
    assert found[-1]["sourcedId"] == "o-20004"
