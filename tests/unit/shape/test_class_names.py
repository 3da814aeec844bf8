"""Class names that are unique (C8): which classes are renamed, into what, and that names do not flap."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.model.byhand import HandRecord
from homeroom.model.snapshot import Snapshot
from homeroom.products.rules import Rules
from homeroom.shape.names import key_of
from tests.builders.oneroster import klass
from tests.builders.snapshots import operations, plan_of, snapshot
from tests.unit.shape.shaping import shaped, state_of, told, values

ON, CLASH = Rules(class_names="on"), Rules(class_names="where they clash")


def classes(*rows: Any, **titles: str) -> Snapshot:
    return snapshot(classes=[*rows, *(klass(id, title=title) for id, title in titles.items())])


def names(source: Snapshot, rules: Rules, state: Any = None, **more: Any) -> dict[str, str]:
    return values(shaped(source, rules, state, **more), "classes", "title")


def by_hand(title: str, school: str = "school-1", source_id: str = "hand:1") -> HandRecord:
    return HandRecord("classes", "0" * 24, source_id, "active", "somebody", "2026-09-01T00:00:00Z",
                      fields={"title": title, "school": school, "type": "scheduled"})


# ---------------------------------------------------------------- on

def test_every_class_name_carries_its_id() -> None:
    desired = shaped(classes(klass("12345", title="Classroom1"), b="Art"), ON)
    assert values(desired, "classes", "title") == {"12345": "Classroom1 - 12345", "b": "Art - b"}
    assert values(desired, "classes", "source_title") == {"12345": "Classroom1", "b": "Art"}
    assert told(desired, "PRD-03") == [("12345", "Classroom1 - 12345", "every class name carries its id"),
                                       ("b", "Art - b", "every class name carries its id")]


@pytest.mark.parametrize(("title", "id", "name"), [
    ("T" * 255, "12345", "T" * 247 + " - 12345"),
    ("T" * 247, "12345", "T" * 247 + " - 12345"),
    ("T" * 246 + " U", "12345", "T" * 246 + " - 12345"),
    ("Title", "9" * 251, "T - " + "9" * 251),
    ("Title", "9" * 252, "9" * 252),
    ("Title", "9" * 255, "9" * 255),
])
def test_a_long_title_is_cut_and_the_id_never(title: str, id: str, name: str) -> None:
    assert names(classes(klass(id, title=title)), ON) == {id: name}
    assert len(name) <= 255


def test_a_name_is_told_once() -> None:
    source = classes(a="Art", b="Art")
    assert told(shaped(source, ON, state_of(source, ON)), "PRD-03") == []
    assert [id for id, _, _ in told(shaped(classes(a="Art", b="Music"), ON, state_of(source, ON)), "PRD-03")] == ["b"]


def test_off_gives_the_names_of_the_sis_back() -> None:
    source = classes(a="Art", b="Music")
    plan = plan_of(source, state_of(source, ON), rules=Rules(needs_grades=True))
    assert {o["source_id"]: o["after"]["title"] for o in operations(plan, "classes", "update")} == {
        "a": "Art", "b": "Music"}
    assert plan.next_state["classes"]["source_title"].null_count() == 2


# ---------------------------------------------------------------- where they clash

def test_all_classes_with_one_name_in_a_school_get_their_ids() -> None:
    source = classes(klass("d", title="Art", schoolSourcedId="school-2"),
                     klass("e", title="Art", termSourcedIds="sem-2"), a="Art", b="Art", c="Music")
    assert names(source, CLASH) == {"a": "Art - a", "b": "Art - b", "c": "Music", "d": "Art", "e": "Art - e"}


@pytest.mark.parametrize("other", ["art", "ART ", "A r t", "Ａｒｔ", "Art\u00a0", "Árt"])
def test_names_that_look_the_same_clash(other: str) -> None:
    """NFKC, without case, spaces collapsed and trimmed."""
    clash = key_of(other) == "art"
    assert clash is (other not in ("A r t", "Árt"))
    assert names(classes(a="Art", b=other), CLASH)["a"] == ("Art - a" if clash else "Art")


def test_a_class_made_by_hand_takes_part_and_the_same_class_does_not_clash_with_itself() -> None:
    source = classes(a="Art", b="Music")
    assert names(source, CLASH, hand=[by_hand("art")]) == {"a": "Art - a", "b": "Music"}
    assert names(source, CLASH, hand=[by_hand("Art", school="school-2")])["a"] == "Art"
    assert names(source, CLASH, hand=[by_hand("Art", source_id="a")])["a"] == "Art"


def test_a_title_that_looks_like_a_new_name_gets_its_id_too() -> None:
    assert names(classes(a="Art", b="Art", c="Art - a", d="Art - a - c"), CLASH) == {
        "a": "Art - a", "b": "Art - b", "c": "Art - a - c", "d": "Art - a - c - d"}


def test_a_name_stays_when_the_clash_has_ended_and_goes_with_its_title() -> None:
    state = state_of(classes(a="Art", b="Art"), CLASH)
    ended = classes(a="Art", b="Music")
    assert names(ended, CLASH, state) == {"a": "Art - a", "b": "Music"}
    later = state_of(ended, CLASH, state)
    assert operations(plan_of(ended, later, rules=CLASH)) == []
    assert names(classes(a="Drawing", b="Music"), CLASH, later) == {"a": "Drawing", "b": "Music"}


def test_a_class_that_comes_meets_the_title_of_one_that_was_renamed() -> None:
    state = state_of(classes(a="Art", b="Art"), CLASH)
    assert names(classes(a="Art", c="Art"), CLASH, state) == {"a": "Art - a", "c": "Art - c"}


def test_a_class_in_error_takes_part_and_is_renamed_like_any_other() -> None:
    state = state_of(classes(a="Art"), CLASH)
    broken = classes(klass("a", title="", classType=""), b="Art")
    plan = plan_of(broken, state, rules=CLASH)
    assert {o["source_id"]: o["after"]["title"] for o in operations(plan, "classes")} == {
        "a": "Art - a", "b": "Art - b"}
    assert operations(plan_of(broken, plan.next_state, rules=CLASH)) == []


def test_the_order_of_rows_does_not_matter() -> None:
    titles = {"a": "Art", "b": "art", "c": "Art - a", "d": "Music"}
    backwards = dict(reversed(list(titles.items())))
    assert names(classes(**titles), CLASH) == names(classes(**backwards), CLASH)
