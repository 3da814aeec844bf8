"""The ways to the records of each collection, best first: services leave out endpoints, or offer them by school."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from homeroom.model.source import OneRosterRest
from homeroom.read.oneroster_rest.service import segment


@dataclass(frozen=True)
class Way:
    """Endpoints that together hold a collection. `lacks`: records that this way can not show, in words."""

    endpoints: tuple[str, ...]
    by_school: bool = False
    lacks: str = ""

    @property
    def name(self) -> str:
        """For people: `/students and /teachers of each school`."""
        names = " and ".join(f"/{endpoint}" for endpoint in self.endpoints)
        return f"{names} of each school" if self.by_school else names

    @property
    def overlaps(self) -> bool:
        """Whether the same record can come from several endpoints: a person of two schools."""
        return len(self.endpoints) > 1 or self.by_school

    def told(self, stem: str) -> str:
        """What is missing by this way, for the issue; the same words in every run."""
        return f"{stem} were read from {self.name}: {self.lacks} are not offered"

    def paths(self, schools: Sequence[str]) -> list[str]:
        """All endpoints to read, in a stable order."""
        if not self.by_school:
            return list(self.endpoints)
        return [f"schools/{segment(school)}/{last}" for school in schools for last in self.endpoints]


_NO_SCHOOLS = "those of organisations that are no schools"
_OTHER_PEOPLE = "parents, aides and administrators"
_WAYS: Mapping[str, tuple[Way, ...]] = {
    "orgs": (Way(("orgs",)), Way(("schools",), lacks="districts and other organisations than schools")),
    "academicSessions": (
        Way(("academicSessions",)), Way(("terms", "gradingPeriods"), lacks="school years that are no terms"),
    ),
    "courses": (Way(("courses",)),),
    "classes": (Way(("classes",)), Way(("classes",), by_school=True, lacks=_NO_SCHOOLS)),
    "users": (
        Way(("users",)), Way(("students", "teachers"), lacks=_OTHER_PEOPLE),
        Way(("students", "teachers"), by_school=True, lacks=_OTHER_PEOPLE),
    ),
    "enrollments": (Way(("enrollments",)), Way(("enrollments",), by_school=True, lacks=_NO_SCHOOLS)),
}


def ways_to(stem: str, source: OneRosterRest) -> tuple[Way, ...]:
    """The ways to a collection, in the order in which they are tried."""
    by_school = tuple(way for way in _WAYS[stem] if way.by_school)
    return by_school if source.by_school and by_school else _WAYS[stem]
