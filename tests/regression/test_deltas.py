"""A delta is as good as a full export: what it does not list stays, and no delta before it may be missing."""

from __future__ import annotations

import pytest

from homeroom.support.door import start_waiting
from homeroom.support.intake import settle
from tests.builders.oneroster import Row, as_12, district, enrollment, org, small_district, student, zip_bytes
from tests.fakes.memory import MemoryWorld
from tests.regression.days import active, approve, changes, ended, lab, lands, many_students, put

TOO_MANY_ERRORS = [student("s-new"), *(student(f"s-{n}", familyName="") for n in range(100, 135))]


def held_delta() -> tuple[MemoryWorld, int]:
    world = lab(many_students().files)
    held = changes(world, "held.zip", *TOO_MANY_ERRORS)
    assert (held.outcome, held.code) == ("held", "GRD-11")
    return world, held.run


def test_contacts_of_people_that_a_delta_does_not_list_stay() -> None:
    world = lab(small_district())
    record = changes(world, "delta.zip", student("s-2", orgSourcedIds="school-2", familyName="Renamed"))
    assert record.text == "1 record changed"
    assert active(world, "contacts") == {"s-1|g-1"}


def test_deltas_that_follow_one_another_are_all_applied() -> None:
    world = lab(small_district())
    for name in ("s-a", "s-b", "s-c"):
        assert changes(world, f"{name}.zip", student(name)).outcome == "applied"
    assert active(world, "people") >= {"s-1", "s-a", "s-b", "s-c"}


def test_a_delta_after_one_that_is_held_is_refused_and_the_hold_stays() -> None:
    world, held = held_delta()
    record = changes(world, "next.zip", student("s-next"))
    assert (record.outcome, record.code, record.owner) == ("failed", "FIL-07", "district")
    assert world.runs.control("lab").held_run == held


def test_a_delta_after_one_that_was_approved_is_applied() -> None:
    world, held = held_delta()
    assert approve(world, world.runs.run("lab", held)).outcome == "applied with issues"
    mended = [student(f"s-{n}") for n in range(100, 135)]
    assert changes(world, "next.zip", student("s-next"), *mended).outcome == "applied"
    assert active(world, "people") >= {"s-new", "s-next", "s-100"}


def test_a_delta_after_one_that_was_refused_waits_for_a_full_export() -> None:
    world, held = held_delta()
    changes(world, "refused.zip", student("s-refused"))
    approve(world, world.runs.run("lab", held))
    assert changes(world, "next.zip", student("s-next")).code == "FIL-07"
    whole = many_students().with_row("users", student("s-new")).with_row("users", student("s-refused"))
    assert lands(world, "bulk.zip", whole.files).outcome == "applied"
    assert changes(world, "after.zip", student("s-after")).outcome == "applied"


@pytest.mark.parametrize(("waiting", "outcome"), [(1, "applied"), (2, "failed")])
def test_of_two_deltas_that_wait_none_is_lost_without_a_word(waiting: int, outcome: str) -> None:
    world = lab(small_district())
    running = put(world, "bulk.zip", small_district() | {"orgs": [*small_district()["orgs"], org("school-3")]})
    for n in range(waiting):
        put(world, f"delta-{n}.zip", {"users": [student(f"s-new-{n}")]}, modes={"users": "delta"})
    ended(world, running)
    started = start_waiting("lab", world)
    assert started is not None
    assert ended(world, started).outcome == outcome


def test_who_is_removed_takes_enrollments_along_that_no_delta_lists() -> None:
    world = lab(many_students().files)
    gone = [f"s-{n}" for n in range(100, 115)]
    changes(world, "removal.zip", *(student(name, status="tobedeleted") for name in gone))
    enrolled = {f"e-{name}-c-1" for name in gone}
    assert not active(world, "people") & set(gone)
    assert not active(world, "enrollments") & enrolled
    record = changes(world, "next.zip", student("s-next"))
    assert (record.outcome, record.text) == ("applied", "1 record changed")
    record = changes(world, "back.zip", student("s-100"))
    assert (record.outcome, active(world, "enrollments") & enrolled) == ("applied", {"e-s-100-c-1"})


def test_roles_alone_change_people() -> None:
    world = lab(small_district())
    lands(world, "bulk.zip", as_12(small_district()), version="1.2")
    role: Row = {"sourcedId": "role-t-1-0", "userSourcedId": "t-1", "role": "administrator", "roleType": "primary",
                 "orgSourcedId": "school-1"}
    lands(world, "delta.zip", {"roles": [role]}, version="1.2", modes={"roles": "delta"})
    teacher = next(item for item in world.roster.items.values() if item.get("source_id") == "t-1")
    assert teacher["role"] == "administrator"


def test_an_enrollment_of_nobody_is_not_taken_when_users_were_not_sent_again() -> None:
    world = lab(small_district())
    files = {stem: rows for stem, rows in small_district().items() if stem != "users"}
    files["enrollments"].append(enrollment("nobody", "c-1"))
    record = lands(world, "without-users.zip", files)
    assert record.summary is not None
    assert {code["code"]: code["count"] for code in record.summary["issues"]["codes"]}["REF-01"] == 1
    assert "e-nobody-c-1" not in active(world, "enrollments")
    assert "e-s-1-c-1" in active(world, "enrollments")


def test_a_delta_that_overtook_another_is_refused_and_both_stand_in_the_ledger() -> None:
    """Two land before the first is looked at: only the newer would be read, and the older would be lost for ever."""
    world = lab(small_district())
    world.clock.tick(60)
    for name in ("first", "second"):
        body = zip_bytes({"users": [student(f"s-{name}")]}, modes={"users": "delta"})
        world.landing.put(f"landing/lab/{name}.zip", body)
        world.clock.tick(1)
    started = settle("lab", world).started
    assert started is not None
    record = ended(world, started)
    assert (record.outcome, record.code) == ("failed", "FIL-07")
    overtaken = [run for run in world.runs.history("lab", 10) if run.code == "overtaken"]
    assert [run.run for run in overtaken] == [2]
    assert settle("lab", world).started is None
    whole = district().with_row("users", student("s-first")).with_row("users", student("s-second"))
    assert lands(world, "bulk.zip", whole.files).outcome == "applied"


def test_a_full_export_may_overtake_another() -> None:
    world = lab(small_district())
    world.clock.tick(60)
    for name in ("first", "second"):
        world.landing.put(f"landing/lab/{name}.zip", district().with_student(f"s-{name}").zip_bytes())
        world.clock.tick(1)
    started = settle("lab", world).started
    assert started is not None
    assert ended(world, started).outcome == "applied"
    assert "s-second" in active(world, "people")
    assert "s-first" not in active(world, "people")
