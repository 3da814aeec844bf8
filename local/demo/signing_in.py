"""The last part of the demo: a teacher clicks a tile and is in the product; a student is not, because it has no student
login: it is the first such one of the catalogue.

The portal is a pretend ClassLink (`tests/fakes/portal_server.py`), the product the sample product (Flask, Authlib);
what is between is deployed: the functions of sign-in, its tables and its signing key. Real HTTP, and a browser that
draws nothing (`browser.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from pydantic import SecretStr

from homeroom.aws.sign_ins_table import SignInsTable
from homeroom.model import events
from homeroom.model.integration import Integration, PortalSignIn, SignIn
from homeroom.model.sign_in import Portal
from homeroom.model.sign_in_events import AppGiven, ListSignIns, RegisterProduct
from homeroom.products import LINES
from homeroom.products.sign_in import SIGN_IN_OF_LINE
from local.demo import sample
from local.demo.browser import Browser, Seen
from local.demo.neighbours import PORTAL, PRODUCT, Neighbours, free_port
from local.demo.story import ASKS, Story, expect, stopwatch
from local.reasons import Stopped
from local.stack import Stack

LINE = next(name for name, rules in SIGN_IN_OF_LINE.items() if rules.students == "no")
PRODUCT_NAME = LINES[LINE][0]
TEACHER, STUDENT = "teacher-03", "student-0042"
ROLES = {TEACHER: "teacher", STUDENT: "student"}
ACCOUNTS = {TEACHER: "3003", STUDENT: "8042"}
"""Source id → the person's number at the portal."""
_APP_SECRET = "of-the-sample-app-at-the-pretend-portal"  # noqa: S105  # no secret: only the pretend portal knows it


@dataclass
class Click:
    """A tile that somebody clicked: who, where it ended, and how long it took."""

    who: str
    seen: Seen
    seconds: float

    @property
    def code(self) -> str:
        """`SSO-nnn`, where it ended on a page of ours."""
        found = re.search(r"SSO-\d{3}", self.seen.body)
        return found[0] if found else ""

    @property
    def words(self) -> str:
        """For the screen."""
        if self.code:
            return f"page {self.code}: {self.seen.text('h1')}"
        return f"{PRODUCT_NAME} home: {self.seen.text('h1')}, signed in as {self.seen.text('span')}"

    def as_json(self) -> dict[str, Any]:
        return {"who": self.who, "status": self.seen.status, "code": self.code, "ended": self.words,
                "steps": len(self.seen.steps), "shown": len(self.seen.shown), "seconds": round(self.seconds, 2)}


@dataclass
class SigningIn:
    """An integration of its own, a portal that has its district, a product that knows its people."""

    stack: Stack
    front_door: str
    neighbours: Neighbours
    integration: str = ""
    portal: str = ""
    product: str = ""

    def set_up(self) -> dict[str, Any]:
        """As staff do it: the district, the product with its app at the portal, the roster. Returns the run's summary.
        """
        story = Story(self.stack)
        story.integration = self.integration = story.free_name("sonday")
        tenant = f"77{self.integration.rpartition('-')[2]}"
        told = self._portal(tenant)
        self.portal = f"{told['url']}/portal"
        integration = Integration(
            id=self.integration, district_id=sample.DISTRICT_ID, district_name="Sample District",
            aggregator="classlink", product_line=LINE, products=(PRODUCT_NAME,), timezone="America/Chicago",
            hold_first_load=False,
            sign_in=SignIn(on=True, portals={"classlink": PortalSignIn(tenants=(tenant,))}))
        self.stack.ask(events.Connect(operation="connect", integration=integration, **ASKS))
        summary = story.land("sonday.zip", sample.first_day())
        expect(summary, "applied")
        self._product(told)
        return summary

    def click(self, who: str) -> Click:
        """Somebody signs in to the portal and clicks the product's tile, in a browser of their own."""
        browser, took = Browser(), stopwatch()
        browser.open(f"{self.portal}/sign-in?who={ACCOUNTS[who]}")
        seen = browser.open(f"{self.portal}/tile?app={self.integration}")
        return Click(who, seen, took())

    def history(self) -> dict[str, Any]:
        """How the sign-ins of the integration ended, as support sees it."""
        return self.stack.ask(ListSignIns(operation="sign_ins", integration=self.integration))

    def _portal(self, tenant: str) -> Mapping[str, Any]:
        """A pretend ClassLink with the district, two of its people and the product's app; we learn its addresses."""
        people = [{"id": number, "tenant": tenant, "role": ROLES[who], "name": who, "sourced_id": who}
                  for who, number in ACCOUNTS.items()]
        app = {"key": self.integration, "client_id": f"{self.integration}-app", "client_secret": _APP_SECRET,
               "redirect_uri": f"{self.front_door}/cb/classlink/{self.integration}", "name": PRODUCT_NAME}
        known = self.neighbours.write("portal.json", json.dumps({"people": people, "apps": [app]}))
        told = self.neighbours.start(PORTAL, "--portal", "classlink", "--known", str(known))
        # No operation takes an address on this machine: staff accept what a portal itself publishes.
        table = SignInsTable(self.stack.clients("dynamodb"), self.stack.outputs["SignInsTableName"], lambda: b"")
        table.accept_portal(Portal(**told["portal"]))
        return told

    def _product(self, portal: Mapping[str, Any]) -> None:
        """The sample product, registered under the name of the integration; it knows people by their internal ids."""
        port = free_port()
        self.product = f"http://127.0.0.1:{port}"
        given = AppGiven(portal="classlink", key=self.integration, client_id=f"{self.integration}-app",
                         client_secret=SecretStr(_APP_SECRET))
        answer = self.stack.ask(RegisterProduct(
            operation="register_product", slug=self.integration, product=PRODUCT_NAME,
            redirect_uris=(f"{self.product}/sso/callback",), initiate_uri=f"{self.product}/sso/initiate",
            home_url=f"{self.product}/", support_url=f"{self.product}/", apps=(given,), **ASKS))
        secret = self.neighbours.write("client_secret", answer["client_secret"])
        people = self.neighbours.write("people.json", json.dumps({self.integration: self._people()}))
        self.neighbours.start(
            PRODUCT, "--issuer", self.front_door, "--client-id", self.integration, "--client-secret-file", str(secret),
            "--people", str(people), "--name", PRODUCT_NAME, "--portal", f"ClassLink={portal['url']}/portal", port=port)

    def _people(self) -> dict[str, dict[str, str]]:
        """The product's copy of the roster, of those who click: internal id → name and role."""
        read = TypeDeserializer().deserialize
        pages = self.stack.clients("dynamodb").get_paginator("scan")
        listed = pages.paginate(TableName=self.stack.outputs["RosterTableName"], ConsistentRead=True)
        items = ({name: read(value) for name, value in item.items()} for page in listed for item in page["Items"])
        return {item["id"]: {"name": f"{item['given_name']} {item['family_name']}", "role": item["role"]}
                 for item in items if item["owner"].startswith(f"{self.integration}#") and "shard" in item
                 and item["entity"] == "people" and item["source_id"] in ACCOUNTS}


def hold_to_expectations(teacher: Click, student: Click, history: Mapping[str, Any]) -> None:
    """Raises Stopped where somebody ended elsewhere, saw something between, or is not in the history."""
    if (teacher.code, teacher.seen.status, teacher.seen.text("h1")) != ("", 200, "Hello, Teacher 03 Sample"):
        raise Stopped(f"{teacher.who} ended on {teacher.seen.status}: {teacher.seen.text('h1')} {teacher.code}")
    if len(teacher.seen.shown) != 1:
        raise Stopped(f"{teacher.who} saw {len(teacher.seen.shown)} pages on the way")
    if student.code != "SSO-306":
        raise Stopped(f"{student.who} ended on {student.seen.status}: {student.seen.text('h1')} {student.code}")
    refused = {one["outcome"]: one["count"] for one in history["refused"]}
    if (history["signed_in"], refused) != (1, {"SSO-306": 1}):
        raise Stopped(f"the history says {history['signed_in']} signed in and {refused}")
