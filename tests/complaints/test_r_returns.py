"""Complaints about removals, and about who came back and did not come back whole. Numbers are of `complaints_r`."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from homeroom.model.events import Started, Undo
from homeroom.model.run import RunRecord
from homeroom.support.operations import act
from tests.builders.oneroster import Files, district, small_district, student
from tests.builders.town import town
from tests.conformance.lab import CsvLab, RestLab, counts, rest, writes
from tests.fakes.oneroster_service import Service

TOWN = town({"school-1": 3})
"""63 people."""


def without(*people: str, files: Files | None = None) -> Files:
    """The district without these people and all that hangs on them."""
    left = small_district() if files is None else files
    users = [row | {"agentSourcedIds": "" if row.get("agentSourcedIds") in people else row.get("agentSourcedIds", "")}
             for row in left["users"] if row["sourcedId"] not in people]
    return left | {"users": users, "enrollments": [e for e in left["enrollments"] if e["userSourcedId"] not in people]}


def undone(lab: CsvLab, run: int, **only: Any) -> RunRecord:
    lab.world.clock.tick(60)
    asked = Undo.model_validate({"operation": "undo", "integration": "lab", "run": run, "only": only,
                                 "by": "support", "reason": "a wrong export"})
    return lab.end(Started.model_validate(act(asked, lab.world)))


@pytest.mark.parametrize("person", ["s-1", "t-3"])
def test_r2_who_is_removed_is_archived_and_comes_back_as_the_same_person(person: str) -> None:
    lab = CsvLab()
    before, id = lab.table, lab.items("people")[person]["id"]
    lab.lands(without(person))
    gone = lab.items("people", "archived")[person]
    assert (gone["id"], gone["family_name"]) == (id, before[gone["owner"], gone["member"]]["family_name"])
    back = lab.lands(small_district())
    assert counts(back, "people")["restored"] == 1
    assert counts(back, "people")["created"] == 0
    assert lab.table == before


def test_r11_who_left_is_archived_without_any_option_and_counted_by_reason() -> None:
    lab = CsvLab()
    record = lab.lands(without("s-4"))
    assert record.summary is not None
    assert lab.archived("people") == {"s-4"}
    assert record.summary["removals"]["people"] == {"absent": 1}
    assert record.summary["removals"]["enrollments"] == {"absent": 1}


def test_r19_comparing_deletes_nobody_and_writes_only_what_differs() -> None:
    lab = CsvLab()
    keys = {*lab.world.roster.items}
    one = district().with_cells("users", "s-1", grades="06").files
    assert writes(lab, lambda: lab.lands(one)) == 1
    lab.lands(without("s-2", files=one))
    assert keys <= {*lab.world.roster.items}
    assert lab.archived("people") == {"s-2"}


def test_r19_changes_alone_leave_everybody_who_is_not_in_them() -> None:
    lab = CsvLab()
    people = lab.active("people")
    record = lab.delta(users=[student("s-1", grades="06", status="active")])
    assert (counts(record, "people")["updated"], counts(record, "people")["archived"]) == (1, 0)
    assert lab.active("people") == people


def test_r20_additions_come_without_any_removal() -> None:
    lab = CsvLab()
    before = lab.active("people")
    lab.delta(users=[student("s-new", status="active")])
    assert (lab.active("people"), lab.archived("people")) == (before | {"s-new"}, set())


@pytest.mark.parametrize("quirks", [
    {"folder": "export/"}, {"newline": "\n"}, {"encoding": "utf-8-sig"}, {"quote_all": True}, {"manifest": False}])
def test_r20_the_same_files_in_another_form_are_the_same_roster(quirks: dict[str, Any]) -> None:
    lab = CsvLab()
    before = lab.table
    lab.lands(small_district(), **quirks)
    assert lab.table == before


def test_r21_adding_people_again_brings_back_everything_of_them() -> None:
    lab = CsvLab()
    before = lab.table
    lab.lands(without("s-1", "s-5", "g-1"))
    assert lab.archived("people") == {"s-1", "s-5", "g-1"}
    assert lab.archived("enrollments") == {"e-s-1-c-1", "e-s-1-c-2", "e-s-5-c-1"}
    back = lab.lands(small_district())
    assert counts(back, "enrollments")["restored"] == 3
    assert lab.table == before


def test_r22_a_link_that_stands_in_no_file_of_its_own_is_kept_while_the_student_names_it() -> None:
    lab = CsvLab()
    links = lab.items("contacts")
    assert len(links) == 1
    lab.lands(district().with_cells("users", "s-1", grades="06").files)
    lab.delta(enrollments=[{"sourcedId": "e-s-2-c-1", "status": "tobedeleted"}])
    lab.delta(users=[student("s-2", status="active", grades="07")])
    assert lab.items("contacts") == links


def test_r23_a_guardians_link_that_ended_comes_back_with_the_row_that_told_it() -> None:
    lab = CsvLab()
    links = lab.items("contacts")
    lab.lands(district().with_cells("users", "s-1", agentSourcedIds="").files)
    assert lab.items("contacts") == {}
    assert {item["id"] for item in lab.items("contacts", "archived").values()} == {i["id"] for i in links.values()}
    lab.lands(small_district())
    assert {one: item["id"] for one, item in lab.items("contacts").items()} == {
        one: item["id"] for one, item in links.items()}


def test_r29_old_accounts_come_back_by_one_operation_and_no_file() -> None:
    lab = CsvLab()
    before = lab.table
    wrong = lab.lands(without("s-1", "s-2", "t-3"))
    assert undone(lab, wrong.run).outcome == "applied"
    assert lab.archived("people") == set()
    assert lab.table == before


def test_r29_one_account_comes_back_and_the_others_stay_gone() -> None:
    lab = CsvLab()
    wrong = lab.lands(without("s-4", "s-7"))
    assert undone(lab, wrong.run, records=["s-4"]).outcome == "applied"
    assert lab.archived("people") == {"s-7"}
    assert "e-s-4-c-4" in lab.active("enrollments")


def test_r30_a_student_who_is_dropped_keeps_the_record_that_results_hang_on() -> None:
    lab = CsvLab()
    before = {entity: lab.items(entity) for entity in ("people", "classes", "terms")}
    lab.lands(without("s-4"))
    gone, dropped = lab.items("people", "archived")["s-4"], lab.items("enrollments", "archived")["e-s-4-c-4"]
    assert gone["id"] == before["people"]["s-4"]["id"]
    assert (dropped["person_id"], dropped["class"]) == (gone["id"], "c-4")
    assert (lab.items("classes"), lab.items("terms")) == (before["classes"], before["terms"])


def test_r37_who_drops_a_class_leaves_that_class_alone() -> None:
    lab = CsvLab()
    person = lab.items("people")["s-1"]
    files = district().without("enrollments", "e-s-1-c-2").files
    assert writes(lab, lambda: lab.lands(files)) == 1
    assert lab.archived("enrollments") == {"e-s-1-c-2"}
    assert (lab.items("people")["s-1"], "e-s-1-c-1" in lab.active("enrollments")) == (person, True)


@pytest.mark.parametrize("by", ["delta", "full"])
def test_r38_a_student_who_left_a_class_can_be_added_to_it_again(by: str) -> None:
    lab = CsvLab()
    before = lab.items("enrollments")["e-s-1-c-2"]
    lab.lands(district().without("enrollments", "e-s-1-c-2").files)
    row = next(row for row in small_district()["enrollments"] if row["sourcedId"] == "e-s-1-c-2")
    if by == "delta":
        lab.delta(enrollments=[row | {"status": "active"}])
    else:
        lab.lands(small_district())
    again = lab.items("enrollments")["e-s-1-c-2"]
    assert {k: v for k, v in again.items() if k != "run"} == {k: v for k, v in before.items() if k != "run"}


def all_others() -> Files:
    """The town with other people in the same classes."""
    files = copy.deepcopy(TOWN)
    for row in files["users"]:
        row |= {"sourcedId": f"x-{row['sourcedId']}", "username": f"x.{row['username']}", "familyName": "Other",
                "identifier": f"x-{row['identifier']}", "email": f"x.{row['email']}"}
    for row in files["enrollments"]:
        row |= {"sourcedId": f"x-{row['sourcedId']}", "userSourcedId": f"x-{row['userSourcedId']}"}
    return files


def test_r49_replacing_the_whole_roster_waits_deletes_nothing_and_is_taken_back() -> None:
    lab = CsvLab(TOWN)
    before, people = lab.table, lab.active("people")
    held = lab.lands(all_others())
    assert (held.outcome, lab.table) == ("held", before)
    replaced = lab.approve(held)
    assert lab.archived("people") == people
    assert not lab.active("people") & people
    assert undone(lab, replaced.run).outcome == "applied"
    assert {key: lab.table[key] for key in before} == before
    assert lab.active("people") == people


def test_r35_updating_everybody_doubles_nobody() -> None:
    lab = CsvLab()
    before = lab.table
    assert writes(lab, lambda: lab.run(force=True)) == 0
    assert writes(lab, lambda: lab.lands(small_district(), "under another name.zip")) == 0
    assert lab.table == before


def test_r35_reading_a_service_again_writes_nothing() -> None:
    with rest(Service(small_district())) as lab:
        lab.run()
        assert lab.active("people") == {row["sourcedId"] for row in small_district()["users"]}
        assert writes(lab, lambda: _twice(lab)) == 0


def _twice(lab: RestLab) -> None:
    for _ in range(2):
        assert lab.run(full=True).outcome in ("nothing to change", "skipped")


def test_r36_delete_then_two_syncs_is_still_one_record() -> None:
    lab = CsvLab()
    id = lab.items("people")["s-4"]["id"]
    lab.lands(without("s-4"))
    lab.lands(small_district())
    lab.run(force=True)
    found = [item for item in lab.table.values() if item.get("source_id") == "s-4" and item["entity"] == "people"]
    assert [(item["id"], item["status"]) for item in found] == [(id, "active")]
    assert lab.active("people") == {row["sourcedId"] for row in small_district()["users"]}
