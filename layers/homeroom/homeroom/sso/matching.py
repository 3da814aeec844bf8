"""Which district a tenant is, and which person of its roster a subject is (reference/sso.md 5.1 and 5.2; ADR 0034).

    rule        the portal tells            the roster's identity      where
    link        subject, at a tenant        none: kept by us           the roster does not hold the subject itself
    id, sis_id, number, sourced_id          as the integration says    always; of Clever's own roster the subject is it
    legacy_id   Clever's older id           legacy_id                  Clever's own roster
    login       ClassLink's LoginId         username                   the district switched it on
    email       email                       email, staff only          the district switched it on

The first rule that finds somebody counts. A link is never moved: what contradicts it is a mix-up (threat T44). Every
question to a roster is a whole key that begins with the roster of this very district: no other one can be met (T23).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from homeroom.model.identities import compared
from homeroom.model.sign_in import Link, Registration
from homeroom.model.sign_in_choices import PortalView, SharedView, SignInView
from homeroom.model.vocabulary import STAFF_ROLES
from homeroom.sso.access import STAFF_HINTS, roles_of
from homeroom.sso.ports import KnownLinks, Outside, Rosters
from homeroom.sso.stops import Stop

if TYPE_CHECKING:
    from homeroom.sso.subject import Subject

LONGEST = 255
"""Of a value that a portal tells; longer ones are of nobody."""
RUN_EVERY_SECONDS = 900
"""How often a district's people who are not there yet may ask for a run (conformance 36)."""
FURTHER = frozenset({"sis_id", "number"})
"""What Clever tells only when it is asked once more (`homeroom.sso.subject.further`), as ClassLink does logins."""
_OF_SOURCE = frozenset({"sourced_id", "legacy_id"})
"""Kinds of identity that are the source's own, and change with it."""
LINKED, LEGACY, LOGIN, EMAIL = "link", "legacy_id", "login", "email"
ARCHIVED_BY_HAND = "archived by hand"
OLD_IDS = "the roster has the ids of the way before until the cross-walk is approved"
NOTHING_APPLIED = "no run was applied yet"
RELINK = "relink"
"""Security event: another subject, or another person, than the link says."""


@dataclass(frozen=True)
class Found:
    """A person of the roster and how they were found. `to_link`: `remember` keeps it, once access was granted."""

    person: str
    record: Mapping[str, Any]
    rule: str
    to_link: bool = False


@dataclass(frozen=True)
class _Clue:
    """A value that the portal told, and the kind of identity that it must equal."""

    rule: str
    kind: str
    value: str


def _unseen(_view: SignInView) -> None:
    """Nobody wants to know."""


def district(
    subject: Subject, registration: Registration, outside: Outside, seen: Callable[[SignInView], None] = _unseen,
) -> SignInView:
    """The integration of the product's line in this tenant. Asks the registry alone: no roster is read for a district
    without a licence. `seen` is told the integration once it is known, also where nobody may sign in by it: then the
    page is counted as the district's. Raises Stop with SSO-201, 202, 301 or 302."""
    tenant = outside.registry.tenant(subject.portal, subject.tenant)
    if tenant is None:
        raise Stop("SSO-201", "no integration has this tenant")
    integration = tenant.integrations.get(registration.line)
    view = outside.registry.sign_in(integration) if integration else None
    if view is None or view.product_line != registration.line:
        raise Stop("SSO-301", "the district has no integration of this product line")
    seen(view)
    if not view.serves(registration.product):
        raise Stop("SSO-301", "the integration does not name this product")
    if not registration.enabled:
        raise Stop("SSO-302", "sign-in to the product is switched off")
    if view.ended:
        raise Stop("SSO-302", "sign-in of the integration ended")
    _refuse_switched_off(subject, view)
    return view


def _refuse_switched_off(subject: Subject, view: SignInView) -> None:
    chosen = view.portals.get(subject.portal)
    if not view.on:
        raise Stop("SSO-202", "sign-in is off")
    if chosen is None:
        raise Stop("SSO-202", "this portal is not one of the integration's")
    if subject.tenant not in chosen.tenants:
        raise Stop("SSO-202", "this tenant is not one of the integration's")
    if not chosen.told:
        raise Stop("SSO-202", "nobody said which value of the portal is which of the roster")


def asks_further(subject: Subject, view: SignInView) -> bool:
    """Whether the portal has to be asked once more, because the integration matches by what it has not told yet."""
    chosen = view.portals[subject.portal]
    needed = {chosen.told} & FURTHER | ({LOGIN} if chosen.by_login else set())
    return not needed <= subject.told.keys()


def person(subject: Subject, view: SignInView, registration: Registration, outside: Outside) -> Found:
    """The one person whom the subject is. Raises Stop with SSO-203 to 208.

    Whoever has not reached us yet asks for a run, at most once in 15 minutes for a district.
    """
    del registration  # what the person may do there is asked of `access`
    try:
        return look(subject, view, outside.rosters, outside.links)
    except Stop as stop:
        if stop.code == "SSO-203" and view.transport != "csv_pushed":  # there a run has nothing to fetch
            _ask_for_a_run(view.integration, outside)
        raise


def look(subject: Subject, view: SignInView, rosters: Rosters, links: KnownLinks) -> Found:
    """As `person`, and nothing is asked for: support looks with it too. Writes nothing."""
    person, rule, to_link = _found(subject, view, rosters, links)
    record = rosters.person(view.integration, person)
    if record is None:
        raise Stop("SSO-203", "the person is not in the roster any more")
    if record.get("status") != "active":
        if left_out(record, view.sharing):
            raise Stop("SSO-208", "what is shared leaves this person out")
        raise Stop("SSO-205", "archived")
    if record.get("archived_by_hand"):
        raise Stop("SSO-205", ARCHIVED_BY_HAND)
    if record.get("enabled") is False:
        raise Stop("SSO-205", "not enabled")
    return Found(person, record, rule, to_link)


def as_edited(record: Mapping[str, Any], over: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The record of a person with what staff laid over it until the next run (`homeroom.aws.edit_items`). Pure."""
    if over is None:
        return record
    return {**record, **(over.get("fields") or {}), "archived_by_hand": over.get("action") == "archive"}


def remember(found: Found, subject: Subject, view: SignInView, login_id: str, outside: Outside) -> None:
    """Keep the link of a first sign-in. Called once access was granted and before anything is handed over.

    Raises Stop with SSO-204 where the person is linked to another subject of this portal, or the subject to another
    person: a link is never moved.
    """
    if not found.to_link:
        return
    link = Link(
        integration=view.integration, portal=subject.portal, tenant=subject.tenant, subject=subject.id,
        person=found.person, rule=found.rule, login_id=login_id, at=outside.clock.now().isoformat(),
    )
    if outside.links.add(link):
        return
    there = outside.links.find(view.integration, subject.portal, subject.tenant, subject.id)
    if there is None or there.person != found.person:  # else: the same first sign-in in two windows
        raise Stop("SSO-204", "the person is linked to another account", security=RELINK)


def _found(subject: Subject, view: SignInView, rosters: Rosters, links: KnownLinks) -> tuple[str, str, bool]:
    """Person, rule, and whether a link is to be kept."""
    old = _of_the_way_before(subject, view, rosters)
    clues = [clue for clue in _clues(subject, view) if not (old and clue.kind in _OF_SOURCE)]
    chosen = view.portals[subject.portal].told
    certain = next((clue for clue in clues if clue.rule == chosen), None)
    here = _holder(certain, view, rosters) if certain else None
    if here is not None and view.holds_subjects_of(subject.portal):
        return here, chosen, False
    link = links.find(view.integration, subject.portal, subject.tenant, subject.id)
    if link is not None:
        if here not in (None, link.person):
            raise Stop("SSO-204", "the link says another person than the roster", security=RELINK)
        return link.person, LINKED, False
    if here is not None:
        return here, chosen, True
    for clue in clues:
        other = _holder(clue, view, rosters) if clue is not certain else None
        if other is not None:
            return other, clue.rule, True
    if old:
        raise Stop("SSO-207", OLD_IDS)
    raise _nobody(clues, view, rosters)


def _of_the_way_before(subject: Subject, view: SignInView, rosters: Rosters) -> bool:
    """Whether the roster still has the ids of another aggregator than this portal's, because the change of it waits for
    its cross-walk. Such an id can be another person's at the portal: two sources may both count from one."""
    if not view.moved_at or subject.portal == view.moved_from:
        return False
    applied = rosters.applied_at(view.integration)
    return not applied or datetime.fromisoformat(applied) <= datetime.fromisoformat(view.moved_at)


def _holder(clue: _Clue, view: SignInView, rosters: Rosters) -> str | None:
    """Who has this identity; by email one of the staff only, whatever the roster's links say."""
    value = compared(clue.kind, clue.value)
    if value.isascii() and not clue.value.isascii():
        return None  # the Kelvin sign becomes a k in small letters: a look-alike, and not what the roster has
    held = rosters.holder(view.integration, clue.kind, value)
    if held is None or clue.rule != EMAIL:
        return held
    roles = roles_of(rosters.person(view.integration, held) or {})
    return held if roles and roles <= STAFF_ROLES else None


def _clues(subject: Subject, view: SignInView) -> list[_Clue]:
    """What the portal told that may find somebody here, in the order of precedence."""
    chosen = view.portals[subject.portal]
    found = (_Clue(rule, kind, subject.told.get(rule, "").strip())
             for rule, kind, counts in _RULES if counts(subject, view, chosen))
    own = _Clue(chosen.told, chosen.roster, subject.told.get(chosen.told, "").strip())
    return [clue for clue in (own, *found) if 0 < len(clue.value) <= LONGEST]


def _of_own_roster(subject: Subject, view: SignInView, _chosen: PortalView) -> bool:
    return view.holds_subjects_of(subject.portal)


def _by_login(subject: Subject, _view: SignInView, chosen: PortalView) -> bool:
    return subject.portal == "classlink" and chosen.by_login


def _staff_by_email(subject: Subject, _view: SignInView, chosen: PortalView) -> bool:
    """The portal must call the account staff. Parents and people without a word have the emails they like."""
    return chosen.staff_by_email and subject.hint in STAFF_HINTS


_RULES: tuple[tuple[str, str, Callable[[Subject, SignInView, PortalView], bool]], ...] = (
    (LEGACY, "legacy_id", _of_own_roster), (LOGIN, "username", _by_login), (EMAIL, "email", _staff_by_email),
)
"""Rules after the configured match: what the portal tells, the kind of identity, and when the rule counts."""


def _nobody(clues: list[_Clue], view: SignInView, rosters: Rosters) -> Stop:
    """Why there is nobody."""
    if not clues:
        return Stop("SSO-206", "the portal told nothing to match by")
    applied, held = rosters.waits(view.integration)
    if applied:
        return Stop("SSO-203", "nobody in the roster has what the portal told")
    return Stop("SSO-207", "the first run is held") if held else Stop("SSO-203", NOTHING_APPLIED)


def left_out(record: Mapping[str, Any], sharing: SharedView) -> bool:
    """Whether the sharing rules of the vendor side leave this person out, as far as the record tells. Pure.

    The rules look further than a record does (`homeroom.shape.sharing`): a class, or an organisation below a chosen
    school, can keep somebody. Asked only of those who are archived, so the worst is a page with the other words.
    """
    roles = roles_of(record)
    shared = roles & set(sharing.roles) if sharing.roles else roles
    if sharing.grades and not set(record.get("grades") or ()) & set(sharing.grades):
        shared = shared - {"student"}
    if roles and not shared:
        return True
    orgs = set(record.get("orgs") or ())
    return bool(sharing.schools and orgs) and not orgs & set(sharing.schools)


def _ask_for_a_run(integration: str, outside: Outside) -> None:
    now = int(outside.clock.now().timestamp())
    if outside.launches.once(f"run#{integration}", until=now + RUN_EVERY_SECONDS, now=now):
        outside.ask_for_a_run(integration)
