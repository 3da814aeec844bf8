"""`homeroom register`, `portal`, `sign-in`, `sign-ins`, `unlink`: what they send, and what people see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from homeroom.apply.items import record_key
from homeroom.model.integration import PortalSignIn, SignIn
from homeroom.model.sign_in import SIGNED_IN, Attempt, Link
from homeroom.sso.codes import CODES
from homeroom.sso.portals import PORTALS
from local.views.sign_ins import failed_view
from tests.fakes.memory import START
from tests.fakes.memory_sso import BASE
from tests.fakes.plans import LAB
from tests.fakes.portal_documents import MOVED, Documents, published
from tests.sso.proves import proves
from tests.unit.local.conftest import Homeroom
from tests.unit.local.memory_stack import MemoryAws

CANARY = "canary-client-secret-of-an-app"
SONDAY = (
    "register", "sonday-1", "--product", "Sonday System 1", "--redirect-uri", "https://sonday.example/sso/callback",
    "--initiate-uri", "https://sonday.example/sso/initiate", "--home-url", "https://sonday.example/",
    "--support-url", "https://sonday.example/help", "--reason", "kick-off call",
)


def words_of(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def signing(aws: MemoryAws) -> MemoryAws:
    """A district with sign-in, two attempts, and a link."""
    aws.world.integrations.put(LAB.model_copy(update={"district_name": "Lab USD", "sign_in": SignIn(
        on=True, portals={"classlink": PortalSignIn(tenants=("2284",))})}))
    told: dict[str, Any] = {"portal": "classlink", "product": "Sonday System 1", "integration": LAB.id,
                            "tenant": "2284", "app": "sonday-1"}
    for login, minutes, more in (
        ("LOGIN00001", 20, {"outcome": SIGNED_IN, "person": "p-9", "redeemed_at": START.isoformat()}),
        ("LOGIN00002", 10, {"outcome": "SSO-203", "step": "person", "reason": "nobody has it"}),
    ):
        at = (START - timedelta(minutes=minutes)).isoformat()
        aws.world.sign_ins.attempts.record(Attempt(login, at, **told | more))  # type: ignore[operator]
    aws.world.sign_ins.links.add(
        Link(LAB.id, "classlink", "2284", "canary-subject", "p-9", "login", "LOGIN00001", START.isoformat()))
    return aws


def test_a_product_is_registered_and_its_secret_shown_once(aws: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom(*SONDAY)
    seen = words_of(ran.out)
    assert (ran.code, aws.asked[-1]["by"], aws.asked[-1]["reason"]) == (0, "csm-7", "kick-off call")
    assert f"{BASE}/cb/clever/sonday-1" in seen
    assert f"issuer {BASE}" in seen
    assert "Client secret of the product:" in seen
    assert "Client secret of the product:" not in homeroom("registrations").out


@proves("T37")
def test_a_secret_of_an_app_comes_from_a_file_and_is_shown_by_nothing(
    aws: MemoryAws, homeroom: Homeroom, tmp_path: Path
) -> None:
    homeroom(*SONDAY)
    (tmp_path / "secret.txt").write_text(f"{CANARY}\n")
    ran = homeroom("register", "sonday-1", "--portal", "clever", "--client-id", "4c63c1cf", "--secret-file",
                   tmp_path / "secret.txt", "--reason", "app of Clever", "--json")
    told = [ran.out, ran.err, homeroom("registrations").out, homeroom("registrations", "--json").out]
    assert (ran.code, ran.json["client_secret"]) == (0, None)
    assert aws.world.secrets.kept == {"sso/clever/sonday-1": {"client_secret": CANARY}}
    assert [text for text in told if CANARY in text] == []


def test_only_what_is_named_is_sent(aws: MemoryAws, homeroom: Homeroom) -> None:
    homeroom(*SONDAY)
    ran = homeroom("register", "sonday-1", "--disable", "--rotate", "--reason", "leaked", "--json")
    sent = aws.asked[-1]
    assert (ran.code, sent["enabled"], sent["rotate"], sent["redirect_uris"], sent["apps"]) == (
        0, False, True, None, [])
    assert len(ran.json["client_secret"]) == 43
    assert "switched off" in homeroom("registrations").out


def test_a_registration_may_come_from_a_file(aws: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> None:
    (tmp_path / "sonday.json").write_text(
        '{"product": "WinVocab", "redirect_uris": ["https://winvocab.example/cb"], '
        '"initiate_uri": "https://winvocab.example/start", "home_url": "https://winvocab.example/", '
        '"support_url": "https://winvocab.example/help"}')
    ran = homeroom("register", "winvocab", "--file", tmp_path / "sonday.json", "--reason", "kick-off", "--json")
    assert (ran.code, ran.json["product"], ran.json["line"]) == (0, "WinVocab", "Sonday")


@pytest.mark.parametrize("words", [
    ("register", "sonday-1", "--app", "x", "--reason", "r"),
    ("register", "sonday-1", "--portal", "google", "--reason", "r"),
    ("register", "sonday-1", "--portal", "clever", "--reason", "r"),
    ("register", "Not A Slug", "--reason", "r"),
    ("portal", "google"),
    ("sign-in", "x"),
    ("sign-ins", "lab-usd", "--outcome", "203"),
])
def test_a_line_that_can_not_be_meant_is_not_sent(
    words: tuple[str, ...], aws: MemoryAws, homeroom: Homeroom
) -> None:
    assert homeroom(*words).code == 64
    assert aws.asked == []


def test_an_app_is_given_up(aws: MemoryAws, homeroom: Homeroom, monkeypatch: pytest.MonkeyPatch) -> None:
    homeroom(*SONDAY)
    monkeypatch.setenv("HOMEROOM_SECRET", CANARY)
    homeroom("register", "sonday-1", "--portal", "clever", "--client-id", "4c63", "--reason", "app of Clever")
    homeroom("register", "sonday-1", "--portal", "clever", "--remove-app", "--reason", "gone")
    kept = aws.world.sign_ins.registration("sonday-1")
    assert kept is not None
    assert (kept.apps, aws.world.secrets.kept) == ((), {})


def test_a_portal_that_moved_is_shown_and_taken(aws: MemoryAws, homeroom: Homeroom) -> None:
    clever = PORTALS["clever"]
    address = f"{clever.issuer}/.well-known/openid-configuration"
    aws.world = replace(aws.world, web=Documents({address: published(clever, jwks_uri=MOVED)}))
    seen = words_of(homeroom("portal", "clever").out)
    assert f"jwks_uri is {MOVED}; we use {clever.jwks}" in seen
    assert "Nothing was changed" in seen
    ran = homeroom("portal", "clever", "--accept", "--reason", "Clever announced it")
    assert (ran.code, aws.world.sign_ins.portal("clever")) == (0, replace(clever, jwks=MOVED))


def test_the_story_of_a_sign_in_begins_with_the_end(signing: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("sign-in", "LOGIN00002")
    lines = [line for line in ran.out.splitlines() if line.strip()]
    assert ran.code == 0
    assert lines[0] == "LOGIN00002"
    assert lines[1].startswith("SSO-203 ")
    assert lines[2] == "Turn: the district"
    assert "because of this: nobody has it." in words_of(ran.out)
    assert signing.asked[-1] == {"operation": "sign_in", "login": "LOGIN00002"}


def test_the_list_counts_first_and_then_shows_the_newest(signing: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("sign-ins", "lab-usd", "--hours", "2")
    seen = words_of(ran.out)
    assert "1 signed in, 1 ended on a page." in seen
    assert seen.index("LOGIN00002") < seen.index("LOGIN00001")
    assert signing.asked[-1]["hours"] == 2
    assert homeroom("sign-ins", "lab-usd", "--outcome", "SSO-203", "--json").json["counted"] == 1


def test_an_id_of_the_portal_is_sent_and_never_shown(signing: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("sign-ins", "lab-usd", "--subject", "canary-user-id")
    assert (ran.code, signing.asked[-1]["subject"]) == (0, "canary-user-id")
    assert "canary-user-id" not in ran.out + ran.err
    assert "No sign-in was seen." in ran.out


def test_unlinking_says_what_was_removed(signing: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("unlink", "lab-usd", "p-9", "classlink", "--reason", "merged account")
    assert (ran.code, signing.world.sign_ins.links.links) == (0, [])
    assert "Removed the link of p-9 at classlink (2284), made by login" in words_of(ran.out)
    assert "canary-subject" not in ran.out
    again = homeroom("unlink", "lab-usd", "p-9", "classlink", "--reason", "merged account")
    assert (again.code, "no stored link at this portal" in again.err) == (1, True)


def test_a_person_shows_by_what_sign_in_finds_them(signing: MemoryAws, homeroom: Homeroom) -> None:
    owner, member = record_key(LAB.roster, "people", "p-9")
    signing.world.roster.write([{"owner": owner, "member": member, "entity": "people", "id": "p-9", "run": 1,
                                 "source_id": "s-9", "status": "active", "role": "teacher"}], [])
    seen = words_of(homeroom("person", "lab-usd", "p-9").out)
    assert "Sign-in at classlink: not found, nobody said which value of ClassLink equals which identity" in seen
    assert "Linked at classlink (2284) by login since 2026-09-07 06:00 UTC, at the sign-in LOGIN00001" in seen


def test_an_explanation_lists_the_sign_ins_that_failed() -> None:
    title = CODES["SSO-205"].title
    (made,) = failed_view({"failed": [{"login": "LOGIN00003", "at": START.isoformat(), "outcome": "SSO-205",
                                       "shown": {"title": title}}]})
    assert [list(column.cells) for column in made.columns] == [
        ["LOGIN00003"], ["2026-09-07 06:00"], ["SSO-205"], [title]]
    assert failed_view({"failed": []}) == []
