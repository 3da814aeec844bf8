"""How people of an integration sign in, in words: what counts, also where it goes without saying, and why it ended."""

from __future__ import annotations

from typing import Any

from homeroom.model.integration import Integration
from homeroom.model.sign_in_choices import PortalView, sign_in_view
from homeroom.products.refusals import PORTALS


def sign_in_shown(integration: Integration) -> dict[str, Any]:
    """Whether people sign in, and portal by portal what counts; `text` says it in a sentence."""
    view = sign_in_view(integration.model_dump(mode="json"))
    return {"signs_in": {
        "on": view.on, "students": view.students, "text": _text(integration),
        "portals": [_portal(name, portal) for name, portal in view.portals.items()],
    }}


def lost_portals(before: Integration, after: Integration) -> str:
    """What a change takes away from people who sign in, in words; empty where no portal goes."""
    if not (before.sign_in.on and after.sign_in.on):
        return ""
    was, now = (sign_in_view(one.model_dump(mode="json")).portals for one in (before, after))
    gone = [PORTALS[name] for name in was if name not in now]
    return f"nobody signs in through {' or '.join(gone)} any more" if gone else ""


def _text(integration: Integration) -> str:
    chosen = integration.sign_in
    if chosen.ended is not None:
        return (f"ended on {chosen.ended.at:%Y-%m-%d}, because {chosen.ended.reason}: people see SSO-302. Once a run "
                "was applied since, it can be switched on again")
    if not chosen.on:
        return "off"
    return "on, of students too" if chosen.students else "on"


def _portal(name: str, portal: PortalView) -> dict[str, Any]:
    match = f"{portal.told} = {portal.roster}" if portal.told else ""
    told = [f"tenant {' and '.join(portal.tenants)}" if portal.tenants else "no tenant is named",
            f"its {portal.told} equals the {portal.roster} of the roster" if match else "no match is named",
            "LoginId finds a username" if portal.by_login else "",
            "staff by email" if portal.staff_by_email else "", portal.launch_url]
    return {"portal": name, "tenants": list(portal.tenants), "match": match, "by_login": portal.by_login,
            "staff_by_email": portal.staff_by_email, "launch_url": portal.launch_url,
            "text": f"{PORTALS[name]}: {'; '.join(part for part in told if part)}"}
