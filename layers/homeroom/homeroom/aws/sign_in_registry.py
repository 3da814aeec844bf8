"""What staff set up, as sign-in reads it: products, their apps, tenants, portals, and how integrations sign in."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from homeroom.aws import sign_in_items as items
from homeroom.aws.values import plain_item, wired_item
from homeroom.model.sign_in import Portal, Registration, Tenant
from homeroom.model.sign_in_choices import SignInView, sign_in_view
from homeroom.sso.portals import PORTALS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REMEMBERED_SECONDS = 60.0
"""How long a process remembers products and portals. Tenants and integrations are read anew for each sign-in."""
_NAMED = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
"""Products, apps and portals have such names. Anything else in an address is nobody's: a table asked for it could
refuse the key as too long, and an outsider would ring an alarm."""


class SignInRegistry:
    """`homeroom.sso.ports.Registry` on the tables of sign-ins and of integrations. `seconds` is a clock that only
    rises."""

    def __init__(
        self, client: DynamoDBClient, table: str, integrations: str, seconds: Callable[[], float] = time.monotonic
    ):
        self._client = client
        self._table = table
        self._integrations = integrations
        self._seconds = seconds
        self._remembered: dict[str, tuple[float, dict[str, Any]]] = {}

    def registration(self, slug: str) -> Registration | None:
        item = self._known(items.product_owner(slug)) if _NAMED.fullmatch(slug) else None
        return None if item is None else items.registration_of(item)

    def app_owner(self, portal: str, key: str) -> Registration | None:
        named = _NAMED.fullmatch(portal) and _NAMED.fullmatch(key)
        item = self._known(items.app_owner(portal, key)) if named else None
        found = None if item is None else self.registration(item["slug"])
        return found if found is not None and found.app(portal, key) is not None else None

    def tenant(self, portal: str, tenant: str) -> Tenant | None:
        item = self._read(items.tenant_owner(portal, tenant))
        return None if item is None else items.tenant_of(item)

    def portal(self, name: str) -> Portal | None:
        pinned = next((portal for known, portal in PORTALS.items() if known == name), None)
        item = self._known(items.portal_owner(name)) if pinned is not None else None
        return pinned if item is None else items.portal_of(item)

    def sign_in(self, integration: str) -> SignInView | None:
        found = self._client.get_item(
            TableName=self._integrations, Key=wired_item({"id": integration}), ConsistentRead=True)
        return sign_in_view(plain_item(found["Item"])) if "Item" in found else None

    def _known(self, owner: str) -> dict[str, Any] | None:
        """As `_read`, remembered for a minute. What is absent is not remembered: a new product counts at once, and
        names that somebody makes up fill no memory."""
        now = self._seconds()
        kept = self._remembered.get(owner)
        if kept is not None and now - kept[0] <= REMEMBERED_SECONDS:
            return kept[1]
        item = self._read(owner)
        self._remembered.pop(owner, None)
        if item is not None:
            self._remembered[owner] = (now, item)
        return item

    def _read(self, owner: str) -> dict[str, Any] | None:
        found = self._client.get_item(TableName=self._table, Key=items.key(owner), ConsistentRead=True)
        return plain_item(found["Item"]) if "Item" in found else None
