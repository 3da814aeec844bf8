"""A sign-in in words: how far it came, which page ended it and why, whose turn it is, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from homeroom.model.sign_in import CODE_SECONDS, SIGNED_IN, Attempt
from homeroom.products import PRODUCTS, sign_in_of
from homeroom.sso.codes import CODES, Fault
from homeroom.sso.matching import ARCHIVED_BY_HAND, NOTHING_APPLIED
from homeroom.sso.portals import PORTALS

TURNS: Mapping[Fault, str] = {
    "nobody": "nobody: it is as it should be",
    "person": "the person: a new start from the portal",
    "district": "the district",
    "portal": "the portal: Clever or ClassLink",
    "vendor": "Homeroom's support",
    "attack": "Homeroom's support, at once: it looks like an attack",
}
"""Who acts, by what a page says of itself."""
STEPS: Mapping[str, str] = {
    "asked": "the product asked us who it is",
    "callback": "the portal sent the browser to us",
    "refusal": "the portal sent the browser back with an error",
    "exchange": "the answer belongs to this browser; its code was taken to the portal",
    "id_token": "the portal answered, and what it said was checked",
    "subject": "the portal told who it is",
    "district": "we knew the person at the portal, and looked for the district",
    "person": "the district was found, and the person looked for in its roster",
    "access": "the person was found; what was left is whether they may",
    "handoff": "everything was granted; what was left is to send the browser to the product with a one-time code",
}
"""How far a sign-in came, by the word of its step."""
NEXT_BY_REASON: Mapping[tuple[str, str], str] = {
    ("SSO-103", "token: client refused"): "The portal does not take our client secret: was it made anew there? Store "
                                          "it with `register`.",
    ("SSO-203", NOTHING_APPLIED): "The roster is empty, no run was applied yet: `status` says whose turn it is.",
    ("SSO-205", ARCHIVED_BY_HAND): "Staff archived the person by hand until the next run: `person` shows who and when, "
                                   "`release` takes it back.",
    ("SSO-302", "sign-in to the product is switched off"): "The product is switched off for every district: "
                                                           "`registrations` shows it, `register --enable` ends that.",
}
"""Page and reason → what to do, where the page alone would send people to look in the wrong place."""
_FAULT_BY_REASON: Mapping[tuple[str, str], Fault] = {("SSO-103", "token: client refused"): "vendor"}
"""Where the reason says that somebody else acts than the page does."""
RULES: Mapping[str, str] = {
    "link": "the link of an earlier sign-in", "id": "Clever's id", "sis_id": "the SIS id that Clever tells",
    "number": "the number that Clever tells", "sourced_id": "the OneRoster id that ClassLink tells",
    "legacy_id": "Clever's older id", "login": "ClassLink's LoginId", "email": "the email address (staff)",
}


def portal_words(name: str) -> str:
    """What people call a portal; empty for none that we know."""
    return next((portal.words for portal in PORTALS.values() if portal.name == name), "")


def came(attempt: Attempt) -> str:
    """How far it came, in a sentence."""
    if attempt.outcome == SIGNED_IN:
        return "everything was granted; the browser went to the product with a one-time code"
    return STEPS.get(attempt.step, attempt.step)


def cause(attempt: Attempt) -> dict[str, Any]:
    """The page that was shown, what it means for support, and whose fault it is; nulls where all went well."""
    code = CODES.get(attempt.outcome)
    if code is None:
        return {"shown": None, "support": "", "fault": None}
    words = {"product": attempt.product or "the product", "portal": portal_words(attempt.portal) or "the portal"}
    return {"shown": {"title": _filled(code.title, words), "text": _filled(code.text, words)},
            "support": code.support, "fault": code.fault}


def turn(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Whose turn it is, and what to do. Of one that went well: the product's, where it never asked who it is."""
    code = CODES.get(attempt.outcome)
    if code is not None:
        todo = f"{next_step(attempt.outcome, attempt.reason)} {_door(attempt)}"
        fault = _FAULT_BY_REASON.get((attempt.outcome, attempt.reason), code.fault)
        return {"turn": TURNS[fault], "next": todo.strip()}
    if attempt.redeemed_at:
        return {"turn": TURNS["nobody"], "next": "Nothing: the product knows who it is. What comes after is its own."}
    if now - datetime.fromisoformat(attempt.at) < timedelta(seconds=CODE_SECONDS):
        return {"turn": TURNS["nobody"], "next": "Wait a minute: the product has not fetched its token yet."}
    return {"turn": "the product's team", "next": (
        "The product never fetched its token: its server did not reach us, has a wrong client secret, or the person"
        " left. Its log tells which answer our token address gave.")}


def next_step(code: str, reason: str) -> str:
    """What support does about a page of ours; the reason may tell more than the page."""
    return NEXT_BY_REASON.get((code, reason), CODES[code].support)


def _door(attempt: Attempt) -> str:
    """The address on the page for people who log in elsewhere; empty where the page shows none."""
    if attempt.outcome != "SSO-307" or attempt.product not in PRODUCTS:
        return ""
    door = sign_in_of(PRODUCTS[attempt.product]).refused.get("administrator")
    return f"Here: {door.address}." if door and door.address else ""


def in_short(attempt: Attempt) -> dict[str, Any]:
    """One line of a list."""
    names = ("at", "product", "portal", "outcome", "reason", "step", "person", "role", "rule", "tenant")
    return {"login": attempt.login_id} | {name: getattr(attempt, name) for name in names} | {
        "fetched": bool(attempt.redeemed_at)}


def story(attempt: Attempt, district: str) -> list[str]:
    """The sign-in from its start to its end, a sentence each."""
    return [*_began(attempt), *_where(attempt, district), *_who(attempt), *_ended(attempt)]


def _began(attempt: Attempt) -> Iterator[str]:
    portal = portal_words(attempt.portal) or "a portal that it did not name"
    app = f" (app {attempt.app})" if attempt.app and attempt.app != attempt.product else ""
    yield f"{_second(attempt.at)} UTC: {attempt.product or 'a product that it did not name'} from {portal}{app}."
    if attempt.unsolicited:
        yield "It began at the portal: its first code was dropped, and we asked the portal ourselves."
    anew = attempt.hops - attempt.unsolicited  # the first start of a click on a tile is told above
    if anew > 0:
        yield f"It started anew {anew} {'time' if anew == 1 else 'times'} on the way."
    yield f"It came so far: {came(attempt)}."


def _where(attempt: Attempt, district: str) -> Iterator[str]:
    if attempt.integration:
        named = f"{district} (integration {attempt.integration})" if district else f"integration {attempt.integration}"
        yield f"The district is {named}, at the portal {attempt.tenant or 'not told'}."
    elif attempt.tenant:
        yield f"The portal named the district {attempt.tenant}; it led to no integration."


def _who(attempt: Attempt) -> Iterator[str]:
    if attempt.person:
        rule = f", found by {RULES.get(attempt.rule, attempt.rule)}" if attempt.rule else ""
        role = f", as {attempt.role}" if attempt.role else ""
        yield f"The person is {attempt.person}{rule}{role}."


def _ended(attempt: Attempt) -> Iterator[str]:
    code = CODES.get(attempt.outcome)
    if code is not None:
        because = f" because of this: {attempt.reason}" if attempt.reason else ""
        yield f"It ended on the page {code.code}, “{cause(attempt)['shown']['title']}”{because}."
    elif attempt.redeemed_at:
        yield f"It went well, and the product fetched who it is at {_second(attempt.redeemed_at)} UTC."
    else:
        yield "It went well, but the product has not fetched who it is."


def _filled(text: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text


def _second(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S")
