"""Why is this person or class (not) here, with these values? From the source's row through rules to guards.

Everything is looked up and nothing is guessed: the rows that were read last are checked and shaped again with today's
choices, beside the applied roster, the held plan, the journal, and what people did by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from homeroom.check import check
from homeroom.check.findings import Findings
from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, STATUS, empty_state, standing
from homeroom.diff.byhand import meet
from homeroom.diff.strangers import kept_apart, strangers
from homeroom.errors import NotFound
from homeroom.model.byhand import HandRecord
from homeroom.model.entities import ENTITIES, Entity
from homeroom.model.ids import mint
from homeroom.model.integration import Integration
from homeroom.model.past_events import AskExplain
from homeroom.model.run import Control
from homeroom.model.snapshot import Snapshot
from homeroom.planning import noting
from homeroom.planning.around import around
from homeroom.planning.belonging import Seen, classes_of, members_of
from homeroom.planning.finding import meant, shared
from homeroom.planning.looking import Rows, as_planning, load, newest_rows
from homeroom.planning.opening import Planning
from homeroom.planning.tracing import Trace, operations, step_of, trace
from homeroom.ports import World
from homeroom.products import rules_of
from homeroom.report.why import Found, Step, because, why
from homeroom.shape import shape

_OTHER_KIND = {"people": "Is it a class? Ask with --class.", "classes": "Is it a person? Leave --class out."}
_NOTHING_READ = Rows(run=0, held=False, read_by=0, read_at=noting.LONG_AGO)


@dataclass(frozen=True)
class Asked:
    """The question with what it is about, found once."""

    question: AskExplain
    world: World
    integration: Integration
    control: Control
    planning: Planning
    seen: Seen
    hand: tuple[HandRecord, ...]

    @property
    def entity(self) -> Entity:
        """Table of fields of what is asked for."""
        return ENTITIES[self.question.entity]


def answer_explain(question: AskExplain, world: World) -> dict[str, Any]:
    """The explanation in JSON: `sentence` and `next` first, then source, check, rule, roster, values and membership.

    Raises NotFound, with what was searched, for a record that nobody knows.
    """
    asked = _opened(question, world)
    ids = meant(question.entity, question.record, asked.seen.snapshot, asked.seen.state, asked.hand)
    if len(ids) > 1:
        return _several(asked, ids)
    return _one(asked, ids[0] if ids else question.record)


def _opened(question: AskExplain, world: World) -> Asked:
    integration = world.integrations.get(question.integration)
    control = world.runs.control(integration.id)
    rows = newest_rows(control, world)
    planning = as_planning(rows or _NOTHING_READ, integration, control, world, None)
    snapshot = load(rows, integration.id, world) if rows else Snapshot("", {}, {}, "")
    seen = _seen(planning, rows or _NOTHING_READ, snapshot)
    hand = tuple(world.roster.by_hand(integration.roster))
    return Asked(question, world, integration, control, planning, seen, hand)


def _seen(planning: Planning, rows: Rows, snapshot: Snapshot) -> Seen:
    """The rows checked and shaped with today's choices, as the next run would see them: without whom that run takes for
    somebody else (IDN-01), and without what somebody made by hand that is not handed over (MAN-05)."""
    integration, state = planning.integration, planning.applied()
    beside = around(planning)
    checked, rules = check(snapshot), rules_of(integration)
    stays = standing(state, planning.repairs(), checked.delivered)
    desired = shape(checked, integration.sharing, stays, rules=rules, accounts=beside.accounts, hand=beside.hand)
    before = state or empty_state()
    others = strangers(desired.entities["people"].records, before["people"])
    met = meet(kept_apart(desired.entities, others, before, desired.left_out), before, beside.hand, rules.hand)
    issues = pl.concat([desired.issues, others.issues(), Findings(met.issues).frame()])
    seen = replace(met.desired(desired), entities=met.wanted, issues=issues)
    return Seen(rows, snapshot, checked, seen, before, others.who)


def _one(asked: Asked, source_id: str) -> dict[str, Any]:
    """The explanation of one record."""
    entity, seen, world = asked.entity, asked.seen, asked.world
    raw = noting.raw_rows(entity, seen.snapshot, source_id)
    kept = noting.row_of(seen.state[entity.name], source_id)
    hand = next((h for h in asked.hand if (h.entity, h.source_id) == (entity.name, source_id)), None)
    id = kept[ID] if kept else hand.id if hand else mint(asked.integration.roster, entity.name, source_id)
    traced = trace(asked.control, entity.name, id, entity.names, world, kept[STATUS] if kept else None)
    found = _found(asked, source_id, raw, kept, hand, id, traced)
    if not (raw or kept or hand or found.named or found.refused):
        raise NotFound(noting.searched(asked.question.entity, asked.seen.rows, asked.control),
                       remedy=f"Check the id at the source: names are not searched. {_OTHER_KIND[entity.name]}")
    told = why(found)
    return {
        "integration": asked.integration.id, "entity": entity.name, "record": source_id,
        "id": id if kept or hand else None, "here": noting.is_here(found), "code": told.code, "sentence": told.sentence,
        "next": {"owner": told.owner, "text": told.next},
        "source": {**asked.seen.rows.as_json(), "places": list(found.places), "values": _raw_values(entity, raw)},
        "check": {"taken": bool(raw) and not found.in_error, "issues": list(found.issues)},
        "rule": {"rule": found.rule, "because": because(found.rule)} if found.rule else None,
        "roster": {"status": found.status, **({"by": found.came.as_json()} if found.came else {})},
        "held": found.held.as_json() if found.held else None,
        "by_hand": {"made": found.hand, "edits": list(found.edits)},
        "values": _values(asked, source_id, kept, hand, found, traced),
        "notes": noting.notes(asked.integration, asked.control, asked.planning, found, kept, seen),
        **_belonging(entity.name, source_id, seen),
    }


def _found(asked: Asked, source_id: str, raw: list[dict[str, Any]], kept: Mapping[str, Any] | None,
           hand: HandRecord | None, id: str, traced: Trace) -> Found:
    entity, seen, world = asked.entity, asked.seen, asked.world
    issues = tuple(noting.issue(row) for row in seen.issues(entity.name, source_id).iter_rows(named=True))
    checked = seen.checked.entities[entity.name]
    stranger = entity.name == "people" and bool((seen.strangers == source_id).any())
    in_error = stranger or bool((checked.unusable == source_id).any())
    taken = bool((checked.records[SOURCE_ID] == source_id).any()) and not stranger
    edits = tuple(noting.edit(e) for e in asked.planning.edits if (e.entity, e.source_id) == (entity.name, source_id))
    held = _held(asked, source_id, kept, id) if seen.rows.held else None
    return Found(
        kind=entity.singular, rows=seen.rows.text, places=tuple(noting.place(entity, seen.snapshot, r) for r in raw),
        in_error=in_error and not taken, removed=bool(raw) and not taken and not in_error, issues=issues,
        rule=seen.rule(entity.name, source_id), status=kept[STATUS] if kept else None, came=traced.came, held=held,
        edits=edits, hand=noting.made(hand, rules_of(asked.integration).hand) if hand else None,
        refused=None if raw else noting.refused(asked.control, entity, source_id, world),
        shared=shared(kept, seen.state) if kept and entity.name == "people" and kept[STATUS] == ACTIVE else (),
        stops=noting.stops(asked.integration, asked.control, asked.planning, world),
        named={} if raw else noting.named(entity, seen.snapshot, source_id),
    )


def _held(asked: Asked, source_id: str, kept: Mapping[str, Any] | None, id: str) -> Step | None:
    """What the held plan does to the record, and for which guards it waits.

    Where a part of that plan was applied, the rest has no journal: it is what still differs.
    """
    name, run, world = asked.integration.id, asked.seen.rows.run, asked.world
    guards = noting.guards(name, run, world)
    if run == asked.control.applied_run:
        return _rest(asked, source_id, kept, guards)
    operation = next(operations(name, run, asked.entity.name, id, world), None)
    return step_of(name, run, operation, world, guards) if operation else None


def _rest(asked: Asked, source_id: str, kept: Mapping[str, Any] | None, guards: tuple[str, ...]) -> Step | None:
    """What is wanted of the record and was not applied."""
    entity, seen = asked.entity, asked.seen
    desired = seen.desired.entities[entity.name]
    wanted = noting.row_of(desired.records, source_id)
    if wanted is None:
        stays = kept is None or kept[STATUS] != ACTIVE or (desired.unusable == source_id).any()
        reason = seen.rule(entity.name, source_id) or "absent"
        return None if stays else Step(seen.rows.run, "archive", reason, guards=guards)
    if kept is None or kept[STATUS] != ACTIVE:
        return Step(seen.rows.run, "create" if kept is None else "restore", guards=guards)
    changed = tuple(field for field in entity.names if wanted[field] != kept[field])
    return Step(seen.rows.run, "update", changed=changed, guards=guards) if changed else None


def _values(asked: Asked, source_id: str, kept: Mapping[str, Any] | None, hand: HandRecord | None, found: Found,
            traced: Trace) -> list[dict[str, Any]]:
    """Each value as the roster has it, and where it comes from; of a record that is not applied, as it would be."""
    wanted = noting.row_of(asked.seen.desired.entities[asked.entity.name].records, source_id)
    by_hand = {name: edit for edit in found.edits for name in edit["fields"] or {}}
    told = []
    for field in asked.entity.fields:
        now = (kept or {}).get(field.name)
        then = (wanted or {}).get(field.name)
        if kept is None and wanted is None and hand is not None:
            now = then = hand.fields.get(field.name)
        value = now if kept else then
        if value is None and then is None and field.name not in by_hand:
            continue
        origin = noting.origin(field, value, found, traced, applied=kept is not None)
        one = {"field": field.name, "value": noting.plain(field, value), "origin": origin}
        if kept is not None and wanted is not None and now != then:
            one["source_says"] = noting.plain(field, then)
        if field.name in by_hand:
            edit = by_hand[field.name]
            at = edit["at"][:16].replace("T", " ")
            one |= {"by_hand": edit["fields"][field.name], "origin": f"by hand, {edit['by']}, {at}"}
        told.append(one)
    return told


def _raw_values(entity: Entity, raw: list[dict[str, Any]]) -> dict[str, Any]:
    """Cells of the first row as the source gave them, by canonical field."""
    first = raw[0] if raw else {}
    return {f.name: first[f.column] for f in entity.carried if first.get(f.column) is not None}


def _belonging(entity: str, source_id: str, seen: Seen) -> dict[str, Any]:
    if entity == "people":
        return {"classes": classes_of(source_id, seen)}
    return {"members": members_of(source_id, seen)}


def _several(asked: Asked, ids: list[str]) -> dict[str, Any]:
    """A word that several records share: nobody can tell which is meant, nor can sign-in."""
    many = "people" if asked.question.entity == "people" else "classes"
    return {
        "integration": asked.integration.id, "entity": asked.question.entity, "record": asked.question.record,
        "id": None, "here": None, "code": "several",
        "sentence": f"{len(ids)} {many} share this: it means none of them for sure"
        f"{', and nobody can sign in with it' if many == 'people' else ''}.",
        "next": {"owner": "vendor", "text": "Ask again with one of the source ids."}, "records": ids,
        "source": asked.seen.rows.as_json(),
    }
