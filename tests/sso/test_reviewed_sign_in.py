"""What a hostile reading of sign-in found, one test each: it failed before it was mended."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from homeroom.aws import sign_in_noting
from homeroom.aws.sign_in_items import product_owner
from homeroom.aws.sign_in_links import LinksTable
from homeroom.aws.sign_in_noting import LogAndMetrics
from homeroom.aws.sign_in_people import RosterByKey
from homeroom.aws.sign_in_registry import SignInRegistry
from homeroom.aws.sign_in_signer import KmsSigner
from homeroom.aws.values import wired_item
from homeroom.aws.web import request_of
from homeroom.model.sign_in import Link
from homeroom.model.sign_in_choices import sign_in_view
from homeroom.sso.cookies import cookies_of
from homeroom.sso.stops import Stop
from homeroom.sso.subject import hint_of
from tests.fakes.plans import LAB
from tests.sso.flows import Browser
from tests.sso.laboratory import BASE, Laboratory, laboratory, signer
from tests.sso.proves import proves
from tests.unit.sso.matching_world import Lab, at_classlink, classlink_view

CALLBACK = f"{BASE}/cb/clever/literacy"
BLANKS = ("\u00a0", "\u2000", "\u3000", "\u0085", "\u2028", "\x1f", "\x0b", "\x0c")
"""What Python takes for a blank and a browser for a letter."""


@pytest.fixture
def lab() -> Laboratory:
    return laboratory()


@pytest.fixture
def browser(lab: Laboratory) -> Browser:
    return lab.at_portal("clever", "teacher")


# ------------------------------------------------------------------------------------------------------------- cookies


@proves("T3", "C14")
@pytest.mark.parametrize("blank", BLANKS)
def test_a_cookie_whose_name_only_looks_like_ours_binds_nothing(lab: Laboratory, browser: Browser, blank: str) -> None:
    """A sibling of our domain may set it: a browser sees no `__Host-` at its beginning."""
    address = lab.stopped_before_callback(browser)
    binding = next(one for one in browser.cookies(BASE.removeprefix("https://")) if one.startswith("__Host-sso_t_"))
    victim = lab.browser()
    path, _, query = address.removeprefix(BASE).partition("?")
    answer = lab.sso.get(path, query, {"cookie": f"{blank}{binding}; {binding.replace('=', blank + '=')}"})
    assert "SSO-104" in answer.body
    assert (lab.redeemed_at("clever"), victim.jar) == (0, {})


@proves("T3")
def test_blanks_of_http_around_a_cookie_are_none_of_it() -> None:
    assert cookies_of([" a=1;\tb = 2 ; c=3"]) == {"a": "1", "b": "2", "c": "3"}


# ------------------------------------------------------------------------------------ what an outsider can ring or fill


class Table:
    """A table of DynamoDB by its keys alone. Keys over 2048 bytes are refused, as there."""

    def __init__(self, items: dict[tuple[str, ...], dict[str, Any]] | None = None):
        self.items, self.asked = items or {}, []

    def get_item(self, *, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        key = tuple(value["S"] for value in Key.values())
        assert len(key[0].encode()) <= 2048, "ValidationException"
        self.asked.append(key)
        return {"Item": wired_item(self.items[key])} if key in self.items else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        (table, asked), = RequestItems.items()
        found = [self.get_item(Key=key) for key in asked["Keys"]]
        return {"Responses": {table: [one["Item"] for one in found if "Item" in one]}, "UnprocessedKeys": {}}


@proves("C39", "C4")
@pytest.mark.parametrize("name", ["x" * 3000, "é" * 1500, "", "a#b", "A", "../a"])
def test_a_name_that_no_product_has_is_not_asked_of_the_table(name: str) -> None:
    """A key that is too long would be a fault of ours, which rings an alarm."""
    table = Table()
    registry = SignInRegistry(table, "sign-ins", "integrations")  # type: ignore[arg-type]
    assert (registry.registration(name), registry.app_owner("clever", name), registry.app_owner(name, "x")) \
        == (None, None, None)
    assert table.asked == []


@proves("C39")
def test_names_that_are_nobodys_do_not_stay_in_memory() -> None:
    registry = SignInRegistry(Table(), "sign-ins", "integrations")  # type: ignore[arg-type]
    for number in range(50):
        registry.registration(f"nobody-{number}")
    assert registry._remembered == {}


@proves("C20")
def test_an_error_that_no_sign_in_of_this_browser_asked_for_is_no_fault_of_the_portal(
    lab: Laboratory, browser: Browser, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anybody can open such an address: it gets its page and is in the history, and rings no alarm about the portal."""
    counted: list[str] = []
    monkeypatch.setattr(sign_in_noting, "_add", counted.append)
    monkeypatch.setattr(LogAndMetrics, "count", lambda *_, **__: None)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Homeroom")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "homeroom")
    assert browser.open(f"{CALLBACK}?error=server_error").code == "SSO-103"
    assert browser.open(f"{CALLBACK}?error=server_error&state={'x' * 43}").code == "SSO-103"
    lab.portals["clever"].switches.error = "server_error"
    assert browser.open(f"{BASE}/start/clever/literacy").code == "SSO-103"
    for attempt, _ in lab.noting.ended:
        LogAndMetrics().signed(attempt, {})
    assert [attempt.step for attempt, _ in lab.noting.ended] == ["callback", "callback", "refusal"]
    assert counted == ["SignInRefused", "SignInRefused", "SignInRefused", "SignInSSO103"]


# ------------------------------------------------------------------------------------------------------------ archived


ARCHIVE = {"action": "archive", "entity": "people", "id": "p-1"}


def roster_with(*overlay: dict[str, Any], **record: Any) -> RosterByKey:
    owner = "lab#person#p-1"
    items = {(owner, "@"): {"owner": owner, "member": "@", "status": "active", "role": "teacher", **record}}
    for one in overlay:
        items[owner, "@|overlay"] = {"owner": owner, "member": "@|overlay", **one}
    return RosterByKey(Table(items), "rosters", "runs")  # type: ignore[arg-type, unused-ignore]


@proves("C36", "T26")
def test_somebody_archived_by_hand_is_archived_before_the_next_run(lab: Laboratory, browser: Browser) -> None:
    lab.rosters.overlays["lab-portal", "clever-teacher"] = ARCHIVE
    page = browser.open(f"{BASE}/start/clever/literacy")
    assert (page.code, lab.last_attempt().reason, lab.launches.handoffs) == ("SSO-205", "archived by hand", {})
    del lab.rosters.overlays["lab-portal", "clever-teacher"]
    assert browser.open(f"{BASE}/start/clever/literacy").signed_in == "clever-teacher"


@proves("T26")
def test_what_lies_over_a_record_is_read_with_it() -> None:
    assert roster_with().person("lab", "p-1") == {
        "owner": "lab#person#p-1", "member": "@", "status": "active", "role": "teacher"}
    assert (roster_with(ARCHIVE).person("lab", "p-1") or {})["archived_by_hand"] is True
    edited = roster_with({"action": "edit", "fields": {"enabled": False, "role": "aide"}}).person("lab", "p-1") or {}
    assert (edited["enabled"], edited["role"], edited["status"]) == (False, "aide", "active")
    assert roster_with().person("lab", "p-2") is None


@proves("T26")
def test_the_key_of_what_lies_over_a_record_is_the_one_that_edits_write() -> None:
    from homeroom.apply.items import record_key
    from homeroom.aws.edit_items import overlay_key
    from homeroom.aws.sign_in_people import OVER, RECORD

    owner, _ = record_key("lab", "people", "p-1")
    assert overlay_key((owner, RECORD)) == (owner, OVER)


# --------------------------------------------------------------------------------------------------------------- links


class Transactions:
    """A table on which others write the same items: the first calls end so."""

    def __init__(self, *codes: str):
        self.codes, self.calls = list(codes), 0

    def transact_write_items(self, **_: Any) -> None:
        from botocore.exceptions import ClientError

        self.calls += 1
        if self.codes:
            response: Any = {"Error": {"Code": "TransactionCanceledException"},
                             "CancellationReasons": [{"Code": self.codes.pop(0)}, {"Code": "None"}]}
            raise ClientError(response, "TransactWriteItems")


LINK = Link("lab", "classlink", "2001", "900", "p-1", "sourced_id", "login", "2026-11-22T15:00:00+00:00")


@proves("T44")
def test_a_first_sign_in_in_two_windows_at_the_same_moment_is_no_fault() -> None:
    busy = Transactions("TransactionConflict", "TransactionConflict")
    assert (LinksTable(busy, "sign-ins").add(LINK), busy.calls) == (True, 3)  # type: ignore[arg-type]
    lost = Transactions("TransactionConflict", "ConditionalCheckFailed")
    assert (LinksTable(lost, "sign-ins").add(LINK), lost.calls) == (False, 2)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="TransactionCanceled"):
        LinksTable(Transactions(*["TransactionConflict"] * 9), "sign-ins").add(LINK)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------------- keys


class Kms:
    """A KMS with a key whose other slot somebody has disabled, or that does not answer for it."""

    def __init__(self, code: str, of: str):
        self.code, self.of = code, of

    def get_public_key(self, KeyId: str) -> dict[str, bytes]:
        from botocore.exceptions import ClientError
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        if KeyId == self.of:
            raise ClientError({"Error": {"Code": self.code}}, "GetPublicKey")
        public = signer().privates[0].public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}


@proves("C44", "C50")
@pytest.mark.parametrize("code", [
    "DisabledException", "KMSInvalidStateException", "NotFoundException", "AccessDeniedException"])
def test_a_disabled_key_that_does_not_sign_stops_no_sign_in(code: str) -> None:
    published = KmsSigner(Kms(code, "b"), ["a", "b"]).keys()
    assert [key.kid for key in published] == [signer().keys()[0].kid]
    with pytest.raises(Exception, match=code):
        KmsSigner(Kms(code, "a"), ["a", "b"]).keys()


@proves("C44", "C50")
def test_keys_that_could_not_be_read_are_not_published_as_gone() -> None:
    """Products keep what they read for an hour: a fault must not take a good key away from them."""
    with pytest.raises(Exception, match="KMSInternalException"):
        KmsSigner(Kms("KMSInternalException", "b"), ["a", "b"]).keys()


# ------------------------------------------------------------------------------------------------------------ mid-flow


@proves("T28")
def test_a_redirect_address_that_was_taken_back_meanwhile_gets_no_code(lab: Laboratory, browser: Browser) -> None:
    address = lab.stopped_before_callback(browser)
    was = lab.registry.registrations["literacy"]
    lab.registry.registrations["literacy"] = replace(was, redirect_uris=("https://literacy.example/sso/other",))
    page = browser.open(address)
    assert (page.code, lab.redeemed_at("clever"), lab.launches.handoffs) == ("SSO-106", 0, {})


# -------------------------------------------------------------------------------------------------------------- events


def test_an_event_never_makes_a_request_of_somebody_elses_cookie() -> None:
    event = {"rawPath": "/", "rawQueryString": "", "requestContext": {"http": {"method": "GET"}},
             "cookies": ["a=1", "\u2003__Host-sso_hop=2"], "headers": {"Cookie": "a=2"}}
    assert request_of(event, BASE).cookies == {"a": "1", "\u2003__Host-sso_hop": "2"}


def test_the_owner_of_a_product_is_asked_where_its_name_has_the_form() -> None:
    table = Table()
    SignInRegistry(table, "sign-ins", "integrations").registration("literacy-2")  # type: ignore[arg-type]
    assert table.asked == [(product_owner("literacy-2"), "@")]


# ------------------------------------------------------------------------------------------------------------ matching


@proves("C35", "T23")
@pytest.mark.parametrize("word", ["Parent", "contact", "Guest", "", "Student,Teacher"])
def test_an_account_that_the_portal_does_not_call_staff_finds_no_teacher_by_email(word: str) -> None:
    lab = Lab()
    lab.known(classlink_view(staff_by_email=True))
    lab.holds("p-1", email="t@district.example")
    told = at_classlink(hint=hint_of(word), sourced_id="T-9", email="t@district.example")
    with pytest.raises(Stop) as stopped:
        lab.signs_in(told)
    assert (stopped.value.code, lab.links.links) == ("SSO-203", [])
    assert lab.signs_in(replace(told, hint=hint_of("Teacher"))).rule == "email"


@proves("C35")
def test_a_login_that_only_looks_like_another_finds_nobody() -> None:
    lab = Lab()
    lab.known(classlink_view(by_login=True))
    lab.holds("p-1", username="kevin")
    with pytest.raises(Stop) as stopped:
        lab.signs_in(at_classlink(login="\u212aevin"))
    assert stopped.value.code == "SSO-203"
    assert lab.signs_in(at_classlink(login="KEVIN")).person == "p-1"


@proves("T23", "T44")
def test_ids_of_the_way_before_are_nobodys_at_the_new_portal() -> None:
    """Both sources count from one: until the cross-walk, `7` of the roster is not whom ClassLink calls `7`."""
    lab = Lab()
    moved = replace(classlink_view(), moved_from="none", moved_at="2026-11-22T12:00:00Z")
    lab.known(moved)
    lab.holds("p-1", sourced_id="7", username="t.teacher")
    lab.rosters.applied["lab-usd"] = "2026-11-22T11:00:00+00:00"
    with pytest.raises(Stop) as stopped:
        lab.signs_in(at_classlink(sourced_id="7"))
    assert (stopped.value.code, lab.links.links, lab.runs.asked) == ("SSO-207", [], [])
    lab.linked(at_classlink("901"), "p-1")
    assert lab.signs_in(at_classlink("901", sourced_id="8")).rule == "link"
    lab.links.links.clear()
    lab.rosters.applied["lab-usd"] = "2026-11-22T13:00:00+00:00"
    assert lab.signs_in(at_classlink(sourced_id="7")).person == "p-1"


@proves("T23")
def test_the_portal_of_the_way_before_goes_on_until_the_cross_walk() -> None:
    lab = Lab()
    lab.known(replace(classlink_view(), moved_from="classlink", moved_at="2026-11-22T12:00:00Z"))
    lab.holds("p-1", sourced_id="7")
    assert lab.signs_in(at_classlink(sourced_id="7")).person == "p-1"


def test_a_change_of_aggregator_is_seen_by_sign_in() -> None:
    moving = {"aggregator": "clever", "transport": "clever_api", "by": "staff", "at": "2026-11-22T12:00:00Z"}
    changed = LAB.model_validate(LAB.model_dump() | {"moving": moving})
    seen = sign_in_view(changed.model_dump(mode="json", exclude_none=True))
    assert (seen.moved_from, seen.moved_at, sign_in_view(LAB.model_dump(mode="json")).moved_at) \
        == ("clever", "2026-11-22T12:00:00Z", "")


# -------------------------------------------------------------------------------------------------------------- alarms


@proves("T41")
def test_somebody_who_guesses_a_secret_rings_the_alarm_of_the_template(lab: Laboratory) -> None:
    """One event a minute would stay below its threshold for ever."""
    template = (Path(__file__).parents[2] / "template.yaml").read_text()
    threshold = re.search(r"MetricName: SignInSecurity\n(?:.*\n)*?\s*Threshold: (\d+)", template)
    assert threshold is not None
    product = replace(lab.products["literacy"], secret="a guess")
    assert [product.redeemed("x" * 43, "v" * 43) for _ in range(30)] == [None] * 30
    assert len(lab.noting.alarms) >= int(threshold[1])
    assert {event for event, _ in lab.noting.alarms} == {"client refused often"}
