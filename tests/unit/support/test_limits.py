"""Limits of guards for one integration, and season windows: what is kept, refused, audited and said."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.guard.guards import GUARDS, SEASON
from homeroom.model.events import TryChoices
from homeroom.model.integration import Limit, Season
from homeroom.model.season import limits_on
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.plans import LAB, person, run_until_held
from tests.unit.support.asking import BY, do

ROLLOVER = {"first": "2026-09-01", "last": "2026-09-20"}


def lab() -> MemoryWorld:
    return memory_world(LAB)


def limits(world: MemoryWorld, **told: Any) -> dict[str, Any]:
    return do(world, "limits", integration=LAB.id, limits={k.replace("_", "-"): v for k, v in told.items()}, **BY)


def season(world: MemoryWorld, **told: Any) -> dict[str, Any]:
    return do(world, "season", integration=LAB.id, **{**ROLLOVER, **told}, **BY)


def kept(world: MemoryWorld) -> dict[str, Limit]:
    return dict(world.integrations.get(LAB.id).limits)


def test_a_limit_is_kept_beside_the_others_and_null_goes_back_to_the_default() -> None:
    world = lab()
    limits(world, GRD_04={"percent": 40, "floor": 30}, GRD_08={"off": True})
    told = limits(world, GRD_06={"percent": 90}, GRD_08=None)
    assert kept(world) == {"GRD-04": Limit(percent=40, floor=30), "GRD-06": Limit(percent=90)}
    assert told["guards"]["GRD-04"] == {"limit": 40, "unit": "percent", "floor": 30, "off": False, "own": True}
    assert told["guards"]["GRD-08"] == {"limit": 50, "unit": "percent", "floor": 100, "off": False, "own": False}


@pytest.mark.parametrize("code", ["COMPLETE", "DISTRICT", "FIRST-LOAD", "UNDONE", "MOVING", "GRD-99", "grd-02"])
def test_guards_without_limits_and_unknown_ones_are_refused(code: str) -> None:
    world = lab()
    with pytest.raises(Refused, match="no limit to set"):
        limits(world, **{code: {"percent": 1}})
    with pytest.raises(Refused, match="no limit to set"):
        season(world, limits={code: {"off": True}})
    assert (kept(world), world.runs.audits) == ({}, [])


@pytest.mark.parametrize(("code", "number"), [("GRD-02", {"count": 5}), ("GRD-03", {"percent": 5})])
def test_a_number_in_another_unit_than_the_guards_is_refused(code: str, number: dict[str, int]) -> None:
    with pytest.raises(Refused, match=f"{code} counts in"):
        limits(lab(), **{code: number})


@pytest.mark.parametrize(
    ("limit", "loosens"),
    [({"percent": 20}, True), ({"percent": 5}, False), ({"floor": 30}, True), ({"floor": 1}, False),
     ({"off": True}, True), ({"percent": 10}, False)],
)
def test_who_loosens_a_guard_stands_in_the_audit_with_the_reason(limit: dict[str, Any], loosens: bool) -> None:
    world = lab()
    told = limits(world, GRD_02=limit)
    _, entry, _ = world.runs.audits[-1]
    assert (entry["operation"], entry["by"], entry["reason"]) == ("limits", BY["by"], BY["reason"])
    assert entry["loosened"] == told["loosened"] == (["GRD-02"] if loosens else [])
    assert entry["limits"] == {"GRD-02": {k: float(v) if k == "percent" else v for k, v in limit.items()}}


def test_going_back_to_a_wider_default_loosens_too() -> None:
    world = lab()
    limits(world, GRD_02={"percent": 5})
    assert limits(world, GRD_02=None)["loosened"] == ["GRD-02"]


@pytest.mark.parametrize("operation", ["limits", "season"])
def test_a_reason_is_needed(operation: str) -> None:
    world = lab()
    about = {"limits": {"GRD-02": {"percent": 20}}} if operation == "limits" else ROLLOVER
    with pytest.raises(Refused, match="reason"):
        do(world, operation, integration=LAB.id, **about, by="support", reason=" ")
    assert (kept(world), world.integrations.get(LAB.id).seasons) == ({}, ())


def test_a_held_run_stays_held_and_the_answer_says_so() -> None:
    world = lab()
    lease, _ = run_until_held(world, "1.zip", [[person("create", "s-1")]], "content-a")
    for told in (limits(world, GRD_02={"percent": 90}), season(world)):
        assert f"Run {lease.run}, which is held, stays held until it is approved or a new run passes." in told["effect"]
    assert world.runs.control(LAB.id).held_run == lease.run


def test_a_season_is_opened_with_the_usual_limits_changed_and_closed() -> None:
    world = lab()
    opened = season(world)
    assert [(s["first"], s["usual"], s["limits"]["GRD-08"]) for s in opened["seasons"]] == [
        ("2026-09-01", True, {"off": True})]
    assert {*opened["seasons"][0]["limits"]} == {*SEASON}
    changed = season(world, limits={"GRD-02": {"percent": 30}})
    assert [(s["usual"], s["limits"]) for s in changed["seasons"]] == [(False, {"GRD-02": {"percent": 30.0}})]
    assert season(world, remove=True)["seasons"] == []
    assert world.integrations.get(LAB.id).seasons == ()


def test_a_season_says_from_when_it_counts_and_how_to_try_it() -> None:
    world = lab()
    assert "from now on" in season(world)["effect"]
    later = season(world, first="2027-07-15", last="2027-09-10")
    assert "not before" in later["effect"]
    assert later["try"]["as_of"] == "2027-07-15"
    asked = TryChoices.model_validate(later["try"])
    assert asked.limits["GRD-02"] == Limit(percent=40)
    assert "`try`" in later["advice"]
    assert [s["first"] for s in later["seasons"]] == ["2026-09-01", "2027-07-15"]


@pytest.mark.parametrize(
    ("days", "why"),
    [
        ({"first": "2026-09-20", "last": "2026-09-01"}, "before its first"),
        ({"first": "2026-08-01", "last": "2026-09-05"}, "would have ended"),
        ({"first": "2026-09-02", "last": "2026-09-20", "remove": True}, "no season from 2026-09-02"),
    ],
)
def test_days_that_make_no_season_are_refused(days: dict[str, Any], why: str) -> None:
    world = lab()
    season(world)
    with pytest.raises(Refused, match=why):
        season(world, **days)
    assert len(world.integrations.get(LAB.id).seasons) == 1


def test_of_overlapping_seasons_the_one_that_began_last_counts() -> None:
    long = Season(first="2026-07-01", last="2026-09-30", limits={"GRD-02": Limit(percent=40)})
    short = Season(first="2026-08-10", last="2026-08-20", limits={"GRD-02": Limit(percent=60)})
    found = [limits_on(day, {}, [short, long]).get("GRD-02")
             for day in ("2026-06-30", "2026-07-01", "2026-08-10", "2026-08-20", "2026-08-21", "2026-10-01")]
    percents = [limit.percent if limit else None for limit in found]
    assert percents == [None, 40, 60, 60, 40, None]


def test_what_a_season_leaves_out_stays_as_it_was_and_its_usual_limits_only_widen() -> None:
    own = {"GRD-02": Limit(percent=50, floor=100), "GRD-06": Limit(percent=80), "GRD-11": Limit(percent=9)}
    usual = limits_on("2026-08-01", own, [Season(first="2026-08-01", last="2026-08-01")], SEASON)
    assert (usual["GRD-02"], usual["GRD-06"]) == (Limit(percent=50, floor=100), Limit(percent=95))
    assert (usual["GRD-11"], usual["GRD-08"].off) == (Limit(percent=9), True)
    named = Season(first="2026-08-01", last="2026-08-01", limits={"GRD-02": Limit(percent=30)})
    assert limits_on("2026-08-01", own, [named], SEASON)["GRD-02"] == Limit(percent=30, floor=100)
    assert "GRD-08" not in limits_on("2026-08-01", own, [named], SEASON)


def test_the_usual_limits_of_a_season_are_of_guards_that_have_limits_and_none_is_stricter() -> None:
    by_code = {guard.code: guard for guard in GUARDS}
    assert all(by_code[code].own_limits for code in SEASON)
    assert all(limit.off or (limit.percent or 0) > by_code[code].limit for code, limit in SEASON.items())
