"""Files and columns of OneRoster CSV: what a reader keeps, what it must find, and spellings seen in the field.

Kept columns come from the canonical table of fields (`model.entities`), so a new field needs no change here.
Sources: OneRoster 1.1 CSV tables 4.3 to 4.13 and the CSV binding of 1.2; aliases from real exports (trap T37).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from homeroom.model.entities import BY_FILE, Field
from homeroom.model.vocabulary import plain

MANIFEST = "manifest"
ROLES = "roles"
CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
"""The six files that make a roster, in the order of their references."""
READ = (*CORE, ROLES)
"""Files that are ever read. All others are accepted and left alone: no product receives what they hold."""
INDISPENSABLE = frozenset({"orgs", "users", ROLES})
"""Files that can not be empty in a full export (FIL-16)."""

_OTHERS = (
    "demographics", "resources", "classResources", "courseResources", "categories", "lineItems", "results",
    "userProfiles", "userResources", "scoreScales", "lineItemLearningObjectiveIds", "lineItemScoreScales",
    "resultLearningObjectiveIds", "resultScoreScales",
)
_STEMS: Mapping[str, str] = {stem.lower(): stem for stem in (MANIFEST, *READ, *_OTHERS)}

STATUS, MODIFIED = "status", "dateLastModified"
ROLE_COLUMNS = ("role", "orgSourcedIds", "roles")
"""What OneRoster 1.2 moved from users.csv to roles.csv; `roles` is ours, never a delivered column."""

_FORMED = frozenset({"word", "flag", "date", "year", "email", "grades"})
_ALSO_KEPT = {"users": ("agentSourcedIds",)}
_ALSO_REQUIRED = {"classes": ("courseSourcedId", "termSourcedIds")}
_ALIASES = {
    "sourceid": "sourcedId", "datalastmodified": MODIFIED, "termsourcedid": "termSourcedIds", "grade": "grades",
    "orgsourcedid": "orgSourcedIds",
}
ONE_ZERO: Mapping[str, tuple[str, ...]] = {
    "classes": ("grade", "termSourcedId"), "courses": ("grade", "schoolYearId"), "users": ("userId", "agents"),
}
"""Column names that only OneRoster 1.0 has: together with a missing manifest they name the version."""


@dataclass(frozen=True)
class Layout:
    """The columns of one file: `required` must be there, `kept` are taken when they are there, in this order."""

    stem: str
    required: tuple[str, ...]
    kept: tuple[str, ...]
    spellings: Mapping[str, str]
    """Plain spelling of every known column, kept or not, and of its aliases → the column."""
    formed: Mapping[str, Field]
    """Columns whose cells have a form of their own, so that it can be seen whether they stand in their place."""


def stem_of(name: str) -> str | None:
    """The OneRoster file that a file name stands for, whatever its case; None for any other name."""
    stem, dot, ending = name.lower().rpartition(".")
    return _STEMS.get(stem) if dot and ending == "csv" else None


def layout_of(stem: str, *, roles_apart: bool = False) -> Layout:
    """The layout of a file that is read. `roles_apart`: OneRoster 1.2, where users carry no role and organisations."""
    if stem == ROLES:
        required: tuple[str, ...] = ("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId")
        return _layout(stem, required, required, ("beginDate", "endDate", "userProfileSourcedId"))
    entity = BY_FILE[stem]
    gone = ROLE_COLUMNS if roles_apart and stem == "users" else ("roles",)
    fields = [field for field in entity.carried if field.kind != "extras" and field.column not in gone]
    required = ("sourcedId", *(field.column for field in fields if field.required), *_ALSO_REQUIRED.get(stem, ()))
    kept = ("sourcedId", *(field.column for field in fields), *_ALSO_KEPT.get(stem, ()))
    return _layout(stem, required, kept, ("password",) if stem == "users" else ())


def _layout(stem: str, required: tuple[str, ...], kept: tuple[str, ...], unkept: tuple[str, ...]) -> Layout:
    kept = (kept[0], STATUS, MODIFIED, *kept[1:])
    known = {plain(column): column for column in (*kept, *unkept)}
    aliases = {alias: column for alias, column in _ALIASES.items() if column in kept and alias not in known}
    fields = BY_FILE[stem].carried if stem in BY_FILE else ()
    formed = {field.column: field for field in fields if field.kind in _FORMED and field.column in kept}
    return Layout(stem, required, kept, aliases | known, formed)
