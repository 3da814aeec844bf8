"""What sign-in keeps, in memory and on the tables of the template; set up by staff through `homeroom.ports.SignIns`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from homeroom.apply.items import link_key, record_key
from homeroom.aws.sign_in_attempts import AttemptsTable
from homeroom.aws.sign_in_launches import LaunchesTable
from homeroom.aws.sign_in_links import LinksTable
from homeroom.aws.sign_in_people import RosterByKey
from homeroom.aws.sign_in_registry import SignInRegistry
from homeroom.model.integration import Integration
from homeroom.model.sign_in_choices import sign_in_view
from homeroom.ports import World
from homeroom.sso.ports import Attempts, Launches, Links, Registry, Rosters
from tests.fakes.memory import MemoryWorld
from tests.fakes.memory_sso import MemoryLaunches, MemoryRosters


@dataclass(frozen=True)
class Parts:
    """The parts of an outside that keep something; `world` is the staff's side of the same."""

    world: World
    launches: Launches
    registry: Registry
    rosters: Rosters
    links: Links
    attempts: Attempts
    person: Callable[[str, str, dict[str, Any]], None]
    """Keeps a person of a roster: internal id, record."""
    link: Callable[[str, str, str, str], None]
    """Keeps an identity of a roster: kind, value, internal id."""
    integration: Callable[[Integration], None]


def in_memory(world: MemoryWorld) -> Parts:
    sign_ins, rosters = world.sign_ins, MemoryRosters()

    def person(roster: str, id: str, record: dict[str, Any]) -> None:
        rosters.people[roster, id] = record

    def link(roster: str, kind: str, value: str, id: str) -> None:
        rosters.links[roster, kind, value] = id

    def integration(one: Integration) -> None:
        sign_ins.registry.views[one.id] = sign_in_view(one.model_dump(mode="json", exclude_none=True))

    return Parts(world, MemoryLaunches(), sign_ins.registry, rosters, sign_ins.links, sign_ins.attempts, person, link,
                 integration)


def on_tables(world: World, client: Any, names: dict[str, str], seconds: Callable[[], float]) -> Parts:
    def person(roster: str, id: str, record: dict[str, Any]) -> None:
        owner, member = record_key(roster, "people", id)
        world.roster.write([{"owner": owner, "member": member, **record}], [])

    def link(roster: str, kind: str, value: str, id: str) -> None:
        owner, member = link_key(roster, f"{kind}#{value}")
        world.roster.write([{"owner": owner, "member": member, "person": id}], [])

    dynamodb = cast(Any, client)
    return Parts(
        world, LaunchesTable(dynamodb, names["LaunchesTable"]),
        SignInRegistry(dynamodb, names["SignInsTable"], names["IntegrationsTable"], seconds),
        RosterByKey(dynamodb, names["RosterTable"], names["RunsTable"]), LinksTable(dynamodb, names["SignInsTable"]),
        AttemptsTable(dynamodb, names["SignInsTable"]), person, link, world.integrations.put,
    )
