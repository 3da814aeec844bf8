"""What an explanation notes of a record: its rows, findings, edits, the runs around it, the origin of each value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from homeroom.apply.manifest import load_manifest
from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, State
from homeroom.errors import NotFound
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import ENTITIES, LIST_KINDS, Entity, Field
from homeroom.model.integration import Integration
from homeroom.model.issues import CATALOGUE
from homeroom.model.run import Control
from homeroom.model.snapshot import LINE, Snapshot
from homeroom.planning.belonging import Seen
from homeroom.planning.looking import Rows, run_of
from homeroom.planning.opening import Planning
from homeroom.planning.tracing import Trace
from homeroom.ports import Edit, World
from homeroom.products.rules import HandPolicy
from homeroom.read import raw
from homeroom.report.next_step import BY_OUTCOME, BY_SKIP, Next
from homeroom.report.why import Found
from homeroom.report.words import UNITS, number

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands for the time of rows that nobody read."""
NEWER = 10
"""Runs after the applied one that are asked whether they read the record."""
_APPLIED = ("applied", "applied with issues", "nothing to change")
_RAW_ID = "sourcedId"


def raw_rows(entity: Entity, snapshot: Snapshot, source_id: str) -> list[dict[str, Any]]:
    """The rows of one id, as the source gave them."""
    rows = snapshot.frames.get(entity.file)
    if rows is None or _RAW_ID not in rows.columns:
        return []
    return rows.filter(pl.col(_RAW_ID) == source_id).to_dicts()


def row_of(frame: pl.DataFrame, source_id: str) -> dict[str, Any] | None:
    """The one row of an id."""
    found = frame.filter(pl.col(SOURCE_ID) == source_id)
    return found.row(0, named=True) if found.height else None


def place(entity: Entity, snapshot: Snapshot, row: Mapping[str, Any]) -> str:
    """`users.csv line 12`; of an API, which has no lines, the collection alone."""
    name = snapshot.origins.get(entity.file, entity.file)
    line = row.get(LINE)
    return f"{name} line {line}" if line is not None and name.endswith(".csv") else name


def issue(row: Mapping[str, Any]) -> dict[str, Any]:
    """A finding with who mends it and how."""
    code = CATALOGUE[row["code"]]
    names = ("code", "file", "line", "column", "value", "cause")
    return {**{name: row[name] for name in names}, "text": row["text"] or code.meaning, "severity": code.severity,
            "owner": code.owner, "remedy": code.remedy}


def edit(told: Edit) -> dict[str, Any]:
    """A change by hand that waits for the next run."""
    fields = dict(told.fields) if told.fields is not None else None
    return {"action": told.action, "by": told.by, "at": told.at, "fields": fields}


def made(told: HandRecord, policy: HandPolicy) -> dict[str, Any]:
    """A record made by hand, and whether the products keep what the SIS does not have."""
    return {"by": told.by, "at": told.at, "reason": told.reason, "status": told.status, "lasts": not policy.only_source}


def guards(integration: str, run: int, world: World) -> tuple[str, ...]:
    """The guards that hold a run: `GRD-02: people, 19 %`."""
    tripped = [g for g in load_manifest(world.objects, integration, run).guards if g["tripped"]]
    return tuple(_guard(g) for g in tripped)


def _guard(judged: Mapping[str, Any]) -> str:
    about = f" {judged['about']}" if judged["about"] else ""
    unit = UNITS.get(judged["unit"], "")
    return f"{judged['code']}{about} {number(judged['value'])}{unit}" if judged["limit"] else str(judged["code"])


def named(entity: Entity, snapshot: Snapshot, source_id: str) -> dict[str, int]:
    """File → rows that point to a record which has no row of its own."""
    told = {}
    for other in ENTITIES.values():
        rows = snapshot.frames.get(other.file)
        for field in other.carried:
            if rows is not None and field.references == entity.name and field.column in rows.columns:
                count = int((rows[field.column] == source_id).sum())
                if count:
                    told[snapshot.origins.get(other.file, other.file)] = count
    return told


def refused(control: Control, entity: Entity, source_id: str, world: World) -> dict[str, Any] | None:
    """A run after the applied one that read the record and was not applied: discarded, failed, interrupted."""
    newest = control.run_seq
    for run in range(newest, max(control.applied_run or 0, newest - NEWER), -1):
        record = run_of(control.integration, run, world)
        if record is None or record.outcome in (None, "held", *_APPLIED):
            continue
        try:
            snapshot = raw.load(world.objects, control.integration, run)
        except NotFound:
            continue
        rows = raw_rows(entity, snapshot, source_id)
        if rows:
            step = BY_OUTCOME.get(record.outcome) or BY_SKIP.get(record.code or "") or Next(record.owner, record.text)
            return {"run": run, "outcome": record.outcome, "text": record.text, "owner": step.owner, "next": step.text,
                    "place": place(entity, snapshot, rows[0])}
    return None


def stops(integration: Integration, control: Control, planning: Planning, world: World) -> str:
    """Why the next run may not simply come: paused, resting, or the newest run did not go well. Empty otherwise."""
    if integration.paused:
        return f"the integration is paused since {integration.paused.at:%Y-%m-%d}"
    today = planning.request.as_of
    if any(rest.first <= today <= rest.last for rest in integration.blackouts):
        return "the integration rests today (blackout)"
    newest = run_of(control.integration, control.run_seq, world) if control.run_seq else None
    if newest is not None and newest.outcome in ("failed", "interrupted", "skipped") and newest.code != "unchanged":
        return f"run {newest.run}, the newest, {newest.outcome}: {newest.text}"
    return ""


def searched(entity: str, rows: Rows, control: Control) -> str:
    """What was searched in vain, without the words that were searched for."""
    kind = "person" if entity == "people" else "class"
    if not rows.run:
        return f"there is no such {kind} made by hand, and no run has read the source yet"
    applied = f", nor in the roster as run {control.applied_run} left it" if control.applied_run else ""
    return f"there is no such {kind} in the rows that run {rows.read_by} read{applied}, nor among those made by hand"


def is_here(found: Found) -> bool:
    """Whether the products have the record now."""
    if found.status == ACTIVE:
        return found.archived_by_hand is None
    return found.hand is not None and found.hand["status"] == ACTIVE


def origin(field: Field, value: Any, found: Found, traced: Trace, *, applied: bool) -> str:
    """Where a value comes from, in words."""
    if value is None:
        return ""
    if found.status is None and found.hand is not None and not found.places:
        return f"by hand, {found.hand['by']}, {found.hand['at'][:16].replace('T', ' ')}"
    if field.made:
        return _MADE_BY.get(field.name, "made by a rule of the products")
    run = traced.fields.get(field.name)
    where = f", {found.place}" if found.place else ""
    if not applied:
        return f"SIS{where}; no run has applied it"
    return f"SIS, run {run}{where}" if run is not None else f"SIS, an earlier run{where}"


_MADE_BY: Mapping[str, str] = {
    "source_title": "SIS, the title before it was made unique",
    "grade_levels": "made of `grades` in the words of the product line",
    "home_school": "chosen by the one-school rule",
    "directory_id": "found in the district's directory by first and last name",
}


def plain(field: Field, value: Any) -> Any:
    """A value as JSON: lists as lists, dates as text."""
    if field.kind in LIST_KINDS and isinstance(value, str):
        return value.split(",")
    return value.isoformat() if isinstance(value, date) else value


def notes(integration: Integration, control: Control, planning: Planning, found: Found,
          kept: Mapping[str, Any] | None, seen: Seen) -> list[str]:
    """What else somebody should know who looks at this record, each a sentence."""
    told = [f"{found.stops[:1].upper()}{found.stops[1:]}."] if found.stops else []
    if control.applied_run is None:
        told.append("Nothing was applied yet: this is the first load.")
    if kept and any(primary.person == kept[ID] for primary in integration.primary):
        told.append("A primary administrator: no sync changes that.")
    if kept and kept.get("enabled") is False:
        told.append("Switched off at the source (enabledUser is false).")
    told += [f"Somebody else has the same {name}: nobody can sign in with it." for name in found.shared]
    told += [_finding(i) for i in found.issues if not (found.in_error and i["severity"] == "error")]
    if kept and found.kind == "class":
        told += _terms(kept.get("terms"), seen.state, planning.request.as_of)
    if found.hand is not None and found.places:
        told.append(f"Also made by hand by {found.hand['by']} on {found.hand['at'][:10]}.")
    return told


def _finding(told: Mapping[str, Any]) -> str:
    """A finding that did not cost the record its place: what, why, and what to do."""
    cause = f" ({told['cause']})" if told["cause"] else ""
    return f"{told['code']}: {told['text']}{cause}. {told['remedy']}"


def _terms(terms: str | None, state: State, today: str) -> Iterable[str]:
    """Ended and future terms: they keep no class away."""
    frame = state["terms"].filter(pl.col(SOURCE_ID).is_in((terms or "").split(",")))
    for title, first, last in frame.select("title", "start_date", "end_date").iter_rows():
        if last is not None and last.isoformat() < today:
            yield f"Its term {title} ended on {last}; a class stays as long as the source has it."
        elif first is not None and first.isoformat() > today:
            yield f"Its term {title} begins on {first}; a class comes as soon as the source has it."
