"""The connection test of a Clever district, and the districts that wait to be accepted.

Step by step in the order of the set-up; the first failure ends it and says who acts. It writes nothing, and reads no
people but one record, to see that people may be read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from homeroom.errors import SourceUnusable
from homeroom.model.integration import Integration
from homeroom.model.setup import Finding, OrgSeen, Probe
from homeroom.model.source import CleverApi
from homeroom.read.clever import standing
from homeroom.read.clever.api import App, Clever, Grant, body_of
from homeroom.read.clever.cells import Object, first_of, part, several, text
from homeroom.read.clever.pages import first, turn
from homeroom.read.http import Http, Patience

SECONDS = 20.0
"""Waiting in all: a person waits for the answer."""
_UNREACHABLE = frozenset({"SRC-02", "SRC-03"})
_UNREADABLE = frozenset({"SRC-01", "SRC-04", "SRC-11"})


def probe(integration: Integration, credentials: Mapping[str, str], patience: Patience | None = None) -> Probe:
    """Test one integration's connection. Raises nothing: what is wrong is in the findings."""
    source = integration.source
    assert isinstance(source, CleverApi), integration.transport
    test = _Test(source, credentials, patience or Patience(seconds=SECONDS), integration.district_id or "")
    findings: list[Finding] = []
    for step, look in test.steps():
        try:
            findings.append(Finding(step=step, ok=True, text=look()))
        except SourceUnusable as wrong:
            findings.append(Finding(
                step="address" if wrong.issue_code in _UNREACHABLE else step, ok=False, text=wrong.text,
                code=wrong.issue_code, owner=wrong.issue_owner, remedy=wrong.issue_remedy,
            ))
            break
    test.close()
    return Probe(findings=tuple(findings), districts=tuple(test.districts), schools=tuple(test.schools))


def districts(source: CleverApi, credentials: Mapping[str, str],
              patience: Patience | None = None) -> tuple[OrgSeen, ...]:
    """Every district that authorised the app, with name and state of its sync; only its id where it can not be read.

    Raises SourceUnusable where Clever can not be reached or refuses the app.
    """
    patience = patience or Patience(seconds=SECONDS)
    app = App(source.sign_in_url, credentials, patience)
    return tuple(_seen_with(source, grant, credentials, patience) for grant in app.grants())


def _seen_with(source: CleverApi, grant: Grant, credentials: Mapping[str, str], patience: Patience) -> OrgSeen:
    try:
        with Clever(source, grant.district, credentials, patience, grant=grant) as clever:
            return _district_seen(clever.about())
    except SourceUnusable as wrong:
        if wrong.issue_code not in _UNREADABLE:
            raise
        return OrgSeen(id=grant.district)


@dataclass
class _Test:
    """One test: its steps share what the steps before found."""

    source: CleverApi
    credentials: Mapping[str, str] = field(repr=False)
    patience: Patience
    district: str
    districts: list[OrgSeen] = field(default_factory=list)
    schools: list[OrgSeen] = field(default_factory=list)
    _grants: tuple[Grant, ...] = ()
    _clever: Clever | None = None
    _about: Object = field(default_factory=dict)

    def steps(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        """Name and look of each step; a look gives words or raises SourceUnusable."""
        return (
            ("address", self._address), ("sign-in", self._sign_in), ("authorised", self._authorised),
            ("district", self._is_the_one), ("scope", self._scope), ("sync status", self._sync_status),
            ("schools", self._schools_shared), ("people", self._people_shared),
        )

    def close(self) -> None:
        """Let go of the connections."""
        if self._clever is not None:
            self._clever.__exit__()

    @property
    def clever(self) -> Clever:
        """The API, from the step `authorised` on."""
        assert self._clever is not None
        return self._clever

    def _address(self) -> str:
        http = Http("Clever", connections=1, patience=self.patience)
        http.get(f"{self.source.url}/{self.source.version}/districts")  # without a token: refused, so it is there
        http.close()
        return "Clever's Data API answers"

    def _sign_in(self) -> str:
        self._grants = App(self.source.sign_in_url, self.credentials, self.patience).grants(self.district or None)
        return "Clever accepts the app's client id and secret"

    def _authorised(self) -> str:
        if not self.district:
            self.districts = list(districts(self.source, self.credentials, self.patience))
            raise SourceUnusable(f"it is not said which district to read; {len(self.districts)} authorised the app",
                                 code="SRC-11", owner="vendor", remedy="Verify the district id and store it.")
        self._clever = Clever(self.source, self.district, self.credentials, self.patience,
                              grant=next(iter(self._grants), None))
        return "the district authorised the app"

    def _scope(self) -> str:
        body_of(self.clever.get(self.clever.own("/users?limit=1")), "people")
        return "people and classes may be read (Secure Sync)"

    def _is_the_one(self) -> str:
        self._about = self.clever.about()
        self.districts = [_district_seen(self._about)]
        return f"the token stands for {text(self._about.get('name')) or 'a district without a name'}"

    def _sync_status(self) -> str:
        stopped = standing.blocked(self._about)
        if stopped is not None:
            raise stopped
        if standing.notes(self._about):
            return standing.paused_words(self._about)
        return f"Clever took up data last at {standing.last_sync(self._about)}"

    def _schools_shared(self) -> str:
        place = first(self.clever, "schools")
        while place.uri:
            found, place = turn(self.clever, "schools", place)
            self.schools += [_school_seen(one) for one in found]
        if not self.schools:
            raise SourceUnusable("the district shares no school with the product", code="SRC-11", owner="district",
                                 remedy="The district shares schools with the app in its Clever Dashboard.")
        return f"{len(self.schools)} schools are shared"

    def _people_shared(self) -> str:
        body = body_of(self.clever.get(self.clever.own("/users?limit=1")), "people")
        if not any(part(one) for one in several(body.get("data"))):
            raise SourceUnusable("the district shares no people with the product", code="SRC-11", owner="district",
                                 remedy="The district shares people with the app in its Clever Dashboard.")
        return "people are shared"


def _district_seen(found: Object) -> OrgSeen:
    return OrgSeen(id=text(found.get("id")) or "", name=text(found.get("name")) or "",
                   identifier=text(found.get("nces_id")), state=standing.state_of(found))


def _school_seen(found: Object) -> OrgSeen:
    return OrgSeen(id=text(found.get("id")) or "", name=text(found.get("name")) or "",
                   identifier=first_of(found.get("nces_id"), found.get("school_number")))
