"""Numbers for the guards: how much leaves, by entity, school and class, and whose district this is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from homeroom.check.checked import Checked
from homeroom.diff.applied import ACTIVE, SOURCE_ID, STATUS, State
from homeroom.diff.compare import Compared
from homeroom.diff.removals import ABSENT, REASON, RULED
from homeroom.model.plan import EntityChange, Facts

_SCHOOL_OF = {"people": "orgs", "classes": "school", "enrollments": "school"}


def facts(compared: Mapping[str, Compared], absent: Mapping[str, pl.DataFrame], applied: State, checked: Checked,
          expected: Iterable[str], *, first_load: bool) -> Facts:
    """All that guards may look at, from the finished comparison."""
    unexplained = {name: rows.filter(pl.col(REASON) == ABSENT) for name, rows in absent.items()}
    orgs = checked.entities["orgs"].records
    known = applied["orgs"].filter((pl.col(STATUS) == ACTIVE) & pl.lit("orgs" in checked.delivered))
    return Facts(
        first_load=first_load,
        entities={name: _change(c, checked, absent[name][REASON]) for name, c in compared.items()},
        schools=_schools(unexplained, applied),
        classes=_classes(unexplained, compared, applied),
        districts=_district_ids(orgs),
        expected_districts=frozenset(expected) | _district_ids(known),
        shared_schools=_schools_of(orgs).join(_schools_of(known), on=SOURCE_ID, how="semi").height,
        applied_schools=_schools_of(known).height,
        unresolved=checked.unresolved,
        references=checked.references,
    )


def _change(compared: Compared, checked: Checked, reasons: pl.Series) -> EntityChange:
    name = compared.entity.name
    read = checked.entities[name].read
    return EntityChange(
        base=compared.base, read=read.read, errors=read.errors, updates=compared.counts.update,
        explained=int((reasons != ABSENT).sum()), unexplained=int((reasons == ABSENT).sum()),
        ruled=int((reasons == RULED).sum()), delivered=name in checked.delivered,
    )


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
    """Classes that stay and lose students: (class, unexplained removals, active students before)."""
    students = unexplained["enrollments"].filter(pl.col("role") == "student")
    stay = compared["classes"].next_state.filter(pl.col(STATUS) == ACTIVE).select(pl.col(SOURCE_ID).alias("class"))
    shrunk = students.group_by("class").len("removed").join(stay, on="class", how="semi")
    if shrunk.is_empty():
        return ()
    before = applied["enrollments"].select("class", "role", STATUS).join(shrunk, on="class", how="semi")
    active = before.filter((pl.col(STATUS) == ACTIVE) & (pl.col("role") == "student"))
    base = active.group_by("class").len("base")
    return tuple(shrunk.join(base, on="class", how="left").sort("class").iter_rows())


