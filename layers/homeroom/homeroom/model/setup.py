"""What is known about the set-up of an integration: what the last connection test found, and what people confirmed."""

from __future__ import annotations

from datetime import datetime

from homeroom.model.frozen import Frozen
from homeroom.model.issues import Owner


class Finding(Frozen):
    """One step of a connection test, in words that hold no secret: `code` of the catalogue where it failed."""

    step: str
    ok: bool
    text: str
    code: str | None = None
    owner: Owner = "nobody"
    remedy: str = ""


class OrgSeen(Frozen):
    """A district or school as the source names it. `state` is the sync status at the source, where it tells one."""

    id: str
    name: str = ""
    identifier: str | None = None
    state: str | None = None


class Probe(Frozen):
    """What a connection test saw. It writes nothing and reads no people."""

    findings: tuple[Finding, ...]
    districts: tuple[OrgSeen, ...] = ()
    schools: tuple[OrgSeen, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every step went well."""
        return all(finding.ok for finding in self.findings)


class SetUp(Frozen):
    """Steps of the set-up that are done (requirements A6, E5)."""

    tested_at: datetime | None = None
    findings: tuple[Finding, ...] = ()
    accepted_at: datetime | None = None
    verified_at: datetime | None = None
    schools_at: datetime | None = None
    options_at: datetime | None = None
