"""diff: the desired roster × what was applied × what must be repaired → the plan.

Always a full recompute on whole columns: a small step and a full read cannot disagree. Pure: no clock (`as_of` is an
input), no network; the same inputs give the same operations in the same order, and so the same plan hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from homeroom.check.checked import Checked
from homeroom.check.findings import no_issues
from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, STATUS, State, corrected, empty_state
from homeroom.diff.byhand import meet
from homeroom.diff.compare import Compared, compare
from homeroom.diff.facts import facts
from homeroom.diff.hand_plan import by_hand
from homeroom.diff.identities import links
from homeroom.diff.operations import archives, writes
from homeroom.diff.rekey import (
    NOW,
    WAS,
    Proposal,
    Walk,
    images_rekeyed,
    proposal,
    rekeyed,
    touched,
    with_old_ids,
)
from homeroom.diff.removals import ABSENT, REASON, explain
from homeroom.diff.rewrites import interrupted, rewrites
from homeroom.diff.strangers import kept_apart, strangers
from homeroom.model.entities import ENTITIES, WRITE_ORDER
from homeroom.model.plan import (
    IDENTITIES,
    NO_REPAIRS,
    NOTHING_AROUND,
    Around,
    Counts,
    Facts,
    Repairs,
    TableImage,
    waves,
)
from homeroom.model.reasons import NO_PARENTS
from homeroom.model.vocabulary import GUARDIAN_ROLES
from homeroom.products.receiving import NOBODY
from homeroom.products.rules import HandPolicy
from homeroom.shape import Desired, DesiredEntity
from homeroom.shape.desired import RULE
from homeroom.shape.marks import unsaid, within

__all__ = ["Plan", "diff", "empty_state"]

_NO_POLICY = HandPolicy()


@dataclass(frozen=True)
class Plan:
    """What changes. `operations`: (entity, archives?, rows) in writing order, empty waves left out.

    `next_state` is the kept state once all of it is applied. `reasons`: entity → reason → removals. `left_out`:
    entity → rule → records of the source that it leaves out, whether they were ever applied or not. `issues` are what
    the comparison found: records made by hand, new ids of the same people. `twins` is the cross-walk that would keep
    the identity of removed records which came under new ids.
    """

    operations: tuple[tuple[str, bool, pl.DataFrame], ...]
    counts: Mapping[str, Counts]
    next_state: State
    facts: Facts
    reasons: Mapping[str, Mapping[str, int]]
    left_out: Mapping[str, Mapping[str, int]]
    issues: pl.DataFrame = field(default_factory=no_issues)
    twins: Proposal = field(default_factory=Proposal)

    @property
    def size(self) -> int:
        """Operations in all, identity links included."""
        return sum(rows.height for _, _, rows in self.operations)


def diff(desired: Desired, applied: State | None, checked: Checked, *, roster: str, as_of: str,
         repairs: Repairs = NO_REPAIRS, expected_districts: Iterable[str] = (), policy: HandPolicy = _NO_POLICY,
         around: Around = NOTHING_AROUND, archived_as: Mapping[str, pl.DataFrame] | None = None) -> Plan:
    """The plan that makes the applied roster equal to the desired one.

    `applied` is None before the first load. `as_of` (YYYY-MM-DD) is the day in the integration's time zone; it only
    explains removals, it never causes one. `archived_as` are fields that records get as they are archived, by entity:
    an undo puts back those that a record had before a run restored it. It goes by records and asks no source, so nobody
    in it is taken for somebody else (IDN-01).
    """
    refilled = archived_as or {}
    first_load, walk = applied is None, around.walk
    of_table = images_rekeyed(repairs.images, walk) if walk else repairs.images
    images = {name: [i for i in of_table if i.entity == name] for name in ENTITIES}
    committed = empty_state() if applied is None else applied
    base = rekeyed(committed, walk) if walk else committed
    before = {name: corrected(ENTITIES[name], base[name], images[name]) for name in ENTITIES}
    wanted = {name: _wanted(name, desired, base, before["contacts"]) for name in ENTITIES}
    said = _rows_of_people(wanted["people"], desired, checked, before["people"])
    others = strangers(said if archived_as is None else said.clear(), before["people"])
    wanted = kept_apart(wanted, others, before, desired.left_out)
    met = meet(wanted, before, around.hand, policy)
    wanted, desired, known = met.wanted, met.desired(desired), met.known(before)
    forced = rewrites(wanted, base, before, images)
    compared = {
        name: compare(ENTITIES[name], wanted[name], known[name], roster=roster,
                      forced=forced[name], renamed=touched(walk, name),
                      edited=repairs.edited.get(name, frozenset()), altered=repairs.altered.get(name, frozenset()),
                      taken=frozenset(met.taken_of(name)), archived_as=refilled.get(name))
        for name in WRITE_ORDER
    }
    absent = {
        name: explain(name, compared[name].absent, before, desired, as_of, interrupted(images[name], base[name]))
        for name in WRITE_ORDER
    }
    next_state = {name: compared[name].next_state for name in ENTITIES}
    rows = _rows(compared, absent, with_old_ids(next_state, walk), repairs, met.placed(images), walk, refilled)
    made = by_hand(met, compared, absent, next_state, rows, policy=policy, repairs=repairs, around=around)
    next_state, rows = made.next_state, made.rows
    renamed = walk["people"][WAS].to_list() if "people" in walk else []
    seen = frozenset(renamed).union(i.source_id for i in images["people"])
    seen |= frozenset(refilled["people"][SOURCE_ID]) if "people" in refilled else frozenset()
    people = replace(compared["people"], next_state=next_state["people"])
    identities = links(people, committed["people"], repairs.links, seen | made.handed, made.people)
    rows[IDENTITIES, False], rows[IDENTITIES, True] = identities.writes, identities.removals
    twins = proposal({name: absent[name].filter(pl.col(REASON) == ABSENT) for name in ENTITIES},
                     {name: compared[name].wanted.filter(pl.col("op") == "create") for name in ENTITIES})
    numbers = facts(compared, absent, before, checked, expected_districts, first_load=first_load,
                    drained=around.drained, undone=around.undone)
    return Plan(
        operations=tuple((e, a, rows[e, a]) for e, a in waves() if not rows[e, a].is_empty()),
        counts={name: made.counted(name, compared[name].counts) for name in ENTITIES},
        next_state=next_state,
        facts=_with_identities(numbers, twins, len(others.who), moving=around.moving),
        reasons={name: made.reasoned(name, _counted(absent[name], REASON)) for name in ENTITIES},
        left_out={name: _counted(rows, RULE) for name, rows in desired.left_out.items() if rows.height},
        issues=pl.concat([others.issues(), twins.issues(), made.issues]),
        twins=twins,
    )


def _with_identities(numbers: Facts, twins: Proposal, others: int, *, moving: bool) -> Facts:
    """The numbers with those that only identities tell. An id of somebody else counts as an update of an identity."""
    entities = {name: replace(e, twins=twins.counts().get(name, 0)) for name, e in numbers.entities.items()}
    people = entities["people"]
    entities["people"] = replace(people, identity_updates=people.identity_updates + others)
    return replace(numbers, entities=entities, moving=moving)


def _counted(rows: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(rows.group_by(column).len().sort(column).iter_rows())


def _rows_of_people(said: DesiredEntity, desired: Desired, checked: Checked, before: pl.DataFrame) -> pl.DataFrame:
    """The people that are wanted, and rows that a rule leaves out under ids of active people: a rule says nothing of
    the person whose id it was. A parent of whom no name is kept can not be told from anybody, and parents who are not
    synced leave whoever comes under their ids."""
    out = desired.left_out.get("people")
    if out is None or out.is_empty():
        return said.records
    rows, known = checked.entities["people"].records, before.filter(pl.col(STATUS) == ACTIVE)
    unsynced = within(known[SOURCE_ID], out.filter(pl.col(RULE) == NO_PARENTS)[SOURCE_ID])
    known = known.filter(~(unsynced & known["role"].is_in(sorted(GUARDIAN_ROLES))))
    few = within(rows[SOURCE_ID], out[SOURCE_ID]) & within(rows[SOURCE_ID], known[SOURCE_ID])
    few = few & (rows["username"] != NOBODY)
    return pl.concat([rows.filter(few), said.records], how="diagonal")


def _wanted(name: str, desired: Desired, base: State, contacts: pl.DataFrame) -> DesiredEntity:
    """What is wanted of an entity; of one that was not delivered nothing is said, so it stays as it was applied."""
    said = desired.entities[name]
    if name == "contacts":
        unknown = unsaid(desired.entities["people"], contacts)
        if "contacts" in desired.left_out:
            unknown = unknown.filter(~within(unknown, desired.left_out["contacts"][SOURCE_ID]))
        said = DesiredEntity(said.records, pl.concat([said.unusable, unknown]), said.gone)
    if name in desired.delivered:
        return said
    active = base[name].filter(pl.col(STATUS) == ACTIVE)
    return DesiredEntity(active.drop(ID, STATUS), said.unusable.clear(), said.gone.clear())


def _rows(compared: Mapping[str, Compared], absent: Mapping[str, pl.DataFrame], next_state: State, repairs: Repairs,
          images: Mapping[str, Sequence[TableImage]], walk: Walk,
          refilled: Mapping[str, pl.DataFrame]) -> dict[tuple[str, bool], pl.DataFrame]:
    rows: dict[tuple[str, bool], pl.DataFrame] = {}
    for name in WRITE_ORDER:
        edited = repairs.edited.get(name, frozenset())
        rows[name, False] = writes(compared[name], next_state, edited, images[name])
        rows[name, True] = archives(compared[name], absent[name], next_state, edited, images[name], name in refilled)
        if name in walk:
            for archive in (False, True):
                rows[name, archive] = _under_a_new_id(rows[name, archive], walk[name])
    return rows


def _under_a_new_id(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The operations with the source id that their record had before."""
    if rows.is_empty():
        return rows
    old = rows.select(SOURCE_ID).join(pairs.select(WAS, NOW), left_on=SOURCE_ID, right_on=NOW, how="left",
                                      maintain_order="left")[WAS]
    return rows.with_columns(pl.coalesce(pl.lit(old), pl.col("was").cast(pl.String)).alias("was"))
