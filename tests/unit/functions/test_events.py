"""Every sample event of events/ is executed, in the situation it is meant for, with the answer it must give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from homeroom.apply.items import record_key
from homeroom.flow import sync
from homeroom.model import places
from homeroom.model.events import CreateRecord, StartRun, SupportOperation
from homeroom.model.fetched import Fetched
from homeroom.model.integration import Blackout, Pause, Primary, Season
from homeroom.model.run import Approval, Lease
from homeroom.read import probing
from homeroom.support.door import start
from homeroom.support.edits import ONLY_SHARED
from homeroom.support.moving import EFFECT as MOVES
from homeroom.support.operations import act
from homeroom.support.options import EFFECT
from tests.builders.connections import APP, KEY_AND_SECRET, Stub, clever, matching_by_name, rest
from tests.builders.oneroster import file_bytes, small_district, zip_bytes
from tests.builders.questions import with_engine
from tests.fakes.copies import copied
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.plans import (
    GUARD,
    LAB,
    delivery,
    end,
    file_lands,
    keep_plan,
    lease_of,
    person,
    run_through,
    write_parts,
)
from tests.unit.functions import fetching, signing_in, support_of_sign_in
from tests.unit.functions.conftest import FUNCTIONS, ROOT, event_of

pytestmark = pytest.mark.filterwarnings("ignore:Disabling idempotency")

PLAN_HASH = "9f2c" * 16
PARTS = [[person("create", f"s-{n}") for n in range(300)]]
FAILURE = {"code": "FIL-03", "text": "users.csv is missing", "owner": "district", "remedy": "Upload it."}


def empty() -> MemoryWorld:
    return memory_world()


def connected() -> MemoryWorld:
    return memory_world(LAB)


def delivered() -> MemoryWorld:
    """A file landed while nobody could run."""
    world = connected()
    world.runs.set_last_delivery(LAB.id, delivery("export.zip", "content-a"))
    return world


def waiting() -> MemoryWorld:
    world = delivered()
    world.runs.set_pending(LAB.id, delivery("export.zip", "content-a"))
    return world


def applied() -> MemoryWorld:
    world = connected()
    run_through(world, "1.zip", PARTS, content_hash="content-a")
    return world


def held() -> MemoryWorld:
    """Run 1 was applied, run 2 is held under the hash of the events."""
    world = applied()
    lease = lease_of(world, file_lands(world, "2.zip", "content-b"))
    keep_plan(world, lease, PARTS, verdict="hold", guards=[GUARD], content_hash="content-b", plan_hash=PLAN_HASH)
    end(world, lease, verdict="hold")
    return world


def held_for_a_rekey() -> MemoryWorld:
    """Run 2 is held, and proposes a re-key with a hash of its own."""
    world = applied()
    lease = lease_of(world, file_lands(world, "2.zip", "content-b"))
    keep_plan(world, lease, PARTS, verdict="hold", guards=[GUARD], content_hash="content-b", plan_hash=PLAN_HASH,
              rekey={"plan_hash": "7e4d" * 16, "counts": {}, "evidence": {}, "approvers": 1})
    end(world, lease, verdict="hold")
    return world


def held_for_two() -> MemoryWorld:
    """Run 2 is held, two people must approve it, and one did."""
    world = applied()
    lease = lease_of(world, file_lands(world, "2.zip", "content-b"))
    keep_plan(world, lease, PARTS, verdict="hold", guards=[GUARD], content_hash="content-b", plan_hash=PLAN_HASH,
              approvers=2)
    end(world, lease, verdict="hold")
    yes = Approval(by="support@vendor.example", at=START, reason="the school closed", plan_hash=PLAN_HASH)
    world.runs.record(world.runs.run(LAB.id, 2).model_copy(update={"approvals": (yes,)}))
    return world


def approving() -> MemoryWorld:
    """Run 3 applies the held run 2."""
    world = held()
    asked = StartRun(trigger="approval", integration=LAB.id, by="support", held_run=2, plan_hash=PLAN_HASH)
    keep_plan(world, lease_of(world, start(asked, world)), [], verdict="lapsed")
    return world


def zip_landed() -> MemoryWorld:
    world = connected()
    world.landing.put("landing/lab-usd/export.zip", zip_bytes(small_district()))
    return world


def loose_landed() -> MemoryWorld:
    world = connected()
    for name, body in file_bytes(small_district()).items():
        world.landing.put(f"landing/lab-usd/{name}", body)
    world.clock.tick(60)
    return world


def queued() -> MemoryWorld:
    """Run 1 waits to be planned."""
    world = connected()
    file = world.landing.put("landing/lab-usd/export.zip", zip_bytes(small_district()))
    start(StartRun(trigger="file", integration=LAB.id, files=(file,)), world)
    return world


def planned(**words: Any) -> Callable[[], MemoryWorld]:
    """Run 1 has a plan with this verdict."""

    def world_of_it() -> MemoryWorld:
        world = connected()
        lease = lease_of(world, file_lands(world, "1.zip", "content-a"))
        keep_plan(world, lease, PARTS if not words or words.get("verdict") == "hold" else [], **words)
        return world

    return world_of_it


def written() -> MemoryWorld:
    """All parts of run 1 are written."""
    world = planned()()
    write_parts(world, Lease(integration=LAB.id, run=1, fence=1), PARTS)
    return world


def rest_connected() -> MemoryWorld:
    """A OneRoster service with its credentials, and nothing else known yet."""
    world = memory_world(rest(secret_name="lab"))
    world.secrets.put("lab", KEY_AND_SECRET)
    return world


def app_known() -> MemoryWorld:
    """The credentials of an app at Clever."""
    world = memory_world()
    world.secrets.put("clever-galileo", APP)
    return world


def clever_connected() -> MemoryWorld:
    world = app_known()
    world.integrations.put(clever(secret_name="clever-galileo"))
    return world


def paused() -> MemoryWorld:
    world = applied()
    world.integrations.put(LAB.model_copy(update={"paused": Pause(reason="x", by="support", at=START)}))
    return world


WINTER_BREAK = Blackout(first="2026-12-21", last="2027-01-01", reason="winter break")


def resting() -> MemoryWorld:
    world = applied()
    world.integrations.put(LAB.model_copy(update={"blackouts": (WINTER_BREAK,)}))
    return world


def in_season() -> MemoryWorld:
    """The window of a new school year stands open."""
    world = applied()
    rollover = Season(first="2027-07-15", last="2027-09-10", reason="new school year")
    world.integrations.put(LAB.model_copy(update={"seasons": (rollover,)}))
    return world


@cache
def read_and_applied() -> MemoryWorld:
    """Run 1 read and applied a small district."""
    world = queued()
    sync(Lease(integration=LAB.id, run=1, fence=1), world)
    return world


def synced() -> MemoryWorld:
    """The same, and the engine answers questions about it."""
    return with_engine(copied(read_and_applied()))


def with_a_guest() -> MemoryWorld:
    """A pupil made by hand."""
    world = synced()
    made = event_of("support/create") | {"source_id": "guest-1"}
    act(CreateRecord.model_validate(made), world)
    return world


def offering() -> MemoryWorld:
    """A line that offers class names and parents, and has sign-in."""
    return memory_world(clever(product_line="School Manager"))


def administered(*primary: str) -> Callable[[], MemoryWorld]:
    """A roster with an administrator a-1, of products that need a primary one."""

    def world_of_it() -> MemoryWorld:
        made = tuple(Primary(person=one, by="csm", at=START) for one in primary)
        world = memory_world(LAB.model_copy(update={"product_line": "Sonday", "primary": made}))
        owner, member = record_key(LAB.roster, "people", "a-1")
        world.roster.write([{"owner": owner, "member": member, "entity": "people", "id": "a-1", "source_id": "s-1",
                             "status": "active", "role": "administrator"}], [])
        return world

    return world_of_it


def with_directory() -> MemoryWorld:
    """An integration whose options name the district's directory."""
    world = offering()
    world.integrations.put(matching_by_name(world.integrations.get(LAB.id), tenant="district.example"))
    return world


@pytest.fixture(autouse=True, scope="module")
def _servers_end() -> Iterator[None]:
    yield
    fetching.SERVERS.close()


CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "start_run/schedule": (delivered, {"state": "queued", "run": 1}),
    "start_run/sign_in": (delivered, {"state": "queued", "run": 1}),
    "start_run/hand": (delivered, {"state": "queued", "run": 1}),
    "start_run/hand_with_force": (applied, {"state": "queued", "run": 2}),
    "start_run/file": (connected, {"state": "queued", "run": 1}),
    "start_run/pending": (waiting, {"state": "queued", "run": 1}),
    "start_run/approval": (held, {"state": "queued", "run": 3}),
    "start_run/undo": (synced, {"state": "queued", "run": 2}),
    "ingest_sftp_file/zip_landed": (zip_landed, {"state": "started"}),
    "ingest_sftp_file/loose_file_landed": (connected, {"state": "waiting"}),
    "ingest_sftp_file/unknown_integration": (connected, {"state": "unknown integration"}),
    "ingest_sftp_file/set_settled": (loose_landed, {"batchItemFailures": []}),
    "poll_oneroster/read_on": (fetching.rest_waits, {"done": True}),
    "poll_clever/read_on": (fetching.clever_waits, {"done": True}),
    "pull_sftp/read_on": (fetching.sftp_waits, {"done": True}),
    "plan_roster/plan": (queued, {"verdict": "apply"}),
    "plan_roster/try": (synced, {"as_of": "2026-09-07"}),
    "plan_roster/explain": (synced, {"here": True, "record": "s-1"}),
    "plan_roster/try_undo": (synced, {"run": 1, "verdict": "apply"}),
    "plan_roster/as_of": (synced, {"found": True, "run": 1}),
    "upsert_roster/part": (planned(), {"done": True, "offset": 300}),
    "upsert_roster/rest_of_a_part": (planned(), {"done": True, "offset": 300}),
    "finish_run/applied": (written, {"outcome": "applied", "pending": False}),
    "finish_run/nothing_to_change": (planned(verdict="nothing"), {"outcome": "nothing to change"}),
    "finish_run/held": (planned(verdict="hold", guards=[GUARD]), {"outcome": "held"}),
    "finish_run/unusable_file": (planned(verdict="fail", failure=FAILURE), {"outcome": "failed"}),
    "finish_run/approval_lapsed": (approving, {"outcome": "lapsed"}),
    "finish_run/error": (queued, {"outcome": "failed"}),
    "finish_run/execution_stopped": (planned(), {"outcome": "interrupted"}),
    "support/connect": (empty, {"status": "waiting for data", "owner": "district"}),
    "support/connect_classlink": (empty, {"status": "not set up", "owner": "vendor"}),
    "support/connect_clever": (app_known, {"status": "not set up", "owner": "vendor"}),
    "support/connect_sftp_pull": (empty, {"status": "not set up", "schedule": "MON, THU at 05:15 (America/Chicago)"}),
    "support/test_connection": (rest_connected, {"ok": True, "schools": 3}),
    "support/pending_requests": (app_known, {"secret_name": "clever-galileo"}),
    "support/accept": (clever_connected, {"district_id": "d-1"}),
    "support/verify_district": (rest_connected, {"district_id": "d-1"}),
    "support/schools": (rest_connected, {"integration": LAB.id, "all": True}),
    "support/choose_schools": (rest_connected, {"integration": LAB.id}),
    "support/choose_all_schools": (rest_connected, {"integration": LAB.id}),
    "support/share": (rest_connected, {"integration": LAB.id}),
    "support/options": (offering, {"integration": LAB.id, "effect": EFFECT}),
    "support/options_shown": (offering, {"effect": "nothing was asked for; this is what counts"}),
    "support/promote": (administered(), {"effect": "counts at once; no sync takes it back"}),
    "support/demote": (administered("p-1"), {"primary": []}),
    "support/rotate_secret": (rest_connected, {"secret_name": "lab", "also_used_by": []}),
    "support/rotate_secret_of_directory": (with_directory, {"secret_name": "directory/lab-usd", "also_used_by": []}),
    "support/options_with_directory": (offering, {"integration": LAB.id, "effect": EFFECT}),
    "support/pause": (applied, {"status": "paused"}),
    "support/resume": (paused, {"status": "up to date", "started": None}),
    "support/blackout": (applied, {"blackouts": [WINTER_BREAK.model_dump()]}),
    "support/blackout_removed": (resting, {"blackouts": []}),
    "support/reconcile_schedules": (applied, {"integrations": 1, "unchanged": 0, "refused": []}),
    "support/run_full": (delivered, {"state": "queued", "run": 1}),
    "support/list": (held, {}),
    "support/status": (applied, {"status": "up to date", "applied_run": 1}),
    "support/run": (delivered, {"state": "queued", "run": 1}),
    "support/preview": (held, {"run": 2, "held": True, "plan_hash": PLAN_HASH}),
    "support/preview_of_a_run": (held, {"run": 2, "outcome": "held"}),
    "support/change_aggregator": (applied, {
        "was": {"aggregator": "none", "transport": "csv_pushed"}, "effect": MOVES}),
    "support/approve": (held, {"state": "queued", "run": 3}),
    "support/approve_part": (held, {"state": "queued", "run": 3}),
    "support/approve_rekey": (held_for_a_rekey, {"state": "queued", "run": 3}),
    "support/approve_second_person": (held_for_two, {"state": "queued", "run": 3}),
    "support/discard": (held, {"run": 2, "outcome": "discarded"}),
    "support/edit": (synced, {"done": "edited", "made_by_hand": False, "advice": ONLY_SHARED}),
    "support/archive": (synced, {"done": "archived", "made_by_hand": False, "advice": ONLY_SHARED}),
    "support/create": (synced, {"done": "created", "made_by_hand": True}),
    "support/create_enrollment": (with_a_guest, {"source_id": "guest-in-c-1", "made_by_hand": True}),
    "support/release": (with_a_guest, {"done": "released", "released": True}),
    "support/by_hand": (with_a_guest, {"edits": []}),
    "support/person": (synced, {"integration": LAB.id}),
    "support/try": (synced, {"choices": {"sharing": {"schools": ["school-1"]}}}),
    "support/try_weekly": (synced, {"difference": {}, "verdict": "nothing"}),
    "support/try_a_season": (synced, {"as_of": "2027-08-10"}),
    "support/explain": (synced, {"here": True, "code": "here"}),
    "support/explain_class": (synced, {"here": True, "entity": "classes"}),
    "support/undo": (synced, {"state": "queued", "run": 2}),
    "support/undo_enrollments_of_a_school": (synced, {"state": "queued", "run": 2}),
    "support/try_undo": (synced, {"run": 1, "verdict": "apply"}),
    "support/as_of": (synced, {"found": True, "status": "active"}),
    "support/as_of_class": (synced, {"found": True, "entity": "classes"}),
    "support/stale": (applied, {"checked": 1, "stale": []}),
    "support/limits": (applied, {"limits": {"GRD-04": {"percent": 40.0, "floor": 20}}, "loosened": ["GRD-04"]}),
    "support/season": (applied, {"integration": LAB.id, "today": "2026-09-07"}),
    "support/season_with_limits": (in_season, {"integration": LAB.id}),
    "support/season_removed": (in_season, {"seasons": [], "try": None}),
    **support_of_sign_in.CASES,
    **signing_in.CASES,
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_sample_event_does_what_it_says(case: str, invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_module", lambda transport: Stub())
    situation, expected = CASES[case]
    world = situation()
    answer = invoke(case.split("/")[0], world, event_of(case))
    if case.endswith("/read_on"):
        about = Fetched.model_validate_json(world.objects.get(places.fetched_about(event_of(case)["integration"], 1)))
        assert about.failure is None
    assert {name: answer[name] for name in expected} == expected
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("case", sorted(signing_in.LOCATIONS))
def test_a_sample_event_that_leads_on_leads_where_configuration_says(case: str, invoke) -> None:
    answer = invoke(case.split("/")[0], CASES[case][0](), event_of(case))
    assert answer["headers"]["location"].startswith(signing_in.LOCATIONS[case])


@pytest.mark.parametrize("case", sorted(signing_in.PAGES))
def test_a_sample_event_that_leads_nowhere_shows_its_page(case: str, invoke) -> None:
    assert signing_in.PAGES[case] in invoke(case.split("/")[0], CASES[case][0](), event_of(case))["body"]


def test_every_sample_event_is_executed() -> None:
    there = {str(path.relative_to(ROOT / "events").with_suffix("")) for path in Path(ROOT / "events").rglob("*.json")}
    assert there == set(CASES)


def test_every_function_and_every_operation_has_a_sample_event() -> None:
    assert {case.split("/")[0] for case in CASES} == set(FUNCTIONS)
    shapes = get_args(get_args(SupportOperation)[0])
    operations = {get_args(shape.model_fields["operation"].annotation)[0] for shape in shapes}
    told = {event_of(case)["operation"] for case in CASES if case.startswith("support/")}
    assert told == operations
