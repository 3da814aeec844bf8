"""Changing what a district chose: only what is named, within the rules of the products, told in words."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.integration import Options
from homeroom.model.setup import SetUp
from homeroom.support.options import EFFECT
from tests.builders.connections import SCHOOLS, Stub, clever, rest
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import GUARD, LAB, end, file_lands, keep_plan, lease_of
from tests.unit.support.asking import audited, do, stored

MANAGED: dict[str, Any] = {"product_line": "School Manager", "district_id": "d-1"}


def manager(**words: Any) -> MemoryWorld:
    return memory_world(clever(**(MANAGED | words)))


def choose(world: MemoryWorld, **choices: Any) -> dict[str, Any]:
    return do(world, "options", integration="lab-usd", choices=choices, by="csm", reason="asked for")


def test_only_what_is_named_changes() -> None:
    world = manager(options=Options(parents=False, strict=True), schedule={"mode": "weekly"})
    choose(world, options={"class_names": "on"})
    kept = world.integrations.get("lab-usd")
    assert kept.options == Options(parents=False, strict=True, class_names="on")
    assert (kept.schedule.mode, kept.setup.options_at) == ("weekly", START)


def test_null_goes_back_to_what_the_product_line_says() -> None:
    world = manager(options=Options(parents=False))
    told = choose(world, options={"parents": None})
    assert told["set"]["options"]["parents"] == {"value": True, "from": "product line", "offered": True}


def test_what_counts_tells_the_lines_defaults_from_the_districts_choice() -> None:
    told = choose(manager(options=Options(parents=False, home_schools={})))
    assert told["effect"].startswith("nothing was asked for")
    assert told["set"]["options"]["parents"] == {"value": False, "from": "district", "offered": True}
    assert told["set"]["options"]["class_names"] == {"value": "off", "from": "product line", "offered": True}
    assert told["set"]["options"]["on_hold"] == {"value": "all waits", "from": "default", "offered": True}


def test_an_answer_says_how_many_home_schools_there_are_and_names_no_student() -> None:
    world = memory_world(clever(product_line="Imagine Learning portal"))
    told = choose(world, options={"home_schools": {"student-9": "school-1"}})
    assert told["set"]["options"]["home_schools"] == {"value": 1, "from": "district", "offered": True}
    assert "student-9" not in str(told) + str(world.runs.audits)


def test_a_change_is_audited_by_name_before_it_is_kept() -> None:
    world = manager()
    choose(world, options={"class_names": "on", "parents": False}, sign_in={"on": True})
    assert audited(world)[0] == {
        "operation": "options", "by": "csm", "by_is": "declared", "reason": "asked for",
        "choices": ["options.class_names", "options.parents", "sign_in.on"],
    }


def test_a_refused_change_leaves_everything_as_it_was() -> None:
    world = memory_world(clever(product_line="Galileo"))
    before = world.integrations.get("lab-usd")
    with pytest.raises(Refused, match="Clever Goals are currently not supported by Galileo K-12"):
        choose(world, options={"goals": True}, schedule={"mode": "daily"})
    assert (world.integrations.get("lab-usd"), world.timers.list(), world.runs.audits) == (before, [], [])


def test_the_timer_follows_the_schedule() -> None:
    world = manager()
    told = choose(world, schedule={"mode": "daily", "at": "19:15"})
    assert [timer.expression for timer in world.timers.list()] == ["cron(15 19 ? * * *)"]
    assert (told["effect"], told["set"]["when"]["schedule"]) == (
        "takes effect at once", "every day at 19:15 (America/New_York)")
    choose(world, schedule={"mode": "off", "at": None})
    assert world.timers.list() == []


def test_a_time_that_a_clock_change_leaves_out_is_refused() -> None:
    with pytest.raises(Refused, match="when clocks change"):
        choose(manager(), schedule={"mode": "daily", "at": "02:30"})


def test_parts_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(Refused, match="the schedule would not fit"):
        choose(manager(schedule={"mode": "daily", "at": "19:15"}), schedule={"mode": "weekly"})


def test_options_take_effect_with_the_next_run_and_a_held_run_lapses() -> None:
    world = manager()
    assert choose(world, options={"parents": False})["effect"] == EFFECT
    assert choose(world, options={"parents": False})["effect"].startswith("nothing changes")
    world = memory_world(LAB.model_copy(update={"product_line": "Sonday"}))
    lease = lease_of(world, file_lands(world, "export.zip"))
    keep_plan(world, lease, [], verdict="hold", guards=[GUARD])
    end(world, lease, verdict="hold")
    assert "Run 1, which is held, lapses" in choose(world, options={"only_source": True})["effect"]


def test_schools_are_checked_against_the_source(source: Stub) -> None:
    world = stored(clever(**MANAGED))
    with pytest.raises(Refused, match="there is no school school-9"):
        choose(world, sharing={"schools": ["school-9"]})
    choose(world, sharing={"schools": [SCHOOLS[0].id]})
    assert world.integrations.get("lab-usd").setup == SetUp(schools_at=START)


def test_products_are_those_of_the_line() -> None:
    world = memory_world(rest(product_line="Sonday"))
    with pytest.raises(Refused, match="Galileo K-12 is no product of Sonday"):
        choose(world, products=["Galileo K-12"])
    assert choose(world, products=["WinVocab"])["set"]["products"] == ["WinVocab"]


def test_a_product_option_without_a_product_line_is_refused_with_what_to_do() -> None:
    with pytest.raises(Refused, match=r"belongs to a product[^\n]*\nName the product line, one of: Sonday"):
        choose(memory_world(rest()), options={"class_names": "on"})
    with pytest.raises(Refused, match="sign-in belongs to a product"):
        choose(memory_world(rest()), sign_in={"on": True})


def test_students_sign_in_only_where_sign_in_is_on() -> None:
    with pytest.raises(Refused, match="only where sign-in is on"):
        choose(memory_world(clever(product_line="Galileo")), sign_in={"students": True})
