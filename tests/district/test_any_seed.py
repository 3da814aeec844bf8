"""The pure core against the generator's truth file, for many seeds, sizes and kinds of ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from homeroom.check import Checked, by_code, check
from homeroom.diff import Plan
from homeroom.diff.applied import State
from homeroom.guard import judge
from homeroom.read.oneroster_csv import read_set
from tests.builders.generated import Generated, generate
from tests.builders.snapshots import operations, plan_hash, plan_of, shuffled

FILES = {"orgs": "orgs", "terms": "academicSessions", "courses": "courses", "classes": "classes", "people": "users",
         "enrollments": "enrollments"}
KINDS = {"required": ("FLD-01",), "enum": ("FLD-02", "FLD-03", "FLD-07"), "date": ("FLD-06",),
         "fk": ("REF-01", "REF-02", "REF-08"), "dup": ("DUP-01", "DUP-02")}


def planned(made: Generated, state: State | None = None) -> Plan:
    return plan_of(read_set(made.path), state, as_of="2026-09-02")


def counted(checked: Checked) -> dict[str, int]:
    found = by_code(checked.issues)
    return {kind: sum(found.get(code, 0) for code in codes) for kind, codes in KINDS.items()}


@pytest.mark.parametrize("seed", range(11, 21))
def test_errors_are_found_exactly_as_often_as_they_were_made(shared: Path, tmp_path: Path, seed: int) -> None:
    made = generate(shared, tmp_path / "e.zip", "--size", "S", "--errors", "0.001", "--seed", str(seed))
    checked = check(read_set(made.path))
    assert counted(checked) == {kind: made.errors(kind) for kind in KINDS}
    assert sum(counted(checked).values()) > 0
    assert {name: e.read.read for name, e in checked.entities.items() if name in FILES} == {
        name: made.truth["counts"][stem]["rows"] for name, stem in FILES.items()}
    for entity in checked.entities.values():
        assert entity.read.valid == entity.records.height


@pytest.mark.parametrize("options", [(), ("--ids", "uuid"), ("--shuffle",), ("--ids", "uuid", "--shuffle")],
                         ids=" ".join)
@pytest.mark.parametrize("seed", ["3", "8"])
def test_the_next_day_is_planned_exactly_as_it_was_made(shared: Path, tmp_path: Path, options: tuple[str, ...],
                                                        seed: str) -> None:
    some = ("--students", "800", "--seed", seed, *options)
    before = generate(shared, tmp_path / "0.zip", *some)
    after = generate(shared, tmp_path / "1.zip", *some, "--day", "1", "--delta", "0.02")
    plan = planned(after, planned(before).next_state)
    for entity, stem in FILES.items():
        counts = plan.counts[entity]
        assert (counts.create, counts.update, counts.archive) == after.changes(stem), entity
        assert (counts.restore, counts.kept) == (0, 0)
    assert not judge(plan.facts).holds
    assert operations(planned(after, plan.next_state)) == []


def test_shuffled_rows_give_the_same_plan_to_the_byte(shared: Path, tmp_path: Path) -> None:
    some = ("--students", "800", "--seed", "6")
    state = planned(generate(shared, tmp_path / "0.zip", *some)).next_state
    tomorrow = read_set(generate(shared, tmp_path / "1.zip", *some, "--day", "1", "--errors", "0.01").path)
    assert plan_hash(plan_of(tomorrow, state)) == plan_hash(plan_of(shuffled(tomorrow, 4), state))


def test_errors_of_a_day_remove_nothing_and_are_mended_the_day_after(shared: Path, tmp_path: Path) -> None:
    some = ("--students", "800", "--seed", "9")
    good = generate(shared, tmp_path / "0.zip", *some)
    state = planned(good).next_state
    broken = planned(generate(shared, tmp_path / "e.zip", *some, "--errors", "0.02"), state)
    assert {name: (c.create, c.archive) for name, c in broken.counts.items() if c.create or c.archive} == {}
    assert broken.counts["people"].kept > 0
    mended = planned(good, broken.next_state)
    assert {o["op"] for o in operations(mended)} <= {"update", "link", "unlink"}
    assert mended.counts["people"].kept == 0
    assert state["people"].sort("source_id").equals(mended.next_state["people"].sort("source_id"))
    assert state["enrollments"].sort("source_id").equals(mended.next_state["enrollments"].sort("source_id"))
