"""Commands that set up an integration: what they send, what they show, and that no secret is on a command line."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from homeroom.model.setup import Finding, Probe
from homeroom.model.source import SftpPull
from homeroom.read import probing
from tests.builders.connections import APP, DISTRICT, KEY, KEY_AND_SECRET, OTHER, SECRET, SIGNED_IN, Stub, failing
from tests.builders.oneroster import small_district
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Service
from tests.unit.local.conftest import Homeroom, Ran
from tests.unit.local.memory_stack import MemoryAws

URL = "https://lab.oneroster.example/ims/oneroster/v1p1"
REST = ("--aggregator", "classlink", "--transport", "oneroster_rest", "--url", URL)
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIfake"
SFTP = ("--transport", "csv_pulled", "--host", "sftp.lab.example", "--user", "homeroom", "--host-key", HOST_KEY)
REFUSED = "the service refused the key or the secret"


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Stub:
    """The source that every connection test meets."""
    stub = Stub()
    monkeypatch.setattr(probing, "_module", lambda transport: stub)
    return stub


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with the secret, as an editor leaves it."""
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    return tmp_path / "secret.txt"


@pytest.fixture
def connected(aws: MemoryAws, source: Stub, secret: Path, homeroom: Homeroom) -> Ran:
    """What connecting a OneRoster service told."""
    return homeroom("connect", "lab-usd", *REST, "--key", KEY, "--secret-file", secret)


def asked(aws: MemoryAws, operation: str) -> dict[str, Any]:
    """The last event of that operation."""
    return next(event for event in reversed(aws.asked) if event["operation"] == operation)


def test_connect_stores_the_credentials_tests_and_shows_the_steps(connected: Ran, aws: MemoryAws) -> None:
    assert connected.code == 0
    assert aws.world.secrets.kept == {"lab-usd": KEY_AND_SECRET}
    assert [event["operation"] for event in aws.asked] == ["status", "connect", "test_connection"]
    for shown in ("signed in", "Schools seen: 3", "0801234", "not set up", "verify", "now"):
        assert shown in connected.out
    assert SECRET not in connected.out + connected.err


def test_a_wrong_secret_is_explained_in_one_line(
    aws: MemoryAws, source: Stub, secret: Path, homeroom: Homeroom
) -> None:
    source.found = failing("SRC-01", text=REFUSED, remedy="Compare them with the console.")
    ran = homeroom("connect", "lab-usd", *REST, "--key", KEY, "--secret-file", secret)
    assert ran.code == 1
    assert ran.err == f"homeroom: SRC-01: {REFUSED}\n          Compare them with the console.\n"
    assert SECRET not in ran.out + ran.err


def test_a_real_service_that_refuses_the_secret_is_explained_in_one_line(
    aws: MemoryAws, secret: Path, homeroom: Homeroom
) -> None:
    with serving(Service(small_district())) as url:
        ran = homeroom("connect", "lab-usd", *REST, "--url", url, "--key", "sample-key", "--secret-file", secret)
    reason, remedy = ran.err.splitlines()
    assert (ran.code, reason.startswith("homeroom: SRC-01: ")) == (1, True)
    assert remedy.strip()
    assert SECRET not in ran.out + ran.err


def test_clever_before_a_district_is_chosen_is_no_failure(
    aws: MemoryAws, source: Stub, secret: Path, homeroom: Homeroom
) -> None:
    unsaid = failing("SRC-11", "vendor", "it is not said which district to read")
    source.found = unsaid.model_copy(update={"districts": (DISTRICT, OTHER)})
    ran = homeroom("connect", "lab-usd", "--aggregator", "clever", "--transport", "clever_api", "--key", KEY,
                   "--secret-file", secret)
    assert (ran.code, ran.err) == (0, "")
    assert (OTHER.name in ran.out, "accept" in ran.out) == (True, True)


def test_with_json_a_failed_test_is_one_document(
    aws: MemoryAws, source: Stub, secret: Path, homeroom: Homeroom
) -> None:
    source.found = failing("SRC-01", text=REFUSED)
    ran = homeroom("connect", "lab-usd", *REST, "--key", KEY, "--secret-file", secret, "--json")
    assert (ran.code, ran.json["ok"], ran.json["findings"][-1]["code"]) == (1, False, "SRC-01")
    assert {step["name"] for step in ran.json["steps"]} > {"credentials", "test", "verify"}
    assert SECRET not in ran.out + ran.err


def test_the_secret_comes_from_a_file_stdin_the_environment_or_a_hidden_prompt(
    aws: MemoryAws, source: Stub, secret: Path, homeroom: Homeroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored(*words: str | Path) -> dict[str, str]:
        aws.world.secrets.kept.clear()
        assert homeroom("connect", "lab-usd", *REST, "--key", KEY, *words).code == 0
        return aws.world.secrets.kept["lab-usd"]

    assert stored("--secret-file", secret) == KEY_AND_SECRET
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))
    assert stored("--secret-file", "-") == KEY_AND_SECRET
    monkeypatch.setenv("HOMEROOM_SECRET", SECRET)
    assert stored() == KEY_AND_SECRET
    monkeypatch.delenv("HOMEROOM_SECRET")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("local.commands.credentials.getpass.getpass", lambda prompt: SECRET)
    assert stored() == KEY_AND_SECRET


@pytest.mark.parametrize(("words", "said"), [
    ((*REST, "--key", KEY), "the secret is missing"),
    ((*REST, "--secret-file", "{secret}"), "the key is missing"),
    ((*REST, "--sign-in", "bearer", "--key", KEY, "--secret-file", "{secret}"), "only the token is needed"),
    ((*REST, "--private-key-file", "{secret}"), "only a server for SFTP"),
    ((*REST, "--secret-file", "{secret}.gone"), "can not be read: FileNotFoundError"),
    ((*REST, "--key", KEY, "--secret-file", "{empty}"), "is empty"),
    (("--district-id", "d-1", "--key", KEY), "need no credentials"),
    (("--url", URL), "name its --transport"),
    (("--transport", "oneroster_rest"), "source.oneroster_rest.url: Field required"),
    ((*REST, "--url", "http://elsewhere.example"), "the address must begin with https://"),
    ((*REST, "--schedule", "days"), "days are named exactly when mode is `days`"),
    ((*REST, "--schedule", "fortnightly"), "schedule.mode"),
])
def test_what_can_not_be_connected_is_a_usage_error(
    words: tuple[str, ...], said: str, aws: MemoryAws, secret: Path, homeroom: Homeroom, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text("\n")
    ran = homeroom("connect", "lab-usd", *(word.format(secret=secret, empty=tmp_path / "empty") for word in words))
    assert ran.code == 64
    assert said in " ".join(ran.err.replace("│", " ").split())
    assert SECRET not in ran.err
    assert "connect" not in [event["operation"] for event in aws.asked]


def test_no_option_takes_a_secret_itself(homeroom: Homeroom) -> None:
    for command in ("connect", "rotate"):
        offered = set(homeroom(command, "--help").out.split())
        assert not offered & {"--secret", "--password", "--token", "--passphrase", "--private-key"}


def test_a_token_a_password_and_a_private_key_get_their_names(
    aws: MemoryAws, source: Stub, secret: Path, homeroom: Homeroom, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
    private = ("--private-key-file", tmp_path / "key")
    for words, expected in (
        ((*REST, "--sign-in", "bearer", "--secret-file", secret), {"token": SECRET}),
        ((*SFTP, "--secret-file", secret), {"password": SECRET}),
        ((*SFTP, *private), {"private_key": (tmp_path / "key").read_text()}),
        ((*SFTP, *private, "--secret-file", secret),
         {"private_key": (tmp_path / "key").read_text(), "passphrase": SECRET}),
    ):
        homeroom("connect", "lab-usd", *words)
        assert aws.world.secrets.kept["lab-usd"] == expected


def test_options_change_only_what_they_name(connected: Ran, aws: MemoryAws, homeroom: Homeroom) -> None:
    before = aws.world.integrations.get("lab-usd")
    ran = homeroom("connect", "lab-usd", "--schedule", "days", "--days", "mon, thu", "--at", "05:15", "--no-test")
    assert ran.code == 0
    after = aws.world.integrations.get("lab-usd")
    assert (after.schedule.mode, after.schedule.days, after.schedule.at) == ("days", ("MON", "THU"), "05:15")
    assert after.model_copy(update={"schedule": before.schedule}) == before
    homeroom("connect", "lab-usd", "--at", "06:30", "--no-test")
    later = aws.world.integrations.get("lab-usd").schedule
    assert (later.mode, later.days, later.at) == ("days", ("MON", "THU"), "06:30")
    homeroom("connect", "lab-usd", "--days", "fri", "--no-test")
    moved = aws.world.integrations.get("lab-usd").schedule
    assert (moved.mode, moved.days, moved.at) == ("days", ("FRI",), "06:30")
    assert "FRI at 06:30" in homeroom("connect", "lab-usd", "--quiet-seconds", "61", "--no-test").out
    assert "test_connection" not in [event["operation"] for event in aws.asked[-2:]]


def test_without_credentials_nothing_is_tested_and_the_next_step_says_so(
    aws: MemoryAws, source: Stub, homeroom: Homeroom
) -> None:
    ran = homeroom("connect", "lab-usd", *REST)
    assert ran.code == 0
    assert source.asked == []
    assert "credentials: Store the key and the secret" in ran.out


def test_a_file_is_the_whole_set_up(connected: Ran, aws: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> None:
    set_up = homeroom("status", "lab-usd", "--json").json["set_up"] | {"quiet_seconds": 5}
    (tmp_path / "lab.json").write_text(json.dumps(set_up))
    assert homeroom("connect", "lab-usd", "--file", tmp_path / "lab.json", "--no-test").code == 0
    assert aws.world.integrations.get("lab-usd").quiet_seconds == 5
    (tmp_path / "lab.json").write_text("[]")
    assert homeroom("connect", "lab-usd", "--file", tmp_path / "lab.json").code == 64


def test_test_tells_each_step(connected: Ran, source: Stub, homeroom: Homeroom) -> None:
    ran = homeroom("test", "lab-usd")
    assert (ran.code, "signed in" in ran.out) == (0, True)
    skew = Finding(step="clock", ok=False, text="the clocks differ by 20 minutes", code="SRC-16", remedy="Set it.")
    source.found = Probe(findings=(SIGNED_IN, skew))
    ran = homeroom("test", "lab-usd")
    assert ran.code == 1
    assert ran.err == "homeroom: SRC-16: the clocks differ by 20 minutes\n          Set it.\n"


def test_clevers_requests_are_listed_and_accepted(aws: MemoryAws, source: Stub, homeroom: Homeroom) -> None:
    aws.world.secrets.put("app", APP)
    homeroom("connect", "lab-usd", "--aggregator", "clever", "--transport", "clever-api", "--secret-name", "app",
             "--no-test")
    ran = homeroom("pending", "--secret-name", "app")
    assert (DISTRICT.name in ran.out, OTHER.name in ran.out) == (True, True)
    ran = homeroom("accept", "lab-usd", "d-9", "--reason", "x")
    assert (ran.code, "Clever lists no such district" in ran.err) == (1, True)
    assert "Look at pending_requests" in ran.err
    assert homeroom("accept", "lab-usd", "d-1").code == 64
    ran = homeroom("accept", "lab-usd", "d-1", "--reason", "the contact agrees")
    assert (ran.code, "schools" in ran.out) == (0, True)
    assert asked(aws, "accept")["by"] == "csm-7"
    assert homeroom("pending", "--secret-name", "app", "--json").json["districts"] == [OTHER.model_dump()]


def test_a_district_is_verified_and_schools_are_searched_and_chosen(
    connected: Ran, aws: MemoryAws, homeroom: Homeroom
) -> None:
    assert homeroom("verify", "lab-usd", "0801234").code == 0
    ran = homeroom("schools", "lab-usd", "oak", "school")
    assert ("Oak Hill High School" in ran.out, "Alder" in ran.out) == (True, False)
    assert "Nothing is chosen yet" in ran.out
    ran = homeroom("choose", "lab-usd", "school-1", "school-3")
    assert "takes effect with the next run" in ran.out
    assert aws.world.integrations.get("lab-usd").sharing.schools == ("school-1", "school-3")
    assert [s["chosen"] for s in homeroom("schools", "lab-usd", "oak", "--json").json["schools"]] == [True, False]
    assert homeroom("choose", "lab-usd", "--all").code == 0
    assert "All schools that the district shares are synced." in homeroom("schools", "lab-usd").out
    assert aws.world.integrations.get("lab-usd").sharing.schools == ()
    for words in ((), ("school-1", "--all")):
        assert homeroom("choose", "lab-usd", *words).code == 64


def test_sharing_is_narrowed_and_taken_back(connected: Ran, aws: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("share", "lab-usd", "--grade", "1", "--grade", "KG", "--role", "student", "--class", "c-1")
    assert "01, KG" in ran.out
    ran = homeroom("share", "lab-usd", "--grade", "all", "--json")
    assert ran.json["sharing"] == {"schools": [], "grades": [], "roles": ["student"], "classes": ["c-1"]}
    assert homeroom("share", "lab-usd").code == 64
    refused = homeroom("share", "lab-usd", "--role", "wizard").err
    assert "there is no role wizard\n          Take of: " in refused
    assert homeroom("share", "lab-usd", "--class", "all", "--json").json["sharing"]["classes"] == []


def test_rotate_replaces_the_secret_and_shows_none(
    connected: Ran, aws: MemoryAws, homeroom: Homeroom, tmp_path: Path
) -> None:
    (tmp_path / "new").write_text("another-" + SECRET)
    ran = homeroom("rotate", "lab-usd", "--key", "k2", "--secret-file", tmp_path / "new")
    assert (ran.code, "Replaced the secret lab-usd" in ran.out) == (0, True)
    assert aws.world.secrets.kept["lab-usd"] == {"key": "k2", "secret": "another-" + SECRET}
    assert SECRET not in ran.out + ran.err
    assert homeroom("rotate", "lab-usd").code == 64


def test_a_line_of_ssh_keyscan_is_taken_as_it_is_printed(aws: MemoryAws, source: Stub, homeroom: Homeroom) -> None:
    assert homeroom("connect", "lab-usd", *SFTP[:-1], f"[sftp.lab.example]:2222 {HOST_KEY}").code == 0
    kept = aws.world.integrations.get("lab-usd").source
    assert isinstance(kept, SftpPull)
    assert kept.host_key == HOST_KEY


def test_the_clock_is_stopped_and_started(connected: Ran, aws: MemoryAws, homeroom: Homeroom) -> None:
    homeroom("connect", "lab-usd", "--schedule", "daily", "--no-test")
    assert homeroom("pause", "lab-usd").code == 64
    assert "paused" in homeroom("pause", "lab-usd", "--reason", "a move").out
    assert aws.world.timers.list()[0].enabled is False
    assert "every day at" in homeroom("resume", "lab-usd").out
    ran = homeroom("blackout", "lab-usd", "2026-12-21", "2027-01-01", "--reason", "winter break")
    assert "2026-12-21 to 2027-01-01 winter break" in ran.out
    assert "2026-12-21 to 2027-01-01 winter break" in homeroom("status", "lab-usd").out
    assert homeroom("blackout", "lab-usd", "2027-01-01", "2026-12-21").code == 64
    assert "No days of rest" in homeroom("blackout", "lab-usd", "2026-12-21", "2027-01-01", "--remove").out
    aws.world.timers.remove("lab-usd")
    assert "created: lab-usd" in homeroom("schedules").out
    assert "1 of 1 schedules were as they should be" in homeroom("schedules").out


def test_status_shows_the_steps_until_they_are_done(connected: Ran, homeroom: Homeroom) -> None:
    ran = homeroom("status", "lab-usd")
    assert "Verify which district it is." in ran.out
    assert "by hand or by file only" in ran.out
