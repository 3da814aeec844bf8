"""The set-up step by step: the order of requirements A6 and E5, what is read off what, and whose turn it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from homeroom.model.integration import Integration, Transport
from homeroom.model.run import Control, RunRecord
from homeroom.model.setup import Finding, SetUp
from homeroom.support.status import Seen, Standing, standing
from homeroom.support.steps import Facts, open_step, steps
from tests.builders.connections import SIGNED_IN, clever, failing, pulled, rest
from tests.fakes.memory import START
from tests.fakes.plans import LAB, delivery

FRESH = Control(integration="lab-usd")
APPLIED = Control(integration="lab-usd", applied_run=1, applied_at=START)
TESTED = {"tested_at": START, "findings": (SIGNED_IN,)}
DAILY: dict[str, Any] = {"mode": "daily"}


def names(integration: Integration, done: bool | None) -> list[str]:
    return [step.name for step in steps(Facts(integration, FRESH)) if step.done is done]


def turn(integration: Integration, control: Control = FRESH) -> tuple[str, str] | None:
    step = open_step(Facts(integration, control))
    return (step.name, step.owner) if step else None


def status(integration: Integration, control: Control = FRESH, *history: RunRecord) -> Standing:
    return standing(Seen(integration, control, history, START))


def test_every_transport_has_its_steps_and_ends_with_the_first_run() -> None:
    made = {"clever_api": clever(), "oneroster_rest": rest(), "csv_pulled": pulled(), "csv_pushed": LAB}
    assert set(made) == set(get_args(Transport))
    for integration in made.values():
        told = steps(Facts(integration, FRESH))
        assert (told[0].name, told[0].done, told[-1].name, told[-1].done) == ("contact", True, "first run", False)


def test_clevers_order_is_that_of_the_requirements() -> None:
    told = [(step.name, step.owner) for step in steps(Facts(clever(), FRESH))]
    assert told == [
        ("contact", "district"), ("authorise", "district"), ("share", "district"), ("sync", "district"),
        ("credentials", "vendor"), ("accept", "vendor"), ("verify", "vendor"), ("schools", "vendor"),
        ("test", "vendor"), ("schedule", "vendor"), ("first run", "nobody"),
    ]


def test_clever_goes_on_from_turn_to_turn() -> None:
    steps_done: dict[str, Any] = {}
    seen = [turn(clever())]
    for words in (
        {"secret_name": "app"},
        {"district_id": "d-1", "setup": SetUp(accepted_at=START, verified_at=START)},
        {"setup": SetUp(accepted_at=START, verified_at=START, schools_at=START)},
        {"setup": SetUp(accepted_at=START, verified_at=START, schools_at=START, **TESTED)},
        {"schedule": DAILY},
    ):
        steps_done |= words
        seen.append(turn(clever(**steps_done)))
    assert [step and step[0] for step in seen] == ["credentials", "accept", "schools", "test", "schedule", "first run"]
    assert turn(clever(**steps_done), APPLIED) is None


def test_a_rest_source_goes_on_from_turn_to_turn() -> None:
    steps_done: dict[str, Any] = {}
    seen = [turn(rest())]
    for words in (
        {"secret_name": "lab"},
        {"setup": SetUp(**TESTED)},
        {"district_id": "d-1", "setup": SetUp(verified_at=START, **TESTED)},
        {"setup": SetUp(verified_at=START, schools_at=START, **TESTED)},
        {"schedule": DAILY},
    ):
        steps_done |= words
        seen.append(turn(rest(**steps_done)))
    assert [step and step[0] for step in seen] == ["credentials", "test", "verify", "schools", "schedule", "first run"]


def test_what_only_a_test_can_see_is_neither_done_nor_open_before_one() -> None:
    assert names(clever(), None) == ["authorise", "share", "sync"]
    assert names(rest(), None) == ["console", "share"]
    assert names(LAB, None) == ["account"]
    assert names(clever(setup=SetUp(**TESTED)), None) == []


@pytest.mark.parametrize(("code", "owner", "step"), [
    ("SRC-01", "district", "authorise"), ("SRC-11", "district", "share"), ("SRC-12", "district", "sync"),
    ("SRC-12", "aggregator", "sync"), ("SRC-11", "vendor", "share"),
    ("SRC-01", "vendor", "credentials"), ("SRC-10", "vendor", "credentials"),
    ("SRC-02", "aggregator", "test"),
])
def test_a_failed_test_of_clever_is_the_turn_of_whoever_can_mend_it(code: str, owner: str, step: str) -> None:
    found = failing(code, owner, "it failed").findings
    tried = clever(secret_name="app", district_id="d-1", schedule=DAILY, setup=SetUp(
        tested_at=START, findings=found, accepted_at=START, verified_at=START, schools_at=START))
    assert turn(tried) == (step, owner)
    told = status(tried)
    assert told.status == ("not set up" if owner == "vendor" else "waiting for the district")
    assert (told.owner, f"{step}: {code}: it failed") == (owner, told.text)


def test_a_refused_secret_of_the_app_is_the_turn_before_accepting() -> None:
    tried = clever(secret_name="app", setup=SetUp(tested_at=START, findings=failing("SRC-01", "vendor").findings))
    assert turn(tried) == ("credentials", "vendor")
    assert status(tried).text == "credentials: SRC-01: it failed"
    assert "test" not in names(tried, True)


def test_a_first_load_that_is_held_waits_for_a_look() -> None:
    held = FRESH.model_copy(update={"held_run": 2})
    last = steps(Facts(rest(secret_name="lab"), held))[-1]
    assert (last.name, last.owner, last.done) == ("first run", "vendor", False)
    assert "run 2" in last.todo


def test_a_run_by_hand_is_a_way_to_run_as_well() -> None:
    told = {step.name: step.done for step in steps(Facts(rest(secret_name="lab", district_id="d-1"), APPLIED))}
    assert told["schedule"] is True


def test_a_test_without_a_district_is_the_turn_of_accepting() -> None:
    tried = clever(secret_name="app", setup=SetUp(tested_at=START, findings=failing("SRC-11", "vendor").findings))
    assert turn(tried) == ("accept", "vendor")


def test_what_failed_says_what_to_do_in_the_words_of_the_test() -> None:
    found = failing("SRC-02", remedy="Check it.").findings
    tried = rest(secret_name="lab", setup=SetUp(tested_at=START, findings=found))
    step = open_step(Facts(tried, FRESH))
    assert step is not None
    assert (step.name, step.todo, step.note) == ("test", "Check it.", "SRC-02: it failed")


def test_a_source_of_another_district_is_the_turn_of_verifying() -> None:
    other = Finding(step="verify", ok=False, text="another district", owner="vendor", remedy="Correct it.")
    tried = rest(secret_name="lab", district_id="d-1", setup=SetUp(tested_at=START, findings=(SIGNED_IN, other)))
    assert turn(tried) == ("verify", "vendor")


def test_an_open_step_of_the_district_waits_for_the_district_and_one_of_ours_is_not_set_up() -> None:
    assert (status(rest()).status, status(rest()).owner) == ("not set up", "vendor")
    unshared = rest(secret_name="lab", setup=SetUp(tested_at=START, findings=failing("SRC-11", "district").findings))
    assert (status(unshared).status, status(unshared).owner) == ("waiting for the district", "district")


def test_when_all_is_set_up_the_first_run_is_awaited() -> None:
    ready = rest(secret_name="lab", district_id="d-1", schedule=DAILY,
                 setup=SetUp(verified_at=START, schools_at=START, **TESTED))
    told = status(ready)
    assert (told.status, told.owner) == ("waiting for data", "nobody")
    assert "first run" in told.text
    assert status(LAB) == Standing("waiting for data", "district", "nothing has landed yet")


def test_a_pushed_source_is_done_when_its_first_export_ran() -> None:
    assert turn(LAB) == ("export", "district")
    assert turn(LAB, FRESH.model_copy(update={"last_delivery": delivery("1.zip", "a")})) == ("first run", "nobody")
    assert turn(LAB, APPLIED) is None


def test_once_a_roster_was_applied_only_what_the_door_asks_for_is_not_set_up() -> None:
    assert status(rest(secret_name="lab", district_id="d-1"), APPLIED).status == "up to date"
    assert status(rest(district_id="d-1"), APPLIED).status == "not set up"
    assert status(rest(secret_name="lab"), APPLIED).status == "not set up"


# ---------------------------------------------------------------- tests and runs, whichever is newer


def failed(code: str, owner: str) -> RunRecord:
    return RunRecord(integration="lab-usd", run=2, trigger="schedule", state="finished", outcome="failed", code=code,
                     owner=owner, text="it failed", started_at=START, finished_at=START)


def running(tested: timedelta | None, **words: Any) -> Integration:
    at = None if tested is None else START + tested
    return rest(secret_name="lab", district_id="d-1", setup=SetUp(tested_at=at, **words))


@pytest.mark.parametrize(("code", "owner", "expected"), [
    ("SRC-01", "vendor", ("disconnected", "vendor")), ("SRC-01", "district", ("disconnected", "district")),
    ("SRC-11", "district", ("waiting for the district", "district")),
    ("SRC-12", "aggregator", ("waiting for the district", "aggregator")),
    ("SRC-16", "vendor", ("failing: we act", "vendor")),
])
def test_a_failed_run_and_a_newer_failed_test_tell_the_same(code: str, owner: str, expected: tuple[str, str]) -> None:
    by_run = status(running(None), APPLIED, failed(code, owner))
    tried = running(timedelta(hours=1), findings=failing(code, owner).findings)
    good = failed(code, owner).model_copy(update={"outcome": "applied", "code": None})
    by_test = status(tried, APPLIED, good)
    assert [(told.status, told.owner) for told in (by_run, by_test)] == [expected, expected]


def test_a_good_test_after_a_failed_run_says_that_it_may_run_again() -> None:
    mended = status(running(timedelta(hours=1), findings=(SIGNED_IN,)), APPLIED, failed("SRC-01", "district"))
    assert (mended.status, mended.owner) == ("failing: we act", "vendor")
    assert "works again" in mended.text
    older = status(running(-timedelta(hours=1), findings=(SIGNED_IN,)), APPLIED, failed("SRC-01", "district"))
    assert older.status == "disconnected"
    other = status(running(timedelta(hours=1), findings=(SIGNED_IN,)), APPLIED, failed("SRC-09", "district"))
    assert other.status == "waiting for the district"


def test_a_test_that_failed_before_the_newest_good_run_is_history() -> None:
    tried = running(-timedelta(hours=1), findings=failing("SRC-01").findings)
    good = failed("", "nobody").model_copy(update={"outcome": "applied", "code": None})
    assert status(tried, APPLIED, good).status == "up to date"
