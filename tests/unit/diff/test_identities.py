"""Identity links: a value means a person only while exactly one person, archived ones included, has it."""

from __future__ import annotations

from homeroom.model.ids import mint
from homeroom.model.plan import LinkImage, Repairs
from homeroom.model.snapshot import Snapshot
from tests.builders.oneroster import guardian, student, teacher
from tests.builders.snapshots import ROSTER, applied, first_day, operations, plan_of, snapshot


def person(source_id: str) -> str:
    return mint(ROSTER, "people", source_id)


def bare(*students: dict[str, str], **more: object) -> Snapshot:
    return snapshot(teachers=[], students=students, enrollments=[], **more)  # type: ignore[arg-type]


def links(plan: object) -> dict[str, tuple[str, str]]:
    """Value → (operation, person)."""
    return {o["source_id"]: (o["op"], o["id"]) for o in operations(plan, "identities")}  # type: ignore[arg-type]


def test_a_student_is_found_by_source_id_number_and_username_and_a_teacher_by_address_too() -> None:
    plan = plan_of(snapshot(students=[student("s-1", username="Jo.S")],
                            teachers=[teacher("t-1", email="T1@Sample.example")]))
    assert links(plan) == {
        "sourced_id#s-1": ("link", person("s-1")), "identifier#number-s-1": ("link", person("s-1")),
        "username#jo.s": ("link", person("s-1")), "sourced_id#t-1": ("link", person("t-1")),
        "identifier#number-t-1": ("link", person("t-1")), "username#user.t-1": ("link", person("t-1")),
        "email#t1@sample.example": ("link", person("t-1")),
    }


def test_source_ids_and_numbers_are_compared_exactly() -> None:
    plan = plan_of(bare(student("A", username="u1", identifier="n"), student("a", username="u2", identifier="N")))
    assert {value for value in links(plan) if "username" not in value} == {
        "sourced_id#A", "sourced_id#a", "identifier#n", "identifier#N",
    }


def test_a_value_that_two_people_have_means_nobody() -> None:
    plan = plan_of(bare(student("s-1", identifier="7"), student("s-2", identifier="7")))
    assert "identifier#7" not in links(plan)


def test_a_link_is_removed_when_a_second_holder_comes_and_returns_when_the_value_is_single_again() -> None:
    one = applied(bare(student("s-1", identifier="7")))
    second = plan_of(bare(student("s-1", identifier="7"), student("s-2", identifier="7")), one)
    assert links(second)["identifier#7"] == ("unlink", person("s-1"))
    third = plan_of(bare(student("s-1", identifier="7"), student("s-2", identifier="8")), second.next_state)
    assert links(third) == {"identifier#7": ("link", person("s-1")), "identifier#8": ("link", person("s-2"))}


def test_guardians_who_share_a_name_have_no_link_by_it() -> None:
    plan = plan_of(bare(student("s-1"), guardians=[guardian("g-1", username="fam"), guardian("g-2", username="FAM")]))
    assert "username#fam" not in links(plan)


def test_an_archived_person_still_holds_the_name() -> None:
    gone = plan_of(bare(student("s-2")), applied(bare(student("s-1", username="jo"), student("s-2")))).next_state
    plan = plan_of(bare(student("s-2"), student("s-3", username="jo")), gone)
    assert links(plan)["username#jo"] == ("unlink", person("s-1"))


def test_an_archived_person_keeps_the_links() -> None:
    assert links(plan_of(snapshot(students=[student("s-1")]), first_day())) == {}


def test_a_moved_name_tells_who_had_it() -> None:
    old = applied(bare(student("s-1", username="jo"), student("s-2", username="al")))
    plan = plan_of(bare(student("s-1", username="al"), student("s-2", username="jo")), old)
    moved = {o["source_id"]: (o["id"], o["before"]) for o in operations(plan, "identities")}
    assert moved == {
        "username#al": (person("s-1"), {"person": person("s-2")}),
        "username#jo": (person("s-2"), {"person": person("s-1")}),
    }


def test_a_new_name_leaves_the_old_one() -> None:
    plan = plan_of(bare(student("s-1", username="new")), applied(bare(student("s-1", username="old"))))
    assert links(plan) == {"username#new": ("link", person("s-1")), "username#old": ("unlink", person("s-1"))}
    assert [o["op"] for o in operations(plan)] == ["update", "link", "unlink"]


def test_a_teacher_who_becomes_a_student_is_no_longer_found_by_address() -> None:
    plan = plan_of(bare(student("x")), applied(bare({**student("x"), "role": "teacher"})))
    assert links(plan) == {"email#x@sample.example": ("unlink", person("x"))}


def test_changes_of_other_fields_leave_the_links_alone() -> None:
    plan = plan_of(snapshot(students=[student("s-1", phone="1"), student("s-2")]), first_day())
    assert links(plan) == {}
    assert plan.size == 1


def test_a_person_in_error_keeps_the_links() -> None:
    plan = plan_of(snapshot(students=[student("s-1", username=""), student("s-2")]), first_day())
    assert links(plan) == {}


def test_values_with_signs_are_links_like_any_other() -> None:
    plan = plan_of(bare(student("s#1|x", username="Ünï#cöde", identifier="a,b")))
    assert set(links(plan)) == {"sourced_id#s#1|x", "username#ünï#cöde", "identifier#a,b"}


def test_a_dirty_link_is_compared_with_the_table() -> None:
    """An interrupted run wrote one link and did not write another."""
    dirty = Repairs(links=(LinkImage("username#user.s-1", person("s-2")), LinkImage("username#user.s-2", None),
                           LinkImage("username#stray", person("s-1")), LinkImage("username#user.t-1", person("t-1"))))
    plan = plan_of(snapshot(), first_day(), repairs=dirty)
    assert links(plan) == {
        "username#user.s-1": ("link", person("s-1")), "username#user.s-2": ("link", person("s-2")),
        "username#stray": ("unlink", person("s-1")),
    }
    before = {o["source_id"]: o["before"] for o in operations(plan, "identities")}
    assert before["username#user.s-1"] == {"person": person("s-2")}
    assert before["username#user.s-2"] is None


def test_every_legacy_id_of_a_person_means_that_person() -> None:
    both = "{sisId:7},{legacyId:old-teacher},{legacyId:old-staff},{stateId:9}"
    plan = plan_of(bare(student("s-1", userIds=both), student("s-2", userIds="{sisId:8}")))
    assert {value: link for value, link in links(plan).items() if value.startswith("legacy_id")} == {
        "legacy_id#old-teacher": ("link", person("s-1")), "legacy_id#old-staff": ("link", person("s-1")),
    }


def test_a_legacy_id_of_two_people_means_nobody() -> None:
    two = [student("s-1", userIds="{legacyId:same},{legacyId:own}"), student("s-2", userIds="{legacyId:same}")]
    assert {value for value in links(plan_of(bare(*two))) if value.startswith("legacy_id")} == {"legacy_id#own"}


def test_a_legacy_id_that_goes_is_unlinked_and_the_others_stay() -> None:
    old = applied(bare(student("s-1", userIds="{legacyId:a},{legacyId:b}")))
    plan = plan_of(bare(student("s-1", userIds="{legacyId:b}")), old)
    assert links(plan) == {"legacy_id#a": ("unlink", person("s-1"))}


def test_an_id_of_another_kind_is_no_legacy_id() -> None:
    plan = plan_of(bare(student("s-1", userIds="{myLegacyId:x},legacyId:y,{legacyId:}")))
    assert not any(value.startswith("legacy_id") for value in links(plan))
