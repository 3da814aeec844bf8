"""Setting up an integration: what connecting keeps, what tests find, who is accepted, what is chosen."""

from __future__ import annotations

import json

import pytest

from homeroom.errors import NotFound, Refused, SourceUnusable
from homeroom.model.connect_events import REVEALED
from homeroom.model.events import Connect
from homeroom.model.integration import Blackout, Integration, Pause
from homeroom.model.setup import SetUp
from homeroom.model.sharing import Sharing
from homeroom.model.source import OneRosterRest
from tests.builders.connections import (
    APP,
    DISTRICT,
    KEY,
    KEY_AND_SECRET,
    OTHER,
    SECRET,
    WORKS,
    Stub,
    clever,
    failing,
    pulled,
    rest,
)
from tests.fakes.memory import START, memory_world
from tests.fakes.plans import LAB
from tests.unit.support.asking import BY, audited, connect, do, stored

# ---------------------------------------------------------------- connect


def test_credentials_go_to_secrets_manager_under_the_integrations_name() -> None:
    world = memory_world()
    told = connect(world, rest(), credentials=KEY_AND_SECRET)
    assert world.secrets.kept == {"lab-usd": KEY_AND_SECRET}
    assert world.integrations.get("lab-usd").secret_name == "lab-usd"
    assert (told["status"], told["owner"]) == ("not set up", "vendor")
    assert audited(world)[0]["credentials"] == ["key", "secret"]


def test_one_district_feeds_a_product_line_by_one_integration_only() -> None:
    """A second one would make every person twice."""
    line = {"product_line": "Sonday", "district_id": "d-1"}
    world = memory_world()
    connect(world, rest(**line), credentials=KEY_AND_SECRET)
    with pytest.raises(Refused, match="lab-usd is already the integration of that district"):
        connect(world, rest(id="lab-again", **line), credentials=KEY_AND_SECRET)
    connect(world, clever(id="lab-other", **(line | {"product_line": "School Manager"})), credentials=APP)
    assert [one.id for one in world.integrations.list()] == ["lab-other", "lab-usd"]


def test_a_source_may_be_connected_before_its_district_is_known_and_the_door_stays_shut() -> None:
    world = memory_world()
    connect(world, rest(), credentials=KEY_AND_SECRET)
    started = do(world, "run", integration="lab-usd", by="tse")
    assert (started["state"], started["reason"]) == ("refused", "not set up")
    assert "district" in started["text"]


@pytest.mark.parametrize(("wanted", "given", "said"), [
    (rest(), {"key": KEY}, "needed: key and secret"),
    (rest(), KEY_AND_SECRET | {"pin": "1"}, "not known here: pin"),
    (clever(), KEY_AND_SECRET, "needed: client_id and client_secret"),
    (pulled(), {"passphrase": SECRET}, "needed: password, or private_key"),
    (LAB, {"password": SECRET}, "none are needed"),
])
def test_credentials_of_the_wrong_kind_are_refused_before_anything_is_kept(
    wanted: Integration, given: dict[str, str], said: str
) -> None:
    world = memory_world()
    with pytest.raises(Refused, match=said) as refused:
        connect(world, wanted, credentials=given)
    assert SECRET not in str(refused.value)
    assert (world.secrets.kept, world.integrations.list(), world.runs.audits) == ({}, [], [])


def test_a_shared_secret_must_be_there_and_is_not_changed_by_connecting() -> None:
    world = memory_world()
    with pytest.raises(Refused, match="no secret of that name"):
        connect(world, clever(secret_name="clever-app"))
    world.secrets.put("clever-app", APP)
    connect(world, clever(secret_name="clever-app"))
    assert world.integrations.get("lab-usd").secret_name == "clever-app"
    with pytest.raises(Refused, match="also used by lab-usd"):
        connect(world, clever(id="other-usd", secret_name="clever-app"), credentials=APP)
    assert world.secrets.kept == {"clever-app": APP}


def test_connecting_again_keeps_what_other_operations_wrote() -> None:
    before = rest(
        district_id="d-1", secret_name="lab", sharing=Sharing(schools=("school-1",)), schedule={"mode": "daily"},
        blackouts=(Blackout(first="2026-12-21", last="2027-01-01"),), created_by="first", created_at=START,
        paused=Pause(reason="x", by="support", at=START), setup=SetUp(verified_at=START, schools_at=START),
    )
    world = memory_world(before)
    world.secrets.put("lab", KEY_AND_SECRET)
    connect(world, rest(district_name="Lab", setup=SetUp(tested_at=START), created_by="forged"))
    assert world.integrations.get("lab-usd") == before.model_copy(update={"district_name": "Lab"})


def test_what_is_given_again_wins() -> None:
    world = memory_world(rest(district_id="d-1", sharing=Sharing(schools=("school-1",)), schedule={"mode": "daily"}))
    connect(world, rest(district_id="d-1", sharing=Sharing(), schedule={"mode": "off"}))
    kept = world.integrations.get("lab-usd")
    assert (kept.sharing.narrows, kept.schedule.mode) == (False, "off")


def test_another_district_or_source_must_be_proved_anew() -> None:
    proved = SetUp(tested_at=START, accepted_at=START, verified_at=START, schools_at=START)
    world = memory_world(rest(district_id="d-1", setup=proved))
    connect(world, rest(district_id="d-2"))
    assert world.integrations.get("lab-usd").setup == SetUp(tested_at=START, schools_at=START)
    connect(world, rest(source=OneRosterRest(url="https://other.example/ims/oneroster/v1p1")))
    assert world.integrations.get("lab-usd").setup == SetUp()


def test_connecting_makes_the_schedule_and_takes_it_away() -> None:
    world = memory_world()
    connect(world, rest(schedule={"mode": "daily", "at": "04:00"}, timezone="America/Denver"))
    assert [(t.name, t.expression, t.timezone) for t in world.timers.list()] == [
        ("lab-usd", "cron(0 4 ? * * *)", "America/Denver")]
    connect(world, rest(schedule={"mode": "off"}))
    assert world.timers.list() == []


def test_a_time_that_a_clock_change_leaves_out_is_refused() -> None:
    world = memory_world()
    with pytest.raises(Refused, match=r"02:30 .* when clocks change in America/Denver"):
        connect(world, rest(schedule={"mode": "daily", "at": "02:30"}, timezone="America/Denver"))
    assert world.integrations.list() == []


# ---------------------------------------------------------------- the connection test


def test_a_connection_test_is_kept_with_its_time(source: Stub) -> None:
    world = stored(rest())
    told = do(world, "test_connection", integration="lab-usd", **BY)
    assert (told["ok"], told["schools"], told["districts"][0]["id"]) == (True, 3, "d-1")
    kept = world.integrations.get("lab-usd").setup
    assert (kept.tested_at, kept.findings) == (START, WORKS.findings)
    assert source.asked == [KEY_AND_SECRET]
    assert audited(world)[0]["operation"] == "test_connection"


def test_a_failed_step_is_told_and_names_whose_turn_it_is(source: Stub) -> None:
    source.found = failing("SRC-11", "district", "no schools are shared", "Share schools.")
    world = stored(rest(district_id="d-1"))
    told = do(world, "test_connection", integration="lab-usd")
    assert told["ok"] is False
    assert told["findings"][-1]["text"] == "no schools are shared"
    assert (told["status"], told["owner"]) == ("waiting for the district", "district")
    assert "SRC-11: no schools are shared" in told["text"]


def test_an_error_of_the_source_and_missing_credentials_are_findings_too(source: Stub) -> None:
    source.error = SourceUnusable("lab.example is no known host name", code="SRC-02", owner="vendor", remedy="DNS.")
    told = do(stored(rest()), "test_connection", integration="lab-usd")
    assert [(f["code"], f["owner"]) for f in told["findings"]] == [("SRC-02", "vendor")]
    told = do(memory_world(rest()), "test_connection", integration="lab-usd")
    assert [(f["code"], f["owner"]) for f in told["findings"]] == [("SRC-10", "vendor")]


def test_stored_credentials_of_another_kind_are_a_finding_and_are_not_sent(source: Stub) -> None:
    world = stored(rest())
    world.secrets.put("lab", {"token": SECRET})
    told = do(world, "test_connection", integration="lab-usd")
    assert [f["code"] for f in told["findings"]] == ["SRC-10"]
    assert source.asked == []


def test_a_named_district_that_the_source_shows_is_verified_by_the_test(source: Stub) -> None:
    for name in (DISTRICT.id, DISTRICT.identifier):
        world = stored(rest(district_id=name))
        do(world, "test_connection", integration="lab-usd")
        assert world.integrations.get("lab-usd").setup.verified_at == START


def test_a_source_of_another_district_fails_the_test(source: Stub) -> None:
    world = stored(rest(district_id="d-9"))
    told = do(world, "test_connection", integration="lab-usd")
    assert (told["ok"], told["findings"][-1]["step"]) == (False, "verify")
    assert "none with the id or identifier d-9" in told["findings"][-1]["text"]
    assert world.integrations.get("lab-usd").setup.verified_at is None
    assert (told["status"], told["owner"]) == ("not set up", "vendor")


def test_a_pushed_source_is_tested_by_what_landed() -> None:
    world = memory_world(LAB)
    told = do(world, "test_connection", integration=LAB.id)
    assert (told["ok"], told["findings"][0]["code"], told["findings"][0]["owner"]) == (False, "SRC-06", "district")
    world.landing.put("landing/lab-usd/export.zip", b"zip")
    told = do(world, "test_connection", integration=LAB.id)
    assert told["ok"]
    assert "1 file in the landing folder, the newest of 2026-09-07 06:00 UTC" in told["findings"][0]["text"]


def test_what_changed_while_a_test_was_on_is_not_lost(source: Stub) -> None:
    world = stored(rest())
    source.while_asked = lambda: do(world, "pause", integration="lab-usd", **BY)
    do(world, "test_connection", integration="lab-usd")
    assert world.integrations.get("lab-usd").paused is not None


# ---------------------------------------------------------------- Clever: requests


def test_pending_are_those_that_authorised_the_app_and_belong_to_nobody(source: Stub) -> None:
    world = stored(clever(district_id=DISTRICT.id))
    told = do(world, "pending_requests", secret_name="lab")
    assert [district["id"] for district in told["districts"]] == [OTHER.id]
    world.secrets.put("second-app", APP)
    told = do(world, "pending_requests", secret_name="second-app")
    assert [district["id"] for district in told["districts"]] == [DISTRICT.id, OTHER.id]


def test_pending_without_the_apps_secret_is_not_found(source: Stub) -> None:
    with pytest.raises(NotFound, match="no secret"):
        do(memory_world(), "pending_requests", secret_name="nothing-here")


def test_an_accepted_request_verifies_the_district(source: Stub) -> None:
    world = stored(clever())
    told = do(world, "accept", integration="lab-usd", district_id=DISTRICT.id, **BY)
    kept = world.integrations.get("lab-usd")
    assert (kept.district_id, kept.setup.accepted_at, kept.setup.verified_at) == (DISTRICT.id, START, START)
    assert {step["name"]: step["done"] for step in told["steps"]}["accept"] is True
    assert audited(world)[0] | {"operation": "accept", "district_id": DISTRICT.id} == audited(world)[0]


def test_accepting_forgets_a_test_that_failed_for_want_of_a_district(source: Stub) -> None:
    source.found = failing("SRC-11", "vendor", "it is not said which district to read")
    world = stored(clever())
    told = do(world, "test_connection", integration="lab-usd")
    assert (told["status"], told["text"].partition(":")[0]) == ("not set up", "accept")
    do(world, "accept", integration="lab-usd", district_id=DISTRICT.id, **BY)
    assert world.integrations.get("lab-usd").setup == SetUp(accepted_at=START, verified_at=START)


def test_a_district_that_did_not_authorise_the_app_is_not_accepted(source: Stub) -> None:
    world = stored(clever())
    with pytest.raises(Refused, match="Clever lists no such district"):
        do(world, "accept", integration="lab-usd", district_id="d-9", **BY)
    assert world.integrations.get("lab-usd").district_id is None


def test_accepting_needs_the_apps_credentials_and_says_what_clever_says(source: Stub) -> None:
    with pytest.raises(Refused, match="credentials are missing"):
        do(memory_world(clever()), "accept", integration="lab-usd", district_id="d-1", **BY)
    source.error = SourceUnusable("Clever refused the app's client id", code="SRC-01", owner="vendor", remedy="Look.")
    with pytest.raises(Refused, match="SRC-01: Clever refused"):
        do(stored(clever()), "accept", integration="lab-usd", district_id="d-1", **BY)


@pytest.mark.parametrize("operation", ["accept", "verify_district"])
def test_a_district_feeds_a_product_line_once(operation: str, source: Stub) -> None:
    made = clever if operation == "accept" else rest
    world = stored(made(), made(id="other-usd", district_id=DISTRICT.id))
    with pytest.raises(Refused, match="other-usd is already the integration of that district"):
        do(world, operation, integration="lab-usd", district_id=DISTRICT.id, **BY)
    world = stored(made(product_line="Galileo"), made(id="other-usd", district_id=DISTRICT.id))
    do(world, operation, integration="lab-usd", district_id=DISTRICT.id, **BY)
    assert world.integrations.get("lab-usd").district_id == DISTRICT.id


# ---------------------------------------------------------------- other sources: districts


@pytest.mark.parametrize("name", [DISTRICT.id, DISTRICT.identifier])
def test_a_district_is_verified_by_id_or_identifier(name: str, source: Stub) -> None:
    world = stored(rest())
    do(world, "verify_district", integration="lab-usd", district_id=name, **BY)
    kept = world.integrations.get("lab-usd")
    assert (kept.district_id, kept.setup.verified_at) == (name, START)


def test_a_district_that_the_source_does_not_show_is_not_verified(source: Stub) -> None:
    world = stored(rest())
    with pytest.raises(Refused, match="shows no district with that id"):
        do(world, "verify_district", integration="lab-usd", district_id="d-9", **BY)
    source.found = failing("SRC-01", text="the service refused the key or the secret")
    with pytest.raises(Refused, match="SRC-01: the service refused"):
        do(world, "verify_district", integration="lab-usd", district_id="d-1", **BY)
    assert world.integrations.get("lab-usd").district_id is None


def test_each_source_has_its_own_way_to_its_district(source: Stub) -> None:
    with pytest.raises(Refused, match="only Clever"):
        do(stored(rest()), "accept", integration="lab-usd", district_id="d-1", **BY)
    with pytest.raises(Refused, match="verified by accepting"):
        do(stored(clever()), "verify_district", integration="lab-usd", district_id="d-1", **BY)


# ---------------------------------------------------------------- secrets


def test_a_rotation_replaces_the_credentials_and_nothing_else() -> None:
    world = stored(rest(), rest(id="other-usd"))
    before = world.integrations.list()
    told = do(world, "rotate_secret", integration="lab-usd", credentials={"key": "k2", "secret": "new-" + SECRET}, **BY)
    assert world.secrets.kept == {"lab": {"key": "k2", "secret": "new-" + SECRET}}
    assert world.integrations.list() == before
    assert (told["replaced_at"], told["also_used_by"]) == (START.isoformat(), ["other-usd"])
    assert audited(world)[0]["credentials"] == ["key", "secret"]


def test_after_a_new_secret_a_test_that_failed_counts_no_more(source: Stub) -> None:
    world = stored(rest(), rest(id="other-usd"))
    source.found = failing("SRC-01", "district")
    for name in ("lab-usd", "other-usd"):
        told = do(world, "test_connection", integration=name, **BY)
        assert (told["owner"], "SRC-01" in told["text"]) == ("vendor", True)  # what was pasted is looked at first
    do(world, "rotate_secret", integration="lab-usd", credentials=KEY_AND_SECRET, **BY)
    for name in ("lab-usd", "other-usd"):
        told = do(world, "status", integration=name)
        assert (told["status"], told["owner"], told["text"]) == ("not set up", "vendor", "test: Test the connection.")


def test_connecting_with_a_new_secret_asks_for_a_new_test_too(source: Stub) -> None:
    world = memory_world()
    connect(world, rest(), credentials=KEY_AND_SECRET)
    source.found = failing("SRC-01", "district")
    do(world, "test_connection", integration="lab-usd", **BY)
    assert connect(world, rest())["owner"] == "vendor"
    assert connect(world, rest(), credentials=KEY_AND_SECRET)["owner"] == "vendor"


def test_a_first_secret_may_be_stored_by_rotation() -> None:
    world = memory_world(rest())
    do(world, "rotate_secret", integration="lab-usd", credentials=KEY_AND_SECRET, **BY)
    assert world.integrations.get("lab-usd") == rest(secret_name="lab-usd")
    with pytest.raises(Refused, match="needed: key and secret"):
        do(world, "rotate_secret", integration="lab-usd", credentials={"token": SECRET}, **BY)


def test_no_secret_is_in_an_answer_an_audit_an_integration_or_an_error(source: Stub) -> None:
    world, told = memory_world(), []
    told.append(connect(world, rest(), credentials=KEY_AND_SECRET))
    for operation, words in (
        ("rotate_secret", {"credentials": KEY_AND_SECRET, **BY}), ("test_connection", BY),
        ("verify_district", {"district_id": "d-1", **BY}), ("schools", {}),
        ("choose_schools", {"schools": "all", **BY}), ("status", {}), ("pause", BY),
    ):
        told.append(do(world, operation, integration="lab-usd", **words))
    with pytest.raises(Refused) as refused:
        do(world, "rotate_secret", integration="lab-usd", credentials={"key": KEY, "token": SECRET}, **BY)
    kept = [i.model_dump_json() for i in world.integrations.list()]
    everything = json.dumps([told, kept, audited(world)]) + str(refused.value) + repr(refused.value)
    assert SECRET not in everything
    assert world.secrets.kept["lab-usd"]["secret"] == SECRET


def test_an_event_shows_its_credentials_only_to_the_call_that_hands_them_over() -> None:
    event = Connect.model_validate({"operation": "connect", "integration": rest(), "credentials": KEY_AND_SECRET})
    assert SECRET not in repr(event) + str(event) + event.model_dump_json() + str(event.model_dump())
    assert json.loads(event.model_dump_json(context=REVEALED))["credentials"] == KEY_AND_SECRET
    again = Connect.model_validate_json(event.model_dump_json(context=REVEALED))
    assert again == event
    assert again.integration.model_fields_set == event.integration.model_fields_set
