"""The connection test of a OneRoster REST service: what works and what does not, in words, in the order of a set-up.

    address   the host exists, speaks TLS, and a OneRoster service stands at the API URL
    sign-in   key, secret or token are accepted
    clock     the service's clock and ours agree (told only where a sign-in fails for it)
    scope     organisations may be read at all
    schools   at least one school is shared; districts and schools that were seen are in the answer
    classes   one at most is asked for, to prove that they may be read
    people    likewise
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from homeroom.errors import SourceUnusable
from homeroom.model.integration import Integration
from homeroom.model.setup import Finding, OrgSeen, Probe
from homeroom.model.source import OneRosterRest
from homeroom.read.oneroster_rest.patience import RunPatience
from homeroom.read.oneroster_rest.records import Org, decode_lines
from homeroom.read.oneroster_rest.service import NotOffered, Service
from homeroom.read.oneroster_rest.slices import GONE, SCHOOL
from homeroom.read.oneroster_rest.walk import Moved, Walk
from homeroom.read.oneroster_rest.ways import ways_to

SECONDS = 20.0
"""Waiting in all: a person waits for the answer."""
FEW_SCHOOLS = 3
_FAILED_STEP = {"SRC-01": "sign-in", "SRC-10": "sign-in", "SRC-16": "clock", "SRC-11": "scope"}
_DISTRICT = "district"


def probe(integration: Integration, credentials: Mapping[str, str], patience: RunPatience | None = None) -> Probe:
    """Test the source. The first finding that is not ok ends it; nothing in it holds a secret."""
    source = integration.source
    assert isinstance(source, OneRosterRest)
    service = Service(source, lambda: credentials, patience or RunPatience(seconds=SECONDS))
    try:
        orgs = _all_orgs(service)
        findings = [*_BEFORE_ORGS, _schools_among(orgs)]
        for step, stem in (("classes", "classes"), ("people", "users")):
            if findings[-1].ok:
                findings.append(_one_of(service, step, stem, [org.id for org in _seen(orgs, SCHOOL)]))
        return Probe(findings=tuple(findings), districts=_seen(orgs, _DISTRICT), schools=_seen(orgs, SCHOOL))
    except SourceUnusable as unusable:
        return Probe(findings=tuple(_failed_at(unusable)))
    finally:
        service.close()


_BEFORE_ORGS = (
    Finding(step="address", ok=True, text="the service answers"),
    Finding(step="sign-in", ok=True, text="the sign-in is accepted"),
    Finding(step="scope", ok=True, text="organisations may be read"),
)


def _failed_at(unusable: SourceUnusable) -> list[Finding]:
    """The steps that must have gone well, and the one that failed."""
    step = _FAILED_STEP.get(unusable.issue_code, "address")
    before = {"address": 0, "sign-in": 1, "clock": 1, "scope": 2}[step]
    return [*_BEFORE_ORGS[:before], _no(step, unusable)]


def _no(step: str, unusable: SourceUnusable) -> Finding:
    return Finding(step=step, ok=False, text=unusable.text, code=unusable.issue_code, owner=unusable.issue_owner,
                   remedy=unusable.issue_remedy)


def _all_orgs(service: Service) -> list[Org]:
    """All organisations, page by page. Raises SourceUnusable."""
    refused = 0
    for way in ways_to("orgs", service.source):
        try:
            return [org for lines in _pages(service, way.endpoints[0]) for org in decode_lines(lines, "orgs")]
        except NotOffered as one:
            refused = 403 if 403 in (one.status, refused) else one.status
    if refused == 403:
        raise SourceUnusable("signed in, but organisations may not be read", code="SRC-11",
                             remedy="Grant the application the rostering scopes, and share schools with it.")
    raise SourceUnusable(f"the host answers, but no OneRoster service is there (status {refused})", code="SRC-04",
                         owner="vendor",
                         remedy="Check the API URL: it ends where the collections begin, such as /ims/oneroster/v1p1.")


def _pages(service: Service, endpoint: str) -> list[bytes]:
    """Lines of a collection that is small enough to be read one page after the other."""
    walk, lines = Walk(service.source.page_size, one_by_one=True), []
    while (offset := walk.next_offset()) is not None:
        page = service.page("orgs", endpoint, offset)
        try:
            lines += [page.lines] if walk.take(offset, page) else []
        except Moved:
            raise SourceUnusable("the source changes while it is read", code="SRC-05", owner="aggregator",
                                 remedy="Try again in a moment.") from None
    return lines


def _schools_among(orgs: list[Org]) -> Finding:
    schools, districts = len(_seen(orgs, SCHOOL)), len(_seen(orgs, _DISTRICT))
    if not schools:
        return _no("schools", SourceUnusable("signed in, but no schools are shared", code="SRC-11",
                                             remedy="Share schools with the product in the service's console."))
    return Finding(step="schools", ok=True, text=f"{_counted(schools, 'school')} and {_counted(districts, 'district')}"
                                                 " are shared")


def _one_of(service: Service, step: str, stem: str, schools: Sequence[str]) -> Finding:
    """Whether at least one record may be read, by any way; of ways by school the first few schools are asked."""
    refused = 0
    for way in ways_to(stem, service.source):
        try:
            if any(service.page(stem, path, 0, limit=1).count for path in way.paths(schools[:FEW_SCHOOLS])):
                return Finding(step=step, ok=True, text=f"{step} are shared")
        except NotOffered as one:
            refused = one.status
        except SourceUnusable as unusable:
            return _no(step, unusable)
    why = f"may not be read (status {refused})" if refused else "are not shared yet, or there are none"
    return _no(step, SourceUnusable(f"signed in, but {step} {why}", code="SRC-11",
                                    remedy=f"Share {step} with the product, and grant its scopes."))


def _seen(orgs: Sequence[Org], kind: str) -> tuple[OrgSeen, ...]:
    """Organisations of one kind, by name; those that are marked as gone are left out."""
    found = [org for org in orgs if str(org.type).strip().lower() == kind and org.status != GONE]
    seen = (OrgSeen(id=str(org.sourced_id), name=str(org.name or ""),
                    identifier=None if org.identifier is None else str(org.identifier)) for org in found)
    return tuple(sorted(seen, key=lambda org: (org.name, org.id)))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
