"""Which schools, grades, roles and classes are taken of what the district shares (requirements A5, A6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from homeroom.errors import Refused
from homeroom.model import events
from homeroom.model.integration import Integration
from homeroom.model.setup import OrgSeen
from homeroom.model.sharing import Sharing
from homeroom.model.vocabulary import GRADES, ROLES
from homeroom.ports import World
from homeroom.support.audit import audit
from homeroom.support.verifying import probed, refuse_unless_ok

EFFECT = "takes effect with the next run; its plan shows what leaves, in a section of its own"


def find_schools(event: events.FindSchools, world: World) -> dict[str, Any]:
    """Schools of the source by name: every word of the search, in any case and order; all of them without one."""
    integration = world.integrations.get(event.integration)
    words, chosen = event.search.casefold().split(), set(integration.sharing.schools)
    found = [school for school in schools_of(integration, world)
             if all(word in school.name.casefold() for word in words)]
    return {
        "integration": integration.id,
        "all": not chosen,
        "decided": (integration.setup.schools_at or world.runs.control(integration.id).applied_run) is not None,
        "schools": [{"id": school.id, "name": school.name, "identifier": school.identifier,
                     "chosen": not chosen or school.id in chosen}
                    for school in sorted(found, key=lambda school: (school.name.casefold(), school.id))],
    }


def choose_schools(event: events.ChooseSchools, world: World) -> dict[str, Any]:
    """Take one school, several or all. Ids that the source does not have are refused."""
    integration = world.integrations.get(event.integration)
    wanted = () if event.schools == "all" else tuple(dict.fromkeys(event.schools))
    audit(world, integration.id, "choose_schools", event.by, event.reason, schools=wanted or "all")
    if wanted:
        refuse_unknown_schools(wanted, integration, world)
    return _share(integration, {"schools": wanted}, world, chosen=True)


def share(event: events.Share, world: World) -> dict[str, Any]:
    """Narrow by schools, grades, roles and classes; a list that is left out stays as it is."""
    integration = world.integrations.get(event.integration)
    asked = {name: getattr(event.sharing, name) for name in sorted(event.sharing.model_fields_set)}
    if not asked:
        raise Refused("nothing is asked for", remedy="Name schools, grades, roles or classes; an empty list takes all.")
    refuse_unknown_words(event.sharing)
    audit(world, integration.id, "share", event.by, event.reason, sharing=asked)
    if asked.get("schools") and integration.transport != "csv_pushed":
        refuse_unknown_schools(asked["schools"], integration, world)
    return _share(integration, asked, world, chosen="schools" in asked)


def _share(
    integration: Integration, asked: Mapping[str, tuple[str, ...]], world: World, *, chosen: bool
) -> dict[str, Any]:
    now = world.integrations.get(integration.id)
    sharing = now.sharing.model_copy(update=asked)
    setup = now.setup.model_copy(update={"schools_at": world.clock.now()}) if chosen else now.setup
    world.integrations.put(now.model_copy(update={"sharing": sharing, "setup": setup}))
    held = world.runs.control(now.id).held_run if sharing != now.sharing else None
    effect = EFFECT if held is None else f"{EFFECT}. Run {held}, which is held, was planned without it: start a new run"
    return {"integration": now.id, "sharing": sharing.model_dump(mode="json"), "effect": effect}


def schools_of(integration: Integration, world: World) -> tuple[OrgSeen, ...]:
    """The schools that the source shows. Raises Refused where it does not answer, or can not tell them before its files
    are read."""
    if integration.transport == "csv_pushed":
        raise Refused("files tell their schools only when they are read",
                      remedy="Name the sourcedIds of the schools with share.")
    probe = probed(integration, world)
    if not probe.schools:
        refuse_unless_ok(probe)
    return probe.schools


def refuse_unknown_schools(wanted: Iterable[str], integration: Integration, world: World) -> None:
    """Raises Refused for ids that the source does not have."""
    known = {school.id for school in schools_of(integration, world)}
    strangers = [school for school in wanted if school not in known]
    _refuse_strangers("school", strangers, "Take ids that the operation schools shows.")


def refuse_unknown_words(sharing: Sharing) -> None:
    """Grades and roles that no roster has would leave everybody out. Raises Refused."""
    for vocabulary, words in ((GRADES, sharing.grades), (ROLES, sharing.roles)):
        strangers = [word for word in words if word not in vocabulary.words]
        _refuse_strangers(vocabulary.name, strangers, f"Take of: {', '.join(vocabulary.words)}.")


def _refuse_strangers(kind: str, strangers: list[str], remedy: str) -> None:
    if strangers:
        shown = ", ".join(strangers[:5]) + (f" and {len(strangers) - 5} more" if len(strangers) > 5 else "")
        raise Refused(f"there is no {kind} {shown}", remedy=remedy)
