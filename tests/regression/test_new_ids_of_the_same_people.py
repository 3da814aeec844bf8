"""New ids of the same people: a rebuilt SIS, a change of aggregator. Nobody becomes a new person (GRD-10, MOVING)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from homeroom.apply.manifest import load_manifest
from homeroom.errors import Refused
from homeroom.model.connect_events import Connect
from homeroom.model.events import ChangeAggregator
from homeroom.support.operations import act
from tests.builders.api_runs import LAB, credentials_of, fed_by, rest, run
from tests.builders.api_runs import clever as by_clever
from tests.builders.new_ids import under_new_ids
from tests.builders.oneroster import Files
from tests.fakes import clever_server, oneroster_server
from tests.fakes.clever_server import Clever
from tests.fakes.memory import MemoryWorld
from tests.fakes.oneroster_service import Service
from tests.regression.days import lab, lands, many_students
from tests.regression.new_ids import approve_rekey

PEOPLE = ("people", "classes", "orgs")


def ids(world: MemoryWorld, *entities: str) -> dict[tuple[str, str], set[str]]:
    """(entity, number or title of what is active) → internal ids."""
    found: dict[tuple[str, str], set[str]] = {}
    for item in world.roster.items.values():
        if item.get("status") == "active" and item["entity"] in entities:
            name = item.get("identifier") or item.get("title") or item.get("username") or item["source_id"]
            found.setdefault((item["entity"], name), set()).add(item["id"])
    return found


def grown() -> Files:
    return many_students().files


def test_a_rebuilt_sis_is_held_with_a_proposal_and_keeps_everybody_once_it_is_approved() -> None:
    world = lab(grown())
    before, writes = ids(world, *PEOPLE), world.roster.writes
    held = lands(world, "rebuilt.zip", under_new_ids(grown(), lambda id: id if id == "d-1" else f"new-{id}"))
    tripped = [guard["code"] for guard in load_manifest(world.objects, LAB, held.run).guards if guard["tripped"]]
    assert (held.outcome, "GRD-10" in tripped, world.roster.writes) == ("held", True, writes)
    applied = approve_rekey(world, held)
    assert applied.outcome == "applied"
    assert ids(world, *PEOPLE) == before
    counts = load_manifest(world.objects, LAB, applied.run).counts
    assert {name: (c["create"], c["archive"]) for name, c in counts.items()} == dict.fromkeys(counts, (0, 0))


def test_the_day_after_an_approved_rekey_changes_nothing() -> None:
    world = lab(grown())
    rebuilt = under_new_ids(grown(), lambda id: id if id == "d-1" else f"new-{id}")
    approve_rekey(world, lands(world, "rebuilt.zip", rebuilt))
    again = lands(world, "again.zip", rebuilt)
    assert (again.outcome, again.code) == ("skipped", "unchanged")


@pytest.fixture
def moving() -> Iterator[tuple[MemoryWorld, Service, Clever]]:
    """A district whose roster came by Clever, and the OneRoster service of the aggregator that it changes to."""
    service, fake = Service(grown()), Clever(grown())
    with oneroster_server.serving(service), clever_server.serving(fake):
        world = fed_by(by_clever(fake).model_copy(update={"product_line": ""}))
        assert run(world).outcome == "applied"
        yield world, service, fake


def change(world: MemoryWorld, service: Service) -> dict[str, object]:
    to = rest(service).model_copy(update={"aggregator": "classlink"})
    given = to.model_dump(mode="json", exclude={"secret_name"}) | {"product_line": ""}
    asked = Connect.model_validate({
        "operation": "connect", "integration": given, "credentials": dict(credentials_of(to))})
    world.clock.tick(60)
    return act(ChangeAggregator(operation="change_aggregator", set_up=asked, by="tse", reason="a new contract"), world)


def test_a_change_of_aggregator_writes_nothing_before_its_cross_walk_is_approved(
    moving: tuple[MemoryWorld, Service, Clever]
) -> None:
    world, service, _ = moving
    change(world, service)
    writes = world.roster.writes
    held = run(world)
    tripped = [guard["code"] for guard in load_manifest(world.objects, LAB, held.run).guards if guard["tripped"]]
    assert (held.outcome, "MOVING" in tripped, world.roster.writes) == ("held", True, writes)


def test_from_clever_to_classlink_nobody_becomes_a_new_person(moving: tuple[MemoryWorld, Service, Clever]) -> None:
    world, service, _ = moving
    before = ids(world, "people", "classes")
    change(world, service)
    applied = approve_rekey(world, run(world))
    after = ids(world, "people", "classes")
    assert applied.outcome in ("applied", "applied with issues")
    assert {one: set(found) for one, found in before.items() if one in after} == {
        one: found for one, found in after.items() if one in before}
    made = load_manifest(world.objects, LAB, applied.run).counts
    assert (made["people"]["create"], made["people"]["archive"]) == (0, 0)
    assert run(world).outcome in ("nothing to change", "skipped")


def test_the_credentials_of_the_way_before_are_kept(moving: tuple[MemoryWorld, Service, Clever]) -> None:
    world, service, _ = moving
    before = dict(world.secrets.kept)
    change(world, service)
    assert before.items() <= world.secrets.kept.items()
    assert world.integrations.get(LAB).secret_name == "lab-classlink"


def test_a_change_to_the_same_way_is_refused(moving: tuple[MemoryWorld, Service, Clever]) -> None:
    world, _, fake = moving
    asked = Connect(operation="connect", integration=by_clever(fake))
    with pytest.raises(Refused, match="comes this way already"):
        act(ChangeAggregator(operation="change_aggregator", set_up=asked, by="tse", reason="none"), world)


def test_an_id_that_went_to_another_person_is_not_taken() -> None:
    files = grown()
    world = lab(files)
    before = ids(world, "people")
    other = next(row for row in files["users"] if row["sourcedId"] == "s-1")
    other |= {"givenName": "Quite", "familyName": "Another", "username": "quite.another", "identifier": "999999",
              "email": "quite.another@example.org"}
    record = lands(world, "reused.zip", files)
    assert record.outcome == "nothing to change"
    assert load_manifest(world.objects, LAB, record.run).issues["IDN-01"] == 1
    assert ids(world, "people") == before


def registered_anew(files: Files, old: str, new: str, **cells: str) -> Files:
    """One person under another id; what points there follows."""
    renamed = under_new_ids(files, lambda id: new if id == old else id)
    row = next(row for row in renamed["users"] if row["sourcedId"] == new)
    row |= cells
    return renamed


def test_a_student_who_is_registered_anew_is_the_same_person_and_can_sign_in() -> None:
    files = grown()
    row = next(row for row in files["users"] if row["sourcedId"] == "s-1")
    world = lab(files)
    before = ids(world, "people")
    record = lands(world, "anew.zip", registered_anew(files, "s-1", "s-1-again"))
    manifest = load_manifest(world.objects, LAB, record.run)
    assert record.outcome == "applied"
    assert ids(world, "people") == before
    assert manifest.issues["IDN-03"] == 1
    assert (manifest.counts["people"]["create"], manifest.counts["people"]["archive"]) == (0, 0)
    link = world.roster.items[f"lab#identity#username#{row['username'].lower()}", "@"]
    assert {link["person"]} == before["people", row["identifier"]]


def test_a_student_who_returns_under_a_new_id_after_a_year_is_restored() -> None:
    files = grown()
    world = lab(files)
    before = ids(world, "people")
    left = {stem: [row for row in rows if "s-1" not in (row.get("userSourcedId"), row["sourcedId"])]
            for stem, rows in grown().items()}
    assert lands(world, "left.zip", left).outcome == "applied"
    record = lands(world, "back.zip", registered_anew(files, "s-1", "s-1-again"))
    assert load_manifest(world.objects, LAB, record.run).counts["people"]["restore"] == 1
    assert ids(world, "people") == before


def test_the_same_number_under_another_name_is_another_person() -> None:
    files = grown()
    world = lab(files)
    other = registered_anew(files, "s-1", "s-1-again", givenName="Quite", familyName="Another")
    record = lands(world, "other.zip", other)
    counts = load_manifest(world.objects, LAB, record.run).counts["people"]
    assert (counts["create"], counts["archive"]) == (1, 1)


def test_a_double_in_the_source_takes_nobody_elses_identity() -> None:
    files = grown()
    world = lab(files)
    row = next(row for row in files["users"] if row["sourcedId"] == "s-1")
    files["users"].append({**row, "sourcedId": "s-1-double", "username": "double", "email": "", "agentSourcedIds": ""})
    record = lands(world, "double.zip", files)
    assert load_manifest(world.objects, LAB, record.run).counts["people"]["create"] == 1
