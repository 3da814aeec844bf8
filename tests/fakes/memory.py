"""The outside world in memory: what `homeroom.ports` asks for, without AWS. One contract suite holds both to the same.

Values are copied or kept as JSON, so that nothing shares memory with the code under test, as with a real store.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from homeroom.aws.edit_items import edit_of, entry_item, overlay_item, overlay_key
from homeroom.aws.hand_items import hand_of, hand_owner
from homeroom.errors import LinkHeld, NotFound, Refused, SourceUnusable
from homeroom.model.byhand import HandRecord
from homeroom.model.integration import Integration
from homeroom.model.past_events import Question
from homeroom.model.run import LandedFile, Request
from homeroom.ports import Edit, House, Item, Key, Landed, Timer, World
from tests.fakes.faults import Faults
from tests.fakes.memory_runs import MemoryRuns
from tests.fakes.memory_sign_ins import MemorySignIns
from tests.fakes.memory_sso import BASE, NoWeb
from tests.fakes.twins import twin_of

START = datetime(2026, 9, 7, 6, 0, tzinfo=UTC)
LANDING_BUCKET = "landing"


class FixedClock:
    """Stands still until a test moves it."""

    def __init__(self, at: datetime = START):
        self.at = at

    def now(self) -> datetime:
        return self.at

    def tick(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class MemoryObjects:
    """The roster bucket."""

    def __init__(self, faults: Faults):
        self.bodies: dict[str, bytes] = {}
        self.superseded: set[str] = set()
        self._faults = faults

    def put(self, key: str, body: bytes) -> None:
        self._faults.step("objects.put")
        self.bodies[key] = bytes(body)

    def get(self, key: str) -> bytes:
        if key not in self.bodies:
            raise NotFound(f"no object {key}")
        return self.bodies[key]

    def put_file(self, key: str, path: Path) -> None:
        self.put(key, path.read_bytes())

    def get_file(self, key: str, path: Path) -> None:
        path.write_bytes(self.get(key))

    def list(self, prefix: str) -> list[str]:
        return sorted(key for key in self.bodies if key.startswith(prefix))

    def tag_superseded(self, prefix: str) -> None:
        for key in self.list(prefix):
            self._faults.step("objects.tag")
            self.superseded.add(key)


class MemoryLanding:
    """The landing bucket, versioned; `put` is the district's upload."""

    def __init__(self, clock: FixedClock):
        self.versions: dict[str, list[tuple[str, bytes, datetime]]] = {}
        self._clock = clock

    def put(self, key: str, body: bytes) -> LandedFile:
        """Upload an object; its version is a counter."""
        versions = self.versions.setdefault(key, [])
        version = f"v{len(versions) + 1}"
        versions.append((version, body, self._clock.now()))
        return LandedFile(bucket=LANDING_BUCKET, key=key, version=version, size=len(body))

    def put_file(self, key: str, path: Path) -> LandedFile:
        return self.put(key, path.read_bytes())

    def newest(self, key: str) -> LandedFile | None:
        if key not in self.versions:
            return None
        version, body, _ = self.versions[key][-1]
        return LandedFile(bucket=LANDING_BUCKET, key=key, version=version, size=len(body))

    def fetch(self, file: LandedFile, folder: Path) -> Path:
        for version, body, _ in self.versions.get(file.key, []):
            if version == file.version:
                path = folder / Path(file.key).name
                path.write_bytes(body)
                return path
        raise SourceUnusable("a file of the delivery is gone", code="SRC-07")

    def listing(self, integration: str) -> list[Landed]:
        newest = {k: v[-1] for k, v in sorted(self.versions.items()) if k.startswith(f"landing/{integration}/")}
        return [
            Landed(LandedFile(bucket=LANDING_BUCKET, key=key, version=version, size=len(body)), modified)
            for key, (version, body, modified) in newest.items()
        ]


class MemoryIntegrations:
    """Set-up of the integrations."""

    def __init__(self, faults: Faults):
        self._kept: dict[str, str] = {}
        self._faults = faults

    def get(self, integration: str) -> Integration:
        if integration not in self._kept:
            raise NotFound("no such integration")
        return Integration.model_validate_json(self._kept[integration])

    def put(self, integration: Integration) -> None:
        self._faults.step("integrations.put")
        self._kept[integration.id] = integration.model_dump_json()

    def list(self) -> list[Integration]:
        return [self.get(name) for name in sorted(self._kept)]


class MemoryRoster:
    """The roster table. `writes` counts items written and deleted by `write` and `move_link`."""

    def __init__(self, faults: Faults):
        self.items: dict[Key, Item] = {}
        self.writes = 0
        self._faults = faults
        self._lock = threading.Lock()

    def write(self, puts: Sequence[Item], deletes: Sequence[Key]) -> None:
        keys = [(i["owner"], i["member"]) for i in puts] + list(deletes)
        if len(keys) != len(set(keys)):
            raise ValueError("the same key twice in one write")
        for item in puts:
            self._put("roster.put", item)
        for key in deletes:
            self._faults.step("roster.delete")
            self.writes += 1
            self.items.pop(key, None)

    def move_link(self, item: Item, previous: str | None) -> None:
        with self._lock:
            holder = self.items.get((item["owner"], item["member"]), {}).get("person")
            if holder not in (None, item["person"], previous):
                raise LinkHeld("an identity is held by a third person")
            self._put("roster.move_link", item)

    def get(self, keys: Iterable[Key]) -> list[Item]:
        return [twin_of(self.items[key]) for key in dict.fromkeys(keys) if key in self.items]

    def edit(self, edit: Edit, reason: str) -> None:
        self._faults.step("roster.edit")
        for item in (overlay_item(edit, reason), entry_item(edit, reason)):
            self.items[item["owner"], item["member"]] = item

    def edits(self, roster: str) -> list[Edit]:
        entries = sorted((key, item) for key, item in self.items.items() if key[0] == f"{roster}#EDITS")
        return [edit_of(item) for _, item in entries]

    def overlays(self, records: Iterable[Key]) -> list[Item]:
        return self.get([overlay_key(key) for key in records])

    def by_hand(self, roster: str) -> list[HandRecord]:
        entries = sorted((key, item) for key, item in self.items.items() if key[0] == hand_owner(roster))
        return [hand_of(twin_of(item)) for _, item in entries]

    def make(self, puts: Sequence[Item], *, new: bool, links: Sequence[Item] = (), gone: Sequence[Item] = (),
             wakes: Sequence[Item] = ()) -> None:
        there = [self.items.get((item["owner"], item["member"])) for item in puts]
        stands = all(one is None if new else one is not None and {"by_hand", "released"} & set(one) for one in there)
        held = [self.items.get((i["owner"], i["member"]), {}).get("person", i["person"]) for i in (*links, *gone)]
        if not stands or held != [item["person"] for item in (*links, *gone)]:
            raise Refused("the record, or one of its identities, is there already")
        self._faults.step("roster.make")
        for item in gone:
            self.items.pop((item["owner"], item["member"]), None)
        for item in (*puts, *links, *wakes):
            self.items[item["owner"], item["member"]] = twin_of(item)

    def classes_of(self, person: Key) -> list[Item]:
        told = ("owner", "member", "role", "status", "begin_date", "end_date")
        mine = [item for item in self.items.values() if item.get("person_key") == person[0]]
        return [{word: item[word] for word in told if word in item} for item in
                sorted(mine, key=lambda item: item["class_key"])]

    def consume(self, edits: Sequence[Edit]) -> None:
        for edit in edits:
            key = overlay_key(edit.record)
            if self.items.get(key, {}).get("edit") == edit.item[1]:
                self._faults.step("roster.delete_overlay")
                del self.items[key]
            self._faults.step("roster.delete_edit")
            self.items.pop(edit.item, None)

    def _put(self, step: str, item: Item) -> None:
        self._faults.step(step)
        self.writes += 1
        self.items[item["owner"], item["member"]] = twin_of(item)


class MemoryExecutions:
    """The state machine: remembers what was started; `broken` makes the next starts fail."""

    def __init__(self, faults: Faults):
        self.started: dict[str, Request] = {}
        self.broken: Exception | None = None
        self._faults = faults

    def start(self, request: Request, transport: str) -> str:
        if self.broken is not None:
            raise self.broken
        name = f"{request.integration}-{request.run}"
        if name not in self.started:
            self._faults.step("executions.start")
            self.started[name] = request
        return f"arn:aws:states:local:000000000000:execution:sync_roster:{name}"


@dataclass
class MemoryNotices:
    """Messages that were sent, as (subject, text)."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, subject: str, text: str) -> None:
        self.sent.append((subject, text))


@dataclass
class MemoryWaking:
    """Calls that were asked to come back, as (integration, seconds)."""

    asked: list[tuple[str, int]] = field(default_factory=list)

    def wake(self, integration: str, seconds: int) -> None:
        self.asked.append((integration, seconds))


class MemorySecrets:
    """Credentials by name."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {}

    def get(self, name: str) -> Mapping[str, str]:
        if name not in self.kept:
            raise NotFound(f"there is no secret {name}")
        return dict(self.kept[name])

    def put(self, name: str, values: Mapping[str, str]) -> None:
        self.kept[name] = dict(values)

    def remove(self, name: str) -> None:
        self.kept.pop(name, None)


class MemoryTimers:
    """Schedules by name."""

    def __init__(self) -> None:
        self.kept: dict[str, Timer] = {}

    def put(self, timer: Timer) -> None:
        self.kept[timer.name] = timer

    def remove(self, name: str) -> None:
        self.kept.pop(name, None)

    def list(self) -> list[Timer]:
        return [self.kept[name] for name in sorted(self.kept)]


@dataclass
class MemoryEngine:
    """The function `plan_roster`; `answer` is what it would say, until a test connects the real one."""

    asked: list[Question] = field(default_factory=list)
    answer: Callable[[Question], dict[str, Any]] | None = None

    def ask(self, question: Question) -> dict[str, Any]:
        self.asked.append(question)
        if self.answer is None:
            raise NotFound("no engine is connected in this test")
        return self.answer(question)


@dataclass(frozen=True)
class MemoryWorld(World):
    """A world in memory; `faults` counts its writes and can kill the process before any of them."""

    clock: FixedClock
    objects: MemoryObjects
    landing: MemoryLanding
    integrations: MemoryIntegrations
    runs: MemoryRuns
    roster: MemoryRoster
    executions: MemoryExecutions
    notices: MemoryNotices
    waking: MemoryWaking
    secrets: MemorySecrets
    timers: MemoryTimers
    engine: MemoryEngine
    sign_ins: MemorySignIns
    faults: Faults


def memory_world(*integrations: Integration, at: datetime = START) -> MemoryWorld:
    """An empty world in which these integrations are set up."""
    faults, clock = Faults(), FixedClock(at)
    world = MemoryWorld(
        clock=clock, objects=MemoryObjects(faults), landing=MemoryLanding(clock),
        integrations=MemoryIntegrations(faults), runs=MemoryRuns(faults), roster=MemoryRoster(faults),
        executions=MemoryExecutions(faults), notices=MemoryNotices(), waking=MemoryWaking(),
        secrets=MemorySecrets(), timers=MemoryTimers(), engine=MemoryEngine(), sign_ins=MemorySignIns(), faults=faults,
        web=NoWeb(), house=House(base_url=BASE),
    )
    for integration in integrations:
        world.integrations.put(integration)
    return world


def tables(world: MemoryWorld) -> dict[Key, Item]:
    """The roster table without what differs between equal rosters: run numbers."""
    return {key: {k: v for k, v in item.items() if k != "run"} for key, item in world.roster.items.items()}


__all__ = ["LANDING_BUCKET", "START", "FixedClock", "MemoryWorld", "memory_world", "tables"]
