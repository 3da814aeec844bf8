"""Match Users By Name in whole runs: who gets the account, who goes to the review list, what an approval uses (C7)."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from homeroom.apply.items import link_key
from homeroom.model import places
from homeroom.model.integration import Integration
from homeroom.model.run import RunRecord
from tests.builders.oneroster import Files, small_district
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.web_directories import CLIENT_ID, CLIENT_SECRET, TENANT, Graph, graph_user, serving
from tests.regression.days import approve, lands

LIST = "landing/lab/directory/directory.csv"
UPLOADED = {"kind": "uploaded"}


def integration(directory: dict[str, Any], **words: Any) -> Integration:
    options = {"match_by_name": True, "directory": directory, **words.pop("options", {})}
    return Integration.model_validate({
        "id": "lab", "hold_first_load": False, "product_line": "School Manager", "options": options, **words})


def named(**names: tuple[str, str]) -> Files:
    """The small district, in which these people have these names."""
    files = small_district()
    for row in files["users"]:
        given, family = names.get(row["sourcedId"].replace("-", "_"), (f"Given {row['sourcedId']}", "Sample"))
        row |= {"givenName": given, "familyName": family}
    return files


def listed(*accounts: tuple[str, str, str]) -> bytes:
    return "\n".join(["id,givenName,familyName", *(",".join(one) for one in accounts)]).encode()


def accounts_in(world: MemoryWorld) -> dict[str, str]:
    """Person → account, as the roster holds it."""
    return {item["source_id"]: item["directory_id"] for item in world.roster.items.values() if "directory_id" in item}


def linked(world: MemoryWorld, account: str) -> str | None:
    """The internal id of the person whom the identity link of an account names."""
    found = world.roster.get([link_key("lab", f"directory#{account}")])
    return str(found[0]["person"]) if found else None


def review(world: MemoryWorld, run: RunRecord) -> dict[str, str]:
    """Person → code of the review list."""
    lines = gzip.decompress(world.objects.get(places.issues("lab", run.run))).splitlines()
    issues = [json.loads(line) for line in lines]
    return {one["source_id"]: one["code"] for one in issues if one["code"] in ("IDN-02", "IDN-05")}


def codes(run: RunRecord) -> set[str]:
    assert run.summary is not None
    return {one["code"] for one in run.summary["issues"]["codes"]}


ROSTER = named(s_1=("Ada", "Sample"), s_2=("Bo", "Tester"), s_3=("Cy", "Same"), s_4=("Cy", "Same"),
               t_1=("Di", "Teacher"))
ACCOUNTS = (("a-1", "ADA", "Sample"), ("a-2", "Bo", "Tester"), ("a-3", "Cy", "Same"), ("a-4", "Di", "Teacher"))
OTHERS = {"t-2", "t-3", *(f"s-{n}" for n in range(5, 11))}


def test_an_uploaded_list_names_people_and_namesakes_go_to_the_review_list() -> None:
    world = memory_world(integration(UPLOADED))
    world.landing.put(LIST, listed(*ACCOUNTS))
    run = lands(world, "first.zip", ROSTER)
    assert run.outcome == "applied"
    assert accounts_in(world) == {"s-1": "a-1", "s-2": "a-2", "t-1": "a-4"}
    assert review(world, run) == {**dict.fromkeys(("s-3", "s-4"), "IDN-02"), **dict.fromkeys(OTHERS, "IDN-05")}
    assert {"IDN-02", "IDN-05"} <= codes(run)
    assert len({linked(world, account) for account in ("a-1", "a-2", "a-4")} - {None}) == 3
    assert linked(world, "a-3") is None


def test_graph_names_people_with_the_credentials_of_the_secret() -> None:
    graph = Graph([graph_user(*one) for one in ACCOUNTS])
    with serving(graph) as url:
        entra = {"kind": "entra", "tenant": TENANT, "url": url, "sign_in_url": url}
        world = memory_world(integration(entra, options={"directory_secret": "directory/lab"}))
        world.secrets.put("directory/lab", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
        lands(world, "first.zip", ROSTER)
    assert accounts_in(world) == {"s-1": "a-1", "s-2": "a-2", "t-1": "a-4"}
    assert linked(world, "a-1") is not None


def test_a_directory_that_fails_fails_no_run_and_takes_no_account_away() -> None:
    graph = Graph([graph_user(*one) for one in ACCOUNTS])
    with serving(graph) as url:
        entra = {"kind": "entra", "tenant": TENANT, "url": url, "sign_in_url": url}
        world = memory_world(integration(entra, options={"directory_secret": "directory/lab"}))
        world.secrets.put("directory/lab", {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})
        lands(world, "first.zip", ROSTER)
        world.secrets.put("directory/lab", {"client_id": CLIENT_ID, "client_secret": "ended-Never-Shown"})
        changed = named(s_1=("Ada", "Sample"), s_2=("Bo", "Tester"), s_5=("New", "Name"), t_1=("Di", "Teacher"))
        run = lands(world, "second.zip", changed)
    assert run.outcome == "applied"
    assert "SRC-20" in codes(run)
    assert accounts_in(world) == {"s-1": "a-1", "s-2": "a-2", "t-1": "a-4"}
    assert review(world, run) == {}
    assert "ended-Never-Shown" not in "".join(map(str, world.objects.bodies.values()))


def test_an_approval_uses_the_accounts_that_the_held_plan_was_made_with() -> None:
    world = memory_world(integration(UPLOADED, hold_first_load=True))
    world.landing.put(LIST, listed(*ACCOUNTS))
    held = lands(world, "first.zip", ROSTER)
    assert held.outcome == "held"
    world.landing.put(LIST, listed(("a-9", "Ada", "Sample")))
    applied = approve(world, held)
    assert applied.outcome == "applied"
    assert accounts_in(world) == {"s-1": "a-1", "s-2": "a-2", "t-1": "a-4"}
    kept = [world.objects.get(places.accounts("lab", run.run)) for run in (held, applied)]
    assert kept[0] == kept[1]


def test_a_directory_that_could_not_be_read_for_a_held_plan_is_not_read_for_its_approval() -> None:
    world = memory_world(integration(UPLOADED, hold_first_load=True))
    held = lands(world, "first.zip", ROSTER)
    assert "SRC-20" in codes(held)
    world.landing.put(LIST, listed(*ACCOUNTS))
    applied = approve(world, held)
    assert applied.outcome == "applied"
    assert accounts_in(world) == {}


def test_a_list_that_lands_is_no_roster_and_is_read_by_the_next_run() -> None:
    world = memory_world(integration(UPLOADED))
    world.landing.put(LIST, listed(("a-1", "Ada", "Sample")))
    lands(world, "first.zip", ROSTER)
    world.landing.put("landing/lab/directory/users.zip", b"no roster")
    world.landing.put(LIST, listed(("a-1", "Ada", "Sample"), ("a-2", "Bo", "Tester")))
    lands(world, "second.zip", named(s_1=("Ada", "Sample"), s_2=("Bo", "Tester")))
    assert accounts_in(world) == {"s-1": "a-1", "s-2": "a-2"}


def test_with_the_option_off_nothing_is_read_kept_or_said() -> None:
    world = memory_world(integration(UPLOADED, options={"match_by_name": False}))
    world.landing.put(LIST, listed(*ACCOUNTS))
    run = lands(world, "first.zip", ROSTER)
    assert accounts_in(world) == {}
    assert review(world, run) == {}
    assert [key for key in world.objects.bodies if "directory" in key] == []


@pytest.mark.parametrize("directory", [None, UPLOADED])
def test_a_run_without_a_directory_says_so(directory: dict[str, Any] | None) -> None:
    world = memory_world(integration(directory or {}, options={"directory": directory}))
    run = lands(world, "first.zip", ROSTER)
    assert "SRC-20" in codes(run)
    assert run.outcome == "applied"
