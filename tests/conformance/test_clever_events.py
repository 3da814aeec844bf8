"""Clever's conformance list, small steps by events. Numbers are those of `statements.CLEVER`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from homeroom.model.run import RunRecord
from homeroom.read.polling import Poll
from tests.conformance.known import known_clever
from tests.conformance.lab import CleverLab, clever, codes, counts, writes
from tests.fakes.faults import Crash

A_DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def known() -> Iterator[CleverLab]:
    """A district that was read in full and applied; what was asked until then is forgotten."""
    with known_clever() as lab:
        lab.clever.log.clear()
        yield lab


def steps(lab: CleverLab) -> RunRecord:
    """A run that must go by events."""
    record = lab.run()
    assert lab.fetched(record).shape == "steps", record.text
    return record


def in_full(lab: CleverLab) -> RunRecord:
    """A run that must have read in full, though nobody asked for it."""
    record = lab.run()
    assert lab.fetched(record).shape == "rows", record.text
    return record


def assert_as_read_in_full(lab: CleverLab) -> None:
    """A full read finds nothing to repair."""
    before = lab.table
    assert lab.full().outcome == "nothing to change"
    assert lab.table == before


def rename(lab: CleverLab, one: str, email: str) -> None:
    lab.district.update("users", lab.id("users", one), email=email)


def email(lab: CleverLab, one: str) -> str:
    return str(lab.items("people")[lab.id("users", one)]["email"])


def event(lab: CleverLab, kind: str, number: int, **found: Any) -> dict[str, Any]:
    """An event that the fake district would not tell by itself."""
    told = {"district": lab.district.id, "name": {"first": "Test", "last": "Nobody"}, **found}
    return {"id": f"66b0ffff{number:016x}", "type": kind, "created": "2026-09-07T06:00:00.000Z",
            "data": {"object": told}}


def test_cl_37_the_newest_event_is_asked_for_before_the_lists() -> None:
    with clever() as lab:
        newest = lab.district.events[-1]["id"]
        lab.clever.traps.after(6, lambda: rename(lab, "s-1", "meanwhile@sample.example"))
        record = lab.run()
        order = [one.place for one in lab.clever.log]
        assert order.index("events") < min(order.index(place) for place in ("users", "sections", "schools"))
        assert (lab.fetched(record).cursor or "").partition("/")[0] == newest
        steps(lab)
        assert email(lab, "s-1") == "meanwhile@sample.example"


def test_cl_38_events_are_taken_in_the_order_of_their_ids(known: CleverLab) -> None:
    for number in range(8):
        rename(known, "s-1", f"{number}@sample.example")
    assert counts(steps(known), "people")["updated"] == 1
    assert email(known, "s-1") == "7@sample.example"
    assert_as_read_in_full(known)


def test_cl_38_the_cursor_moves_with_the_commit_and_not_before(
    known: CleverLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = known.district.events[-1]["id"]
    rename(known, "s-1", "new@sample.example")
    newest = known.district.events[-1]["id"]
    with monkeypatch.context() as broken:
        broken.setattr(known.world.roster, "write", dies)
        with pytest.raises(Crash):
            known.run()
    known.world.clock.tick(A_DAY)
    assert begun_after(known) == before
    assert email(known, "s-1") == "new@sample.example"
    assert begun_after(known) == newest


def dies(*_: object) -> None:
    raise Crash


def begun_after(lab: CleverLab) -> str:
    """The event behind which a run by events begins to read."""
    lab.clever.log.clear()
    steps(lab)
    return next(one.query["starting_after"] for one in lab.clever.asked_for("events") if "starting_after" in one.query)


@pytest.mark.parametrize("verb", ["created", "updated", "deleted"])
def test_cl_39_an_event_that_is_told_again_changes_nothing(known: CleverLab, verb: str) -> None:
    student = known.id("users", "s-3")
    if verb == "created":
        known.district.unshare("users", student)
        steps(known)
        known.district.reshare("users", student)
    elif verb == "updated":
        rename(known, "s-3", "new@sample.example")
    else:
        known.district.unshare("users", student)
    steps(known)
    told = [one for one in known.district.events if one["type"] == f"users.{verb}"][-1]
    known.district.events.append({**told, "id": "66b0ffff" + "0" * 16})
    assert writes(known, lambda: steps(known)) == 0


def test_cl_40_an_update_of_somebody_unknown_creates(known: CleverLab) -> None:
    one, school = "66a00006" + "0" * 16, known.id("schools", "school-1")
    known.district.events.append(event(
        known, "users.updated", 1, id=one, roles={"student": {"school": school, "schools": [school], "sis_id": "1"}}))
    steps(known)
    assert known.items("people")[one]["family_name"] == "Nobody"


def test_cl_40_a_deletion_of_somebody_unknown_is_ignored(known: CleverLab) -> None:
    known.district.events.append(event(known, "users.deleted", 1, id="66a00006" + "0" * 16, roles={}))
    assert writes(known, lambda: steps(known)) == 0


def test_cl_40_a_creation_of_somebody_archived_restores(known: CleverLab) -> None:
    before, one = known.table, known.id("users", "s-3")
    known.district.unshare("users", one)
    steps(known)
    assert one in known.archived("people")
    known.district.reshare("users", one)
    assert [e["type"] for e in known.district.events if e["data"]["object"]["id"] == one][-1] == "users.created"
    assert counts(steps(known), "people")["restored"] == 1
    assert known.table == before


@pytest.mark.parametrize("where", ["inside", "beside", "nowhere"])
def test_cl_41_previous_attributes_may_stand_in_either_place_or_be_missing(known: CleverLab, where: Any) -> None:
    known.clever.traps.previous_attributes = "beside" if where == "beside" else "inside"
    section = known.id("sections", "c-1")
    known.district.update("sections", section, students=known.district.shared["sections"][section]["students"][:-1])
    rename(known, "s-1", "new@sample.example")
    if where == "nowhere":
        for one in known.district.events:
            one["data"].pop("previous_attributes", None)
    steps(known)
    assert email(known, "s-1") == "new@sample.example"
    assert_as_read_in_full(known)


def test_cl_41_whom_a_section_names_is_found_without_previous_attributes(known: CleverLab) -> None:
    school, section = known.id("schools", "school-1"), known.id("sections", "c-1")
    known.district.events_on = False
    one = known.district.add("users", "s-silent", name={"first": "Test", "last": "Silent"},
                             roles={"student": {"school": school, "schools": [school], "sis_id": "1"}})
    known.district.events_on = True
    told = known.district.shared["sections"][section]["students"]
    known.district.update("sections", section, students=[*told, one])
    known.district.events[-1]["data"].pop("previous_attributes")
    steps(known)
    assert known.items("people")[one]["family_name"] == "Silent"
    assert_as_read_in_full(known)


def test_cl_42_an_event_that_clever_forgot_means_a_full_read(known: CleverLab) -> None:
    rename(known, "s-1", "new@sample.example")
    known.district.drop_events(len(known.district.events) - 1)
    in_full(known)
    assert email(known, "s-1") == "new@sample.example"


@pytest.mark.parametrize(("days", "shape"), [(27.9, "steps"), (28, "rows")])
def test_cl_42_a_roster_of_28_days_means_a_full_read(days: float, shape: str) -> None:
    with clever(full_every_hours=672) as lab:
        lab.run()
        lab.world.clock.tick(days * A_DAY)
        assert lab.fetched(lab.run()).shape == shape


def test_cl_43_an_unknown_kind_of_event_is_skipped_and_counted(known: CleverLab) -> None:
    for number, kind in enumerate(("rockets.launched", "users.merged")):
        known.district.events.append(event(known, kind, number, id="1"))
    rename(known, "s-1", "new@sample.example")
    known.district.events.sort(key=lambda one: one["id"])
    record = steps(known)
    assert codes(record)["SRC-14"] == 1
    assert [one["text"] for one in known.issues(record) if one["code"] == "SRC-14"] == [
        "2 events of kinds that are not known"]
    assert email(known, "s-1") == "new@sample.example"


def test_cl_44_a_role_that_is_lost_takes_the_right_and_leaves_the_account(known: CleverLab) -> None:
    one = known.id("users", "t-1")
    known.district.update_role(one, "district_admin", title="Head")
    steps(known)
    admin = known.items("people")[one]
    assert (admin["role"], f"administrator:{known.district.id}" in admin["roles"]) == ("administrator", True)
    known.district.drop_role(one, "district_admin")
    steps(known)
    kept = known.items("people")[one]
    assert (kept["id"], kept["role"]) == (admin["id"], "teacher")
    assert not any(role.startswith("administrator") for role in kept["roles"])


def test_cl_45_a_page_that_is_interrupted_is_read_again_without_loss_or_double_effect(
    known: CleverLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Poll, "out_of_time", one_page_a_slice(known))
    for number in range(10):
        rename(known, f"s-{number + 1}", f"{number}@sample.example")
    started = known.begin()
    known.world.faults.arm(5)
    with pytest.raises(Crash):
        known.end(started)
    known.clever.traps.fail("events", page=2, effect="torn", times=1)
    record = known.end(started)
    assert known.fetched(record).collections["steps"].records == 10
    assert counts(record, "people")["updated"] == 10
    assert [email(known, f"s-{n + 1}")[0] for n in range(10)] == list("0123456789")
    assert_as_read_in_full(known)


def one_page_a_slice(lab: CleverLab) -> Any:
    """Time is over as soon as a slice has asked for one page of events."""
    slices: list[tuple[Poll, int]] = []

    def over(poll: Poll) -> bool:
        asked = len(lab.clever.asked_for("events"))
        if not slices or slices[-1][0] is not poll:
            slices.append((poll, asked))
        return asked > slices[-1][1]

    return over


@pytest.mark.parametrize("effect", [500, "torn", "drop", "html", "empty"])
def test_cl_45_a_page_that_stays_broken_loses_nothing(known: CleverLab, effect: Any) -> None:
    for number in range(6):
        rename(known, f"s-{number + 1}", f"{number}@sample.example")
    known.clever.traps.fail("events", page=2, effect=effect, times=None)
    record = known.run()
    assert record.outcome == "failed" or email(known, "s-6") == "5@sample.example"
    known.clever.traps.off()
    known.run()
    assert [email(known, f"s-{n + 1}")[0] for n in range(6)] == list("012345")

