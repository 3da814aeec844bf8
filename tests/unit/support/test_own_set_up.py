"""A product line with an order of its own (requirement E4): each step by its operation, and whose turn it is."""

from __future__ import annotations

from typing import Any

from homeroom.model.integration import Integration
from homeroom.model.run import Control
from homeroom.model.setup import OrgSeen, SetUp
from homeroom.products import CATALOGUE_LINES
from homeroom.support.steps import Facts, steps
from tests.builders.connections import APP, DISTRICT, SCHOOLS, Stub, clever, rest
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.unit.support.asking import BY, connect, do

LINE = "School Manager"


def turn(world: MemoryWorld) -> str | None:
    told = do(world, "status", integration="lab-usd")
    return next((step["name"] for step in told["steps"] if step["done"] is False), None)


def choose(world: MemoryWorld, **choices: Any) -> dict[str, Any]:
    return do(world, "options", integration="lab-usd", choices=choices, **BY)


def test_the_set_up_goes_from_enabled_to_the_summary_by_operations(source: Stub) -> None:
    world = memory_world()
    connect(world, clever(product_line=LINE), credentials=APP)
    assert turn(world) == "enabled"
    choose(world, sign_in={"on": True})
    assert turn(world) == "accept"
    asked = do(world, "pending_requests", secret_name="lab-usd")
    assert DISTRICT.id in [district["id"] for district in asked["districts"]]
    do(world, "accept", integration="lab-usd", district_id=DISTRICT.id, **BY)
    assert turn(world) == "schools"
    found = do(world, "schools", integration="lab-usd", search="oak hill")["schools"]
    do(world, "choose_schools", integration="lab-usd", schools=[found[0]["id"]], **BY)
    assert turn(world) == "options"
    choose(world, options={"class_names": "on", "parents": False})
    assert turn(world) == "test"
    assert do(world, "test_connection", integration="lab-usd")["ok"]
    assert turn(world) == "first run"
    kept = world.integrations.get("lab-usd")
    assert (kept.schedule.mode, kept.sharing.schools, kept.setup.options_at) == ("weekly", (SCHOOLS[2].id,), START)


def test_defaults_that_somebody_looked_at_are_options_that_were_chosen(source: Stub) -> None:
    ready = SetUp(accepted_at=START, verified_at=START, schools_at=START)
    world = memory_world(clever(product_line=LINE, district_id=DISTRICT.id, secret_name="lab", setup=ready,
                                sign_in={"on": True}, schedule={"mode": "weekly"}))
    assert turn(world) == "options"
    before = world.integrations.get("lab-usd").options
    choose(world, options={})
    assert (turn(world), world.integrations.get("lab-usd").options) == ("test", before)


def test_a_source_that_no_line_takes_keeps_the_steps_of_its_transport() -> None:
    """Kept before the catalogue had the line: it is shown as it can be set up, and connecting it anew is refused."""
    assert names(rest(product_line=LINE)) == names(rest())


def test_after_the_first_run_every_step_is_done() -> None:
    applied = Control(integration="lab-usd", applied_run=1, applied_at=START)
    wanted = clever(product_line=LINE, secret_name="lab", district_id=DISTRICT.id)
    assert [step.name for step in steps(Facts(wanted, applied)) if step.done is not True] == []


def test_only_lines_that_ask_for_it_have_further_steps() -> None:
    usual = names(clever())
    for name, line in CATALOGUE_LINES.items():
        further = [step for step in names(clever(product_line=name)) if step not in usual]
        assert further == (["enabled", "options", "summary"] if line.set_up
                           else ["primary administrator"] if line.primary else [])


def names(integration: Integration) -> list[str]:
    return [step.name for step in steps(Facts(integration, Control(integration="lab-usd")))]


def test_a_school_that_clever_does_not_name_can_not_be_chosen(source: Stub) -> None:
    source.found = source.found.model_copy(update={"schools": (OrgSeen(id="school-7", name="Oak Lane School"),)})
    world = memory_world(clever(product_line=LINE, secret_name="lab"))
    world.secrets.put("lab", APP)
    assert [one["id"] for one in do(world, "schools", integration="lab-usd", search="oak")["schools"]] == ["school-7"]
