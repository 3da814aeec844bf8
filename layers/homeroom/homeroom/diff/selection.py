"""A part of a plan: which changes belong to it, what stays behind with the rest, and the roster that is wanted then.

A plan is divided by making the desired roster say less: what is left out stays as it is applied. The same comparison
then runs on that roster, so that hashes, references, links and the next state come from one place. What is left out is
found here, and closed, so that nothing dangles:

    a record is not created or changed so that it points to what is left out and not there yet
    a record is not archived while one points to it that stays only because its own change is left out

Identity links are never chosen by themselves: they follow from the people that are written. (ADR 0026)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from homeroom.diff.applied import ACTIVE, ID, SOURCE_ID, STATUS, State
from homeroom.diff.rekey import NOW, WAS, Walk
from homeroom.diff.removals import OWNERS
from homeroom.model.entities import ENTITIES, LIST_KINDS, Field
from homeroom.model.plan import IDENTITIES
from homeroom.model.selection import Selection
from homeroom.model.waits import Waits
from homeroom.shape import Desired, DesiredEntity
from homeroom.shape.marks import within

Operations = tuple[tuple[str, bool, pl.DataFrame], ...]
"""The operations of a plan: entity, archives?, rows."""
Left = Mapping[tuple[str, bool], pl.Series]
"""For the rows of each entity and kind of wave, whether the change is left out."""

_COMES = ("create", "restore", "adopt")
"""Operations after which a record is there that was not, or not active."""
_AT = "_at"
_TARGET = "_target"


def chosen(rows: pl.DataFrame, entity: str, selection: Selection, *states: State) -> pl.Series:
    """For each operation of one entity, whether it belongs to the selection; never null.

    A record belongs to a school or class before or after its change. `states` are kept states in which people, classes
    and enrollments are looked up: those before and after the plan, as far as they are at hand.
    """
    every = pl.Series("chosen", [True], dtype=pl.Boolean).new_from_index(0, rows.height)
    if entity == IDENTITIES or (selection.entities and entity not in selection.entities):
        return ~every
    marks = every
    if selection.changes:
        marks = marks & rows["op"].is_in(list(selection.changes))
    if selection.schools:
        marks = marks & _of_schools(rows, entity, pl.Series(selection.schools), states)
    if selection.classes:
        marks = marks & _of_classes(rows, entity, pl.Series(selection.classes), states)
    if selection.records:
        marks = marks & _of_records(rows, entity, pl.Series(selection.records), states)
    return marks.alias("chosen")


def left_by(operations: Operations, selection: Selection, *states: State) -> Left:
    """What a selection leaves out.

    What the chosen changes need to be there comes with them, unless it is of another kind than the selection names: who
    approves a school approves the courses of its classes too, who approves enrollments approves no people.
    """
    left = {(name, archives): ~chosen(rows, name, selection, *states) for name, archives, rows in operations}
    named = Selection(entities=selection.entities, changes=selection.changes)
    may = {(name, archives): chosen(rows, name, named) for name, archives, rows in operations}
    grew = True
    while grew:
        needed = {key: _needed(key, operations, left) & may[key] & left[key] for key in left}
        grew = any(marks.any() for marks in needed.values())
        left = {key: left[key] & ~marks for key, marks in needed.items()}
    return closed(operations, left)


def left_waiting(operations: Operations, waits: Waits, twins: Walk, *states: State) -> Left:
    """What waits for a person by the guards that tripped, and what would hang in the air without it.

    Of `twins`, records that came under new ids, both sides wait or none: nobody stands twice, and nobody is missing,
    while a person decides.
    """
    left = {}
    for name, archives, rows in operations:
        marks = pl.zeros(rows.height, pl.Boolean, eager=True)
        for selection in _selections(waits):
            marks = marks | chosen(rows, name, selection, *states)
        left[name, archives] = marks
    return closed(operations, _with_twins(operations, left, twins))


def _with_twins(operations: Operations, left: Left, twins: Walk) -> Left:
    """The same, and with each record that is left out its twin."""
    ids = {(name, archives): rows[SOURCE_ID] for name, archives, rows in operations}
    both = dict(left)
    for name, pairs in twins.items():
        for archives, here, there in ((True, WAS, NOW), (False, NOW, WAS)):
            if (name, archives) in left and (name, not archives) in left:
                waits = within(pairs[here], ids[name, archives].filter(left[name, archives]))
                other = within(ids[name, not archives], pairs[there].filter(waits))
                both[name, not archives] = both[name, not archives] | other
    return both


def _selections(waits: Waits) -> list[Selection]:
    """The changes that wait, as selections; one that any of them names waits."""
    found = []
    if waits.everything:
        found.append(Selection())
    if waits.removals:
        found.append(Selection(changes=("archive",)))
    if waits.creations:
        found.append(Selection(changes=("create",)))
    if waits.schools:
        found.append(Selection(entities=("people", "contacts", "classes", "enrollments"), changes=("archive",),
                               schools=tuple(sorted(waits.schools))))
    if waits.classes:
        found.append(Selection(entities=("classes", "enrollments"), classes=tuple(sorted(waits.classes))))
    return found


def closed(operations: Operations, left: Left) -> Left:
    """The same with all that may not go on without what is left out, until nothing more follows."""
    grew = True
    while grew:
        follows = {key: _dangles(key, operations, left) & ~left[key] for key in left}
        grew = any(marks.any() for marks in follows.values())
        left = {key: left[key] | marks for key, marks in follows.items()}
    return left


def withheld(desired: Desired, operations: Operations, left: Left, before: State) -> Desired:
    """The desired roster without what is left out: `before`, the applied roster as the plan saw it, stays there."""
    entities = dict(desired.entities)
    for name, entity in ENTITIES.items():
        ids = [rows.filter(left[key, archives])[SOURCE_ID] for key, archives, rows in operations if key == name]
        waits = pl.concat([pl.Series(SOURCE_ID, [], dtype=pl.String), *ids])
        if waits.is_empty():
            continue
        said = entities[name]
        stays = before[name].filter((pl.col(STATUS) == ACTIVE) & within(before[name][SOURCE_ID], waits))
        goes_on = said.records.filter(~within(said.records[SOURCE_ID], waits))
        columns = [SOURCE_ID, *entity.names]
        records = pl.concat([goes_on.select(columns), stays.select(columns)], how="vertical_relaxed")
        entities[name] = DesiredEntity(records, said.unusable, said.gone)
    return replace(desired, entities=entities)


# ---------------------------------------------------------------- what depends on what

def _needed(key: tuple[str, bool], operations: Operations, left: Left) -> pl.Series:
    """Of one entity's operations, those that bring what a chosen change points to."""
    name, _ = key
    rows = next(r for n, a, r in operations if (n, a) == key)
    comes = rows["op"].is_in(list(_COMES))
    if not (comes & left[key]).any():
        return pl.zeros(rows.height, pl.Boolean, eager=True)
    wanted = [
        _pointing(other.filter(~left[of, archives]), field, "after")[_TARGET]
        for of, archives, other in operations if not archives and of in ENTITIES
        for field in ENTITIES[of].fields if field.references == name
    ]
    return comes & _among(rows[SOURCE_ID], wanted)


def _dangles(key: tuple[str, bool], operations: Operations, left: Left) -> pl.Series:
    """Of one entity's operations, those that may not go on without what is left out."""
    name, archives = key
    rows = next(r for n, a, r in operations if (n, a) == key)
    none = pl.zeros(rows.height, pl.Boolean, eager=True)
    if name not in ENTITIES:
        return none
    return _still_held(name, rows, operations, left) if archives else _points_to_nothing(name, rows, operations, left)


def _points_to_nothing(name: str, rows: pl.DataFrame, operations: Operations, left: Left) -> pl.Series:
    """Writes that point to a record that is left out and would only have come with this plan."""
    marks = pl.zeros(rows.height, pl.Boolean, eager=True)
    for field in ENTITIES[name].fields:
        missing = [
            other.filter(left[of, archives] & other["op"].is_in(list(_COMES)))[SOURCE_ID]
            for of, archives, other in operations if of == field.references and not archives
        ]
        if any(len(ids) for ids in missing):
            pairs = _pointing(rows, field, "after")
            found = pairs.filter(_among(pairs[_TARGET], missing))[_AT].unique()
            marks = marks.scatter(found, True)
    return marks


def _still_held(name: str, rows: pl.DataFrame, operations: Operations, left: Left) -> pl.Series:
    """Archives of what is still pointed to by a record whose own update or archive is left out."""
    held = [
        _pointing(other.filter(left[of, archives]), field, "before")[_TARGET]
        for of, archives, other in operations if of in ENTITIES
        for field in ENTITIES[of].fields if field.references == name
    ]
    return _among(rows[SOURCE_ID], held)


def _among(values: pl.Series, ids: list[pl.Series]) -> pl.Series:
    found = [one for one in ids if len(one)]
    return within(values, pl.concat(found)) if found else pl.zeros(len(values), pl.Boolean, eager=True)


def _pointing(rows: pl.DataFrame, field: Field, image: str) -> pl.DataFrame:
    """(`_at`, `_target`): the row number of each operation and what it points to by the field; no nulls."""
    values = _values(rows, field.name, image)
    if values is None:
        return pl.DataFrame(schema={_AT: pl.UInt32, _TARGET: pl.String})
    pairs = values.alias(_TARGET).to_frame().with_row_index(_AT).drop_nulls()
    return (pairs.explode(_TARGET) if field.kind in LIST_KINDS else pairs).drop_nulls()


def _values(rows: pl.DataFrame, field: str, image: str) -> pl.Series | None:
    """A field of the records before or after their change; None where no row has it."""
    if image not in rows.columns or not isinstance(rows.schema[image], pl.Struct):
        return None
    images = rows[image].struct
    if field not in images.fields:
        return None
    values = images.field(field)
    return None if values.dtype == pl.Null or values.dtype == pl.List(pl.Null) else values


# ---------------------------------------------------------------- what belongs where

def _either(rows: pl.DataFrame, field: str, ids: pl.Series) -> pl.Series:
    """Whether the field names one of the ids before or after the change."""
    marks = pl.zeros(rows.height, pl.Boolean, eager=True)
    for image in ("before", "after"):
        values = _values(rows, field, image)
        if values is None:
            continue
        if values.dtype == pl.List:
            pairs = values.alias(_TARGET).to_frame().with_row_index(_AT).explode(_TARGET)
            marks = marks.scatter(pairs.filter(within(pairs[_TARGET], ids))[_AT].unique(), True)
        else:
            marks = marks | within(values, ids)
    return marks


_Belongs = Callable[[pl.DataFrame, pl.Series, tuple[State, ...]], pl.Series]


def _of_schools(rows: pl.DataFrame, entity: str, schools: pl.Series, states: tuple[State, ...]) -> pl.Series:
    """A school itself, or what is in it; contacts are where their student is."""
    if entity == "orgs":
        return within(rows[SOURCE_ID], schools)
    if entity == "contacts":
        return _either(rows, "student", _people_of(schools, states))
    column = {"courses": "org", "people": "orgs", "classes": "school", "enrollments": "school"}.get(entity)
    return _either(rows, column, schools) if column else pl.zeros(rows.height, pl.Boolean, eager=True)


def _people_of(schools: pl.Series, states: tuple[State, ...]) -> pl.Series:
    found = []
    for state in states:
        each = state["people"].select(SOURCE_ID, pl.col("orgs").str.split(",")).explode("orgs")
        found.append(each.filter(within(each["orgs"], schools))[SOURCE_ID])
    return _ids(found)


def _of_classes(rows: pl.DataFrame, entity: str, classes: pl.Series, states: tuple[State, ...]) -> pl.Series:
    """A class itself, its enrollments, the people in it, and the contacts of those."""
    if entity == "classes":
        return within(rows[SOURCE_ID], classes)
    if entity == "enrollments":
        return _either(rows, "class", classes)
    if entity in ("people", "contacts"):
        members = _ids([s["enrollments"].filter(within(s["enrollments"]["class"], classes)
                                                & (s["enrollments"][STATUS] == ACTIVE))["person"] for s in states])
        return within(rows[SOURCE_ID], members) if entity == "people" else _either(rows, "student", members)
    return pl.zeros(rows.height, pl.Boolean, eager=True)


def _of_records(rows: pl.DataFrame, entity: str, records: pl.Series, states: tuple[State, ...]) -> pl.Series:
    """A record by its internal id or source id, and what hangs on it."""
    marks = within(rows[SOURCE_ID], records) | within(rows[ID], records)
    for field, target in OWNERS.get(entity, ()):
        named = _ids([s[target].filter(within(s[target][ID], records))[SOURCE_ID] for s in states])
        marks = marks | _either(rows, field, pl.concat([named, records.cast(pl.String).alias(SOURCE_ID)]))
    return marks


def _ids(found: list[pl.Series]) -> pl.Series:
    return pl.concat([pl.Series(SOURCE_ID, [], dtype=pl.String), *(f.alias(SOURCE_ID) for f in found)]).unique()
