"""One district behind all four sources at once: a CSV export, OneRoster REST 1.1 and 1.2, and Clever.

    with four(small_district()) as served:
        records = served.day(files)          # each source says the same, each integration has a whole run
        served.rosters()                     # what was applied, by source
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from homeroom.apply.manifest import load_manifest
from homeroom.model.integration import Integration, Limit
from homeroom.model.run import RunRecord
from tests.builders.api_runs import LAB, clever, fed_by, rest, run
from tests.builders.oneroster import Files
from tests.equivalence.rosters import Roster, names_at_clever, roster_of
from tests.fakes import clever_server, oneroster_server
from tests.fakes.clever_server import Clever
from tests.fakes.memory import MemoryWorld, memory_world
from tests.fakes.oneroster_service import Service
from tests.regression.days import lands

CHANGES = ("create", "update", "archive", "restore")
EMPTY_IS_FINE = {"GRD-01": Limit(count=1000)}
"""Small towns may lose their last class in a night."""
Counts = dict[str, dict[str, int]]


@dataclass
class Four:
    """The fakes, and a world for each source. `names`: Clever's ids of all days so far."""

    services: dict[str, Service]
    clever: Clever
    worlds: dict[str, MemoryWorld]
    names: dict[str, str] = field(default_factory=dict)
    days: int = 0

    def day(self, files: Files) -> dict[str, RunRecord]:
        """Every source says this from now on, and every integration runs."""
        self.days += 1
        self.names |= names_at_clever(files)
        for service in self.services.values():
            service.rows = files
        with self.clever.district.one_sync():
            self.clever.district.become(files)
        records = {name: run(world) for name, world in self.worlds.items() if name != "csv"}
        return {"csv": lands(self.worlds["csv"], f"day-{self.days}.zip", files), **records}

    def rosters(self, status: str = "active") -> dict[str, Roster]:
        """What each integration applied, in source ids."""
        return {name: roster_of(world, status, self.names) for name, world in self.worlds.items()}

    def counts(self) -> dict[str, Counts]:
        """What the newest plan of each integration changes, by entity; nothing where nothing changes."""
        return {name: _changes(world) for name, world in self.worlds.items()}


def _patient(integration: Integration) -> Integration:
    return integration.model_copy(update={"limits": EMPTY_IS_FINE})


def _changes(world: MemoryWorld) -> Counts:
    newest = world.runs.history(LAB, 1)[0]
    counts = load_manifest(world.objects, LAB, newest.run).counts
    told = {entity: {action: c[action] for action in CHANGES if c[action]} for entity, c in counts.items()}
    return {entity: actions for entity, actions in told.items() if actions}


@contextmanager
def four(files: Files, **clever_settings: Any) -> Iterator[Four]:
    """All fakes, served over HTTP, and empty rosters. REST 1.1 signs in by OAuth 1.0a, 1.2 by OAuth 2.

    `clever_settings` override settings of Clever's source.
    """
    services = {"rest-1.1": Service(files, version="1.1"), "rest-1.2": Service(files, version="1.2", sign_in="oauth2")}
    fake = Clever(files)
    with ExitStack() as stack:
        for service in services.values():
            stack.enter_context(oneroster_server.serving(service))
        stack.enter_context(clever_server.serving(fake))
        made = {name: rest(service) for name, service in services.items()}
        made["clever"] = clever(fake, **clever_settings)
        worlds = {name: fed_by(_patient(one)) for name, one in made.items()}
        worlds["csv"] = memory_world(_patient(Integration(id=LAB, hold_first_load=False, product_line="Sample")))
        yield Four(services, fake, worlds)
