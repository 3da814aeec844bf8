"""Integrations that are fetched, what a connection test may find, and a stub that finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeroom.errors import SourceUnusable
from homeroom.model.directory import Entra
from homeroom.model.integration import Integration
from homeroom.model.setup import Finding, OrgSeen, Probe
from homeroom.model.source import CleverApi, OneRosterRest, SftpPull

KEY, SECRET = "key-of-the-lab", "s3cret-Never-Shown-91"
KEY_AND_SECRET = {"key": KEY, "secret": SECRET}
APP = {"client_id": KEY, "client_secret": SECRET}
DISTRICT = OrgSeen(id="d-1", name="Sample District", identifier="0801234", state="running")
OTHER = OrgSeen(id="d-2", name="Other District", state="pending")
SCHOOLS = (
    OrgSeen(id="school-2", name="Oak Street Middle School", identifier="22"),
    OrgSeen(id="school-1", name="Alder Elementary School", identifier="11"),
    OrgSeen(id="school-3", name="Oak Hill High School"),
)
SIGNED_IN = Finding(step="sign-in", ok=True, text="signed in")
WORKS = Probe(findings=(SIGNED_IN,), districts=(DISTRICT,), schools=SCHOOLS)


def rest(**words: Any) -> Integration:
    """A ClassLink district by OneRoster REST, as it is just connected."""
    return Integration.model_validate({
        "id": "lab-usd", "aggregator": "classlink", "transport": "oneroster_rest",
        "source": OneRosterRest(url="https://lab.oneroster.example/ims/oneroster/v1p1"), **words})


def clever(**words: Any) -> Integration:
    """A district by Clever's API."""
    return Integration.model_validate({
        "id": "lab-usd", "aggregator": "clever", "transport": "clever_api", "source": CleverApi(), **words})


def pulled(**words: Any) -> Integration:
    """A district whose server we fetch from."""
    source = SftpPull(host="sftp.lab.example", user="homeroom", host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIfake")
    return Integration.model_validate({"id": "lab-usd", "transport": "csv_pulled", "source": source, **words})


def matching_by_name(integration: Integration, **entra: str) -> Integration:
    """The integration, whose people are matched by name against Microsoft Entra."""
    directory = Entra.model_validate({"kind": "entra", "tenant": "sample-tenant", **entra})
    options = integration.options.model_copy(update={"match_by_name": True, "directory": directory})
    return integration.model_copy(update={"options": options})


def failing(code: str | None, owner: str = "vendor", text: str = "it failed", remedy: str = "Mend it.") -> Probe:
    """A test that ends at a step."""
    return Probe(findings=(SIGNED_IN, Finding.model_validate(
        {"step": "next", "ok": False, "text": text, "code": code, "owner": owner, "remedy": remedy})))


@dataclass
class Stub:
    """Stands for the readers' connection tests; `asked` keeps the credentials that each test was made with."""

    found: Probe = WORKS
    authorised: tuple[OrgSeen, ...] = (DISTRICT, OTHER)
    error: SourceUnusable | None = None
    asked: list[Mapping[str, str]] = field(default_factory=list)
    while_asked: Callable[[], object] = lambda: None

    def probe(self, integration: Integration, credentials: Mapping[str, str]) -> Probe:
        return self._answer(credentials) or self.found

    def districts(self, source: CleverApi, credentials: Mapping[str, str]) -> tuple[OrgSeen, ...]:
        self._answer(credentials)
        return self.authorised

    def _answer(self, credentials: Mapping[str, str]) -> None:
        self.asked.append(credentials)
        self.while_asked()
        if self.error is not None:
            raise self.error
