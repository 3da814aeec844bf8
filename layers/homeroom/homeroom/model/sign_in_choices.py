"""How people of an integration sign in, as the district chose it; and the same read from the table without pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MatchValue = str
"""What the portal tells: `id` (Clever's user id), `sis_id` or `number` (Clever, of the person's roles), `sourced_id`
(ClassLink's OneRoster id)."""


@dataclass(frozen=True)
class PortalView:
    """One portal of an integration. `told` is the value that the portal tells, `roster` the kind of identity link that
    equals it; both empty while nobody said so, and then nobody is found."""

    tenants: tuple[str, ...] = ()
    told: str = ""
    roster: str = ""
    by_login: bool = False
    staff_by_email: bool = False
    launch_url: str = ""


@dataclass(frozen=True)
class SharedView:
    """What the vendor side takes of what the district shares (`homeroom.model.sharing`); an empty list takes all."""

    schools: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignInView:
    """What sign-in needs of an integration. `ended` is why sign-in was ended, empty while it was not. `moved_at`: since
    when (ISO) the roster is to come another way than `moved_from` (an aggregator); empty where it always came this way.
    """

    integration: str
    district_name: str
    product_line: str
    products: tuple[str, ...]
    aggregator: str
    transport: str
    on: bool
    students: bool
    ended: str = ""
    portals: Mapping[str, PortalView] = field(default_factory=dict)
    sharing: SharedView = SharedView()
    moved_from: str = ""
    moved_at: str = ""

    def holds_subjects_of(self, portal: str) -> bool:
        """Whether the roster's own ids are the portal's ids of users: then the roster is the link."""
        own = self.aggregator == portal == "clever" and self.transport == "clever_api"
        told = self.portals.get(portal, PortalView())
        return own and (told.told, told.roster) == ("id", "sourced_id")

    def serves(self, product: str) -> bool:
        """Whether the roster is for this product; an integration that names none serves all of its line."""
        return not self.products or product in self.products


def sign_in_view(item: Mapping[str, Any]) -> SignInView:
    """The view of an integration's item, as `homeroom.model.integration` writes it (a test holds both together)."""
    chosen = item.get("sign_in") or {}
    ended = chosen.get("ended") or {}
    shared = item.get("sharing") or {}
    moving = item.get("moving") or {}
    return SignInView(
        integration=item["id"], district_name=item.get("district_name", ""),
        product_line=item.get("product_line", ""), products=tuple(item.get("products") or ()),
        aggregator=item.get("aggregator", "none"), transport=item.get("transport", ""),
        on=bool(chosen.get("on")), students=bool(chosen.get("students")), ended=ended.get("reason", ""),
        portals={name: _portal(item, name, told) for name, told in _portals(item, chosen).items()},
        sharing=SharedView(**{name: tuple(shared.get(name) or ()) for name in ("schools", "grades", "roles")}),
        moved_from=moving.get("aggregator", ""), moved_at=moving.get("at", ""),
    )


def _portals(item: Mapping[str, Any], chosen: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The portals that were named; the aggregator's own where none was."""
    named: Mapping[str, Mapping[str, Any]] = chosen.get("portals") or {}
    aggregator = item.get("aggregator", "none")
    return named or ({} if aggregator == "none" else {aggregator: {}})


def _portal(item: Mapping[str, Any], name: str, told: Mapping[str, Any]) -> PortalView:
    match = told.get("match") or _own_match(item, name)
    tenants = tuple(told.get("tenants") or ())
    if not tenants and name == "clever" and item.get("transport") == "clever_api" and item.get("district_id"):
        tenants = (item["district_id"],)
    return PortalView(
        tenants=tenants, told=match.get("portal", ""), roster=match.get("roster", ""),
        by_login=bool(told.get("by_login")), staff_by_email=bool(told.get("staff_by_email")),
        launch_url=told.get("launch_url") or "",
    )


def _own_match(item: Mapping[str, Any], name: str) -> Mapping[str, str]:
    """What is certain by itself: the ids of the roster are the portal's own (D5)."""
    if item.get("aggregator") != name:
        return {}
    if name == "clever":
        return {"portal": "id", "roster": "sourced_id"} if item.get("transport") == "clever_api" else {}
    return {"portal": "sourced_id", "roster": "sourced_id"}
