"""A plan as parts: waves in order, sizes, numbers, and one hash that depends on the changes alone."""

from __future__ import annotations

import gzip

from homeroom.diff.parts import PlanHash, parts, waves_of
from homeroom.model.plan import WAVES
from tests.builders.oneroster import guardian, student
from tests.builders.snapshots import applied, operations, plan_hash, plan_of, shuffled, snapshot

FAMILY = snapshot(guardians=[guardian("g-1", agentSourcedIds="s-1,s-2")])


def test_a_first_load_is_written_from_the_top_down_and_a_removal_from_below() -> None:
    load = plan_of(FAMILY)
    order = list(dict.fromkeys(o["entity"] for o in operations(load)))
    assert order == ["orgs", "terms", "courses", "people", "identities", "contacts", "classes", "enrollments"]
    nothing = snapshot(orgs=[], terms=[], courses=[], classes=[], teachers=[], students=[], enrollments=[])
    leave = list(dict.fromkeys(o["entity"] for o in operations(plan_of(nothing, load.next_state))))
    assert leave == [entity for entity in reversed(order) if entity != "identities"]


def test_changes_come_before_removals() -> None:
    mixed = plan_of(snapshot(students=[student("s-1", username="new"), student("s-3")]), applied(FAMILY))
    ops = [o["op"] for o in operations(mixed)]
    assert ops == sorted(ops, key=lambda op: op in ("archive", "unlink"))
    assert {"create", "update", "archive", "link", "unlink"} == set(ops)


def test_parts_hold_at_most_the_size_and_one_wave_each_and_are_numbered_through() -> None:
    made = list(parts(plan_of(FAMILY), PlanHash(), size=2))
    assert [p.number for p in made] == list(range(len(made)))
    assert [(p.entity, p.operations) for p in made][:4] == [("orgs", 2), ("orgs", 1), ("terms", 2), ("terms", 1)]
    assert all(p.operations == gzip.decompress(p.body).count(b"\n") for p in made)
    assert sum(p.operations for p in made) == plan_of(FAMILY).size


def test_removals_are_waves_of_their_own_in_reverse() -> None:
    made = [("orgs", False, 1), ("orgs", False, 1), ("people", False, 1), ("enrollments", True, 1), ("people", True, 1)]
    assert waves_of(made) == [[0, 1], [2], [3], [4]]
    assert waves_of([]) == []


def test_every_operation_is_in_exactly_one_wave() -> None:
    made = [(p.entity, p.archives, p.operations) for p in parts(plan_of(FAMILY), PlanHash(), size=1)]
    waves = waves_of(made)
    assert sorted(n for wave in waves for n in wave) == list(range(len(made)))
    assert len(waves) == len(WAVES)


def test_the_same_change_gives_the_same_bytes_whatever_the_order_of_rows() -> None:
    new = snapshot(students=[student("s-2", phone="1"), student("s-3"), student("s-4")],
                   guardians=[guardian("g-1", agentSourcedIds="s-2,s-3")])
    state = applied(FAMILY)
    first = [p.body for p in parts(plan_of(new, state), PlanHash())]
    for seed in (1, 2, 3):
        mixed = {name: rows.sample(fraction=1.0, shuffle=True, seed=seed) for name, rows in state.items()}
        assert [p.body for p in parts(plan_of(shuffled(new, seed), mixed), PlanHash())] == first


def test_the_hash_does_not_depend_on_the_size_of_the_parts() -> None:
    plan = plan_of(FAMILY)
    hashes = set()
    for size in (1, 3, 10_000):
        digest = PlanHash()
        list(parts(plan, digest, size=size))
        hashes.add(digest.hex())
    assert len(hashes) == 1


def test_the_hash_depends_on_every_value_and_reason() -> None:
    state = applied(FAMILY)
    one = plan_of(snapshot(students=[student("s-1", phone="1")]), state)
    other = plan_of(snapshot(students=[student("s-1", phone="2")]), state)
    said = plan_of(snapshot(students=[student("s-1", phone="1"), student("s-2", status="tobedeleted")]), state)
    assert len({plan_hash(one), plan_hash(other), plan_hash(said)}) == 3


def test_the_hash_does_not_depend_on_the_day_unless_a_reason_does() -> None:
    new, state = snapshot(students=[student("s-1")]), applied(FAMILY)
    assert len({plan_hash(plan_of(new, state, as_of=day)) for day in ("2026-09-01", "2026-12-01")}) == 1
    assert plan_hash(plan_of(new, state, as_of="2027-09-01")) != plan_hash(plan_of(new, state))


def test_a_plan_of_nothing_has_no_parts() -> None:
    assert list(parts(plan_of(FAMILY, applied(FAMILY)), PlanHash())) == []
