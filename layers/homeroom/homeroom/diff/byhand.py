"""Records made by hand beside the SIS: which of them a record of the SIS takes over, and what becomes of the others.

A strong identity is needed to meet: the same source id; of people also the same username; of enrollments and contacts
also the same class, person and role, or student and guardian. Nothing meets by name. A record that the SIS had before
has an identity of its own and meets nobody any more (IDN-02), and so has whoever could be two.

    meets           adopt   the SIS takes the record over: its internal id stays, its fields are the SIS's  (MAN-01)
                    leave   the record stays as it is; the SIS's is left out, and what hangs on it          (MAN-05)
    does not meet           stays, untouched                                                               (MAN-02)
    its person or class left, a class of the SIS that takes none, or the SIS is the only source: archived  (MAN-06)

Origin: requirements C2 and C3, `roster-sync.md` 4(b), ADR 0024.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, STATUS, State, rows_of
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import ENTITIES
from homeroom.model.issues import Issue
from homeroom.model.plan import TableImage
from homeroom.products.rules import HandPolicy
from homeroom.shape import Desired, DesiredEntity
from homeroom.shape.desired import RULE
from homeroom.shape.marks import within

BY_HAND = "made by hand"
"""The rule by which a record of the SIS is left out: somebody made the same by hand, and it is not handed over."""
ONLY_SOURCE = "the SIS is the only source"
IN_SIS_CLASS = "by hand in a class of the SIS"
_FOLLOWS: Mapping[str, str] = {
    "person": "follows its person", "class": "follows its class", "student": "follows its student",
    "guardian": "follows its guardian",
}
HANGS_ON: Mapping[str, tuple[tuple[str, str], ...]] = {
    "enrollments": (("person", "people"), ("class", "classes")),
    "contacts": (("student", "people"), ("guardian", "people")),
}
_ORDER = ("people", "classes", "enrollments", "contacts")
"""First what others hang on."""
_AT = "_at"

Pairs = list[tuple[str, HandRecord]]
"""Source id of the SIS, and the record made by hand."""


def place_of(record: HandRecord) -> dict[str, str]:
    """Where an enrollment made by hand stands."""
    return {"class": record.refs.get("class", ""), "person": record.refs.get("person", ""),
            "role": record.fields.get("role", "")}


@dataclass(frozen=True)
class Met:
    """Who met. `taken`: entity → source id of the SIS → the record that it takes over. `stays`: all others.

    `wanted` is what is wanted without what was left out; `left_out` says of each entity what that was.
    """

    wanted: dict[str, DesiredEntity]
    taken: Mapping[str, Mapping[str, HandRecord]] = field(default_factory=dict)
    stays: tuple[HandRecord, ...] = ()
    left_out: Mapping[str, pl.Series] = field(default_factory=dict)
    issues: tuple[Issue, ...] = ()

    @property
    def nobody(self) -> bool:
        """Whether there is no record made by hand at all."""
        return not (self.taken or self.stays)

    def taken_of(self, name: str) -> Mapping[str, HandRecord]:
        """Of one entity, the records that are taken over."""
        return self.taken.get(name, {})

    def known(self, before: State) -> dict[str, pl.DataFrame]:
        """The applied roster, as if the SIS had had before what it takes over now."""
        return {
            name: pl.concat([rows, as_rows(name, self.taken_of(name).items())]) if self.taken_of(name) else rows
            for name, rows in before.items()
        }

    def placed(self, images: Mapping[str, list[TableImage]]) -> Mapping[str, list[TableImage]]:
        """The images of the table with the places that enrollments leave as they are taken over."""
        left = [TableImage("enrollments", h.id, s, ACTIVE, None, place_of(h))
                for s, h in self.taken_of("enrollments").items()]
        return {**images, "enrollments": [*images["enrollments"], *left]} if left else images

    def desired(self, desired: Desired) -> Desired:
        """The desired roster with the rule of what was left out."""
        told = dict(desired.left_out)
        for name, ids in self.left_out.items():
            rows = ids.alias(SOURCE_ID).to_frame().with_columns(pl.lit(BY_HAND).alias(RULE))
            told[name] = pl.concat([told[name].select(SOURCE_ID, RULE), rows]) if name in told else rows
        return replace(desired, left_out=told) if self.left_out else desired

    def people(self) -> pl.DataFrame:
        """All people made by hand, as they are before this plan, in the form of the kept state."""
        taken = self.taken_of("people").values()
        return as_rows("people", [(r.source_id, r) for r in (*taken, *self.stays) if r.entity == "people"])


def meet(wanted: Mapping[str, DesiredEntity], before: State, hand: Sequence[HandRecord], policy: HandPolicy) -> Met:
    """Which records of the SIS are the same as records made by hand. `before` is the applied roster."""
    hand = [record for record in hand if record.entity in _ORDER]
    owned = {(name, id) for name in _ORDER for id in _among(before[name][ID], {r.id for r in hand if r.entity == name})}
    hand = [record for record in hand if (record.entity, record.id) not in owned]
    if not hand:
        return Met(dict(wanted))
    left = dict(wanted)
    taken: dict[str, dict[str, HandRecord]] = {}
    out: dict[str, pl.Series] = {}
    issues: list[Issue] = []
    for name in _ORDER:
        left[name], hanging = _without_hanging(name, left[name], out)
        found, doubts = _meetings(name, left[name].records, [r for r in hand if r.entity == name], before, taken)
        issues += [Issue("IDN-02", "A record made by hand could be the same", name, s, cause=h.source_id)
                   for s, h in doubts]
        adopts = {s: h for s, h in found if policy.meets == "adopt" or h.released}
        leaves = pl.Series(SOURCE_ID, sorted(s for s, _ in found if s not in adopts), dtype=pl.String)
        if adopts:
            taken[name] = adopts
        if len(leaves):
            left[name] = _without(left[name], leaves)
        if len(leaves) or len(hanging):
            out[name] = pl.concat([leaves, hanging.alias(SOURCE_ID)])
        issues += [Issue("MAN-01" if s in adopts else "MAN-05", "", name, s, cause=h.source_id) for s, h in found]
    gone = {(name, h.id) for name, pairs in taken.items() for h in pairs.values()}
    stays = tuple(record for record in hand if (record.entity, record.id) not in gone)
    return Met(left, taken, stays, out, tuple(issues))


# ---------------------------------------------------------------- who meets whom

def _meetings(name: str, records: pl.DataFrame, hand: list[HandRecord], before: State,
              taken: Mapping[str, Mapping[str, HandRecord]]) -> tuple[Pairs, Pairs]:
    """Pairs that are certain, and pairs that are not, in the order of source ids."""
    if not hand or records.is_empty():
        return [], []
    same_id = _joined(records.select(SOURCE_ID, pl.col(SOURCE_ID).alias("key")), [(h.source_id,) for h in hand], hand)
    alike = [pair for pair in _alike(name, records, hand, before, taken) if pair not in same_id]
    known = _among(before[name][SOURCE_ID], {s for s, _ in (*same_id, *alike)})
    certain = {s: h for s, h in same_id if s not in known}
    used = {h.id for _, h in same_id}
    of_sis, of_hand = Counter(s for s, _ in alike), Counter(h.id for _, h in alike)
    doubts = [(s, h) for s, h in same_id if s in known]
    for s, h in alike:
        single = of_sis[s] == 1 and of_hand[h.id] == 1
        if single and s not in known and s not in certain and h.id not in used:
            certain[s] = h
        else:
            doubts.append((s, h))
    return sorted(certain.items(), key=_by_id), sorted(doubts, key=_by_id)


def _by_id(pair: tuple[str, HandRecord]) -> tuple[str, str]:
    return pair[0], pair[1].source_id


def _alike(name: str, records: pl.DataFrame, hand: list[HandRecord], before: State,
           taken: Mapping[str, Mapping[str, HandRecord]]) -> Pairs:
    """Pairs by what is a strong identity besides the source id."""
    if name == "people":
        named = [h for h in hand if h.fields.get("username")]
        keys = records.select(SOURCE_ID, pl.col("username").str.to_lowercase().alias("key"))
        return _joined(keys, [(str(h.fields["username"]).lower(),) for h in named], named)
    if name not in HANGS_ON:
        return []
    columns = [column for column, _ in HANGS_ON[name]] + (["role"] if name == "enrollments" else [])
    told = [(h, _target_ids(h, name, before, taken)) for h in hand]
    whole = [(h, ids) for h, ids in told if ids is not None]
    keys = records.select(SOURCE_ID, *columns)
    if name == "enrollments":
        return _joined(keys, [(*ids, h.fields["role"]) for h, ids in whole], [h for h, _ in whole])
    return _joined(keys, [ids for _, ids in whole], [h for h, _ in whole])


def _target_ids(record: HandRecord, name: str, before: State,
                taken: Mapping[str, Mapping[str, HandRecord]]) -> tuple[str, ...] | None:
    """Source ids that the SIS has for what a record points to; None where it has none for one of them."""
    found = [_source_of(record.refs.get(column), target, before, taken) for column, target in HANGS_ON[name]]
    known = [one for one in found if one is not None]
    return tuple(known) if len(known) == len(found) else None


def _source_of(id: str | None, target: str, before: State,
               taken: Mapping[str, Mapping[str, HandRecord]]) -> str | None:
    adopted = next((s for s, h in taken.get(target, {}).items() if h.id == id), None)
    if adopted is not None or id is None:
        return adopted
    rows = before[target]
    found = rows.filter(rows[ID] == id)[SOURCE_ID]
    return str(found[0]) if len(found) else None


def _joined(keys: pl.DataFrame, wanted: list[tuple[str, ...]], hand: list[HandRecord]) -> Pairs:
    """(source id, record) where the columns beside the source id have the wanted values."""
    if not wanted:
        return []
    columns = keys.columns[1:]
    few = pl.DataFrame([(*key, at) for at, key in enumerate(wanted)], orient="row",
                       schema={**dict.fromkeys(columns, pl.String()), _AT: pl.Int64()})
    both = keys.join(few, on=columns, how="inner").select(SOURCE_ID, _AT).unique().sort(SOURCE_ID, _AT)
    return [(source_id, hand[at]) for source_id, at in both.iter_rows()]


def _among(values: pl.Series, few: set[str]) -> set[str]:
    """Which of a few values there are."""
    return set(values.filter(values.is_in(sorted(few)))) if few and len(values) else set()


def _without(said: DesiredEntity, out: pl.Series) -> DesiredEntity:
    return DesiredEntity(said.records.filter(~within(said.records[SOURCE_ID], out)), said.unusable, said.gone)


def _without_hanging(name: str, said: DesiredEntity, out: Mapping[str, pl.Series]) -> tuple[DesiredEntity, pl.Series]:
    """What is wanted without what hangs on left out records, and the source ids of that."""
    marks = [within(said.records[column], out[target]) for column, target in HANGS_ON.get(name, ()) if target in out]
    if not marks:
        return said, pl.Series(SOURCE_ID, [], dtype=pl.String)
    gone = marks[0] if len(marks) == 1 else marks[0] | marks[1]
    return DesiredEntity(said.records.filter(~gone), said.unusable, said.gone), said.records.filter(gone)[SOURCE_ID]


def as_rows(name: str, pairs: Iterable[tuple[str, HandRecord]]) -> pl.DataFrame:
    """Records made by hand under these source ids, in the form of the kept state."""
    return rows_of(ENTITIES[name], [TableImage(name, h.id, s, ACTIVE, h.fields) for s, h in pairs])


# ---------------------------------------------------------------- what becomes of the others

@dataclass(frozen=True)
class Ended:
    """`archived`: records made by hand that this plan archives, each with its reason. `back`: records that an
    interrupted run may have written otherwise and that are written as they were. `people` stay as they are."""

    archived: tuple[tuple[HandRecord, str], ...] = ()
    back: tuple[HandRecord, ...] = ()
    people: tuple[HandRecord, ...] = ()
    issues: tuple[Issue, ...] = ()

    def people_left(self) -> pl.DataFrame:
        """The people made by hand that stay, in the form of the kept state."""
        return as_rows("people", [(record.source_id, record) for record in self.people])

    def reasons(self, name: str) -> Counter[str]:
        """Reason → records of this entity that are archived."""
        return Counter(reason for record, reason in self.archived if record.entity == name)


def endings(met: Met, next_state: State, policy: HandPolicy, torn: frozenset[tuple[str, str]],
              spared: frozenset[tuple[str, str]], given_back: frozenset[tuple[str, str]]) -> Ended:
    """What becomes of the records that nobody takes over, once the roster is as `next_state` says.

    `torn` ones an interrupted run may have written; `spared` ones wait for a person and stay as they are; `given_back`
    ones are made by hand again.
    """
    if not met.stays:
        return Ended()
    reasons = dict(_reasons(met, next_state, policy, spared, given_back))
    archived = tuple((r, reasons[r.entity, r.id]) for r in met.stays if (r.entity, r.id) in reasons)
    stays = tuple(r for r in met.stays if (r.entity, r.id) not in reasons)
    issues = [Issue("MAN-06", reason, r.entity, r.source_id) for r, reason in archived]
    issues += [Issue("MAN-02", "", r.entity, r.source_id) for r in stays]
    people = tuple(r for r in stays if r.entity == "people")
    back = tuple(r for r in stays if (r.entity, r.id) in torn)
    return Ended(archived, back, people, tuple(issues))


def _reasons(met: Met, next_state: State, policy: HandPolicy,
             spared: frozenset[tuple[str, str]],
             given_back: frozenset[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """(entity, id) of each record that ends, with the reason; owners before what hangs on them."""
    here = {(r.entity, r.id) for r in met.stays} | given_back
    of_sis = {(name, id) for name in ("people", "classes") for id in _active(next_state, met.stays, name)}
    alive = here | of_sis
    for name in _ORDER:
        for record in met.stays:
            key = record.entity, record.id
            if record.entity != name or key in spared:
                continue
            reason = ONLY_SOURCE if policy.only_source else _left(record, alive)
            if reason is None and name == "enrollments" and policy.in_sis_class == "archive":
                reason = IN_SIS_CLASS if ("classes", record.refs.get("class")) in of_sis else None
            if reason is not None:
                alive.discard(key)
                yield key, reason


def _active(state: State, stays: Iterable[HandRecord], target: str) -> set[str]:
    """Internal ids of the active records of the SIS that records made by hand point to."""
    named = {r.refs.get(column) for r in stays for column, of in HANGS_ON.get(r.entity, ()) if of == target}
    few = {id for id in named if id is not None}
    rows = state[target]
    return set(rows.filter(rows[ID].is_in(sorted(few)) & (rows[STATUS] == ACTIVE))[ID]) if few else set()


def _left(record: HandRecord, alive: set[tuple[str, str]]) -> str | None:
    """Why a record can not stay: what it hangs on is not there any more."""
    for column, target in HANGS_ON.get(record.entity, ()):
        if (target, record.refs.get(column)) not in alive:
            return _FOLLOWS[column]
    return None
