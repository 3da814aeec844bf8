"""The scene of `tests/sso/scene.py` on the embedded AWS: real functions, tables, keys, and rosters that runs synced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from homeroom.aws.sign_in_items import attempt_of
from homeroom.aws.sign_ins_table import SignInsTable
from homeroom.aws.values import plain_item
from homeroom.model import events
from homeroom.model.integration import Integration, PortalSignIn, SignIn
from homeroom.model.sign_in import Attempt
from homeroom.model.sign_in_events import AppGiven, RegisterProduct
from homeroom.model.source import CleverApi
from local.demo import sample
from local.embedded import Embedded
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
def embedded_scene(aws: Embedded, name: str) -> Iterator[Scene]:
    """Two integrations under this name: Sonday by files that land, ClassLink as portal; Galileo by Clever's API."""
    known: dict[tuple[str, str], Person] = {}

    def register(settings: Settings) -> str:
        return _registered(aws, settings)

    with around(aws.front_door, lambda district, person: known.get((district, person)), register) as parts:
        table = _table(aws)
        for portal in TENANT:
            table.accept_portal(parts[portal].portal())
        known |= _names(_sonday(aws, f"{name}-sonday"))
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


def _table(aws: Embedded) -> SignInsTable:
    assert aws.stack is not None
    return SignInsTable(aws.clients("dynamodb"), aws.stack["SignInsTableName"], lambda: b"")


def _registered(aws: Embedded, settings: Settings) -> str:
    """As staff do it: the product gets the client secret that the operation shows once."""
    slug, product, _, portal = next(offer for offer in OFFERS if offer[0] == settings.client_id)
    app = app_of(slug, portal)
    answer = Lab(aws, "none").stack.ask(RegisterProduct(
        operation="register_product", slug=slug, product=product, redirect_uris=(settings.redirect_uri,),
        initiate_uri=settings.initiate_uri, home_url=f"{settings.base_url}/", support_url=f"{settings.base_url}/help",
        apps=(AppGiven(portal=portal, key=slug, client_id=app.id, client_secret=SecretStr(app.secret)),),
        rotate=True, **ASKS))
    return str(answer["client_secret"])


def _sonday(aws: Embedded, name: str) -> Lab:
    lab = Lab(aws, name).connect(
        district_id=sample.DISTRICT_ID, aggregator="classlink", product_line="Sonday", products=("Sonday System 1",),
        timezone="America/Chicago",
        sign_in=SignIn(on=True, portals={"classlink": PortalSignIn(tenants=(TENANT["classlink"],))}))
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
