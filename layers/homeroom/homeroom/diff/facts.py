"""Numbers for the guards: how much leaves, by entity, school and class, and whose district this is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from homeroom.check.checked import Checked
from homeroom.diff.applied import ACTIVE, SOURCE_ID, STATUS, State
from homeroom.diff.compare import AT, Compared, differs
from homeroom.diff.removals import ABSENT, REASON, RULED
from homeroom.model.plan import EntityChange, Facts
from homeroom.model.reasons import PRODUCT_RULED
from homeroom.shape.marks import within

_SCHOOL_OF = {"people": "orgs", "classes": "school", "enrollments": "school"}


def facts(compared: Mapping[str, Compared], absent: Mapping[str, pl.DataFrame], applied: State, checked: Checked,
          expected: Iterable[str], *, first_load: bool, drained: Mapping[str, int] | None = None,
          undone: Mapping[str, frozenset[str]] | None = None) -> Facts:
    """All that guards may look at, from the finished comparison. `drained` are the unexplained removals of the days
    before, `undone` the source ids of what an undo took back."""
    back = undone or {}
    unexplained = {name: rows.filter(pl.col(REASON) == ABSENT) for name, rows in absent.items()}
    orgs = checked.entities["orgs"].records
    known = applied["orgs"].filter((pl.col(STATUS) == ACTIVE) & pl.lit("orgs" in checked.delivered))
    return Facts(
        first_load=first_load,
        entities={
            name: replace(_change(c, checked, absent[name][REASON]), redone=_redone(c, back.get(name, frozenset())))
            for name, c in compared.items()
        },
        schools=_schools(unexplained, applied),
        classes=_classes(unexplained, compared, applied),
        districts=_district_ids(orgs),
        expected_districts=frozenset(expected) | _district_ids(known),
        shared_schools=_schools_of(orgs).join(_schools_of(known), on=SOURCE_ID, how="semi").height,
        applied_schools=_schools_of(known).height,
        unresolved=checked.unresolved,
        references=checked.references,
        drained=dict(drained or {}),
    )


def _change(compared: Compared, checked: Checked, reasons: pl.Series) -> EntityChange:
    name = compared.entity.name
    read = checked.entities[name].read
    return EntityChange(
        base=compared.base, read=read.read, errors=read.errors, updates=compared.counts.update,
        explained=int((reasons != ABSENT).sum()), unexplained=int((reasons == ABSENT).sum()),
        ruled=int(reasons.is_in([RULED, PRODUCT_RULED]).sum()), delivered=name in checked.delivered,
        creates=compared.counts.create, identity_updates=_identity_updates(compared) if name == "people" else 0,
    )


def _redone(compared: Compared, undone: frozenset[str]) -> int:
    """Changes of records that an undo took back."""
    if not undone:
        return 0
    ids = pl.Series(sorted(undone))
    return sum(int(within(rows[SOURCE_ID], ids).sum()) for rows in (compared.wanted, compared.absent))


def _identity_updates(people: Compared) -> int:
    """Updates that may make another person of a record: name and email change together, or one number for another.

    A number that is told for the first time, or no more, is no other number.
    """
    rows = people.wanted.filter(pl.col("op") == "update")
    if rows.is_empty():
        return 0
    named = pl.col(differs("given_name")) | pl.col(differs("family_name"))
    known = pl.lit(people.applied["identifier"].gather(rows[AT]).is_not_null())
    another = pl.col(differs("identifier")) & pl.col("identifier").is_not_null() & known
    return int(rows.select(((named & pl.col(differs("email"))) | another).fill_null(False).sum()).item())


def _district_ids(orgs: pl.DataFrame) -> frozenset[str]:
    districts = orgs.filter(pl.col("type") == "district")
    return frozenset(districts[SOURCE_ID].to_list()) | frozenset(districts["identifier"].drop_nulls().to_list())


def _schools_of(orgs: pl.DataFrame) -> pl.DataFrame:
    return orgs.filter(pl.col("type") == "school").select(SOURCE_ID)


def _by_school(rows: pl.DataFrame, column: str) -> dict[str, int]:
    counted: dict[str, int] = {}
    for schools, n in rows.group_by(column).len().drop_nulls().iter_rows():
        for school in schools.split(","):
            counted[school] = counted.get(school, 0) + n
    return counted


def _schools(unexplained: Mapping[str, pl.DataFrame], applied: State) -> dict[str, dict[str, tuple[int, int]]]:
    """School → entity → (unexplained removals, active records before)."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for entity, column in _SCHOOL_OF.items():
        if unexplained[entity].is_empty():
            continue
        base = _by_school(applied[entity].select(column, STATUS).filter(pl.col(STATUS) == ACTIVE), column)
        for school, removed in sorted(_by_school(unexplained[entity], column).items()):
            found.setdefault(school, {})[entity] = (removed, base.get(school, 0))
    return found


def _classes(unexplained: Mapping[str, pl.DataFrame], compared: Mapping[str, Compared],
             applied: State) -> tuple[tuple[str, int, int], ...]:
    """Classes that stay and lose students: (class, students who leave unexplained, students before).

    People count, not rows: who has another place in the class does not leave it.
    """
    rows = unexplained["enrollments"]
    lost = rows.filter(pl.col("role") == "student").select("class", "person").unique()
    stay = compared["classes"].next_state.filter(pl.col(STATUS) == ACTIVE).select(pl.col(SOURCE_ID).alias("class"))
    lost = lost.join(stay, on="class", how="semi")
    if lost.is_empty():
        return ()
    still = _students(compared["enrollments"].next_state, lost)
    shrunk = lost.join(still, on=["class", "person"], how="anti").group_by("class").len("removed")
    base = _students(applied["enrollments"], lost).group_by("class").len("base")
    return tuple(shrunk.join(base, on="class", how="left").sort("class").iter_rows())


def _students(enrollments: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """Each student once in each of these classes."""
    rows = enrollments.select("class", "person", "role", STATUS).join(classes, on="class", how="semi")
    return rows.filter((pl.col(STATUS) == ACTIVE) & (pl.col("role") == "student")).select("class", "person").unique()
