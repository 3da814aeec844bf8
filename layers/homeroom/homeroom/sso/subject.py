"""Who somebody is at a portal: from the checked id_token, and where it says too little from the portal's own calls.

    Clever, OIDC       sub = multi_role_user_id and district of the id_token; /userinfo only where it has no district
    Clever, OAuth      /userinfo and /v3.1/me, which must agree (reference/sso.md 2.7, clever.md 3.1)
    ClassLink          classLink_* claims; my/info only where tenant or sourcedId is not among them (sso.md 1.4, 1.5)

What two sources say of the tenant or the subject must be equal (T22, T24). Names are never read; an email is taken
where it is told and missed nowhere (K60).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from homeroom.model.sign_in import App, Portal, PortalName
from homeroom.sso.exchange import Tokens
from homeroom.sso.ports import Outside
from homeroom.sso.stops import NoAnswer, Stop
from homeroom.sso.strict import short_text
from homeroom.sso.web import told as in_json

HINTS: Mapping[str, str] = {
    "student": "student", "teacher": "teacher", "staff": "staff", "district admin": "administrator",
    "district_admin": "administrator", "tenant administrator": "administrator",
}
"""A portal's word, in small letters → ours (reference/sso.md 5.3). Every other word is no hint; none adds a right."""
CLEVER_VERSION = "v3.1"
_TENANT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SIS_ID: Mapping[str, tuple[str, str]] = {
    "student": ("sis_id", "student_number"), "teacher": ("sis_id", "teacher_number"), "staff": ("staff_id", ""),
}
"""Role at Clever → the fields of it that hold the SIS's id and its number of the person (clever.md 1.7)."""


@dataclass(frozen=True)
class Subject:
    """A person of a portal. `id` is the portal's own, `tenant` its district; `hint` a role word of ours or empty.

    `told` has what is known of `id`, `legacy_id`, `sourced_id`, `login`, `email`, and after `further` `sis_id` and
    `number`; never an empty value.
    """

    portal: PortalName
    tenant: str
    id: str = field(repr=False)
    told: Mapping[str, str] = field(repr=False)
    hint: str = ""


def subject(tokens: Tokens, claims: Mapping[str, Any] | None, portal: Portal, app: App, outside: Outside) -> Subject:
    """Who signed in at the portal. `claims` are those of the checked id_token; None only for an app without OIDC.

    Raises Stop: SSO-103 where the portal does not answer, SSO-109 where what it says does not fit together.
    """
    if claims is None and (app.oidc or portal.name != "clever"):
        raise Stop("SSO-109", "no id_token")
    if portal.name == "classlink":
        return _of_classlink(claims or {}, tokens, portal, outside)
    return _plain_clever(tokens, portal, outside) if claims is None else _of_clever(claims, tokens, portal, outside)


def further(found: Subject, tokens: Tokens, portal: Portal, outside: Outside) -> Subject:
    """The same with what only a call of its own tells: Clever's `sis_id` and `number` of the person's roles,
    ClassLink's `login` and `email`. Asked only where the integration matches by them. Raises Stop as `subject` does."""
    if portal.name == "classlink":
        more = _my_info(tokens, portal, outside)
        _agree("tenant", found.tenant, _tenant(more.get("tenantid")))
        _same_number(found.id, more)
        return replace(found, told={**_told_by_info(more), **found.told})
    data = _data(_asked(f"{portal.api}/{CLEVER_VERSION}/users/{quote(found.id, safe='')}", "user", tokens, outside))
    _agree("subject", found.id, short_text(data.get("id")))
    if "district" in data:
        _agree("tenant", found.tenant, _tenant(data["district"]))
    return replace(found, told=_present({**found.told, **_of_sis(data.get("roles"), found.hint)}))


def hint_of(words: object) -> str:
    """The role that a portal's word stands for; of several (a list, or joined by commas) the first one that is known.

    None where students' and adults' words are mixed: then it tells nothing.
    """
    listed: Iterable[object] = words if isinstance(words, list) else short_text(words).split(",")
    known = [HINTS[word] for word in (short_text(one).casefold() for one in listed) if word in HINTS]
    return known[0] if known and len({hint == "student" for hint in known}) == 1 else ""


def _of_clever(claims: Mapping[str, Any], tokens: Tokens, portal: Portal, outside: Outside) -> Subject:
    said = claims
    if "district" not in claims:
        more = _asked(portal.userinfo, "userinfo", tokens, outside)
        _agree("subject", short_text(claims.get("sub")), short_text(more.get("sub")))
        said = {**more, **claims}
    return _clever_subject(said)


def _plain_clever(tokens: Tokens, portal: Portal, outside: Outside) -> Subject:
    """Without OIDC (sso.md 2.7): userinfo says who it is, and me, which older apps use, must say the same."""
    said = _asked(portal.userinfo, "userinfo", tokens, outside)
    if not all(short_text(said.get(name)) for name in ("sub", "user_type")):
        raise Stop("SSO-109", "userinfo says too little")
    found = _clever_subject(said)
    whole = _asked(f"{portal.api}/{CLEVER_VERSION}/me", "me", tokens, outside)
    me = _data(whole)
    _granted(me)
    _agree("tenant", found.tenant, _tenant(me.get("district")))
    known = {short_text(said.get(name)) for name in ("sub", "multi_role_user_id", "user_id")} - {""}
    if not known & {short_text(me.get("id")), _canonical(whole)}:
        raise Stop("SSO-109", "another subject", security="subject mismatch")
    return found


def _clever_subject(said: Mapping[str, Any]) -> Subject:
    """`sub` is Clever's user id of API v3; where `multi_role_user_id` is told too it is that (sso.md 2.4, K52)."""
    _granted(said)
    tenants = {_tenant(said[name]) for name in ("district", "district_id") if name in said}
    if len(tenants) > 1:
        raise Stop("SSO-109", "another tenant", security="tenant mismatch")
    person = short_text(said.get("multi_role_user_id")) or short_text(said.get("sub"))
    told = {"id": person, "legacy_id": short_text(said.get("user_id")), "email": short_text(said.get("email"))}
    return Subject("clever", _some(next(iter(tenants), "")), person, _present(told), hint_of(said.get("user_type")))


def _of_classlink(claims: Mapping[str, Any], tokens: Tokens, portal: Portal, outside: Outside) -> Subject:
    tenant = _tenant(claims.get("classLink_tenant_id"))
    named = _tenant(claims.get("classLink_tenant_id_string"))
    if tenant and named:
        _agree("tenant", tenant, named)
    tenant, person = tenant or named, short_text(claims.get("sub"))
    sourced, role = short_text(claims.get("classLink_sourcedId")), claims.get("classLink_role")
    told = {"id": person, "sourced_id": sourced, "email": short_text(claims.get("email"))}
    if not (tenant and sourced):
        more = _my_info(tokens, portal, outside)
        _same_number(person, more)
        if tenant:
            _agree("tenant", tenant, _tenant(more.get("tenantid")))
        tenant = tenant or _tenant(more.get("tenantid"))
        told = {**_told_by_info(more), **_present(told)}
        role = role or more.get("role")
    return Subject("classlink", _some(tenant), person, _present(told), hint_of(role))


def _my_info(tokens: Tokens, portal: Portal, outside: Outside) -> Mapping[str, Any]:
    """my/info with its names in small letters: samples and libraries of ClassLink differ in case (sso.md 1.5)."""
    said = _asked(f"{portal.api}/v2/my/info", "my/info", tokens, outside)
    made = {name.casefold(): value for name, value in said.items()}
    if len(made) != len(said):
        raise Stop("SSO-109", "my/info says something twice")
    return made


def _told_by_info(said: Mapping[str, Any]) -> Mapping[str, str]:
    return _present({"sourced_id": short_text(said.get("sourcedid")), "login": short_text(said.get("loginid")),
                     "email": short_text(said.get("email"))})


def _same_number(person: str, info: Mapping[str, Any]) -> None:
    """The user of my/info, where both ids are numbers. That `sub` always is `UserId` is not certain (ADR 0033)."""
    user = short_text(info.get("userid"))
    if user.isdecimal() and person.isdecimal():
        _agree("subject", person, user)


def _of_sis(roles: object, hint: str) -> Mapping[str, str]:
    """The SIS's id and number: of the role of this sign-in, else what all roles say alike; never one of two."""
    of_role = {name: role for name, role in roles.items() if name in _SIS_ID and isinstance(role, dict)} \
        if isinstance(roles, dict) else {}
    chosen = {hint: of_role[hint]} if hint in of_role else of_role
    made = {}
    for place, name in enumerate(("sis_id", "number")):
        values = {short_text(role.get(_SIS_ID[key][place])) for key, role in chosen.items()} - {""}
        if len(values) == 1:
            made[name] = values.pop()
    return made


def _asked(address: str, what: str, tokens: Tokens, outside: Outside) -> Mapping[str, Any]:
    """The JSON object at an address of the portal, with the person's token. Raises Stop."""
    try:
        reply = outside.web.get(address, {"authorization": f"Bearer {tokens.access_token}"})
        if reply.status == 200:
            return in_json(reply)
    except NoAnswer as none:
        raise Stop("SSO-103", f"{what}: {none.what}") from None
    raise Stop("SSO-103", f"{what}: status {reply.status}")


def _data(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    data = whole.get("data")
    if not isinstance(data, dict):
        raise Stop("SSO-109", "an answer without data")
    return data


def _canonical(whole: Mapping[str, Any]) -> str:
    """The user that the `canonical` link of /me names, in whose `id` an id of a role was seen (clever.md 3.1)."""
    links = whole.get("links")
    named = [link.get("uri") for link in links if isinstance(link, dict) and link.get("rel") == "canonical"] \
        if isinstance(links, list) else []
    return short_text(named[0]).rpartition("/users/")[2] if named else ""


def _granted(said: Mapping[str, Any]) -> None:
    """What a teacher allowed for herself is another world than what a district grants (sso.md 2.4)."""
    if said.get("authorized_by") not in (None, "", "district"):
        raise Stop("SSO-109", "not granted by the district")


def _tenant(value: object) -> str:
    text = short_text(value)
    return text if _TENANT.fullmatch(text) else ""


def _some(tenant: str) -> str:
    if not tenant:
        raise Stop("SSO-109", "no tenant")
    return tenant


def _agree(what: str, ours: str, theirs: str) -> None:
    if ours != theirs or not ours:
        raise Stop("SSO-109", f"another {what}", security=f"{what} mismatch")


def _present(told: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in told.items() if value}
