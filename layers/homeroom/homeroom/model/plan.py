"""The plan: operations that turn the applied roster into the desired one, and what judges and reports need of it.

An operation is one JSON line of a plan part; parts are the journal too (before and after), so they are immutable and
hold no run number. A part holds operations of one wave, at most `PART_SIZE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from homeroom.model.byhand import HandRecord
from homeroom.model.directory import Account
from homeroom.model.issues import Issue

if TYPE_CHECKING:
    import polars as pl

Action = Literal["create", "update", "archive", "restore", "adopt", "give back", "link", "unlink"]

PART_SIZE = 10_000
IDENTITIES = "identities"
WAVES: tuple[tuple[str, ...], ...] = (
    ("orgs",), ("terms",), ("courses",), ("people",), (IDENTITIES,), ("contacts",), ("classes",), ("enrollments",),
)
"""Creates, updates and restores in this order; then archives of the same entities in reverse."""

INCOMPLETE_PERCENT = 0.5
"""More enrollments than this, whose person or class is nowhere in the source, make a read incomplete (design 4)."""
INCOMPLETE_FLOOR = 10
"""Fewer are never taken as incomplete: in a small school one row is more than half a percent."""

MANY_TWINS, TWINS_PERCENT = 25, 60
"""So many removed records, and such a share of all that are removed, which come again under new ids, ask for a person
(GRD-10). Fewer people with the same number and name are taken for who they are."""

RULES_VERSION = 1
"""Raised when a release changes what the same source gives; a changed version is never `unchanged`."""


class Operation(TypedDict):
    """One change of one record, or of one identity link.

    `before` and `after` are canonical fields with references as source ids (dates `YYYY-MM-DD`, lists as lists, empty
    fields null or left out). `refs` are the internal ids of the references of what is to be written, by field name.
    `moved_from` lists the other places where an enrollment's item may still stand, when its key changes: the internal
    class and person ids and the role it had there. They are deleted in the same batch.
    For `link` and `unlink`: `id` is the internal id of the person, `source_id` is `<kind>#<value>`, and
    `before` is `{"person": id}` of a link that moves.
    `overlay` tells that a hand edit of this record is overridden (requirement C2).
    `was` is the source id that the record had before, where it changes: a re-key, or a record made by hand that the SIS
    has too (`adopt`; `give back` is its way back, in an undo or after an interrupted run).
    `hand` tells how a record was made by hand (`HandRecord.making`: by, at, reason, released, refs), wherever the
    operation takes one over, gives one back or archives one; in all others it is null or left out. The record made by
    hand is `before` and `was` of an `adopt`, `after` and `source_id` of a `give back` (`before` and `was`: what the
    SIS had, or null), `before` and `source_id` of an `archive`. A `give back` or `archive` with `hand` writes the
    record as made by hand, and its entry.
    """

    op: Action
    entity: str
    id: str
    source_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    changed: list[str]
    refs: dict[str, Any]
    moved_from: list[dict[str, str]]
    reason: str
    explained: bool
    overlay: bool
    was: str | None
    hand: NotRequired[dict[str, Any] | None]


@dataclass(frozen=True)
class Counts:
    """What a plan does to one entity. `kept` = in error at the source, last good version stays. `adopt` = made by hand,
    and the SIS has it too. `waits` = changes that are left out of this plan until a person decides."""

    create: int = 0
    update: int = 0
    archive: int = 0
    restore: int = 0
    unchanged: int = 0
    kept: int = 0
    adopt: int = 0
    waits: int = 0

    @property
    def changes(self) -> int:
        """Records that the plan writes."""
        return self.create + self.update + self.archive + self.restore + self.adopt


@dataclass(frozen=True)
class EntityRead:
    """What `check` saw of one entity (design 9): `valid` = read − errors − identical repeats."""

    read: int = 0
    valid: int = 0
    errors: int = 0
    warnings: int = 0


@dataclass(frozen=True)
class EntityChange:
    """Numbers of one entity that guards look at. `base` = active records applied before.

    Of the `explained` removals, `ruled` are records that the source has and a rule leaves out. What was not `delivered`
    has no rows and no removals of its own. `identity_updates` are updates of people whose name and email change
    together, or whose number does. `twins` are removed records that look like a created one (a new id for the same).
    `redone` are changes that put back what an undo took away.
    """

    base: int = 0
    read: int = 0
    errors: int = 0
    updates: int = 0
    explained: int = 0
    unexplained: int = 0
    ruled: int = 0
    delivered: bool = True
    creates: int = 0
    identity_updates: int = 0
    twins: int = 0
    redone: int = 0


@dataclass(frozen=True)
class Facts:
    """All that guards may look at: numbers and ids of organisations, never people.

    `schools` maps a school's source id to entity → (unexplained removals, base). `classes` lists, for classes that
    stay, (class source id, unexplained removals of students, base) where students leave. `districts` are the ids
    (source id and identifier) of the district organisations in the source; `expected_districts` those confirmed at
    connect or applied before. `shared_schools` of the `applied_schools` are in the source too. `unresolved` of
    `references` enrollments point to a person or class that is nowhere.
    """

    first_load: bool
    entities: Mapping[str, EntityChange]
    schools: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    classes: tuple[tuple[str, int, int], ...] = ()
    districts: frozenset[str] = frozenset()
    expected_districts: frozenset[str] = frozenset()
    shared_schools: int = 0
    applied_schools: int = 0
    unresolved: int = 0
    references: int = 0
    drained: Mapping[str, int] = field(default_factory=dict)
    """Entity → unexplained removals that were applied in the seven days before."""
    moving: bool = False
    """Whether this plan is the first one after a change of aggregator."""


def waves() -> list[tuple[str, bool]]:
    """The waves in writing order as (entity, archives?): first all that adds or changes, then archives in reverse."""
    order = [entity for wave in WAVES for entity in wave]
    return [(entity, False) for entity in order] + [(entity, True) for entity in reversed(order)]


@dataclass(frozen=True)
class PlanManifest:
    """What is kept of a plan beside its parts: `plan/manifest.json`. Counts, codes and hashes only, no rows.

    `verdict` is apply, nothing, hold, fail (nothing can be planned), lapsed (not the plan that was approved)
    or denied (what was discarded).
    `parts` holds, for each part number in order, the wave's entity, whether it archives, and its operations.
    `base_run` is the applied run that the plan starts from. `edits` are the edit entries that it takes in, as
    [edit owner, edit member, record owner, record member].
    """

    plan_hash: str
    base_run: int | None
    content_hash: str
    signature: str
    options_hash: str
    rules_version: int
    as_of: str
    verdict: str
    counts: dict[str, dict[str, int]]
    read: dict[str, dict[str, int]]
    issues: dict[str, int]
    guards: list[dict[str, Any]]
    parts: list[tuple[str, bool, int]]
    waves: list[list[int]]
    edits: list[list[str]]
    removals: dict[str, dict[str, int]] = field(default_factory=dict)
    """Entity → reason → how many records leave for it; `absent` is the unexplained rest."""
    left_out: dict[str, dict[str, int]] = field(default_factory=dict)
    """Entity → sharing rule → how many records of the source it leaves out, whether they were ever applied or not."""
    source: str = ""
    complete: bool = True
    rest: dict[str, Any] | None = None
    """What of the whole plan waits for a person while the rest is applied: `plan_hash` of the plan that would apply it,
    `counts` by entity, `removals` by entity and reason. Null where nothing waits."""
    approvers: int = 1
    """How many people must approve the plan if it is held, or what of it waits."""
    hand_hash: str = ""
    """Hash of the active records made by hand, as whoever approves later must find them; empty where there are none."""
    rekey: dict[str, Any] | None = None
    """A proposed or applied cross-walk: `plan_hash` of the plan that keeps every identity, `counts` by entity of what
    it would do, `evidence`. Null where there is none."""
    undoes: int | None = None
    """The run that this plan takes back."""
    mends: list[int] = field(default_factory=list)
    """The runs that were interrupted before it and whose keys it takes in: it is their journal too."""
    redone: int = 0
    """Changes that put back what an undo took away."""
    failure: dict[str, str] | None = None
    """Why nothing can be planned: code, text, owner, remedy. Null where a plan was made."""


@dataclass(frozen=True)
class TableImage:
    """What the table holds of a record that an interrupted run may have written: the truth for the next plan.

    `status` and `fields` are null where the table has no such item. `place` is, for enrollments, where the item stands:
    internal class and person ids and role; a half-done move leaves two images of one id.
    """

    entity: str
    id: str
    source_id: str
    status: str | None
    fields: Mapping[str, Any] | None
    place: Mapping[str, str] | None = None


@dataclass(frozen=True)
class LinkImage:
    """Who holds an identity (`<kind>#<value>`) in the table after an interrupted run, if anybody."""

    link: str
    person: str | None


@dataclass(frozen=True)
class Repairs:
    """What the next plan must take in whatever the diff says: dirty keys with their table images, and hand edits.

    `edited` maps entity → source ids with an edit that waits; those whose fields were changed by hand, and that were
    not archived, are `altered` too. `torn` are records made by hand, as (entity, internal id), that an interrupted run
    may have written.
    """

    images: tuple[TableImage, ...] = ()
    links: tuple[LinkImage, ...] = ()
    edited: Mapping[str, frozenset[str]] = field(default_factory=dict)
    altered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    torn: frozenset[tuple[str, str]] = frozenset()


NO_REPAIRS = Repairs()


@dataclass(frozen=True)
class Around:
    """What else a plan depends on, gathered before the pure part begins.

    `hand` are the records made by hand that are active; `spared` ones of them, as (entity, internal id), are not
    archived by this plan. `given_back`: an undo makes these, which the SIS had taken over and which this plan would
    archive, records made by hand again. `accounts` are the district's directory, None where no match
    by name is asked for or it could not be read. `drained`: entity → unexplained removals applied in the last seven
    days. `undone`: entity → source ids that an undo took back and that nobody has approved since. `walk`: entity →
    (`was`, `now`), new ids of known records that an interrupted run may have written already. `rekey`: a person
    approved the proposal that this plan makes (`homeroom.diff.rekey`). `moving`: the roster comes by another aggregator
    since it was applied last. `issues` are what was found while this was gathered.
    """

    hand: tuple[HandRecord, ...] = ()
    spared: frozenset[tuple[str, str]] = frozenset()
    given_back: tuple[HandRecord, ...] = ()
    accounts: tuple[Account, ...] | None = None
    drained: Mapping[str, int] = field(default_factory=dict)
    undone: Mapping[str, frozenset[str]] = field(default_factory=dict)
    walk: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    rekey: bool = False
    moving: bool = False
    issues: tuple[Issue, ...] = ()


NOTHING_AROUND = Around()
