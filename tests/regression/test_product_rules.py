"""The rules of product lines in whole runs: what the roster table holds, and what the summary says (C8 to C11, C14)."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.model.integration import Integration
from homeroom.model.run import RunRecord
from tests.builders.oneroster import District, district
from tests.fakes.memory import MemoryWorld
from tests.regression.days import active, lab, lands


def integration(line: str, *products: str, **options: Any) -> Integration:
    return Integration.model_validate({
        "id": "lab", "hold_first_load": False, "product_line": line, "products": products, "options": options})


def held(world: MemoryWorld, entity: str, field: str) -> dict[str, Any]:
    """Source id → value of a field, of the active records that have it."""
    items = world.roster.items.values()
    return {i["source_id"]: i[field] for i in items
            if i.get("entity") == entity and i.get("status") == "active" and field in i and "shard" in i}


def codes(run: RunRecord) -> dict[str, int]:
    assert run.summary is not None
    return {one["code"]: one["count"] for one in run.summary["issues"]["codes"]}


def again(world: MemoryWorld, name: str, rows: District) -> RunRecord:
    return lands(world, name, rows.files)


def other_choices(world: MemoryWorld, **options: Any) -> None:
    made = world.integrations.get("lab")
    chosen = made.options.model_copy(update=options)
    world.integrations.put(made.model_copy(update={"options": chosen}))


SAMPLE = district().with_class("c-5", title="Class c-1")


def test_class_names_carry_their_ids_and_the_next_day_changes_nothing() -> None:
    world = lab(SAMPLE.files, integration("School Manager", class_names="on"))
    assert held(world, "classes", "title")["c-1"] == "Class c-1 - c-1"
    assert held(world, "classes", "source_title")["c-1"] == "Class c-1"
    renamed = SAMPLE.with_cells("users", "s-1", givenName="Other")
    run = again(world, "2.zip", renamed)
    assert run.summary is not None
    assert (run.summary["entities"]["classes"]["updated"], run.summary["entities"]["people"]["updated"]) == (0, 1)
    assert "PRD-03" not in codes(run)


def test_names_that_clash_are_made_unique_and_stay() -> None:
    world = lab(SAMPLE.files, integration("School Manager", class_names="where they clash"))
    assert {id for id, title in held(world, "classes", "title").items() if title.endswith(f" - {id}")} == {"c-1", "c-5"}
    run = again(world, "2.zip", SAMPLE.with_cells("classes", "c-5", title="Another"))
    titles = held(world, "classes", "title")
    assert (run.outcome, titles["c-1"], titles["c-5"]) == ("applied", "Class c-1 - c-1", "Another")


def test_parent_data_is_a_choice_of_the_district() -> None:
    world = lab(SAMPLE.files, integration("School Manager", parents=False))
    assert ("g-1" in active(world, "people"), active(world, "contacts")) == (False, set())
    first = world.runs.run("lab", 1)
    assert first.summary is not None
    assert first.summary["products"]["left_out"]["people"] == {"parents are not synced": 1}
    assert first.summary["sharing"] == {"leave": {}, "left_out": {}}
    other_choices(world, parents=True)
    again(world, "2.zip", SAMPLE.with_cells("users", "s-2", givenName="Other"))
    assert ("g-1" in active(world, "people"), active(world, "contacts")) == (True, {"s-1|g-1"})


@pytest.mark.parametrize(("line", "level"), [("Galileo", "6 or above"), ("Sonday", "Other")])
def test_grades_are_told_in_the_words_of_the_line(line: str, level: str) -> None:
    rows = SAMPLE.with_cells("users", "s-1", grades="Twelfth").with_cells("users", "s-2", grades="")
    world = lab(rows.files, integration(line))
    levels = held(world, "people", "grade_levels")
    assert (levels["s-1"], levels["s-3"], "s-2" in levels) == ([level], ["5"], False)
    told = codes(world.runs.run("lab", 1))
    assert (told["FLD-03"], told["PRD-08"]) == (1, 1)


IN_TWO = SAMPLE.with_cells("users", "s-1", orgSourcedIds="school-1,school-2").with_enrollment("s-1", "c-3")
THERE = "e-s-1-c-3"


def test_a_student_in_two_schools_is_reported_before_it_does_harm() -> None:
    world = lab(IN_TWO.files, integration("Imagine Learning portal", "MyPath Reading"))
    first = world.runs.run("lab", 1)
    assert first.summary is not None
    (told,) = [one for one in first.summary["issues"]["codes"] if one["code"] == "PRD-09"]
    assert (told["count"], told["remedy"].startswith("Contact Product Support")) == (1, True)
    assert THERE in active(world, "enrollments")


@pytest.mark.parametrize(("products", "kept"), [
    (("MyPath Reading",), None),
    (("Imagine Language & Literacy", "MyPath Reading"), ["MyPath Reading"]),
])
def test_with_a_home_school_the_products_of_one_school_get_no_other(products: tuple[str, ...], kept: Any) -> None:
    chosen = integration("Imagine Learning portal", *products, one_school=True, home_schools={"s-1": "school-1"})
    world = lab(IN_TWO.files, chosen)
    assert held(world, "people", "home_school")["s-1"] == "school-1"
    assert (THERE in active(world, "enrollments")) is (kept is not None)
    assert held(world, "enrollments", "not_for") == ({} if kept is None else {THERE: kept})
    assert codes(world.runs.run("lab", 1))["PRD-01"] == 1


def test_a_product_receives_no_field_that_it_has_no_use_for() -> None:
    rows = SAMPLE.with_cells("users", "s-1", sms="555-0100", middleName="Middle")
    for line, told in (("Sonday", {}), ("School Manager", {"s-1": "555-0100"})):
        world = lab(rows.files, integration(line))
        assert held(world, "people", "sms") == told
        assert held(world, "people", "middle_name") == {}
