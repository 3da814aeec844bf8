"""`try`: what a run would do with other choices, on the rows that were read last. Nothing is asked or written."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.integration import Options
from homeroom.model.season import Limit
from tests.builders.api_runs import clever, fed_by, run
from tests.builders.oneroster import district, small_district
from tests.builders.questions import questions_of
from tests.fakes.clever_server import Clever, serving
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.plans import LAB
from tests.regression.days import LAB as LAB_OF_DAYS
from tests.regression.days import lands, many_students

PLAIN = LAB_OF_DAYS.model_copy(update={"product_line": ""})


@pytest.fixture
def world() -> MemoryWorld:
    """An integration whose first day is applied."""
    made = memory_world(PLAIN)
    assert lands(made, "1.zip", small_district()).outcome == "applied"
    return made


def tried(world: MemoryWorld, **words: Any) -> dict[str, Any]:
    return questions_of(world, PLAIN.id)("try", **words)


def test_a_school_filter_shows_who_would_leave_and_why(world: MemoryWorld) -> None:
    told = tried(world, choices={"sharing": {"schools": ["school-1"]}})
    there = {row["sourcedId"] for row in small_district()["users"] if row["orgSourcedIds"] == "school-2"}
    assert told["verdict"] == ("hold" if any(guard["tripped"] for guard in told["guards"]) else "apply")
    assert told["counts"]["people"]["archive"] == len(there)
    assert told["difference"]["people"]["leave"]["count"] == len(there)
    assert set(told["examples"]["people"]["archive"]) == there
    assert told["left_out"]["people"] == {"school not shared": len(there)}
    assert told["effect"].startswith("Because of the choice: orgs 1 leave")


def test_choices_of_today_differ_in_nothing(world: MemoryWorld) -> None:
    told = tried(world)
    assert (told["verdict"], told["changes"], told["difference"]) == ("nothing", 0, {})
    assert told["effect"] == "These choices take and leave the same records as today's."


def test_only_what_is_named_changes(world: MemoryWorld) -> None:
    narrowed = PLAIN.model_copy(update={"sharing": PLAIN.sharing.model_copy(update={"schools": ("school-1",)})})
    world.integrations.put(narrowed)
    told = tried(world, choices={"options": {"strict": True}})
    assert told["left_out"]["orgs"] == {"school not shared": 1}
    assert told["choices"] == {"options": {"strict": True}}


def test_the_answer_says_which_rows_it_is_about(world: MemoryWorld) -> None:
    told = tried(world, choices={"sharing": {"schools": ["school-1"]}})["rows"]
    assert (told["run"], told["held"]) == (1, False)
    assert told["text"] == "rows that run 1 read at 2026-09-07 06:01 UTC"


def test_the_rows_of_a_held_run_are_the_newest(world: MemoryWorld) -> None:
    lands(world, "2.zip", many_students().files)
    halved = district().files
    halved["users"] = halved["users"][:8]
    kept = {row["sourcedId"] for row in halved["users"]}
    halved["enrollments"] = [row for row in halved["enrollments"] if row["userSourcedId"] in kept]
    held = lands(world, "3.zip", halved)
    assert held.outcome == "held"
    told = tried(world)
    assert (told["rows"]["run"], told["rows"]["held"], told["verdict"]) == (held.run, True, "hold")
    limits = {code: Limit(percent=100) for code in {g["code"] for g in told["guards"] if g["tripped"]}}
    assert tried(world, limits=limits)["verdict"] == "apply"


def test_limits_of_a_season_are_tried_on_last_years_rows(world: MemoryWorld) -> None:
    told = tried(world, as_of="2027-08-01", limits={"GRD-02": {"percent": 0, "floor": 1}},
                 choices={"sharing": {"schools": ["school-1"]}})
    assert told["as_of"] == "2027-08-01"
    assert {guard["limit"] for guard in told["guards"] if guard["code"] == "GRD-02"} == {0.0}


def test_a_schedule_is_told_with_its_next_start(world: MemoryWorld) -> None:
    told = tried(world, choices={"schedule": {"mode": "weekly"}})
    assert told["timing"]["next_run"] is not None
    assert told["difference"] == {}


def test_before_any_run_there_is_nothing_to_try() -> None:
    with pytest.raises(Refused, match="no run has read the source yet"):
        questions_of(memory_world(LAB))("try")


def test_a_product_that_the_line_does_not_have_is_refused(world: MemoryWorld) -> None:
    with pytest.raises(Refused, match="product"):
        tried(world, choices={"products": ["Made Up Product"]})


def test_a_school_that_nobody_knows_is_refused(world: MemoryWorld) -> None:
    with pytest.raises(Refused, match="these rows have no school scool-1"):
        tried(world, choices={"sharing": {"schools": ["scool-1"]}})


def test_unique_class_names_show_which_classes_get_another_name(world: MemoryWorld) -> None:
    line = PLAIN.model_copy(update={
        "product_line": "School Manager", "aggregator": "clever", "options": Options(class_names="off")})
    world.integrations.put(line)
    told = tried(world, choices={"options": {"class_names": "on"}})
    assert told["difference"]["classes"]["change"]["count"] == 4
    assert {rule["code"]: rule["count"] for rule in told["rules"]}["PRD-03"] == 4
    assert told["effect"].startswith("Because of the choice: classes 4 get other values.")


def test_what_the_products_refuse_is_refused_in_the_same_words(world: MemoryWorld) -> None:
    with pytest.raises(Refused, match="Force Unique Class Names belongs to a product"):
        tried(world, choices={"options": {"class_names": "on"}})


def test_the_source_is_not_asked() -> None:
    fake = Clever(small_district())
    with serving(fake):
        world = fed_by(clever(fake).model_copy(update={"product_line": ""}))
        assert run(world, fake=fake).outcome == "applied"
        asked = len(fake.log)
        told = questions_of(world, "lab")("try", choices={"sharing": {"roles": ["teacher"]}})
        assert len(fake.log) == asked
    assert told["difference"]["people"]["leave"]["count"] > 0
