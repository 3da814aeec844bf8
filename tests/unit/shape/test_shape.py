"""Without rules of a product line, everything that the source shares is wanted as it is."""

from __future__ import annotations

from homeroom.check import check
from homeroom.shape import shape
from tests.builders.oneroster import guardian, student
from tests.builders.snapshots import of_files, snapshot


def test_the_desired_roster_is_what_was_checked() -> None:
    checked = check(snapshot(
        students=[student("s-1"), student("s-2", givenName=""), student("s-3", status="tobedeleted")],
        guardians=[guardian("g-1", agentSourcedIds="s-1")],
    ))
    desired = shape(checked)
    assert desired.delivered == checked.delivered
    assert set(desired.entities) == set(checked.entities)
    people = desired.entities["people"]
    assert people.records["source_id"].to_list() == ["t-1", "s-1", "g-1"]
    assert (people.unusable.to_list(), people.gone.to_list()) == (["s-2"], ["s-3"])
    assert desired.entities["contacts"].records["source_id"].to_list() == ["s-1|g-1"]


def test_a_file_that_was_not_delivered_is_not_taken_for_an_empty_one() -> None:
    assert shape(check(of_files({"orgs": []}))).delivered == {"orgs"}
