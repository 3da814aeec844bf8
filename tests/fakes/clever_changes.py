"""How one change in a Clever district moves everything that hangs on it. Pure: objects in, objects out.

Rules (reference/clever.md §1.7, §2.4, §5.2): an unshared school takes its sections along; a student whose shared
sections are all gone goes too, as does a person of no remaining school and section; a contact goes with its last
student; terms and courses go with their last section; nobody is left pointing to what is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from tests.fakes.clever_rows import KINDS, Json, Objects

Gone = Set[tuple[str, str]]
"""Pairs of kind and id."""


def without(objects: Objects, gone: Gone) -> Objects:
    """What is left when these are not shared. Objects that do not change stay the very same ones."""
    if not gone:
        return {kind: dict(objects[kind]) for kind in KINDS}
    return _Leaving(objects, gone).left()


def replaced(objects: Objects, old: str, new: str) -> Objects:
    """The same with one id changed wherever it is named."""
    return {kind: {(new if key == old else key): _with_id(one, old, new) for key, one in objects[kind].items()}
            for kind in KINDS}


def previous_attributes(new: Json, old: Json) -> Json:
    """The partial tree of old values of what differs, as recorded: without `last_modified`, lists whole."""
    before: Json = {}
    for key in [*old, *(key for key in new if key not in old)]:
        was, now = old.get(key), new.get(key)
        if was == now or key == "last_modified":
            continue
        before[key] = previous_attributes(now, was) if isinstance(was, dict) and isinstance(now, dict) else was
    return before


def _with_id(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        made = {key: _with_id(one, old, new) for key, one in value.items()}
        return value if made == value else made
    if isinstance(value, list):
        return [_with_id(one, old, new) for one in value]
    return new if value == old else value


class _Leaving:
    """One step of people and sections leaving."""

    def __init__(self, objects: Objects, gone: Gone):
        self.objects = objects
        self.gone = {kind: {one for of, one in gone if of == kind} for kind in KINDS}
        self.gone["sections"] |= {key for key, s in objects["sections"].items() if s["school"] in self.gone["schools"]}
        self.school_of: dict[str, str] = {}
        """A person → the school of a section of theirs that stays."""
        self.had_section: set[str] = set()
        for key, section in objects["sections"].items():
            for person in (*section["students"], *section["teachers"]):
                if key in self.gone["sections"]:
                    self.had_section.add(person)
                else:
                    self.school_of[person] = section["school"]

    def left(self) -> Objects:
        """All that stays, with what it says about the rest put right."""
        users = self._people()
        self.gone["users"] |= self.objects["users"].keys() - users.keys()
        users = {key: user for key, one in users.items() if (user := self._contact(one))}
        self.gone["users"] |= self.objects["users"].keys() - users.keys()
        sections = {key: self._section(one) for key, one in self.objects["sections"].items()
                    if key not in self.gone["sections"]}
        return {"schools": self._rest("schools"), "sections": sections, "users": users,
                "terms": self._used("terms", "term_id"), "courses": self._used("courses", "course")}

    def _rest(self, kind: str) -> dict[str, Json]:
        return {key: one for key, one in self.objects[kind].items() if key not in self.gone[kind]}

    def _used(self, kind: str, field: str) -> dict[str, Json]:
        """Terms or courses that a section still has; those that never had one stay."""
        sections = self.objects["sections"].items()
        lost = {s[field] for key, s in sections if key in self.gone["sections"]}
        lost -= {s[field] for key, s in sections if key not in self.gone["sections"]}
        return {key: one for key, one in self._rest(kind).items() if key not in lost}

    def _people(self) -> dict[str, Json]:
        return {key: user for key, one in self._rest("users").items() if (user := self._person(one))}

    def _person(self, user: Json) -> Json | None:
        roles = {}
        for role, said in user["roles"].items():
            stays = said if role in ("contact", "district_admin") else self._at_schools(role, said, user["id"])
            if stays:
                roles[role] = stays
        return _same_or(user, {**user, "roles": roles}) if roles else None

    def _at_schools(self, role: str, said: Json, person: str) -> Json | None:
        """The role without the schools that went; None when nothing holds it any more."""
        if role == "student" and person in self.had_section and person not in self.school_of:
            return None
        schools = [s for s in said.get("schools", ()) if s not in self.gone["schools"]]
        if schools == said.get("schools", []):
            return said
        if not schools and role != "staff" and person in self.school_of:
            schools = [self.school_of[person]]
        if not schools:
            return None
        if "school" not in said:
            return {**said, "schools": schools}
        return {**said, "schools": schools, "school": said["school"] if said["school"] in schools else schools[0]}

    def _contact(self, user: Json) -> Json | None:
        contact = user["roles"].get("contact")
        told = (contact or {}).get("student_relationships")
        if not told:
            return user
        stay = [one for one in told if one["student"] not in self.gone["users"]]
        if not stay:
            return None
        kept = {"student_relationships": stay, "students": [one["student"] for one in stay]}
        return _same_or(user, {**user, "roles": {"contact": {**(contact or {}), **kept}}})

    def _section(self, section: Json) -> Json:
        students, teachers = self._stay(section["students"]), self._stay(section["teachers"])
        teacher = section["teacher"]
        if teacher in self.gone["users"]:
            teacher = teachers[0] if teachers else None
        term = None if section["term_id"] in self.gone["terms"] else section["term_id"]
        course = None if section["course"] in self.gone["courses"] else section["course"]
        return _same_or(section, {**section, "students": students, "teachers": teachers, "teacher": teacher,
                                  "term_id": term, "course": course})

    def _stay(self, people: Iterable[str]) -> list[str]:
        return [person for person in people if person not in self.gone["users"]]


def _same_or(old: Json, new: Json) -> Json:
    return old if old == new else new
