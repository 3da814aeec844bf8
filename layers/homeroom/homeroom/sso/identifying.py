"""The schools of an administrator or teacher whose district has no roster yet (requirement A6; ADR 0034).

A set-up can be told which school is meant by somebody of that school who logs in at Clever. Such a log-in ends on a
page, because there is no roster to find anybody in; then the attempt keeps the ids of the schools and nothing else of
the person. `homeroom.support.signed_in_school` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from homeroom.sso.access import STUDENT
from homeroom.sso.matching import NOTHING_APPLIED, OLD_IDS
from homeroom.sso.ports import Outside
from homeroom.sso.stops import NoAnswer, Stop
from homeroom.sso.strict import short_text
from homeroom.sso.web import told as in_json

if TYPE_CHECKING:
    from homeroom.model.sign_in import Portal
    from homeroom.sso.exchange import Tokens
    from homeroom.sso.subject import Subject

ALL_SCHOOLS = "*"
"""Of a district's administrator, who has no schools at Clever but the district (quirk K6)."""
MOST_SCHOOLS = 50


def schools_for_set_up(stop: Stop, found: Subject, tokens: Tokens, portal: Portal, outside: Outside) -> tuple[str, ...]:
    """The ids of the person's schools at Clever, for `Attempt.schools`; empty where nothing may be kept.

    Asked of Clever at most once, and only of staff whose sign-in just ended for want of a roster. Where Clever does not
    answer there is nothing to keep: the page is the same.
    """
    if not _without_a_roster(stop) or found.portal != "clever" or found.hint in ("", STUDENT):
        return ()
    try:
        reply = outside.web.get(portal.userinfo, {"authorization": f"Bearer {tokens.access_token}"})
        said: Mapping[str, Any] = in_json(reply) if reply.status == 200 else {}
    except NoAnswer:
        outside.noting.count("schools_not_told", portal=found.portal)
        return ()
    if found.id not in (short_text(said.get("sub")), short_text(said.get("multi_role_user_id"))):
        return ()
    schools = said.get("schools")
    named = (_id(one) for one in (schools if isinstance(schools, list) else ()))
    known = tuple(dict.fromkeys(one for one in named if one))[:MOST_SCHOOLS]
    return known or ((ALL_SCHOOLS,) if found.hint == "administrator" else ())


def _without_a_roster(stop: Stop) -> bool:
    """Whether the sign-in ended because its district is not connected, or nothing was synced from it."""
    return stop.reason != OLD_IDS and (stop.code in ("SSO-201", "SSO-207") or stop.reason == NOTHING_APPLIED)


def _id(school: object) -> str:
    """A school is told by its id, or as an object that has it."""
    return short_text(school.get("id")) if isinstance(school, dict) else short_text(school)
