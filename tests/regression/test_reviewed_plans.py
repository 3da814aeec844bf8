"""Plans that lost, doubled or mixed up people when a reviewer tried to break them, in whole runs."""

from __future__ import annotations

import pytest

from homeroom.apply.manifest import load_manifest
from homeroom.errors import Lapsed
from homeroom.model.connect_events import Connect
from homeroom.model.events import ChangeAggregator
from homeroom.model.integration import Limit
from homeroom.model.past_events import AskTry
from homeroom.model.plan import PlanManifest
from homeroom.model.run import RunRecord
from homeroom.model.season import Season
from homeroom.model.sharing import Sharing
from homeroom.planning.trying import answer_try
from homeroom.support.operations import act
from tests.builders.api_runs import clever, credentials_of, run
from tests.builders.new_ids import under_new_ids
from tests.builders.oneroster import Files, copy_of, district
from tests.fakes.clever_server import Clever
from tests.fakes.memory import MemoryWorld
from tests.fakes.oneroster_service import Service
from tests.regression.days import LAB, active, approve, lab, lands, many_students
from tests.regression.new_ids import approve_rekey
from tests.regression.test_new_ids_of_the_same_people import change, ids, moving
from tests.regression.test_product_rules import held, integration, other_choices

__all__ = ["moving"]

SHIFTED = [f"s-{n}" for n in range(100, 110)]
BY_ONE = dict(zip(SHIFTED, [*SHIFTED[1:], "s-new"], strict=True))


def named(**cells: str) -> Files:
    """Many students, each with a given name of their own."""
    files = many_students().files
    for user in files["users"]:
        user |= {"givenName": f"Given {user['sourcedId']}"} | cells
    return files


def with_ids(files: Files, ids: dict[str, str]) -> Files:
    """The same people under other ids, their enrollments under the old ones."""
    moved = copy_of(files)
    for user in moved["users"]:
        user["sourcedId"] = ids.get(user["sourcedId"], user["sourcedId"])
    for place in moved["enrollments"]:
        place["userSourcedId"] = ids.get(place["userSourcedId"], place["userSourcedId"])
    return moved


def plan(world: MemoryWorld, run: RunRecord) -> PlanManifest:
    return load_manifest(world.objects, "lab", run.run)


def anew(id: str) -> str:
    return id if id == "d-1" else f"new-{id}"


# ---------------------------------------------------------------- ids of somebody else

@pytest.mark.parametrize("cells", [{}, {"familyName": "Sample"}], ids=["other names", "one family name"])
def test_ids_that_are_shifted_by_one_archive_nobody_double_nobody_and_give_no_id_away(cells: dict[str, str]) -> None:
    files = named(**cells)
    world = lab(files)
    people, places = ids(world, "people"), active(world, "enrollments")
    shifted = lands(world, "2.zip", with_ids(files, BY_ONE))
    told = plan(world, shifted).issues
    assert (ids(world, "people"), active(world, "enrollments")) == (people, places)
    assert (shifted.outcome, told["IDN-01"], told["IDN-03"]) == ("nothing to change", 9, 1)


def test_two_people_with_swapped_ids_stay_who_they_are() -> None:
    files = named(familyName="Sample")
    world = lab(files)
    people = ids(world, "people")
    swapped = lands(world, "2.zip", with_ids(files, {"s-100": "s-101", "s-101": "s-100"}))
    assert (ids(world, "people"), plan(world, swapped).issues) == (people, {"IDN-01": 2})


def test_half_of_a_school_under_ids_shifted_by_one_is_held() -> None:
    files = named(familyName="Sample")
    world, many = lab(files), [f"s-{n}" for n in range(100, 130)]
    writes = world.roster.writes
    shifted = lands(world, "2.zip", with_ids(files, dict(zip(many, [*many[1:], "s-new"], strict=True))))
    tripped = [guard["code"] for guard in plan(world, shifted).guards if guard["tripped"]]
    assert (shifted.outcome, tripped, world.roster.writes) == ("held", ["GRD-07"], writes)


def test_somebody_who_marries_and_keeps_the_number_is_no_stranger() -> None:
    files = named()
    world = lab(files)
    married = district(files).with_cells("users", "s-100", familyName="Married", username="married")
    lands(world, "2.zip", married.files)
    assert held(world, "people", "family_name")["s-100"] == "Married"


def test_an_id_that_went_to_somebody_in_a_school_that_is_not_shared_archives_nobody() -> None:
    files = named()
    world = lab(files, LAB.model_copy(update={"sharing": Sharing(schools=("school-1",))}))
    people, places = ids(world, "people"), active(world, "enrollments")
    other = district(files).with_cells(
        "users", "s-101", givenName="Quite", familyName="Another", username="quite.another", identifier="999999",
        email="quite.another@example.org", orgSourcedIds="school-2").without("enrollments", "e-s-101-c-1")
    run = lands(world, "2.zip", other.files)
    assert (ids(world, "people"), active(world, "enrollments")) == (people, places)
    assert plan(world, run).issues["IDN-01"] == 1


# ---------------------------------------------------------------- new ids and rules that look back

def test_class_names_that_were_made_unique_stay_so_under_new_ids() -> None:
    sample = many_students().with_class("c-5", title="Class c-1", classCode="another code")
    world = lab(sample.files, integration("School Manager", class_names="where they clash"))
    ended = sample.with_cells("classes", "c-5", title="Another")
    lands(world, "2.zip", ended.files)
    approve_rekey(world, lands(world, "3.zip", under_new_ids(ended.files, anew)))
    titles = held(world, "classes", "title")
    assert (titles["new-c-1"], titles["new-c-5"]) == ("Class c-1 - new-c-1", "Another")


@pytest.mark.parametrize("setting", ["on", "where they clash"])
def test_classes_with_unique_names_keep_their_identity_under_new_ids(setting: str) -> None:
    sample = many_students().with_class("c-5", title="Class c-1")
    world = lab(sample.files, integration("School Manager", class_names=setting))
    before = {item["id"] for item in world.roster.items.values() if item.get("entity") == "classes"}
    approve_rekey(world, lands(world, "2.zip", under_new_ids(sample.files, anew)))
    assert {item["id"] for item in world.roster.items.values() if item.get("entity") == "classes"} == before


def test_a_home_school_stays_under_new_ids() -> None:
    several = many_students().with_cells("users", "s-1", orgSourcedIds="school-1,school-2")
    several = several.with_enrollment("s-1", "c-3").with_cells("classes", "c-4", classType="scheduled")
    world = lab(several.files, integration("Imagine Learning portal", "MyPath Reading", one_school=True))
    more = several.with_enrollment("s-1", "c-4").with_enrollment("s-1", "c-4", sourcedId="e-once-more")
    lands(world, "2.zip", more.files)
    assert held(world, "people", "home_school")["s-1"] == "school-1"
    approve_rekey(world, lands(world, "3.zip", under_new_ids(more.files, anew)))
    assert held(world, "people", "home_school")["new-s-1"] == "new-school-1"


def test_new_ids_of_some_wait_together_with_the_old_ones() -> None:
    """Ten came under new ids and twenty left: the removals wait, and nobody stands twice meanwhile."""
    files = named()
    world = lab(files)
    other_choices(world, on_hold="removals wait")
    people = ids(world, "people")
    gone = {f"s-{n}" for n in range(110, 130)}
    left = under_new_ids(files, lambda id: f"new-{id}" if id in SHIFTED else id)
    left["users"] = [row for row in left["users"] if row["sourcedId"] not in gone] + [
        row for row in district().with_student("s-999").files["users"] if row["sourcedId"] == "s-999"]
    left["enrollments"] = [row for row in left["enrollments"] if row["userSourcedId"] not in gone]
    part = lands(world, "2.zip", left)
    now = ids(world, "people")
    assert (part.outcome, part.waits is not None) == ("applied", True)
    assert {key: found for key, found in now.items() if key in people} == people
    assert len(now) == len(people) + 1


# ---------------------------------------------------------------- why it leaves, and what was approved

def test_links_of_parents_leave_by_the_choice_and_not_unexplained() -> None:
    families = many_students()
    for n in range(100, 140):
        families = families.with_guardian(f"g-{n}", of=f"s-{n}")
    world = lab(families.files, integration("School Manager", parents=True))
    other_choices(world, parents=False)
    run = lands(world, "2.zip", families.files)
    tripped = [guard["code"] for guard in plan(world, run).guards if guard["tripped"]]
    assert (plan(world, run).removals["contacts"], tripped) == ({"product rule": 41}, ["GRD-12"])
    assert approve(world, run).outcome == "applied"
    assert active(world, "contacts") == set()


def test_the_limits_of_a_question_count_before_a_season_that_begins_that_day() -> None:
    day = "2026-09-01"
    season = Season(first=day, last="2026-09-30", limits={"GRD-02": Limit(percent=40)})
    world = lab(many_students().files, LAB.model_copy(update={"seasons": (season,)}))
    asked = AskTry(mode="try", integration="lab", as_of=day, limits={"GRD-02": Limit(percent=3)})
    limits = {guard["code"]: guard["limit"] for guard in answer_try(asked, world)["guards"]}
    assert limits["GRD-02"] == 3


def test_what_one_aggregator_told_is_not_approved_once_the_roster_comes_by_another(
    moving: tuple[MemoryWorld, Service, Clever]
) -> None:
    world, service, fake = moving
    change(world, service)
    waits = run(world)
    back = clever(fake).model_copy(update={"product_line": ""})
    asked = Connect(operation="connect", integration=back, credentials=dict(credentials_of(back)))
    act(ChangeAggregator(operation="change_aggregator", set_up=asked, by="tse", reason="the way back"), world)
    with pytest.raises(Lapsed):
        approve(world, waits)
    assert world.runs.run("lab", waits.run).outcome == "lapsed"
