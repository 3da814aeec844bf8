"""The set-up of an integration, step by step: who acts, what is done, what is next (requirements A6, E5, E3). Pure.

What stands here is read off the integration, its last connection test and its runs; nobody ticks a box. A step that can
not be seen without a connection test is neither done nor open until one was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from homeroom.model.integration import Integration
from homeroom.model.issues import Owner
from homeroom.model.run import Control
from homeroom.model.setup import Finding
from homeroom.products import line_named, needs_primary


@dataclass(frozen=True)
class Facts:
    """What the steps are read off."""

    integration: Integration
    control: Control

    @property
    def runs(self) -> bool:
        """Whether a run was applied: then its source was connected, shared and of the right district."""
        return self.control.applied_run is not None

    @property
    def failure(self) -> Finding | None:
        """The step of the last connection test that failed."""
        return next((finding for finding in self.integration.setup.findings if not finding.ok), None)


@dataclass(frozen=True)
class Step:
    """One step. `done` is None where only a connection test can tell; `note` is what the last one said about it."""

    name: str
    owner: Owner
    todo: str
    done: bool | None
    note: str = ""


Evidence = Callable[[Facts], bool | None]


@dataclass(frozen=True)
class _Rule:
    name: str
    owner: Owner
    todo: str
    done: Evidence


_CREDENTIALS = "credentials"
_FIRST_RUN = "first run"
_STEP_OF: Mapping[tuple[str, Owner], str] = {
    ("SRC-01", "district"): "authorise", ("SRC-01", "vendor"): _CREDENTIALS, ("SRC-10", "vendor"): _CREDENTIALS,
    ("SRC-11", "district"): "share", ("SRC-11", "aggregator"): "share", ("SRC-11", "vendor"): "share",
    ("SRC-12", "district"): "sync", ("SRC-12", "aggregator"): "sync",
}
"""Steps beside the test itself that it sees fail, by code and who can mend it."""


NO_PRIMARY = "no administrator is a primary administrator yet: promote one"
_REFUSED = "SRC-01"
"""The source took neither key nor secret."""


def steps(facts: Facts) -> tuple[Step, ...]:
    """All steps in order: those of the product line where it has an order of its own, else of the transport."""
    return tuple(_step(rule, facts) for rule in _rules(facts.integration))


def open_step(facts: Facts) -> Step | None:
    """The first step that is known to be open: whose turn it is."""
    return next((step for step in steps(facts) if step.done is False), None)


def lacks_primary(facts: Facts) -> bool:
    """Whether a roster was sent to products that need a primary administrator, and nobody is one (C13)."""
    return needs_primary(facts.integration) and _promoted(facts) is False


def _rules(integration: Integration) -> Sequence[_Rule]:
    """What the catalogue asks for: a line's own order, and a primary administrator where its products need one."""
    line, usual = line_named(integration.product_line), _RULES[integration.transport]
    if line is None:
        return usual
    known = {rule.name: rule for rule in (*usual, *_FURTHER)}
    fits = all(stage.step in known for stage in line.set_up)  # it is the order of one way in
    own = [replace(known[stage.step], todo=stage.todo or known[stage.step].todo) for stage in line.set_up if fits]
    return (*(own or usual), *((_PRIMARY,) if line.primary else ()))


def _step(rule: _Rule, facts: Facts) -> Step:
    failure, held = facts.failure, facts.control.held_run
    if rule.name == _FIRST_RUN and held is not None and not facts.runs:
        return Step(rule.name, "vendor", f"Look at run {held}, which is held, then approve or discard it.", False)
    if failure is None or _refuted(facts) != rule.name or facts.runs:
        return Step(rule.name, rule.owner, rule.todo, rule.done(facts))
    owner = rule.owner if failure.owner == "nobody" else failure.owner
    if rule.name == _TEST.name and failure.code == _REFUSED and facts.integration.setup.verified_at is None:
        owner = "vendor"  # never well so far: first look at what was pasted here, then ask the district
    note = f"{failure.code}: {failure.text}" if failure.code else failure.text
    return Step(rule.name, owner, failure.remedy or rule.todo, False, note)


def _refuted(facts: Facts) -> str | None:
    """The step that the last test saw fail: the connection itself, where the source has no such step of its own."""
    failure = facts.failure
    if failure is None:
        return None
    name = failure.step if failure.code is None else _STEP_OF.get((failure.code, failure.owner), "test")
    if name == "share" and failure.owner == "vendor" and not facts.integration.district_id:
        name = "accept"  # nobody said yet which district is meant
    return name if any(rule.name == name for rule in _rules(facts.integration)) else "test"


def _seen(*later: str) -> Evidence:
    """Evidence of a connection test: that it went well, or that it failed at a later step only."""

    def evidence(facts: Facts) -> bool | None:
        setup = facts.integration.setup
        if facts.runs:
            return True
        if setup.tested_at is None:
            return None
        return True if facts.failure is None or _refuted(facts) in later else None

    return evidence


def _always(_facts: Facts) -> bool:
    return True


def _authorised(facts: Facts) -> bool | None:
    return True if facts.integration.setup.accepted_at else _seen("share", "sync")(facts)


def _stored(facts: Facts) -> bool:
    return facts.integration.secret_name is not None


def _tested(facts: Facts) -> bool:
    """Also when what is shared, or the sync behind it, is not yet as it must be: those are steps of their own."""
    return facts.runs or (facts.integration.setup.tested_at is not None and
                          _refuted(facts) not in ("test", _CREDENTIALS))


def _accepted(facts: Facts) -> bool:
    setup = facts.integration.setup
    return facts.runs or setup.accepted_at is not None or setup.verified_at is not None


def _verified(facts: Facts) -> bool:
    proved = facts.runs or facts.integration.setup.verified_at is not None
    return bool(facts.integration.district_id) and proved


def _named(facts: Facts) -> bool:
    return bool(facts.integration.district_id)


def _chosen(facts: Facts) -> bool:
    return facts.runs or facts.integration.setup.schools_at is not None


def _scheduled(facts: Facts) -> bool:
    """Also where a run was started without a schedule: then that is how it was chosen."""
    return facts.runs or facts.integration.schedule.mode != "off"


def _landed(facts: Facts) -> bool:
    return facts.runs or facts.control.last_delivery is not None


def _handed_over(facts: Facts) -> bool | None:
    return True if _landed(facts) else None


def _enabled(facts: Facts) -> bool:
    return facts.runs or facts.integration.sign_in.on


def _options_chosen(facts: Facts) -> bool:
    return facts.runs or facts.integration.setup.options_at is not None


def _promoted(facts: Facts) -> bool | None:
    """Nobody can be promoted before the first roster was sent."""
    if facts.integration.primary:
        return True
    return False if facts.runs else None


def _ran(facts: Facts) -> bool:
    return facts.runs


_TEST = _Rule("test", "vendor", "Test the connection.", _tested)
_SCHEDULE = _Rule("schedule", "vendor", "Choose when it syncs, or start runs by hand.", _scheduled)
_RUN = _Rule(_FIRST_RUN, "nobody", "The first run starts by its schedule, or by hand.", _ran)
_DISTRICT = _Rule("verify", "vendor", "Verify which district it is.", _verified)
_SCHOOLS = _Rule("schools", "vendor", "Identify what to sync: one school, several, or all.", _chosen)
_FIRST_FILES = _Rule(_FIRST_RUN, "nobody", "The first export that lands starts the first run.", _ran)

_PRIMARY = _Rule("primary administrator", "vendor",
                 "Promote at least one administrator to primary administrator, by hand.", _promoted)
_FURTHER = (
    _Rule("enabled", "district", "Enable sign-in and rostering by the portal.", _enabled),
    _Rule("options", "district", "Choose the options: the defaults count once they were looked at.", _options_chosen),
    _Rule("summary", "nobody", "Look at the Sync Status summary of the run.", _ran),
)
"""Steps that only some product lines ask for."""

_RULES: Mapping[str, Sequence[_Rule]] = {
    "clever_api": (
        _Rule("contact", "district", "Contact the Customer Success Manager.", _always),
        _Rule("authorise", "district", "Authorise the product and add it to the Clever Dashboard.", _authorised),
        _Rule("share", "district", "Set the sharing rules in Clever.", _seen("sync")),
        _Rule("sync", "district", "Make sure that Clever's sync status is operational.", _seen()),
        _Rule("credentials", "vendor", "Store the client id and secret of the app at Clever.", _stored),
        _Rule("accept", "vendor", "Accept the district's pending request.", _accepted),
        _Rule("verify", "vendor", "Verify the District ID.", _verified),
        _SCHOOLS, _TEST, _SCHEDULE, _RUN,
    ),
    "oneroster_rest": (
        _Rule("contact", "district", "Contact the Customer Success Manager.", _always),
        _Rule("console", "district", "Set permissions in the roster console; hand over API URL, key and secret.",
              lambda facts: True if _stored(facts) else None),
        _Rule("credentials", "vendor", "Store the key and the secret that the district hands over.", _stored),
        _TEST,
        _Rule("share", "district", "Share schools and people with the product.", _seen()),
        _DISTRICT, _SCHOOLS, _SCHEDULE, _RUN,
    ),
    "csv_pulled": (
        _Rule("contact", "district", "Contact the Customer Success Manager.", _always),
        _Rule("server", "district", "Hand over host, user, folder and host key, and a password or key.",
              lambda facts: True if _stored(facts) else None),
        _Rule("credentials", "vendor", "Store the password or the private key.", _stored),
        _TEST, _DISTRICT, _SCHOOLS, _SCHEDULE, _RUN,
    ),
    "csv_pushed": (
        _Rule("contact", "district", "Contact the Customer Success Manager.", _always),
        _Rule("verify", "vendor", "Name the district as its orgs.csv does.", _named),
        _Rule("account", "vendor", "Hand over the file server's address, user and key.", _handed_over),
        _Rule("export", "district", "Set up the export: the OneRoster template, its days and time.", _landed),
        _FIRST_FILES,
    ),
}
"""The order of the set-up for each way in."""
