"""Laws of the guards: what is worse is never judged milder, and a verdict says what waits."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.guard import judge
from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Limit
from homeroom.model.plan import EntityChange, Facts
from homeroom.model.waits import Waits

few = settings(max_examples=150)
numbers = st.integers(0, 300)
OF_REMOVALS = {"GRD-02", "GRD-03", "GRD-04", "GRD-05", "GRD-09", "GRD-12", "GRD-13"}


@st.composite
def changes(draw: st.DrawFn) -> EntityChange:
    """One entity of a district: what leaves was there before."""
    unexplained, explained = draw(numbers), draw(numbers)
    base = unexplained + explained + draw(st.integers(0, 3000))
    return EntityChange(base=base, read=base, unexplained=unexplained, explained=explained,
                        ruled=draw(st.integers(0, explained)), creates=draw(numbers),
                        updates=draw(st.integers(0, base)), twins=draw(st.integers(0, unexplained)))


@st.composite
def districts(draw: st.DrawFn) -> Facts:
    entities = {name: draw(changes()) for name in draw(st.sets(st.sampled_from(sorted(ENTITIES)), min_size=1))}
    removed, more = draw(st.integers(0, 40)), draw(st.integers(0, 100))
    return Facts(
        first_load=False, entities=entities, drained={name: draw(numbers) for name in entities},
        schools={"school-1": {"people": (removed, removed + more)}}, classes=(("c-1", removed, removed + more),),
    )


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Limit]:
    codes = draw(st.sets(st.sampled_from(sorted(OF_REMOVALS - {"GRD-03"})), max_size=3))
    return {code: Limit(percent=draw(st.integers(0, 100)), floor=draw(st.none() | st.integers(0, 60)),
                        off=draw(st.booleans())) for code in codes}


def worse(facts: Facts, by: int) -> Facts:
    """More of each leaves, of the same base, with and without a reason."""
    def more(e: EntityChange) -> EntityChange:
        left = e.base - e.unexplained - e.explained
        silent, said = min(by, left), min(by, left - min(by, left))
        return replace(e, unexplained=e.unexplained + silent, explained=e.explained + said, ruled=e.ruled + said)

    return replace(
        facts, entities={name: more(e) for name, e in facts.entities.items()},
        schools={school: {name: (min(gone + by, base), base) for name, (gone, base) in entities.items()}
                 for school, entities in facts.schools.items()},
        classes=tuple((name, min(gone + by, base), base) for name, gone, base in facts.classes),
    )


def codes(facts: Facts, own: dict[str, Limit]) -> set[str]:
    return {guard.code for guard in judge(facts, own).tripped}


@few
@given(districts(), st.integers(0, 400), limits())
def test_more_removals_never_release_a_guard_of_removals(facts: Facts, by: int, own: dict[str, Limit]) -> None:
    assert codes(facts, own) & OF_REMOVALS <= codes(worse(facts, by), own)


@few
@given(districts(), st.integers(0, 400), limits())
def test_more_removals_never_need_fewer_people(facts: Facts, by: int, own: dict[str, Limit]) -> None:
    before, after = judge(facts, own), judge(worse(facts, by), own)
    assert after.approvers >= before.approvers


@few
@given(districts(), st.integers(0, 400))
def test_a_longer_drain_never_releases_its_guard(facts: Facts, by: int) -> None:
    longer = replace(facts, drained={name: n + by for name, n in facts.drained.items()})
    assert codes(facts, {}) & {"GRD-09"} <= codes(longer, {})


@few
@given(districts(), limits())
def test_something_waits_exactly_where_a_guard_holds(facts: Facts, own: dict[str, Limit]) -> None:
    verdict = judge(facts, own)
    assert verdict.waits.nothing == (not verdict.holds)
    together = Waits()
    for guard in verdict.guards:
        assert guard.waits.nothing == (not guard.tripped)
        together |= guard.waits
    assert verdict.waits == together
