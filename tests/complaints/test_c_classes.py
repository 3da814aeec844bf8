"""Complaints about classes at Clever: empty, missing, merged, without teachers. Numbers are of `complaints_c`."""

from __future__ import annotations

import pytest

from homeroom.errors import Refused
from homeroom.model.run import RunRecord
from tests.builders.oneroster import district
from tests.complaints.small_clever import HOW, asked
from tests.conformance.lab import CleverLab, clever, codes, tripped
from tests.unit.support.asking import BY, do


def of_class(lab: CleverLab, section: str, status: str = "active") -> dict[str, str]:
    """Person → role in a class, made by hand or not."""
    return {i["person"]: i["role"] for i in lab.world.roster.items.values() if i.get("entity") == "enrollments"
            and "shard" in i and i["status"] == status and i["class"] == section}


def hold_of(lab: CleverLab, section: str) -> RunRecord:
    lab.district.update("sections", section, students=[])
    return lab.run()


def test_c3_a_class_that_came_without_students_is_told_with_both_counts(lab: CleverLab) -> None:
    section = lab.id("sections", "c-4")
    hold_of(lab, section)
    members = asked(lab, "explain", entity="classes", record=section)["members"]
    assert (members["source"], members["here"], members["former"]) == ({"teacher": 1}, {"teacher": 1}, 2)


def test_c3_students_who_are_at_clever_and_not_here_are_counted_with_why(lab: CleverLab) -> None:
    section, school = lab.id("sections", "c-4"), lab.id("schools", "school-2")
    roles = {"wizard": {"school": school}}
    odd = lab.district.add("users", "s-odd", name={"first": "Test", "last": "Odd"}, roles=roles)
    there = lab.district.shared["sections"][section]["students"]
    lab.district.update("sections", section, students=[*there, odd])
    assert codes(lab.run())["FLD-07"] == 1
    members = asked(lab, "explain", entity="classes", record=section)["members"]
    assert (members["source"]["student"], members["here"]["student"]) == (3, 2)
    [why_not] = members["missing"]
    assert f"its person {odd} is in error: FLD-07" in why_not


def test_c3_a_class_that_loses_all_students_is_never_called_synced() -> None:
    grown = district()
    for n in range(20, 25):
        grown = grown.with_student(f"s-{n}", classes=["c-1"])
    with clever(grown.files) as lab:
        lab.run()
        section = lab.id("sections", "c-1")
        before = of_class(lab, section)
        held = hold_of(lab, section)
        assert (held.outcome, tripped(held), lab.status) == ("held", ["GRD-05"], "on hold: review")
        assert of_class(lab, section) == before


@pytest.mark.parametrize("how", HOW)
def test_c5_who_left_a_class_is_taken_out_by_itself_and_shown_as_left(lab: CleverLab, how: dict[str, bool]) -> None:
    section, gone = lab.id("sections", "c-1"), lab.id("users", "s-1")
    stay = [one for one in lab.district.shared["sections"][section]["students"] if one != gone]
    lab.district.update("sections", section, students=stay)
    assert lab.run(**how).outcome == "applied"
    assert gone not in of_class(lab, section)
    assert of_class(lab, section, "archived") == {gone: "student"}
    shown = {one["class"]: one["status"] for one in asked(lab, "person", identity=gone)["people"][0]["classes"]}
    assert shown == {section: "archived", lab.id("sections", "c-2"): "active"}


def test_c6_a_class_of_the_roster_is_not_merged_away_for_good(lab: CleverLab) -> None:
    """Somebody puts the students of c-2 into c-1 and removes c-2: it is back, with everybody who came since."""
    one, two = lab.id("sections", "c-1"), lab.id("sections", "c-2")
    before, pupil = of_class(lab, two), lab.id("users", "s-6")
    with pytest.raises(Refused, match="of the SIS is not changed by hand"):
        asked(lab, "edit", entity="enrollments", record=f"{two}:{pupil}:student", fields={"class": one}, **BY)
    asked(lab, "create", entity="enrollments", fields={"class": one, "person": pupil, "role": "student"}, **BY)
    told = asked(lab, "archive", entity="classes", record=two, **BY)
    assert "The next run overrides it" in told["effect"]
    late = lab.id("users", "s-3")
    lab.district.update("sections", two, students=[*lab.district.shared["sections"][two]["students"], late])
    assert codes(lab.run())["MAN-04"] == 1
    assert two in {i["source_id"] for i in lab.world.roster.items.values()
                   if i.get("entity") == "classes" and "shard" in i and i["status"] == "active"}
    assert of_class(lab, two) == before | {late: "student"}


def why(lab: CleverLab, source_id: str) -> tuple[str, str, str]:
    told = asked(lab, "explain", entity="classes", record=lab.id("sections", source_id))
    return told["code"], told["next"]["owner"], told["sentence"] + " ".join(told["notes"])


def test_c11_a_class_that_the_district_does_not_share_says_so(lab: CleverLab) -> None:
    lab.district.unshare("sections", lab.id("sections", "c-3"))
    lab.run()
    code, owner, text = why(lab, "c-3")
    assert (code, owner) == ("archived", "district")
    assert "the source did not have it any more" in text


def test_c11_a_class_that_we_leave_out_says_by_which_choice(lab: CleverLab) -> None:
    asked(lab, "choose_schools", schools=[lab.id("schools", "school-1")], **BY)
    held = lab.run()
    assert (held.outcome, lab.approve(held).outcome) == ("held", "applied")
    code, owner, text = why(lab, "c-3")
    assert (code, owner) == ("left out", "vendor")
    assert "its school is not among the chosen ones" in text


def test_c11_a_class_without_a_teacher_is_taken_and_says_so(lab: CleverLab) -> None:
    lab.district.update("sections", lab.id("sections", "c-1"), teacher=None, teachers=[])
    assert codes(lab.run())["REF-05"] == 1
    code, _, text = why(lab, "c-1")
    assert code == "here"
    assert "REF-05: The class has no teacher" in text
    shown = asked(lab, "explain", record=lab.id("users", "t-1"))["classes"]
    assert [(one["here"], one["why"]) for one in shown] == [(False, "the source does not have it any more")]


def test_c25_a_class_whose_term_is_over_says_so_and_stays_while_it_is_shared(lab: CleverLab) -> None:
    lab.district.update("terms", lab.id("terms", "sem-1"), end_date="2026-08-20")
    assert lab.run().outcome == "applied"
    code, _, text = why(lab, "c-1")
    assert code == "here"
    assert "ended on 2026-08-20; a class stays as long as the source has it" in text


def test_c25_a_source_that_gives_nothing_for_days_is_told_by_the_daily_look(lab: CleverLab) -> None:
    lab.district.state = "pending"
    for _ in range(3):
        lab.world.clock.tick(24 * 3600)
        assert lab.run().code == "SRC-12"
    assert lab.status == "waiting for the district"
    told = do(lab.world, "stale")
    assert told["stale"] == ["clever"]


def test_c24_who_does_not_see_the_product_is_explained_by_what_the_district_shares(lab: CleverLab) -> None:
    """A student without any shared class is not shared at all: by far the most frequent cause."""
    gone = lab.id("users", "s-4")
    lab.district.unshare("sections", lab.id("sections", "c-4"))
    lab.run()
    told = asked(lab, "explain", record=gone)
    assert (told["here"], told["code"], told["next"]["owner"]) == (False, "archived", "district")
    assert "share it again; it comes back as the same person" in told["next"]["text"]


def test_c24_who_shares_a_sign_in_name_with_somebody_is_told_apart_from_who_is_not_here(lab: CleverLab) -> None:
    one = lab.id("users", "t-1")
    lab.district.update_role(lab.id("users", "t-2"), "teacher", credentials={"district_username": "user.t-1"})
    assert codes(lab.run())["DUP-03"] == 2
    told = asked(lab, "explain", record=one)
    assert (told["here"], told["next"]["owner"]) == (True, "district")
    assert "DUP-03" in told["sentence"]


@pytest.mark.parametrize("how", HOW)
def test_c30_every_teacher_of_a_section_is_in_the_class(lab: CleverLab, how: dict[str, bool]) -> None:
    section, teachers = lab.id("sections", "c-1"), [lab.id("users", one) for one in ("t-1", "t-2", "t-3")]
    lab.district.update("sections", section, teachers=teachers)
    assert lab.run(**how).outcome == "applied"
    assert {one for one, role in of_class(lab, section).items() if role == "teacher"} == {*teachers}


@pytest.mark.parametrize("line", ["Galileo", "Imagine Learning portal"])
def test_c30_a_co_teacher_added_by_hand_stays_across_syncs(line: str) -> None:
    with clever() as lab:
        lab.world.integrations.put(lab.world.integrations.get("clever").model_copy(update={"product_line": line}))
        lab.run()
        section, helper = lab.id("sections", "c-1"), lab.id("users", "t-3")
        asked(lab, "create", entity="enrollments", fields={"class": section, "person": helper, "role": "teacher"}, **BY)
        for day, how in enumerate((*HOW, *HOW)):
            lab.district.update("sections", section, name=f"Renamed {day}")
            assert lab.run(**how).outcome == "applied"
            assert of_class(lab, section)[helper] == "teacher"
        assert of_class(lab, section)[lab.id("users", "t-1")] == "teacher"
