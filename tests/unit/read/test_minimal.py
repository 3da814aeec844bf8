"""What no product may receive is dropped before rows are kept; parents who are not wanted leave nothing personal."""

from __future__ import annotations

import json

import msgspec
import polars as pl
import pytest

from homeroom.errors import SourceUnusable
from homeroom.flow import sync
from homeroom.model.entities import BY_FILE
from homeroom.model.events import StartRun
from homeroom.model.integration import Integration, Options
from homeroom.products import rules_of
from homeroom.products.receiving import EVERYTHING_RECEIVED, METADATA, NOBODY, lacks, received_by
from homeroom.read import raw
from homeroom.read.layout import CORE
from homeroom.read.minimal import minimal, refuse_narrow
from homeroom.read.oneroster_rest.records import KINDS, NAMES, decode_lines, lines_of, minimal_of
from homeroom.support.door import start
from tests.builders.oneroster import small_district, zip_bytes
from tests.fakes.memory import memory_world
from tests.fakes.plans import LAB, lease_of

SONDAY = received_by(rules_of(Integration(id="lab", product_line="Sonday")))
PARENTS = received_by(rules_of(Integration(id="lab", product_line="School Manager")))
PERSON = {"sourcedId": "u-1", "role": "student", "roles": None, "username": "ada", "givenName": "Ada",
          "familyName": "Sample", "email": "ada@lab.example", "sms": "555", "phone": "556", "pronouns": "she",
          "middleName": "B", "agentSourcedIds": "u-2", "metadata.lunch": "free", "orgSourcedIds": "school-1",
          "enabledUser": "true", "_line": 2}

TEXTS = {name: pl.String for name in PERSON if name != "_line"}


def users(*rows: dict[str, object]) -> dict[str, pl.DataFrame]:
    return {"users": pl.DataFrame([PERSON | row for row in rows], infer_schema_length=None)}


def test_columns_that_nobody_may_receive_are_dropped_and_needed_ones_stay() -> None:
    kept = minimal(users({}), SONDAY)["users"]
    assert {"sms", "phone", "pronouns", "middleName", "agentSourcedIds", "metadata.lunch"} & set(kept.columns) == set()
    assert {"sourcedId", "role", "username", "givenName", "familyName", "email", "_line"} <= set(kept.columns)


def test_without_a_product_line_nothing_is_touched() -> None:
    frames = users({})
    assert minimal(frames, EVERYTHING_RECEIVED)["users"] is frames["users"]


@pytest.mark.parametrize(("role", "roles", "stays"), [
    ("guardian", None, False), ("Parent", None, False), ("relative", "relative:school-1,guardian:school-1", False),
    ("guardian", "guardian:school-1,teacher:school-1", True), ("teacher", None, True), (None, None, True),
    ("student", "student:school-1", True), ("nobody knows", None, True),
])
def test_of_parents_who_are_not_wanted_nothing_personal_stays(role: str, roles: str, stays: bool) -> None:
    kept = minimal(users({}, {"role": role, "roles": roles}), SONDAY)["users"].to_dicts()
    assert kept[0]["givenName"] == "Ada"
    person = {name: kept[1][name] for name in ("givenName", "familyName", "username", "email")}
    assert person == ({"givenName": "Ada", "familyName": "Sample", "username": "ada", "email": "ada@lab.example"}
                      if stays else {"givenName": NOBODY, "familyName": NOBODY, "username": NOBODY, "email": None})
    assert (kept[1]["role"], kept[1]["orgSourcedIds"]) == (role, "school-1")


def test_where_parents_are_wanted_they_keep_their_contact_details() -> None:
    kept = minimal(users({"role": "guardian"}), PARENTS)["users"].to_dicts()[0]
    assert (kept["givenName"], kept["sms"], kept["agentSourcedIds"]) == ("Ada", "555", "u-2")
    assert "pronouns" not in kept


def test_rows_kept_without_what_is_received_now_are_no_base_for_changes() -> None:
    assert not lacks((), SONDAY)
    assert not lacks(SONDAY.words(), SONDAY)
    assert not lacks(PARENTS.words(), SONDAY)
    assert lacks(SONDAY.words(), PARENTS)
    assert lacks(SONDAY.words(), EVERYTHING_RECEIVED)
    with pytest.raises(SourceUnusable, match="only changes came") as unusable:
        refuse_narrow(SONDAY.words(), PARENTS)
    assert unusable.value.issue_remedy.startswith("Send one bulk export")


def test_a_whole_run_keeps_nothing_that_its_products_may_not_receive() -> None:
    district = small_district()
    for row in district["users"]:
        row |= {"sms": "555-0100", "middleName": "Middleton"}
    world = memory_world(LAB.model_copy(update={"product_line": "Sonday", "hold_first_load": False}))
    world.landing.put(f"landing/{LAB.id}/export.zip", zip_bytes(district))
    newest = world.landing.newest(f"landing/{LAB.id}/export.zip")
    assert newest is not None
    asked = StartRun(trigger="file", integration=LAB.id, files=(newest,))
    sync(lease_of(world, start(asked, world)), world)
    kept = raw.load(world.objects, LAB.id, 1)
    columns = {f"{stem}.{column}" for stem, frame in kept.frames.items() for column in frame.columns}
    assert {word for word in kept.without if "." in word} & columns == set()
    assert [one["familyName"] for one in kept.frames["users"].to_dicts() if one["role"] == "guardian"] == [NOBODY]
    everything = str([frame.to_dicts() for frame in kept.frames.values()])
    assert ("555-0100" in everything, "Middleton" in everything) == (False, False)
    assert world.runs.control(LAB.id).applied_run == 1


def test_an_option_that_was_switched_off_is_kept_as_off() -> None:
    off = Integration(id="lab", product_line="School Manager", options=Options(parents=False))
    assert lacks(received_by(rules_of(off)).words(), PARENTS)


@pytest.mark.parametrize(("role", "roles"), [
    ("guardian", None), ("relative", "relative:school-1,guardian:school-1"), ("guardian", "guardian:s-1,teacher:s-1"),
    ("student", None), (None, None),
])
def test_readers_keep_of_a_row_what_planning_keeps_of_a_frame(role: str | None, roles: str | None) -> None:
    row = PERSON | {"role": role, "roles": roles}
    del row["_line"]
    assert SONDAY.row("users", row) == minimal({"users": pl.DataFrame([row], schema_overrides=TEXTS)},
                                               SONDAY)["users"].to_dicts()[0]
    assert EVERYTHING_RECEIVED.row("users", row) == row


@pytest.mark.parametrize("stem", CORE)
def test_every_column_of_csv_that_may_be_dropped_is_known_in_rest(stem: str) -> None:
    json_names = {field.encode_name for field in msgspec.structs.fields(KINDS[stem])}
    columns = {METADATA if field.kind == "extras" else field.column
               for field in BY_FILE[stem].carried if not field.required and field.column != "roles"}
    assert {NAMES.get(column, column) for column in columns} <= json_names


def test_records_of_a_service_lose_what_nobody_may_receive_before_they_are_lines() -> None:
    parent = {"sourcedId": "u-2", "role": "guardian", "givenName": "Bea", "familyName": "Sample",
              "email": "b@lab.example", "enabledUser": "true", "orgs": [{"sourcedId": "school-1"}]}
    child = {"sourcedId": "u-1", "role": "student", "givenName": "Ada", "sms": "555", "agents": [{"sourcedId": "u-2"}],
             "metadata": {"lunch": "free"}, "preferredFirstName": "Addy"}
    records = decode_lines(b"\n".join(json.dumps(one).encode() for one in (parent, child)) + b"\n", "users")
    kept = [json.loads(line) for line in lines_of(minimal_of(records, "users", SONDAY)).splitlines()]
    assert kept == [
        {"sourcedId": "u-2", "role": "guardian", "enabledUser": "true", "orgs": [{"sourcedId": "school-1"}],
         "username": NOBODY, "givenName": NOBODY, "familyName": NOBODY},
        {"sourcedId": "u-1", "role": "student", "givenName": "Ada", "preferredFirstName": "Addy"},
    ]
