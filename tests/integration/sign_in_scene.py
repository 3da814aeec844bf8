"""The scene of `tests/sso/scene.py` on the embedded AWS: real functions, tables, keys, and rosters that runs synced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from homeroom.aws.sign_in_items import attempt_of
from homeroom.aws.sign_ins_table import SignInsTable
from homeroom.aws.values import plain_item
from homeroom.model import events
from homeroom.model.integration import Integration, PortalSignIn, SignIn
from homeroom.model.sign_in import Attempt, Portal, PortalName
from homeroom.model.sign_in_events import AppGiven, RegisterProduct
from homeroom.model.source import CleverApi
from local.demo import sample
from local.embedded import Embedded, deploy, embedded
from local.sample_product.people import Person
from local.sample_product.product import Settings
from tests.builders.oneroster import small_district
from tests.fakes.clever_server import Clever
from tests.fakes.clever_server import serving as clever_serving
from tests.integration.labs import ASKS, Lab
from tests.sso.scene import NAMES, OFFERS, TENANT, Scene, app_of, around

ADMINISTRATOR = {
    "sourcedId": "administrator-01", "enabledUser": "true", "orgSourcedIds": "school-north", "role": "administrator",
    "username": "administrator-01", "givenName": "Administrator 01", "familyName": "Sample",
}
"""The sample district has none of its own."""


@contextmanager
def own_stack() -> Iterator[Embedded]:
    """A stack of its own: where the portals are is one setting for all of a stack, and is remembered for a minute."""
    with embedded() as started:
        yield replace(started, stack=deploy(started.clients))


@contextmanager
def embedded_scene(aws: Embedded, name: str) -> Iterator[Scene]:
    """Two integrations under this name: Sonday by files that land, ClassLink as portal; Galileo by Clever's API."""
    known: dict[tuple[str, str], Person] = {}

    def registered(settings: Settings) -> str:
        slug, product, _, portal = next(offer for offer in OFFERS if offer[0] == settings.client_id)
        app = app_of(slug, portal)
        return register(aws, slug=slug, product=product, base_url=settings.base_url, portal=portal, client_id=app.id,
                        client_secret=app.secret)

    with around(aws.front_door, lambda district, person: known.get((district, person)), registered) as parts:
        for portal in TENANT:
            accept(aws, parts[portal].portal())
        known |= _names(sonday(aws, f"{name}-sonday"))
        with _galileo(aws, f"{name}-galileo") as galileo:
            known |= _names(galileo)
            yield Scene(**parts, attempts=lambda: attempts(aws))


def attempts(aws: Embedded) -> Sequence[Attempt]:
    """The whole history of sign-ins."""
    assert aws.stack is not None
    pages = aws.clients("dynamodb").get_paginator("scan")
    listed = pages.paginate(TableName=aws.stack["SignInsTableName"], ConsistentRead=True)
    items = [plain_item(item) for page in listed for item in page["Items"]]
    return [attempt_of(item) for item in items if "login_id" in item and "outcome" in item]


def accept(aws: Embedded, portal: Portal) -> None:
    """Let sign-in use the addresses of a portal on this machine: no operation takes such."""
    assert aws.stack is not None
    SignInsTable(aws.clients("dynamodb"), aws.stack["SignInsTableName"], lambda: b"").accept_portal(portal)


def register(aws: Embedded, *, slug: str, product: str, base_url: str, portal: PortalName, client_id: str,
             client_secret: str) -> str:
    """As staff do it: a product with its app; its client secret, which the operation shows once."""
    app = AppGiven(portal=portal, key=slug, client_id=client_id, client_secret=SecretStr(client_secret))
    answer = Lab(aws, "none").stack.ask(RegisterProduct(
        operation="register_product", slug=slug, product=product, redirect_uris=(f"{base_url}/sso/callback",),
        initiate_uri=f"{base_url}/sso/initiate", home_url=f"{base_url}/", support_url=f"{base_url}/help", apps=(app,),
        rotate=True, **ASKS))
    return str(answer["client_secret"])


def sonday(aws: Embedded, name: str, tenant: str = TENANT["classlink"]) -> Lab:
    """The sample district with an administrator, synced, ClassLink as its portal."""
    lab = Lab(aws, name).connect(
        district_id=sample.DISTRICT_ID, aggregator="classlink", product_line="Sonday", products=("Sonday System 1",),
        timezone="America/Chicago", sign_in=SignIn(on=True, portals={"classlink": PortalSignIn(tenants=(tenant,))}))
    export = sample.first_day().with_rows("users", [ADMINISTRATOR])
    assert lab.land(export.zip_bytes())["outcome"] == "applied"
    return lab


@contextmanager
def _galileo(aws: Embedded, name: str) -> Iterator[Lab]:
    app = Clever()
    served = app.add_district(small_district())
    assert served.id == TENANT["clever"]
    lab = Lab(aws, name)
    with clever_serving(app) as url:
        integration = Integration(
            id=name, transport="clever_api", source=CleverApi(url=url, sign_in_url=url), district_id=served.id,
            aggregator="clever", product_line="Galileo", products=("Galileo K-12",), hold_first_load=False,
            quiet_seconds=0, sign_in=SignIn(on=True, students=True))
        credentials = {"client_id": SecretStr(app.client_id), "client_secret": SecretStr(app.client_secret)}
        lab.stack.ask(events.Connect(operation="connect", integration=integration, credentials=credentials, **ASKS))
        lab.stack.ask(events.RunNow(operation="run", integration=name, **ASKS))
        assert lab.ended()["outcome"] == "applied"
        yield lab


def _names(lab: Lab) -> Mapping[tuple[str, str], Person]:
    """The product's copy of the roster: internal ids are those that the run has minted."""
    people: list[Any] = [item for item in lab.items() if item.get("entity") == "people" and "shard" in item]
    return {(lab.name, item["id"]): NAMES[item["source_id"]] for item in people if item["source_id"] in NAMES}
