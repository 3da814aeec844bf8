"""A person, class or school as it was at a moment: the kept state of now, taken back run by run through the journal.

Only the entities that matter are read, and of enrollments and contacts only those that touch the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from homeroom.apply import kept_state
from homeroom.apply.manifest import load_manifest
from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, STATUS
from homeroom.diff.past import WAS_ID, before, was
from homeroom.errors import NotFound, Refused
from homeroom.model.entities import ENTITIES, LIST_KINDS
from homeroom.model.past_events import AskAsOf
from homeroom.model.run import Control, RunRecord
from homeroom.planning.journal import changes
from homeroom.planning.looking import applied_runs, run_of
from homeroom.ports import World

LISTED = 500
"""Records that are listed of each kind; the count is always whole."""
_LOOK = (
    "Take its internal id or source id of now, and name what it is: people, classes, orgs or another kind. Of what is"
    " made by hand now nothing is told."
)
BY_HAND = "Changes by hand lie over the roster and are not in the journal: the audit tells them."
_HANGS_ON: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "people": {"enrollments": ("person",), "contacts": ("student", "guardian")},
    "classes": {"enrollments": ("class",)},
}
"""Entity → what hangs on its records, by the fields that point to them."""
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "people": ("classes", "people"), "classes": ("people",), "orgs": ("people", "classes"),
}
"""Entity → what must be known whole, for names and counts."""


@dataclass
class _Then:
    """The frames on their way back; `source_id` is the record's own, as far back as they are."""

    entity: str
    id: str
    source_id: str
    frames: dict[str, pl.DataFrame]

    def take_back(self, world: World, integration: str, run: int) -> None:
        """One run further back. Raises NotFound where its journal is gone."""
        made = changes(world.objects, integration, run, self.frames)
        own = made[self.entity].filter(pl.col(ID) == self.id)[WAS_ID].drop_nulls()
        names = [self.source_id, *own.to_list()]
        for name, fields in _HANGS_ON.get(self.entity, {}).items():
            touches = pl.any_horizontal(pl.col(column).is_in(names) for f in fields for column in (f, was(f)))
            made[name] = made[name].filter(touches.fill_null(False))
        self.frames = {name: before(ENTITIES[name], rows, made[name]) for name, rows in self.frames.items()}
        self.source_id = names[-1]

    def record(self) -> dict[str, Any] | None:
        """The record's own row."""
        rows = self.frames[self.entity].filter(pl.col(ID) == self.id)
        return rows.row(0, named=True) if rows.height else None

    def hanging(self, name: str) -> pl.DataFrame:
        """Active records that point to it."""
        points = pl.any_horizontal(pl.col(f) == self.source_id for f in _HANGS_ON[self.entity][name])
        return self.frames[name].filter((pl.col(STATUS) == ACTIVE) & points)


def answer_as_of(question: AskAsOf, world: World) -> dict[str, Any]:
    """The record and what belongs to it, as the run that was applied last before the moment left them.

    Raises NotFound for no such record, and Refused before the first load and where the journal does not reach so far.
    """
    integration = world.integrations.get(question.integration).id
    control = world.runs.control(integration)
    if control.applied_run is None:
        raise Refused("nothing was applied yet")
    then = _now(question, world, control, control.applied_run)
    in_force, unknown = None, [BY_HAND]
    try:
        for run, record in _applied(control, world):
            if record.finished_at is not None and record.finished_at <= question.at:
                in_force = record
                break
            then.take_back(world, integration, run)
            unknown = [BY_HAND, *_cut_off(integration, run, question.at, world)]
    except NotFound:
        raise Refused("the journal does not reach so far back") from None
    told = {
        "integration": integration, "entity": question.entity, "at": question.at.astimezone(UTC).isoformat(),
        "run": in_force.run if in_force else None,
        "applied_at": in_force.finished_at.isoformat() if in_force and in_force.finished_at else None,
        "unknown": unknown,
    }
    row = then.record()
    if row is None:
        return told | {"found": False, "text": "the record was not there then"}
    status = row[STATUS]
    return told | {
        "found": True, "status": status, "source_id": row[SOURCE_ID], "id": row[ID],
        "fields": _fields(question.entity, row), "belongs": _BELONGS.get(question.entity, _nothing)(then),
        "text": f"as run {in_force.run if in_force else '?'} left it",
    }


def _now(question: AskAsOf, world: World, control: Control, applied: int) -> _Then:
    """The record as it is applied now, by its internal id or source id. Raises NotFound."""
    state, entity = kept_state.load(world.objects, control.integration, applied), question.entity
    found = state[entity].filter((pl.col(ID) == question.record) | (pl.col(SOURCE_ID) == question.record))
    if found.is_empty():
        raise NotFound(f"there is no such record among the {entity}", remedy=_LOOK)
    id, source_id = found.select(ID, SOURCE_ID).row(0)
    frames = {name: state[name] for name in (entity, *_BESIDE.get(entity, ()))}
    for name, fields in _HANGS_ON.get(entity, {}).items():
        frames[name] = state[name].filter(pl.any_horizontal(pl.col(f) == source_id for f in fields))
    return _Then(entity, id, source_id, frames)


def _applied(control: Control, world: World) -> Iterator[tuple[int, RunRecord]]:
    """Applied runs, newest first. Raises NotFound where the ledger has forgotten one."""
    for run in applied_runs(control, world):
        record = run_of(control.integration, run, world)
        if record is None:
            raise NotFound(f"there is no run {run} any more")
        yield run, record


def _cut_off(integration: str, run: int, at: datetime, world: World) -> list[str]:
    """Words on runs that had written a part by then and were repaired later."""
    found = [run_of(integration, one, world) for one in load_manifest(world.objects, integration, run).mends]
    return [f"Run {record.run} had been interrupted by then; what it had written already is not told apart."
            for record in found if record is not None and record.started_at <= at]


def _fields(entity: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical fields that are not empty, as JSON."""
    told = {}
    for one in ENTITIES[entity].fields:
        value = row[one.name]
        if value is not None:
            told[one.name] = value.split(",") if one.kind in LIST_KINDS else (
                value.isoformat() if one.kind == "date" else value)
    return told


def _listed(rows: pl.DataFrame, *columns: str) -> dict[str, Any]:
    shown = rows.sort(SOURCE_ID).head(LISTED).select(SOURCE_ID, *columns)
    return {"count": rows.height, "first": [
        {name: value for name, value in row.items() if value is not None} for row in shown.to_dicts()]}


def _of_person(then: _Then) -> dict[str, Any]:
    titles = then.frames["classes"].select(pl.col(SOURCE_ID).alias("class"), "title")
    people = then.frames["people"].select(SOURCE_ID, "given_name", "family_name")
    contacts = then.hanging("contacts")
    for side in ("student", "guardian"):
        names = people.rename({SOURCE_ID: side, "given_name": f"{side}_given_name",
                               "family_name": f"{side}_family_name"})
        contacts = contacts.join(names, on=side, how="left")
    return {
        "enrollments": _listed(then.hanging("enrollments").join(titles, on="class", how="left"), "class", "title",
                               "role"),
        "contacts": _listed(contacts, "student", "student_given_name", "student_family_name", "guardian",
                            "guardian_given_name", "guardian_family_name", "relationship"),
    }


def _of_class(then: _Then) -> dict[str, Any]:
    people = then.frames["people"].select(pl.col(SOURCE_ID).alias("person"), "given_name", "family_name")
    members = then.hanging("enrollments").join(people, on="person", how="left")
    return {"members": _listed(members, "person", "given_name", "family_name", "role")}


def _of_org(then: _Then) -> dict[str, Any]:
    people, classes = (then.frames[name].filter(pl.col(STATUS) == ACTIVE) for name in ("people", "classes"))
    here = people.filter(pl.col("orgs").str.split(",").list.contains(then.source_id))
    return {
        "people": {"count": here.height, "roles": dict(here.group_by("role").len().sort("role").iter_rows())},
        "classes": _listed(classes.filter(pl.col("school") == then.source_id), "title"),
    }


def _nothing(_: _Then) -> dict[str, Any]:
    return {}


_BELONGS = {"people": _of_person, "classes": _of_class, "orgs": _of_org}
