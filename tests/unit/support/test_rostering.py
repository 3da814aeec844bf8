"""The end of Clever rostering ends sign-in that needs it, with notice, and it comes back only after a run (D4)."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.events import StartRun
from homeroom.model.integration import Ended, Integration
from homeroom.model.run import RunRecord
from homeroom.model.sign_in_choices import sign_in_view
from homeroom.sso.matching import district
from homeroom.sso.stops import Stop
from homeroom.support.door import start
from homeroom.support.rostering import BY_DISTRICT, end_sign_in_where_disconnected
from tests.builders.connections import clever, rest
from tests.fakes.memory import START, MemoryWorld, memory_world
from tests.fakes.memory_sso import memory_outside
from tests.fakes.plans import end, keep_plan, lease_of
from tests.unit.sso.matching_world import at_clever, product
from tests.unit.support.asking import audited, connect, do

ENDED = "sign-in ended on 2026-09-07"


def galileo(**words: Any) -> Integration:
    return clever(**({"district_id": "d-1", "district_name": "Sample District", "product_line": "Galileo",
                      "secret_name": "lab", "sign_in": {"on": True, "students": True}} | words))


def rostered(integration: Integration) -> MemoryWorld:
    """Connected, with a run that was applied."""
    world = memory_world(integration)
    world.secrets.put("lab", {"client_id": "x", "client_secret": "y"})
    connect(world, integration)
    applies(world)
    return world


def applies(world: MemoryWorld) -> None:
    world.clock.tick(60)
    started = start(StartRun(trigger="hand", integration="lab-usd", by="tse"), world)
    assert started.state == "queued"
    lease = lease_of(world, started)
    keep_plan(world, lease, [], verdict="nothing")
    end(world, lease, verdict="nothing")


def ends(world: MemoryWorld) -> dict[str, Any]:
    world.clock.tick(60)
    return do(world, "end_rostering", integration="lab-usd", by="csm", reason="the contract ended")


def failed(**words: Any) -> RunRecord:
    told = {"integration": "lab-usd", "run": 2, "trigger": "schedule", "outcome": "failed", "code": "SRC-01",
            "owner": "district", "started_at": START} | words
    return RunRecord.model_validate(told)


def switch_on(world: MemoryWorld) -> dict[str, Any]:
    return do(world, "options", integration="lab-usd", choices={"sign_in": {"on": True}}, by="tse")


def test_ending_rostering_stops_runs_and_ends_sign_in_with_notice() -> None:
    world = rostered(galileo())
    told = ends(world)
    kept = world.integrations.get("lab-usd")
    assert (kept.sign_in.on, kept.sign_in.students, kept.sign_in.ended) == (
        False, False, Ended(reason="rostering ended", by="csm", at=world.clock.now()))
    assert "Sign-in to Galileo ended with it, because it needs Clever rostering" in told["effect"]
    assert (told["status"], audited(world)[-1]["operation"]) == ("paused", "end_rostering")
    ((subject, text),) = world.notices.sent
    assert subject == "Homeroom: sign-in of lab-usd ended"
    assert "can not be used without Clever rostering. Nobody signs in there any more" in text
    assert "the contract ended" not in text
    assert start(StartRun(trigger="schedule", integration="lab-usd"), world).reason == "paused"


def test_whoever_tries_is_told_that_it_ended() -> None:
    world = rostered(galileo())
    ends(world)
    do(world, "options", integration="lab-usd", choices={"options": {"strict": True}}, by="tse")
    registry = world.sign_ins.registry
    registry.views["lab-usd"] = sign_in_view(world.integrations.get("lab-usd").model_dump(mode="json"))
    with pytest.raises(Stop) as stopped:
        district(at_clever(tenant="d-1"), product(), memory_outside(registry=registry, signer=None))
    assert stopped.value.code == "SSO-302"


def test_ending_it_twice_tells_once() -> None:
    world = rostered(galileo())
    ends(world)
    at = world.integrations.get("lab-usd").sign_in.ended
    ends(world)
    assert (world.integrations.get("lab-usd").sign_in.ended, len(world.notices.sent)) == (at, 1)


def test_it_comes_back_only_after_a_run_was_applied_again() -> None:
    world = rostered(galileo())
    ends(world)
    with pytest.raises(Refused, match=f"{ENDED}, because rostering ended, and no run was applied since\n.*`resume`"):
        switch_on(world)
    do(world, "resume", integration="lab-usd", by="tse")
    with pytest.raises(Refused, match=ENDED):
        switch_on(world)
    applies(world)
    assert switch_on(world)["set"]["sign_in"]["ended"] is None
    assert world.integrations.get("lab-usd").sign_in.on


def test_a_run_that_was_on_when_rostering_ended_does_not_bring_sign_in_back() -> None:
    world = rostered(galileo())
    started = start(StartRun(trigger="hand", integration="lab-usd", by="tse"), world)
    ends(world)
    world.clock.tick(60)
    lease = lease_of(world, started)
    keep_plan(world, lease, [], verdict="nothing")
    end(world, lease, verdict="nothing")
    with pytest.raises(Refused, match=ENDED):
        switch_on(world)


def test_connecting_does_not_bring_it_back_either() -> None:
    world = rostered(galileo())
    ends(world)
    with pytest.raises(Refused, match=ENDED):
        connect(world, galileo())
    connect(world, galileo(sign_in={"on": False, "ended": None}))
    assert world.integrations.get("lab-usd").sign_in.ended is not None


def test_nobody_can_say_that_sign_in_ended_but_what_ends_it() -> None:
    world = rostered(galileo())
    ended = {"reason": "x", "by": "y", "at": START}
    with pytest.raises(Refused, match="the end of sign-in is written by what ends it"):
        do(world, "options", integration="lab-usd", choices={"sign_in": {"ended": ended}}, by="tse")
    connect(world, galileo(sign_in={"on": True, "ended": ended}))
    assert world.integrations.get("lab-usd").sign_in.ended is None


def test_where_rostering_is_not_needed_people_go_on_signing_in() -> None:
    sonday = rest(district_id="d-1", product_line="Sonday", secret_name="lab",
                  sign_in={"on": True, "portals": {"classlink": {"tenants": ["2084"]}}})
    world = memory_world(sonday)
    told = ends(world)
    assert (world.integrations.get("lab-usd").sign_in, world.notices.sent) == (sonday.sign_in, [])
    assert told["effect"].endswith("and people go on signing in by it")


def test_a_run_that_finds_the_app_disconnected_ends_sign_in_once() -> None:
    world = rostered(galileo())
    world.clock.tick(60)
    for _ in range(2):
        end_sign_in_where_disconnected(failed(), world)
    kept = world.integrations.get("lab-usd").sign_in
    assert (kept.on, kept.ended) == (False, Ended(reason=BY_DISTRICT, by="run 2", at=world.clock.now()))
    ((_, text),) = world.notices.sent
    assert "because the district disconnected the app" in text
    with pytest.raises(Refused, match=f"{ENDED}, because the district disconnected the app"):
        switch_on(world)
    applies(world)
    switch_on(world)
    assert world.integrations.get("lab-usd").sign_in.on


@pytest.mark.parametrize("other", [
    {"outcome": "applied", "code": None}, {"code": "SRC-02"}, {"owner": "vendor"}, {"owner": "aggregator"},
])
def test_other_failures_end_nothing(other: dict[str, Any]) -> None:
    world = rostered(galileo())
    end_sign_in_where_disconnected(failed(**other), world)
    assert (world.integrations.get("lab-usd").sign_in.on, world.notices.sent) == (True, [])


def test_sign_in_that_was_never_on_can_not_be_switched_on_while_disconnected() -> None:
    world = rostered(galileo(sign_in={"on": False}))
    world.clock.tick(60)
    end_sign_in_where_disconnected(failed(), world)
    assert "It was off already" in world.notices.sent[0][1]
    with pytest.raises(Refused, match=ENDED):
        switch_on(world)


def test_another_aggregator_can_not_take_rostering_away_from_under_sign_in() -> None:
    world = rostered(galileo())
    away = rest(district_id="d-1", product_line="Galileo")
    with pytest.raises(Refused, match="sign-in to Galileo can not be used without Clever rostering"):
        do(world, "change_aggregator", by="tse", reason="another way",
           set_up={"operation": "connect", "integration": away.model_dump(
               mode="json", include={"id", "district_id", "product_line", "aggregator", "transport", "source"}),
               "by": "tse", "credentials": {"key": "k", "secret": "s"}})
    assert (world.integrations.get("lab-usd").aggregator, world.integrations.get("lab-usd").sign_in.on) == (
        "clever", True)
