"""A new school year as an ordinary case (requirement B6): new terms, promoted grades, leavers, new ids for classes.

The town: 400 students of thirteen grades, 20 teachers, 20 classes.
"""

from __future__ import annotations

from homeroom.model.integration import Limit, Season
from homeroom.model.run import RunRecord
from tests.builders.oneroster import Files
from tests.builders.town import last_year, new_year, students, with_changed, without_people
from tests.fakes.memory import MemoryWorld
from tests.regression.days import LAB, active, approve, lab, lands

SENIORS = 30
LAST_YEAR = last_year()
NEW_YEAR = new_year(LAST_YEAR)
AUGUST = Season(first="2026-09-01", last="2026-09-20", reason="new school year", by="support")


def in_season(first: Files, *seasons: Season) -> MemoryWorld:
    return lab(first, LAB.model_copy(update={"seasons": seasons}))


def tripped(record: RunRecord) -> list[str]:
    assert record.summary is not None
    found: list[str] = record.summary["verdict"]["tripped"]
    return found


def ids(world: MemoryWorld, entity: str) -> dict[str, str]:
    """Source id → internal id, archived records too."""
    items = world.roster.items.values()
    return {i["source_id"]: i["id"] for i in items if i.get("entity") == entity}


def people(world: MemoryWorld) -> dict[str, int]:
    record = world.runs.history("lab", 1)[0]
    assert record.summary is not None
    told: dict[str, int] = record.summary["entities"]["people"]
    return told


def test_outside_a_season_a_rollover_is_held_by_what_is_unusual_of_it_and_writes_nothing() -> None:
    world = lab(LAST_YEAR)
    before = world.roster.writes
    held = lands(world, "august.zip", NEW_YEAR)
    assert (held.outcome, tripped(held)) == ("held", ["GRD-06", "GRD-08", "GRD-13"])
    assert world.roster.writes == before


def test_in_a_season_a_rollover_passes_and_everybody_keeps_their_identity() -> None:
    world = in_season(LAST_YEAR, AUGUST)
    before = ids(world, "people")
    record = lands(world, "august.zip", NEW_YEAR)
    assert (record.outcome, tripped(record)) == ("applied", [])
    counts = people(world)
    assert (counts["created"], counts["archived"], counts["updated"]) == (SENIORS, SENIORS, 400 - SENIORS)
    after = ids(world, "people")
    assert {one: after[one] for one in before} == before
    assert active(world, "classes") == {row["sourcedId"] for row in NEW_YEAR["classes"]}
    assert active(world, "enrollments") == {row["sourcedId"] for row in NEW_YEAR["enrollments"]}
    assert active(world, "people") == {row["sourcedId"] for row in NEW_YEAR["users"]}
    assert active(world, "terms") == {"y-27", "sem-1"}


def test_in_a_season_the_summary_tells_which_guards_were_not_asked() -> None:
    world = in_season(LAST_YEAR, AUGUST)
    summary = lands(world, "august.zip", NEW_YEAR).summary
    assert summary is not None
    assert [guard["code"] for guard in summary["guards"] if guard["off"]] == [
        "GRD-03", "GRD-05", "GRD-08", "GRD-09", "GRD-13"]
    limits = {guard["code"]: guard["limit"] for guard in summary["guards"]}
    assert (limits["GRD-02"], limits["GRD-04"], limits["GRD-06"]) == (40, 60, 95)


def test_held_outside_a_season_it_passes_once_the_window_is_opened() -> None:
    world = lab(LAST_YEAR)
    held = lands(world, "august.zip", NEW_YEAR)
    world.integrations.put(LAB.model_copy(update={"seasons": (AUGUST,)}))
    assert world.runs.run("lab", held.run).outcome == "held"
    assert lands(world, "again.zip", NEW_YEAR).outcome == "applied"
    assert world.runs.run("lab", held.run).outcome == "lapsed"


def test_a_rollover_that_was_approved_is_the_same_roster_as_one_in_a_season() -> None:
    approved, passed = lab(LAST_YEAR), in_season(LAST_YEAR, AUGUST)
    assert approve(approved, lands(approved, "august.zip", NEW_YEAR)).outcome == "applied"
    lands(passed, "august.zip", NEW_YEAR)
    for entity in ("people", "classes", "enrollments", "terms", "courses"):
        assert active(approved, entity) == active(passed, entity)
        assert ids(approved, entity) == ids(passed, entity)


def test_the_day_after_a_rollover_is_an_ordinary_day() -> None:
    world = in_season(LAST_YEAR, AUGUST)
    lands(world, "august.zip", NEW_YEAR)
    world.clock.tick(14 * 86_400)
    later = lands(world, "later.zip", without_people(NEW_YEAR, students(NEW_YEAR)[:5]))
    assert (later.outcome, tripped(later), people(world)["archived"]) == ("applied", [], 5)


def test_half_a_file_is_held_in_a_season_too() -> None:
    world = in_season(LAST_YEAR, AUGUST)
    half = lands(world, "half.zip", without_people(NEW_YEAR, students(NEW_YEAR)[:200]))
    assert (half.outcome, tripped(half)) == ("held", ["GRD-02"])


def test_a_rollover_before_the_old_terms_have_ended_is_held_in_a_season_too() -> None:
    """Then nothing explains why all classes and enrollments leave."""
    early = last_year(ended="2026-12-18")
    held = lands(in_season(early, AUGUST), "august.zip", new_year(early))
    assert held.outcome == "held"
    assert tripped(held)[0] == "GRD-02"


def test_ids_that_were_dealt_out_anew_are_held_in_a_season_too() -> None:
    numbers = with_changed(NEW_YEAR, "users", students(NEW_YEAR)[:60], lambda row: row | {
        "identifier": f"another-{row['sourcedId']}"})
    held = lands(in_season(LAST_YEAR, AUGUST), "august.zip", numbers)
    assert (held.outcome, tripped(held)) == ("held", ["GRD-07"])


def test_a_season_with_limits_of_its_own_asks_what_it_does_not_name() -> None:
    off = Limit(off=True)
    second = Season(first="2026-09-01", last="2026-09-20", limits={"GRD-08": off, "GRD-06": off})
    held = lands(in_season(LAST_YEAR, second), "august.zip", NEW_YEAR)
    assert (held.outcome, tripped(held)) == ("held", ["GRD-13"])
