"""Full read = events replayed on the earlier state (requirement B5), whatever happened in between and in which runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.check import check
from homeroom.model.snapshot import LINE
from tests.builders.amount import examples
from tests.builders.oneroster import district, small_district
from tests.fakes.clever_server import serving
from tests.reading.clever.lab import Lab, rows

Change = tuple[str, int, int]


def some(lab: Lab, kind: str, number: int) -> str | None:
    """One of the ids that the district has in its SIS, shared or not."""
    ids = sorted(lab.district._everything[kind])
    return ids[number % len(ids)] if ids else None


def add_student(lab: Lab, number: int, other: int) -> None:
    school, section = some(lab, "schools", other), some(lab, "sections", other)
    if school is None or section is None:
        return
    role = {"school": school, "schools": [school], "sis_id": f"new-{number}", "grade": str(number % 12 + 1)}
    name = {"first": "Test", "last": f"New {number}"}
    one = lab.district.add("users", f"new-{number}", name=name, roles={"student": role})
    told = lab.district._everything["sections"][section]["students"]
    lab.district.update("sections", section, students=sorted({*told, one}))


def add_section(lab: Lab, number: int, other: int) -> None:
    school = some(lab, "schools", other)
    if school is not None:
        people = sorted(u for u, said in lab.district._everything["users"].items() if "student" in said["roles"])
        teachers = [u for u, said in lab.district._everything["users"].items() if "teacher" in said["roles"]][:2]
        lab.district.add("sections", f"sec-{number}", name=f"Section {number}", school=school, grade="5", subject="",
                         course=some(lab, "courses", number), term_id=some(lab, "terms", other), section_number="",
                         teacher=teachers[0] if teachers else None, teachers=teachers, period="",
                         students=people[:other])


def update(lab: Lab, number: int, other: int) -> None:
    if one := some(lab, "users", number):
        lab.district.update("users", one, email=f"{other}@sample.example")


def rename_section(lab: Lab, number: int, other: int) -> None:
    if one := some(lab, "sections", number):
        lab.district.update("sections", one, name=f"Named {other}", term_id=some(lab, "terms", other))


def change_term(lab: Lab, number: int, other: int) -> None:
    if one := some(lab, "terms", number):
        lab.district.update("terms", one, name=f"Term {other}", end_date=f"2027-{other % 12 + 1:02d}-01")


def rename_term(lab: Lab, number: int, other: int) -> None:
    if one := some(lab, "terms", number):
        lab.district.rename_term(one, f"{number} {other}")


def add_role(lab: Lab, number: int, other: int) -> None:
    one = some(lab, "users", number)
    if one and not {"student", "contact"} & set(lab.district._everything["users"][one]["roles"]):
        lab.district.update_role(one, ("staff", "district_admin")[other % 2], schools=[], title=f"T{other}")


def drop_role(lab: Lab, number: int, other: int) -> None:
    if one := some(lab, "users", number):
        roles = sorted(lab.district._everything["users"][one]["roles"])
        lab.district.drop_role(one, roles[other % len(roles)])


def relate(lab: Lab, number: int, other: int) -> None:
    contacts = sorted(u for u, said in lab.district._everything["users"].items() if "contact" in said["roles"])
    if contacts:
        one = contacts[number % len(contacts)]
        told = lab.district._everything["users"][one]["roles"]["contact"]["student_relationships"]
        kind = ("Emergency", "Family")[other % 2]
        lab.district.update_role(one, "contact", student_relationships=[{**r, "type": kind} for r in told])


def unshare(lab: Lab, number: int, other: int) -> None:
    kind = ("schools", "sections", "users")[other % 3]
    if one := some(lab, kind, number):
        lab.district.unshare(kind, one)


def reshare(lab: Lab, number: int, other: int) -> None:
    hidden = sorted(lab.district._hidden)
    if hidden:
        lab.district.reshare(*hidden[number % len(hidden)])


def remove(lab: Lab, number: int, other: int) -> None:
    kind = ("users", "sections", "courses")[other % 3]
    if one := some(lab, kind, number):
        lab.district.remove(kind, one)


def sync(lab: Lab, number: int, other: int) -> None:
    lab.world.clock.tick(60)
    lab.district.sync()


def apply_run(lab: Lab, number: int, other: int) -> None:
    """A run in between: applied or not."""
    if lab.district.shared["users"]:
        lab.poll()
        if other % 3:
            lab.commit()
        else:
            lab.drop()


CHANGES: dict[str, Callable[[Lab, int, int], None]] = {
    f.__name__: f for f in (add_student, add_section, update, rename_section, change_term, rename_term, add_role,
                            drop_role, relate, unshare, reshare, remove, sync, apply_run)
}
changes = st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 20), st.integers(0, 20)),
                   min_size=1, max_size=8)


def canonical(snapshot: Any) -> dict[str, set[str]]:
    """What check makes of it, issues too; how many contacts were left out is only counted by a full read."""
    checked = check(snapshot)
    found = {n: {str(row) for row in e.records.drop(LINE).iter_rows()} for n, e in checked.entities.items()}
    told = checked.issues.filter(checked.issues["code"] != "SRC-19").select("code", "entity", "source_id", "column")
    return {**found, "issues": {str(row) for row in told.iter_rows()}}


@settings(max_examples=examples(6, full=15))
@given(changes)
def test_events_on_the_earlier_state_give_what_a_full_read_gives(happened: list[Change]) -> None:
    lab = Lab(district(small_district()).with_guardian("g-2", of="s-2").files, page_size=50)
    with serving(lab.clever):
        lab.district.sync()
        lab.applied_full()
        for name, number, other in happened:
            CHANGES[name](lab, number, other)
        if not lab.district.shared["users"]:
            return
        about = lab.poll()
        assert about.shape == "steps"
        by_events = lab.snapshot()
        lab.drop()
        lab.poll(full=True)
        in_full = lab.snapshot()
    assert rows(by_events) == rows(in_full)
    assert by_events.content_hash == in_full.content_hash
    assert {s: f.columns for s, f in by_events.frames.items()} == {s: f.columns for s, f in in_full.frames.items()}
    assert by_events.may_lack == in_full.may_lack
    assert canonical(by_events) == canonical(in_full)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_each_kind_of_change_does_something(name: str) -> None:
    """Else the law above would hold of nothing."""
    lab = Lab(small_district(), page_size=50)
    with serving(lab.clever):
        lab.district.sync()
        lab.applied_full()
        lab.district.update_role(lab.district.id_of("users", "t-1"), "staff", schools=[])
        lab.district.unshare("schools", lab.district.id_of("schools", "school-2"))
        before = len(lab.district.events), lab.run
        for number in range(20):
            CHANGES[name](lab, number, number + 1)
        assert (len(lab.district.events), lab.run) != before
