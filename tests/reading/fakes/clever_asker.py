"""A simple client and a clock for the tests of the fake Clever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import requests

from tests.fakes.clever_rows import Json, clever_id
from tests.fakes.clever_server import CLIENT_ID, CLIENT_SECRET, Clever

KINDS = ("schools", "terms", "courses", "sections", "users")


class Asker:
    """A client without any cleverness: asks once, as the first district's app unless told otherwise."""

    def __init__(self, clever: Clever):
        self.clever = clever
        self.session = requests.Session()

    def get(self, uri: str, token: str | None = None) -> requests.Response:
        """As the first district, or with this token."""
        bearer = self.clever.district.token if token is None else token
        return self.session.get(self.clever.url + uri, headers={"Authorization": f"Bearer {bearer}"},
                                allow_redirects=False, timeout=10)

    def basic(self, uri: str, secret: str = CLIENT_SECRET) -> requests.Response:
        """As the app itself."""
        return self.session.get(self.clever.url + uri, auth=(CLIENT_ID, secret), timeout=10)

    def objects(self, uri: str) -> list[Json]:
        """All objects of a list, page after page."""
        found: list[Json] = []
        following: str | None = uri
        while following:
            page = self.get(following).json()
            found += [one["data"] for one in page["data"]]
            following = links(page).get("next")
        return found

    def ids(self, uri: str) -> list[str]:
        """Their ids, in the order of the answers."""
        return [one["id"] for one in self.objects(uri)]

    def everything(self) -> dict[str, dict[str, Json]]:
        """Kind → id → object, as a full read sees it."""
        return {kind: {one["id"]: one for one in self.objects(f"/v3.0/{kind}")} for kind in KINDS}

    def changes(self) -> list[str]:
        """The types of all events, in order."""
        return [event["type"] for event in self.objects("/v3.0/events")]


def links(page: Json) -> dict[str, str]:
    """`rel` → `uri` of an answer."""
    return {link["rel"]: link["uri"] for link in page["links"]}


def user(source_id: str) -> str:
    """Clever's id of a user of the first district."""
    return clever_id("users", source_id)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 9, 1, 3, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        """Later, by what timedelta takes."""
        self.moment += timedelta(**by)
