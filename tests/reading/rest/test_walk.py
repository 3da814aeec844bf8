"""The page algorithm alone: what is asked next, what counts as whole, what as moved or torn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from homeroom.errors import SourceUnusable
from homeroom.read.oneroster_rest.pages import Page
from homeroom.read.oneroster_rest.walk import Moved, Uneven, Walk


def page(ids: Sequence[int], total: int | None = None, *, more: bool | None = None) -> Page:
    marks = b"".join(hashlib.blake2b(b"%d" % one, digest_size=8).digest() for one in ids)
    return Page(len(ids), b"".join(b"%d\n" % one for one in ids), marks, total, None, more)


def heard(walk: Walk, *answers: tuple[int, Page]) -> Walk:
    for offset, one in answers:
        walk.take(offset, one)
    return walk


def asked(walk: Walk, width: int) -> list[int]:
    """The offsets that are asked for while no answer comes."""
    waiting: list[int] = []
    while len(waiting) < width and (offset := walk.next_offset(waiting)) is not None:
        waiting.append(offset)
    return waiting


def test_nothing_goes_out_beside_the_first_page() -> None:
    assert asked(Walk(100), 5) == [0]


def test_c35_the_first_page_tells_the_real_size_and_the_total_how_many_follow() -> None:
    assert asked(heard(Walk(100), (0, page(range(4), 14))), 9) == [4, 8, 12]


def test_pages_that_come_as_they_must_end_behind_the_total() -> None:
    walk = heard(Walk(4), (0, page(range(4), 10)), (4, page(range(4, 8), 10)), (8, page([8, 9], 10)))
    assert (walk.whole, asked(walk, 5)) == (False, [10])
    assert not walk.take(10, page([], 10))
    assert walk.whole


def test_link_can_say_that_nothing_follows() -> None:
    assert heard(Walk(4), (0, page(range(3), 3, more=False))).whole
    assert not heard(Walk(4), (0, page(range(3), 3, more=True))).whole


@pytest.mark.parametrize("records", [0, 1, 3, 5])
def test_a_page_that_is_not_full_makes_the_collection_be_read_again_one_by_one(records: int) -> None:
    walk = heard(Walk(4), (0, page(range(4), 12)))
    with pytest.raises(Uneven):
        walk.take(4, page(range(4, 4 + records), 12))
    assert asked(walk.again(), 5) == [0]


def test_a_last_page_that_is_not_exactly_the_rest_does_so_too() -> None:
    with pytest.raises(Uneven):
        heard(Walk(4), (0, page(range(4), 6)), (4, page(range(4, 7), 6)))


def test_what_follows_behind_the_total_does_so_too() -> None:
    with pytest.raises(Uneven):
        heard(Walk(4), (0, page(range(4), 4)), (4, page([4], 4)))


def test_one_by_one_the_offset_is_what_was_received() -> None:
    walk = heard(Walk(4, one_by_one=True), (0, page(range(4), 9)), (4, page([4], 9)))
    assert asked(walk, 5) == [5]
    heard(walk, (5, page(range(5, 9), 9)), (9, page([], 9)))
    assert walk.whole


def test_a_total_that_is_not_reached_is_no_end() -> None:
    walk = heard(Walk(4, one_by_one=True), (0, page(range(4), 9)), (4, page([], 9)), (4, page([], 9)))
    with pytest.raises(SourceUnusable) as caught:
        walk.take(4, page([], 9))
    assert (caught.value.issue_code, "counts 9 records and sends 4" in caught.value.text) == ("SRC-04", True)


@pytest.mark.parametrize("behind", [[4], [4, 5, 6, 7]])
def test_a_total_that_is_passed_is_no_end(behind: list[int]) -> None:
    walk = heard(Walk(4, one_by_one=True), (0, page(range(4), 4)))
    with pytest.raises(SourceUnusable, match="counts 4 records"):
        walk.take(4, page(behind, 4))


def test_c36_without_a_total_pages_are_asked_for_in_windows_that_grow() -> None:
    walk = heard(Walk(100), (0, page(range(4))))
    assert asked(walk, 9) == [4]
    walk.take(4, page(range(4, 8)))
    assert asked(walk, 9) == [8, 12]


def test_c36_a_short_page_without_a_total_is_the_end_only_if_nothing_follows() -> None:
    walk = heard(Walk(4), (0, page(range(4))), (4, page([4])))
    assert asked(walk, 5) == [5]
    assert heard(walk, (5, page([]))).whole
    with pytest.raises(Uneven):
        heard(Walk(4), (0, page(range(4))), (4, page([4])), (5, page([5])))


def test_c37_an_empty_page_without_a_total_is_asked_for_again_and_one_behind_it() -> None:
    walk = heard(Walk(4), (0, page(range(4))), (4, page([])))
    assert asked(walk, 5) == [4, 8]
    assert heard(walk, (4, page([])), (8, page([]))).whole


def test_an_empty_page_that_was_a_moment_of_weakness_is_read_on_one_by_one() -> None:
    walk = heard(Walk(4, one_by_one=True), (0, page(range(4))), (4, page([])))
    assert asked(walk, 5) == [4]
    assert walk.take(4, page(range(4, 6)))
    assert asked(walk, 5) == [6]


def test_an_empty_page_with_records_behind_it_is_no_end() -> None:
    walk = heard(Walk(4, one_by_one=True), (0, page(range(4))), (4, page([])), (4, page([])))
    with pytest.raises(SourceUnusable, match="records follow behind it"):
        walk.take(8, page(range(8, 12)))


def test_an_empty_collection_is_asked_for_again_and_one_page_behind() -> None:
    walk = heard(Walk(4), (0, page([])))
    assert asked(walk, 5) == [0, 4]
    assert heard(walk, (0, page([])), (4, page([]))).whole


def test_a_first_page_that_came_empty_once_is_not_the_end() -> None:
    assert not heard(Walk(4), (0, page([], 4))).whole
    assert heard(Walk(4), (0, page([], 4)), (0, page(range(4), 4)), (4, page([], 4))).whole


def test_c38_a_total_that_changes_means_that_the_source_moved() -> None:
    with pytest.raises(Moved):
        heard(Walk(4), (0, page(range(4), 12)), (4, page(range(4, 8), 13)))


def test_c38_a_total_that_differs_in_the_second_reading_means_so_too() -> None:
    with pytest.raises(Moved):
        heard(heard(Walk(4), (0, page(range(4), 12))).again(), (0, page(range(4), 13)))


@pytest.mark.parametrize("total", [12, None])
@pytest.mark.parametrize("one_by_one", [True, False])
def test_c37_the_same_page_for_another_offset_is_told(total: int | None, one_by_one: bool) -> None:
    with pytest.raises(SourceUnusable, match="the same page for different offsets"):
        heard(Walk(4, one_by_one=one_by_one), (0, page(range(4), total)), (4, page(range(4), total)))


def test_a_service_that_ignores_an_offset_behind_the_end_is_whole_by_its_total() -> None:
    walk = heard(Walk(4), (0, page(range(3), 3)))
    assert not walk.take(3, page(range(3), 3))
    assert walk.whole


def test_repeats_are_read_again_and_taken_if_they_come_again() -> None:
    walk = Walk(4)
    assert walk.settled("")
    assert not walk.settled("a mark")
    assert walk.again("a mark").settled("a mark")
    with pytest.raises(Moved):
        walk.again("a mark").settled("another")


def test_repeats_that_are_gone_need_a_total_as_proof() -> None:
    with pytest.raises(Moved):
        Walk(4).again("a mark").settled("")
    assert Walk(4, total=9).again("a mark").settled("")
