"""What belongs to what at the fake Clever: the links of an object, and the ids behind them."""

from __future__ import annotations

from collections.abc import Iterable

from tests.fakes.clever_district import District
from tests.fakes.clever_rows import KINDS, Json

LINKS = {
    "districts": (), "events": (),
    "schools": ("district", "sections", "users", "terms", "courses"),
    "courses": ("district", "sections", "schools"), "terms": ("district", "sections", "schools"),
    "sections": ("district", "school", "term", "course", "users"),
}
"""`rel` values of a single object, in recorded order; those of users depend on their roles."""
BELONGING = {
    "schools": {"district", "courses", "sections", "terms", "users"},
    "courses": {"district", "resources", "schools", "sections"},
    "terms": {"district", "schools", "sections"},
    "sections": {"course", "district", "school", "term", "users", "resources"},
    "users": {"district", "mycontacts", "mystudents", "myteachers", "resources", "sections", "schools"},
}
"""What may be asked of one object."""


def link(rel: str, uri: str) -> Json:
    """One link."""
    return {"rel": rel, "uri": uri}


def links_of(kind: str, one: Json, version: str) -> list[Json]:
    """All links of a single object, in recorded order."""
    own = f"/{version}/{kind}/{one['id']}"
    rels: Iterable[str] = LINKS.get(kind) or ()
    if kind == "users":
        roles = one["roles"]
        mine = ("myContacts", "myTeachers") if "student" in roles else ("myStudents",)
        rels = ("district", "sections", *mine, "schools")
    return [link("self", own), *(link(rel, f"{own}/{rel}") for rel in rels)]


def _schools_of(user: Json, primary: bool = False) -> set[str]:
    found: set[str] = set()
    for said in user["roles"].values():
        found |= {said["school"]} if primary and "school" in said else set(said.get("schools", ()))
    return found


def concerns(event: Json, school: str) -> bool:
    """Whether an event concerns this school."""
    one = event["data"]["object"]
    return school in (one["id"], one.get("school")) or ("roles" in one and school in _schools_of(one))


def related(district: District, kind: str, one: Json, what: str, query: dict[str, str]) -> set[str]:
    """Ids of what belongs to an object, among what is shared."""
    shared, key = district.shared, one["id"]
    sections = [s for s in shared["sections"].values() if key in (s["school"], s["course"], s["term_id"])
                or key in s["students"] or key in s["teachers"]] if kind != "sections" else [one]
    if what == "sections":
        found = {s["id"] for s in sections}
    elif what in ("courses", "terms"):
        found = {s["course" if what == "courses" else "term_id"] for s in sections}
    elif what == "schools":
        found = _schools_of(one, query.get("primary") == "true") if kind == "users" else {s["school"] for s in sections}
    elif kind == "schools":
        found = {u["id"] for u in shared["users"].values() if key in _schools_of(u, query.get("primary") == "true")}
    elif kind == "sections":
        found = {*one["students"], *one["teachers"]}
    else:
        found = _people_of(district, one, what, sections)
    of = what if what in KINDS else "users"
    role = query.get("role")
    return {x for x in found if x in shared[of] and (of != "users" or not role or role in shared[of][x]["roles"])}


def _people_of(district: District, one: Json, what: str, sections: list[Json]) -> set[str]:
    contact = one["roles"].get("contact")
    if what == "mystudents" and contact:
        return {told["student"] for told in contact["student_relationships"]}
    if what == "mycontacts":
        return {u["id"] for u in district.shared["users"].values() if any(
            told["student"] == one["id"] for told in u["roles"].get("contact", {}).get("student_relationships", ()))}
    return {person for s in sections for person in s["students" if what == "mystudents" else "teachers"]}


def long_dates(one: Json) -> Json:
    """The terms of a school have timestamps where /terms has dates (as recorded)."""
    return {**one} | {name: f"{one[name]}T00:00:00.000Z" for name in ("start_date", "end_date") if one[name]}
