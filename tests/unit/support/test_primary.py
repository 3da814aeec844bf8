"""Primary administrators: promoted and demoted by a person, kept whatever a sync does, missed where one is needed."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.apply.items import link_key, record_key
from homeroom.errors import NotFound, Refused
from homeroom.model.integration import Primary
from homeroom.ports import Edit
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import LAB, run_through
from tests.unit.support.asking import audited, do

SONDAY = LAB.model_copy(update={"product_line": "Sonday"})


def made(id: str, **words: Any) -> dict[str, Any]:
    owner, member = record_key(LAB.roster, "people", id)
    return {"owner": owner, "member": member, "entity": "people", "id": id, "source_id": f"source-{id}",
            "status": "active", "role": "administrator", **words}


def linked(link: str, person: str) -> dict[str, Any]:
    owner, member = link_key(LAB.roster, link)
    return {"owner": owner, "member": member, "kind": link.partition("#")[0], "person": person}


def roster_of(*items: dict[str, Any], primary: tuple[str, ...] = ()) -> MemoryWorld:
    kept = tuple(Primary(person=one, by="csm", at=START) for one in primary)
    world = memory_world(SONDAY.model_copy(update={"primary": kept}))
    world.roster.write(items, [])
    return world


def promote(world: MemoryWorld, person: str) -> dict[str, Any]:
    return do(world, "promote", integration=LAB.id, person=person, by="csm", reason="named by the district")


def demote(world: MemoryWorld, person: str) -> dict[str, Any]:
    return do(world, "demote", integration=LAB.id, person=person, by="csm")


def primaries(world: MemoryWorld) -> list[str]:
    return [one.person for one in world.integrations.get(LAB.id).primary]


@pytest.mark.parametrize("identity", ["p-1", "source-p-1", "Ada.Admin", "ADA@LAB.EXAMPLE", "77"])
def test_an_administrator_is_found_by_id_or_identity(identity: str) -> None:
    links = ("sourced_id#source-p-1", "username#ada.admin", "email#ada@lab.example", "identifier#77")
    world = roster_of(made("p-1"), *(linked(link, "p-1") for link in links))
    told = promote(world, identity)
    assert (primaries(world), told["primary"][0]["by"], told["primary"][0]["reason"]) == (
        ["p-1"], "csm", "named by the district")
    assert (audited(world)[0]["operation"], audited(world)[0]["person"]) == ("promote", "p-1")


def test_promoting_twice_changes_nothing() -> None:
    world = roster_of(made("p-1"), primary=("p-1",))
    assert promote(world, "p-1")["effect"] == "is a primary administrator already"
    assert primaries(world) == ["p-1"]


def test_an_administrator_among_several_roles_can_be_promoted() -> None:
    world = roster_of(made("p-1", role="teacher", roles=["administrator:school-1", "teacher:school-2"]))
    promote(world, "p-1")
    assert primaries(world) == ["p-1"]


@pytest.mark.parametrize(("person", "said"), [
    (made("p-1", status="archived"), "archived in the roster"),
    (made("p-1", role="teacher"), "no administrator in the roster but teacher"),
])
def test_who_is_no_active_administrator_is_refused_with_what_to_do(person: dict[str, Any], said: str) -> None:
    world = roster_of(person)
    with pytest.raises(Refused, match=rf"{said}[^\n]*\nPromote an "):
        promote(world, "p-1")
    assert (primaries(world), world.runs.audits) == ([], [])


def test_who_was_archived_by_hand_is_refused_too() -> None:
    world = roster_of(made("p-1"))
    key = record_key(LAB.roster, "people", "p-1")
    entry = (f"{LAB.roster}#EDITS", "1")
    world.roster.edit(Edit("people", "p-1", "source-p-1", "archive", entry, key, "tse", "now"), "x")
    with pytest.raises(Refused, match="archived"):
        promote(world, "p-1")


def test_nobody_and_several_are_told_apart() -> None:
    world = roster_of(made("p-1"), made("p-2"), linked("username#77", "p-1"), linked("identifier#77", "p-2"))
    with pytest.raises(NotFound, match="nobody in this roster"):
        promote(world, "p-9")
    with pytest.raises(Refused, match="2 people could be meant"):
        promote(world, "77")
    assert primaries(world) == []


def test_products_without_the_rule_have_no_primary_administrator() -> None:
    world = memory_world(LAB)
    with pytest.raises(Refused, match="have no primary administrator"):
        promote(world, "p-1")
    assert primaries(world) == []


def test_one_who_left_is_demoted_by_internal_id() -> None:
    world = roster_of(made("p-2"), primary=("p-1", "p-2"))
    assert demote(world, "p-1")["effect"] == "counts at once"
    assert "promote another one" in demote(world, "p-2")["effect"]
    assert primaries(world) == []
    with pytest.raises(Refused, match="is no primary administrator"):
        demote(world, "p-2")


def test_the_status_says_who_is_missing_until_somebody_is_promoted() -> None:
    world = roster_of(made("p-1"))
    before = do(world, "status", integration=LAB.id)
    assert "primary administrator" not in before["text"]
    run_through(world, "export.zip", [])
    told = do(world, "list")["integrations"][0]
    assert (told["status"], told["owner"]) == ("up to date", "vendor")
    assert "no administrator is a primary administrator yet" in told["text"]
    promote(world, "p-1")
    told = do(world, "status", integration=LAB.id)
    assert (told["owner"], told["primary"][0]["person"]) == ("nobody", "p-1")


def test_connecting_again_changes_no_primary_administrator() -> None:
    world = roster_of(made("p-1"), primary=("p-1",))
    set_up = do(world, "status", integration=LAB.id)["set_up"]
    assert "primary" not in set_up
    forged = [{"person": "p-9", "by": "x", "at": START.isoformat()}]
    do(world, "connect", integration=set_up | {"primary": forged}, by="tse")
    assert primaries(world) == ["p-1"]
