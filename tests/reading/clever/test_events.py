"""Small steps by events between full reads. Numbers are those of the conformance list of the Clever reference (8)."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from homeroom.model import places
from homeroom.read.clever.cells import Given
from homeroom.read.clever.events import _step
from homeroom.read.clever.frames import apply_steps
from homeroom.read.fetched import content_hash
from tests.reading.clever.lab import Lab, by_id, rows


@pytest.fixture
def known(lab: Lab) -> Lab:
    """The same lab after a full read that was applied, with an event to go on from."""
    lab.district.sync()
    lab.applied_full()
    lab.clever.log.clear()
    return lab


def as_read_in_full(lab: Lab) -> Any:
    """What a full read gives now."""
    lab.drop()
    lab.poll(full=True)
    assert lab.about().shape == "rows"
    found = rows(lab.snapshot())
    lab.drop()
    return found


def followed(lab: Lab, **request: Any) -> Any:
    """What the events lead to; the read must have been one by events."""
    about = lab.poll(**request)
    assert about.failure is None
    assert about.shape == "steps"
    return rows(lab.snapshot())


def listed(lab: Lab) -> bool:
    """Whether any list of the roster was asked for."""
    return any(lab.clever.asked_for(place) for place in ("users", "sections", "schools", "terms", "courses"))


def steps(lab: Lab) -> list[dict[str, Any]]:
    """The steps that the last poll kept."""
    blocks = range(lab.about().collections["steps"].blocks)
    kept = [lab.world.objects.get(places.fetched_block("sample", lab.run, "steps", n)) for n in blocks]
    return [json.loads(line) for block in kept for line in gzip.decompress(block).splitlines()]


def student(lab: Lab, source_id: str = "s-1") -> str:
    return str(lab.district.id_of("users", source_id))


def test_clever_37_a_full_read_keeps_the_newest_event(known: Lab) -> None:
    about = known.world.objects.get(places.raw_about("sample", known.run))
    assert json.loads(about)["cursor"].split("/")[0] == known.district.events[-1]["id"]


def test_a_change_is_taken_by_events_alone(known: Lab) -> None:
    known.district.update("users", student(known), email="new@sample.example")
    found = followed(known)
    assert not listed(known)
    assert found == as_read_in_full(known)


def test_nothing_happened(known: Lab) -> None:
    before = rows(known.applied())
    assert followed(known) == before
    assert known.about().collections["steps"].records == 0
    assert known.about().cursor is not None


def test_clever_38_events_are_taken_in_the_order_of_their_ids(known: Lab) -> None:
    for number in range(8):
        known.district.update("users", student(known), email=f"{number}@sample.example")
    assert ("email", "7@sample.example") in dict.fromkeys(
        cell for row in followed(known)["users"] for cell in row)
    assert [step["row"]["email"][0] for step in steps(known)] == list("01234567")


def test_clever_38_the_cursor_moves_only_when_the_run_is_applied(known: Lab) -> None:
    known.district.update("users", student(known), email="new@sample.example")
    once = followed(known)
    asked = known.clever.asked_for("events")
    known.drop()
    assert followed(known) == once
    known.commit()
    known.clever.log.clear()
    assert followed(known) == once
    assert known.about().collections["steps"].records == 0
    cursors = {one.query["starting_after"] for one in known.clever.asked_for("events") if "starting_after" in one.query}
    assert cursors == {known.district.events[-1]["id"]}
    assert cursors.isdisjoint(one.query.get("starting_after") for one in asked[:1])


def test_clever_39_reading_the_events_again_changes_nothing(known: Lab) -> None:
    known.district.update("users", student(known), email="new@sample.example")
    known.district.unshare("schools", known.district.id_of("schools", "school-2"))
    known.poll()
    base, lines = known.applied(), b"".join(json.dumps(step).encode() + b"\n" for step in steps(known))
    once, _ = apply_steps(base, lines)
    twice, _ = apply_steps(base, lines + lines)
    assert content_hash(once) == content_hash(twice)


def test_clever_40_unknown_ids_are_created_or_ignored_and_archived_ones_come_back(known: Lab) -> None:
    one = student(known, "s-2")
    known.district.unshare("users", one)
    followed(known)
    known.commit()
    known.district.reshare("users", one)
    assert followed(known) == as_read_in_full(known)
    event = {"id": "66b00000" + "f" * 16, "created": "2026-09-07T06:00:00.000Z", "data": {"object": {
        "id": "66a00006" + "0" * 16, "district": known.district.id, "name": {"last": "Nobody"}, "roles": {}}}}
    known.district.events += [{**event, "type": "users.deleted"}]
    before = rows(known.applied())["users"]
    found = followed(known)["users"]
    assert {dict(row)["sourcedId"] for row in found} == {dict(row)["sourcedId"] for row in before} | {one}
    known.drop()
    known.district.events[-1]["type"] = "users.updated"
    assert len(followed(known)["users"]) == len(found) + 1


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_clever_41_previous_attributes_may_be_in_either_place(known: Lab, where: Any) -> None:
    known.clever.traps.previous_attributes = where
    section = known.district.id_of("sections", "c-1")
    told = known.district.shared["sections"][section]["students"]
    known.district.update("sections", section, students=told[:-1])
    found = followed(known)
    assert known.clever.asked_for("users/one") == []
    assert found == as_read_in_full(known)


def test_clever_41_previous_attributes_are_needed_nowhere(known: Lab) -> None:
    section = known.district.id_of("sections", "c-1")
    known.district.update("sections", section, students=[])
    known.district.update("users", student(known), email="x@sample.example")
    for event in known.district.events:
        event["data"].pop("previous_attributes", None)
    assert followed(known) == as_read_in_full(known)


def test_clever_42_a_forgotten_event_means_a_full_read(known: Lab) -> None:
    known.district.update("users", student(known), email="new@sample.example")
    known.district.drop_events(len(known.district.events) - 1)
    known.poll()
    assert known.about().shape == "rows"
    assert listed(known)


@pytest.mark.parametrize(("settings", "age", "shape"), [
    ({"full_every_hours": 24}, timedelta(hours=23), "steps"), ({"full_every_hours": 24}, timedelta(hours=24), "rows"),
    ({"full_every_hours": 672}, timedelta(days=27), "steps"), ({"full_every_hours": 672}, timedelta(days=28), "rows"),
])
def test_clever_42_an_old_full_read_means_another_one(
    known: Lab, settings: dict[str, int], age: timedelta, shape: str
) -> None:
    known.settings |= settings
    full_at = known.about().full_at
    known.world.clock.tick((age / 2).total_seconds())
    assert known.poll().full_at == full_at
    known.commit()
    known.world.clock.tick((age / 2).total_seconds())
    assert known.poll().shape == shape


@pytest.mark.parametrize("request_", [{"full": True}, {"force": True}])
def test_whoever_asks_for_a_full_read_gets_one(known: Lab, request_: dict[str, bool]) -> None:
    assert known.poll(**request_).shape == "rows"


@pytest.mark.parametrize("settings", [{"follow_events": False}, {"version": "v3.1"}, {"staff_role": "administrator"}])
def test_other_settings_mean_a_full_read(known: Lab, settings: dict[str, Any]) -> None:
    known.settings |= settings
    assert known.poll().shape == "rows"


def test_other_scopes_mean_a_full_read(known: Lab) -> None:
    known.district.scopes = (*known.district.scopes, "read:more")
    assert known.poll().shape == "rows"


def test_a_first_run_is_a_full_read(lab: Lab) -> None:
    assert lab.poll().shape == "rows"


def test_clever_43_unknown_kinds_are_skipped_and_counted(known: Lab) -> None:
    before = rows(known.applied())
    for number, kind in enumerate(("rockets.launched", "users.merged", "resources.created")):
        known.district.events.append({"id": f"66b00000fffffffffffffff{number}", "type": kind, "created": "",
                                      "data": {"object": {"id": "1"}}})
    assert followed(known) == before
    assert [(i.code, i.text) for i in known.about().issues] == [
        ("SRC-14", "2 events of kinds that are not known")]
    assert (known.about().cursor or "").split("/")[0] == "66b00000fffffffffffffff2"


def test_clever_44_a_lost_role_leaves_the_person(known: Lab) -> None:
    one = student(known, "t-1")
    known.district.update_role(one, "staff", schools=[], staff_id="9")
    followed(known)
    assert by_id(known.commit(), "users")[one]["roles"].count(":") == 2
    known.district.drop_role(one, "staff")
    assert followed(known) == as_read_in_full(known)
    followed(known)
    assert by_id(known.commit(), "users")[one]["roles"].startswith("teacher:")


def test_clever_45_a_read_that_goes_on_in_slices_loses_nothing(known: Lab) -> None:
    for number in range(12):
        known.district.update("users", student(known, f"s-{number % 10 + 1}"), email=f"{number}@sample.example")
    found = followed(known, restless=300)
    assert known.slices > 2
    assert len(steps(known)) == 12
    assert found == as_read_in_full(known)


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize("effect", [500, 404, "drop", "torn", "cut", "html", "empty", "empty_next", "no_links"])
@pytest.mark.parametrize("page", [1, 2, 3])
def test_clever_45_a_fault_at_any_page_is_told_or_made_good(known: Lab, page: int, effect: Any, times: Any) -> None:
    for number in range(6):
        known.district.update("users", student(known, f"s-{number + 1}"), email=f"{number}@sample.example")
    known.clever.traps.fail("events", page=page, effect=effect, times=times)
    failure = known.poll().failure
    found = failure.code if failure else rows(known.snapshot())
    known.clever.traps.off()
    assert found in ("SRC-02", "SRC-04", as_read_in_full(known))


def test_a_person_whom_only_a_section_names_is_asked_for(known: Lab) -> None:
    section, person = known.district.id_of("sections", "c-1"), "66a00006" + "0" * 16
    known.district.events_on = False
    known.district.shared["users"][person] = {
        "id": person, "district": known.district.id, "name": {"first": "Test", "last": "Late"},
        "roles": {"student": {"school": known.district.id_of("schools", "school-1"), "sis_id": "9"}}}
    known.district._everything["users"][person] = known.district.shared["users"][person]
    known.district.events_on = True
    told = known.district.shared["sections"][section]["students"]
    unknown = "66a00006" + "1" * 16
    known.district.update("sections", section, students=[person, unknown, *told])
    found = followed(known)
    assert {one.path.split("/")[-1] for one in known.clever.asked_for("users/one")} == {person, unknown}
    assert any(("sourcedId", person) in row for row in found["users"])
    assert any(("userSourcedId", unknown) in row for row in found["enrollments"])


def test_too_many_unknown_people_are_read_in_full(known: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homeroom.read.clever.events.MOST_RESOLVED", 1)
    section = known.district.id_of("sections", "c-1")
    known.district.update("sections", section, students=["66a00006" + str(n) * 16 for n in range(2)])
    assert known.poll().shape == "rows"


def test_data_that_came_without_an_event_means_a_full_read(known: Lab) -> None:
    known.district.events_on = False
    with known.district.one_sync():
        known.district.update("users", student(known), email="silent@sample.example")
    known.district.events_on = True
    known.district.update("users", student(known, "s-2"), email="told@sample.example")
    assert known.poll().shape == "rows"
    assert by_id(known.snapshot(), "users")[student(known)]["email"] == "silent@sample.example"


def test_a_sync_that_changed_nothing_is_followed(known: Lab) -> None:
    known.world.clock.tick(3600)
    known.district.sync()
    followed(known)
    known.commit()
    followed(known)
    assert not listed(known)


@pytest.mark.parametrize(("state", "code"), [("pending", "SRC-12"), ("error", "SRC-12")])
def test_small_steps_too_wait_for_a_sync_that_is_in_order(known: Lab, state: str, code: str) -> None:
    known.district.state = state
    failure = known.poll().failure
    assert failure is not None
    assert failure.code == code


def test_clever_35_small_steps_go_on_while_the_district_is_paused(known: Lab) -> None:
    known.district.pause()
    known.district.unshare("schools", known.district.id_of("schools", "school-2"))
    found = followed(known)
    assert [issue.code for issue in known.about().issues] == ["SRC-18"]
    assert found == as_read_in_full(known)


def test_a_disconnected_district_is_told_and_nothing_is_removed(known: Lab) -> None:
    known.district.revoke()
    failure = known.poll().failure
    assert failure is not None
    assert failure.code == "SRC-01"


def test_a_removed_record_leaves_no_tombstone(known: Lab) -> None:
    section = known.district.id_of("sections", "c-1")
    known.district.unshare("sections", section)
    found = followed(known)
    assert not any(("sourcedId", section) in row for row in found["classes"])
    assert not any(("classSourcedId", section) in row for row in found["enrollments"])
    assert all("status" not in frame.columns for frame in known.snapshot().frames.values())


def test_the_recorded_events_are_understood(shared: Path) -> None:
    """The whole object stands in `data.data.object`, old values beside it."""
    answers = json.loads((shared / "data" / "clever" / "recorded-v3.0.json").read_text())
    lists = [one["body"]["data"] for one in answers if "/events" in one["url"]]
    told = [item["data"] for items in lists if isinstance(items, list) for item in items]
    assert len(told) > 200
    for event in told:
        found = event["data"]["object"]
        step = _step(event, Given(found.get("district", found["id"])))
        assert step is not None
        assert (step["id"], step["row"]["sourcedId"]) == (found["id"], found["id"])
