"""A district at the fake Clever: what it shares, how that changes, and the events that tell about it.

    district.update("users", clever_id("users", "s-1"), email="new@sample.example")
    district.unshare("schools", clever_id("schools", "school-2")); district.reshare("schools", ...)
    with district.one_sync(): ...          # one burst: a districts.updated first, one whole second for all
    district.become(files)                 # the next export of the SIS; ids stay, events tell the differences
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.clever_changes import previous_attributes, replaced, without
from tests.fakes.clever_rows import KINDS, Json, Objects, clever_id, district_row, objects_of

SYNC_SCOPES = ("read:district_admins_limited", "read:school_admins_limited", "read:sections_limited",
               "read:student_contacts", "read:students_limited", "read:teachers_limited", "read:user_id")
SSO_SCOPES = ("read:district_admins_basic", "read:school_admins_basic", "read:students_basic", "read:teachers_basic",
              "read:user_id")
VERBS = ("created", "updated", "deleted")
Files = Mapping[str, Iterable[Mapping[str, str]]]


class District:
    """Made by `Clever.add_district`. Everything that changes it goes through its methods, so events stay true."""

    def __init__(self, files: Files, *, space: str, now: Callable[[], datetime], name: str | None = None):
        row = district_row(files)
        self.space, self.now = space, now
        self.id = clever_id("districts", row["sourcedId"], space)
        self.connected = True
        self.scopes: tuple[str, ...] = SYNC_SCOPES
        self.events: list[Json] = []
        self.events_on = True
        """Whether the app's events are switched on; off: changes leave no event."""
        self.version = 0
        """Grows with each change of what is shared."""
        self._tokens, self._event_number = 0, 0
        self._everything = objects_of(files, space)
        self._hidden: set[tuple[str, str]] = set()
        self._has_rows, self._in_sync = True, False
        self.shared: Objects = without(self._everything, self._hidden)
        self.about = self._first_about(name or row.get("name") or "Sample District", row.get("identifier", ""))

    def _first_about(self, name: str, number: str) -> Json:
        contact = {"id": clever_id("district contact", self.id), "district": self.id, "title": "",
                   "name": {"first": "Sample", "last": "Contact"}, "email": "contact@sample.example"}
        return {"id": self.id, "name": name, "sis_type": "sftp", "launch_date": "2026-08-01", "state": "running",
                "error": "", "portal_url": f"https://clever.com/in/sample{self.id[-8:]}", "nces_id": number,
                "login_methods": ["Clever Badges", "Clever Passwords"], "district_contact": contact,
                "last_sync": _milliseconds(self.now()), "lms_state": "", "lms_type": ""}

    # ---- the connection

    @property
    def token(self) -> str:
        """The district-app token that works now."""
        return hashlib.sha1(f"{self.id}/{self._tokens}".encode()).hexdigest()

    def rotate_token(self) -> str:
        """A new token; the old one is refused from now on."""
        self._tokens += 1
        return self.token

    def revoke(self) -> None:
        """The district removed the app: 401, and it is no longer in the list of tokens."""
        self.connected = False

    def reconnect(self) -> None:
        """The district connected again, with a new token."""
        self.connected = True
        self.rotate_token()

    def sso_only(self) -> None:
        """The connection grants sign-in only: nothing but the district can be read."""
        self.scopes = SSO_SCOPES

    # ---- the state of its sync

    @property
    def state(self) -> str:
        """`running`, `pending`, `error`, `paused`, `success` or blank."""
        return str(self.about["state"])

    @state.setter
    def state(self, state: str) -> None:
        self.describe(state=state)

    @property
    def last_sync(self) -> str | None:
        """When data last came from the SIS; None before the first time."""
        return self.about.get("last_sync")

    def describe(self, now: datetime | None = None, /, **fields: Any) -> None:
        """Change what the district says about itself; a districts.updated tells it."""
        old, fields = self.about, {**self.about, **fields}
        self.about = {name: value for name, value in fields.items() if value is not None}
        self._tell("districts", "updated", self.about, previous_attributes(self.about, old), now)

    def pause(self, until: str = "2027-08-01T00:00:00.000Z") -> None:
        """The district paused its sync: the data is frozen, sharing still changes."""
        self.describe(state="paused", pause_start=_milliseconds(self.now()), pause_end=until)

    def no_data(self) -> None:
        """As before the first sync: nothing is there and nothing was told. `sync()` brings the first data."""
        self._has_rows, self.events = False, []
        self.about = {**self.about, "state": "pending"}
        del self.about["last_sync"]
        self.shared = {kind: {} for kind in KINDS}
        self.version += 1

    # ---- changes

    def id_of(self, kind: str, source_id: str) -> str:
        """The id of `users`, `sections`, … that was made from this source id."""
        return clever_id(kind, source_id, self.space)

    def update(self, kind: str, one: str, **fields: Any) -> None:
        """Set fields of one object. `roles` and `name` are taken whole; see also `update_role`. Raises KeyError."""
        self._put(kind, {**self._everything[kind][one], **fields})

    def update_role(self, one: str, role: str, **fields: Any) -> None:
        """Set fields of one role of a user; a role that was not there is given. Raises KeyError."""
        roles = self._everything["users"][one]["roles"]
        self.update("users", one, roles={**roles, role: {**roles.get(role, {}), **fields}})

    def drop_role(self, one: str, role: str) -> None:
        """Take one role away; a user without any is deleted. Raises KeyError."""
        roles = {name: said for name, said in self._everything["users"][one]["roles"].items() if name != role}
        if roles:
            self.update("users", one, roles=roles)
        else:
            self.remove("users", one)

    def add(self, kind: str, source_id: str, **fields: Any) -> str:
        """One more object; returns its id. Dates and the district are filled in, everything else is the caller's."""
        now = _milliseconds(self.now())
        dated = {} if kind in ("terms", "courses") else {"created": now, "last_modified": now}
        one = self.id_of(kind, source_id)
        self._put(kind, {"id": one, "district": self.id, **dated, **fields})
        return one

    def remove(self, kind: str, one: str) -> None:
        """It left the SIS, with all that hangs on it; it cannot be shared again. Raises KeyError."""
        self._everything[kind][one]
        self._everything = without(self._everything, {(kind, one)})
        self._settle()

    def unshare(self, kind: str, one: str) -> None:
        """The district no longer shares it, with all that hangs on it. Raises KeyError."""
        self._everything[kind][one]
        self._hidden.add((kind, one))
        self._settle()

    def reshare(self, kind: str, one: str) -> None:
        """It is shared again, with the same ids. Raises KeyError when it was not unshared."""
        self._hidden.remove((kind, one))
        self._settle()

    def renew(self, kind: str, one: str, source_id: str, **fields: Any) -> str:
        """The same thing under a new id (a SIS id changed, a term was made again); returns the new id."""
        new = self.id_of(kind, source_id)
        self._everything = replaced(self._everything, one, new)
        self._everything[kind][new] = {**self._everything[kind][new], **fields}
        self._hidden = {(of, new if key == one else key) for of, key in self._hidden}
        self._settle()
        return new

    def rename_term(self, one: str, name: str) -> str:
        """A renamed term is a deleted and a created one; its sections follow. Returns the new id."""
        return self.renew("terms", one, f"renamed {name}", name=name)

    def become(self, files: Files) -> None:
        """The next export of the SIS, rows as at the start; what was changed by hand is forgotten."""
        self._everything = objects_of(files, self.space)
        self._settle()

    def sync(self) -> None:
        """A sync of the SIS in which nothing changed: last_sync moves, one districts.updated tells it."""
        with self.one_sync():
            pass

    @contextmanager
    def one_sync(self) -> Iterator[None]:
        """All changes inside come with one sync: nothing is seen before its end, then one burst of events."""
        self._in_sync = True
        try:
            yield
        finally:
            self._in_sync = False
        first, self._has_rows = not self._has_rows, True
        now = self.now()
        state = {"state": "running"} if first else {}
        self.describe(now, last_sync=_later(self.last_sync, now), **state)
        self._settle(now)

    # ---- events

    def drop_events(self, oldest: int) -> None:
        """Thirty days went by for the oldest ones."""
        del self.events[:oldest]

    def _put(self, kind: str, one: Json) -> None:
        self._everything = {**self._everything, kind: {**self._everything[kind], one["id"]: one}}
        self._settle()

    def _settle(self, now: datetime | None = None) -> None:
        """Compute what is shared now, and tell the differences."""
        if self._in_sync or not self._has_rows:
            return
        before, moment = self.shared, _milliseconds(now or self.now())
        after = without(self._everything, self._hidden)
        told = [change for kind in KINDS for change in _changes(kind, before[kind], after[kind], moment)]
        self.shared, self.version = after, self.version + 1
        for kind, verb, one, previous in told:
            self._tell(kind, verb, one, previous, now)

    def _tell(self, kind: str, verb: str, one: Json, previous: Json | None, now: datetime | None = None) -> None:
        if not self.events_on:
            return
        self._event_number += 1
        said: Json = {"object": copy.deepcopy(one)}
        if verb == "updated":
            said["previous_attributes"] = copy.deepcopy(previous or {})
        created = (now or self.now()).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.events.append({"id": f"66b00000{self.id[-6:]}{self._event_number:010x}", "type": f"{kind}.{verb}",
                            "created": created, "data": said})


def _changes(kind: str, before: dict[str, Json], after: dict[str, Json],
             moment: str) -> list[tuple[str, str, Json, Json | None]]:
    """Created, then updated, then deleted ones, each in the order of ids; `after` gets its new last_modified."""
    told: list[tuple[str, str, Json, Json | None]] = []
    told += [(kind, "created", after[key], None) for key in sorted(after.keys() - before.keys())]
    for key in sorted(after.keys() & before.keys()):
        old, new = before[key], after[key]
        if new is old or not (previous := previous_attributes(new, old)):
            after[key] = old
            continue
        after[key] = {**new, "last_modified": moment} if "last_modified" in new else new
        told.append((kind, "updated", after[key], previous))
    return told + [(kind, "deleted", before[key], None) for key in sorted(before.keys() - after.keys())]


def _milliseconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _later(last: str | None, now: datetime) -> str:
    """Now, or a millisecond past the last sync where the clock did not move: a sync always moves last_sync."""
    said = _milliseconds(now)
    if last is None or said > last:
        return said
    return _milliseconds(datetime.fromisoformat(last) + timedelta(milliseconds=1))
