"""What can go wrong at the fake Clever, each a switch. Everything is off until a test turns it on.

    clever.traps.fail("users", page=2, effect=503, times=2)      # the second page of /users, twice
    clever.traps.fail("sections", page=3, effect="drop", times=None)
    clever.traps.busy(2, wait=1, told_by="x-ratelimit-reset")    # 429 for the next two requests
    clever.traps.missing = "null"                                # every field that is not guaranteed
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from tests.fakes.clever_rows import Json

Effect = Literal["empty", "empty_next", "no_links", "torn", "cut", "drop", "html", "slow"]
"""empty: no records and only `self`; empty_next: no records, and a next link that leads to them; no_links: the page
without `links`; torn: the connection ends in the middle of the body; cut: a whole answer with half a JSON; drop: no
answer at all; html: a page of a proxy with 200; slow: the answer comes `seconds` late. A number: that status."""

NOT_GUARANTEED: dict[str, tuple[str, ...]] = {
    "districts": ("state", "error", "pause_start", "pause_end", "district_contact", "mdr_number", "nces_id",
                  "last_attendance_sync", "lms_state", "lms_type"),
    "schools": ("low_grade", "high_grade", "nces_id", "state_id", "mdr_number", "phone", "principal", "location",
                "ext"),
    "terms": ("name", "start_date", "end_date"),
    "courses": ("name", "number"),
    "sections": ("section_number", "period", "grade", "subject", "course", "term_id", "teacher", "ext", "lms_status"),
    "users": (
        "email", "name.middle", "lms_status",
        *(f"roles.student.{name}" for name in (
            "student_number", "state_id", "grade", "gender", "dob", "graduation_year", "race", "hispanic_ethnicity",
            "location", "credentials", "email", "ext", "preferred_name")),
        *(f"roles.teacher.{name}" for name in ("teacher_number", "state_id", "title", "credentials", "ext")),
        *(f"roles.staff.{name}" for name in ("staff_id", "title", "department", "roles", "credentials", "ext")),
        "roles.district_admin.title",
        *(f"roles.contact.{name}" for name in ("sis_id", "phone", "phone_type", "students", "relationship", "type")),
        "roles.contact.student_relationships.relationship", "roles.contact.student_relationships.type",
    ),
}
"""Paths that Clever need not send (§1.7). `last_sync` is kept: without it a district has no data yet."""

ONLY_31: dict[str, tuple[str, ...]] = {
    "districts": ("last_attendance_sync", "lms_state", "lms_type"), "sections": ("lms_status",),
    "users": ("lms_status", "roles.student.preferred_name"),
}

UNKNOWN_VALUES: dict[str, dict[str, Any]] = {
    "districts": {"login_methods": ["Clever Badges", "Telepathy"]},
    "schools": {"low_grade": "Toddler2", "high_grade": "14"},
    "sections": {"grade": "Grade Fourteen", "subject": "underwater basketry"},
    "users": {"roles.student.grade": "Grade Fourteen", "roles.student.gender": "Q", "roles.student.race": "Martian",
              "roles.contact.phone_type": "Pager", "roles.contact.student_relationships.relationship": "Godparent",
              "roles.contact.student_relationships.type": "Fan"},
}
"""Values that no list of Clever's documents names."""


@dataclass
class Fault:
    """One thing that goes wrong at one place, once or more often."""

    place: str | None
    page: int | None
    effect: Effect | int
    left: int | None
    html: bool = False
    headers: Callable[[], dict[str, str]] = dict
    seconds: float = 0.0

    def hits(self, place: str, page: int) -> bool:
        """Whether it happens now; counts down."""
        if self.left == 0 or self.place not in (None, place) or self.page not in (None, page):
            return False
        self.left = None if self.left is None else self.left - 1
        return True


@dataclass
class Traps:
    """All switches of one server."""

    now: Callable[[], float]
    """The server's clock, Unix seconds."""
    faults: list[Fault] = field(default_factory=list)
    missing: Literal["absent", "null", "blank"] | None = None
    """How every field that is not guaranteed is missing; `blank` makes texts "", lists [] and objects {}."""
    unknown: bool = False
    """Fields and enum values that nobody announced."""
    previous_attributes: Literal["inside", "beside"] = "inside"
    """Where an event carries them: as recorded, or as the Swagger file says."""
    next_after_full_last_page: bool = False
    """A last page that is full links to one more page, which is empty."""
    rate_limit: int = 1200
    """Requests a minute and token, as the headers say."""
    enforce_rate_limit: bool = False
    clock_skew: float = 0.0
    """Seconds that the Date header runs ahead."""
    _after: list[tuple[int, Callable[[], object]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, place: str | None = None, *, page: int | None = None, effect: Effect | int, times: int | None = 1,
             html: bool = False, seconds: float = 0.0) -> Fault:
        """Go wrong at a place (see `clever_api.place_of`; None: anywhere) and page (1 is the first), `times` times."""
        return self._set(Fault(place, page, effect, times, html=html, seconds=seconds))

    def busy(self, times: int | None = 1, *, wait: int = 1, place: str | None = None,
             told_by: Literal["x-ratelimit-reset", "Retry-After"] = "x-ratelimit-reset") -> Fault:
        """429, with the pause told by one of the two headers."""
        def headers() -> dict[str, str]:
            return {told_by: str(int(self.now()) + wait if told_by == "x-ratelimit-reset" else wait)}
        return self._set(Fault(place, None, 429, times, headers=headers))

    def after(self, requests: int, action: Callable[[], object]) -> None:
        """Do something once, after so many more answers: `after(3, district.sync)` moves last_sync in mid-read."""
        self._after.append((requests, action))

    def off(self) -> None:
        """No more faults; the other switches stay."""
        self.faults.clear()
        self._after.clear()

    def fault_at(self, place: str, page: int) -> Fault | None:
        """The fault that hits this request."""
        with self._lock:
            return next((fault for fault in self.faults if fault.hits(place, page)), None)

    def answered(self) -> None:
        """One more answer was made; does what waited for it."""
        with self._lock:
            due = [action for left, action in self._after if left <= 1]
            self._after[:] = [(left - 1, action) for left, action in self._after if left > 1]
        for action in due:
            action()

    def shown(self, kind: str, one: Json, version: str) -> Json:
        """An object as this version and these switches show it."""
        for path in NOT_GUARANTEED[kind] if self.missing else ():
            one = _changed(one, path.split("."), self._leave_out)
        one = in_version(kind, one, version)
        if self.unknown:
            for path, value in UNKNOWN_VALUES.get(kind, {}).items():
                one = _changed(one, path.split("."), partial(_said, value=value))
            one = {**one, "favorite_color": "blue", "future": {"nested": [1, {"deep": None}]}}
        return one

    def _set(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault

    def _leave_out(self, parent: Json, key: str) -> None:
        if self.missing == "absent":
            parent.pop(key, None)
        elif self.missing == "null":
            parent[key] = None
        else:
            parent[key] = type(parent[key])() if isinstance(parent.get(key), dict | list) else ""


def _said(parent: Json, key: str, value: Any) -> None:
    parent[key] = value


def in_version(kind: str, one: Json, version: str) -> Json:
    """An object, or a tree of its old values, without the fields that this version does not know."""
    for path in ONLY_31.get(kind, ()) if version == "v3.0" else ():
        one = _changed(one, path.split("."), lambda parent, key: parent.pop(key, None))
    return one


def _changed(one: Any, path: list[str], change: Callable[[Json, str], object]) -> Any:
    """A copy in which what the path leads to was changed; where it leads nowhere, the same."""
    if isinstance(one, list):
        return [_changed(item, path, change) for item in one]
    if not isinstance(one, dict) or (len(path) > 1 and path[0] not in one):
        return one
    copied = dict(one)
    if len(path) == 1:
        change(copied, path[0])
    else:
        copied[path[0]] = _changed(one[path[0]], path[1:], change)
    return copied
