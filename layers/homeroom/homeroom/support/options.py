"""What a district may choose, within the rules of its products: options, sharing, schedule, sign-in, products."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from homeroom.errors import Refused
from homeroom.model import events
from homeroom.model.choice_events import Choices
from homeroom.model.choices import merged
from homeroom.model.frozen import Frozen
from homeroom.model.integration import Integration, Options
from homeroom.model.setup import SetUp
from homeroom.ports import World
from homeroom.products import line_named, not_offered, refusal, rules_of
from homeroom.support.audit import audit
from homeroom.support.choosing import refuse_unknown_schools, refuse_unknown_words
from homeroom.support.rostering import with_its_end
from homeroom.support.sign_in_shown import lost_portals, sign_in_shown
from homeroom.support.tenants import claim_tenants, free_tenants, refuse_anothers_tenant
from homeroom.support.timers import put_timer, refuse_bad_time
from homeroom.support.times import schedule_view

EFFECT = "takes effect with the next run; `try` shows beforehand what it would change"
AT_ONCE = "takes effect at once"
_PLANNED_WITH = ("options", "sharing", "products")
"""Parts that a plan is made with: a change lapses a plan that waits."""
_PARTS = (*_PLANNED_WITH, "schedule", "sign_in")


def change_options(event: events.ChangeOptions, world: World) -> dict[str, Any]:
    """Change what is named, and only that. Raises Refused in words where the products do not allow it.

    A part without a field in it says that what counts was looked at and is wanted so. No part at all changes nothing
    and shows what counts now.
    """
    choices, now = event.choices, world.integrations.get(event.integration)
    asked = [f"{part}.{name}" for part in type(choices).model_fields for name in _named(choices, part)]
    if choices == Choices():
        return {"integration": now.id, "set": _set(now, world), "effect": "nothing was asked for; this is what counts"}
    if choices.sign_in is not None and choices.sign_in.ended is not None:
        raise Refused("the end of sign-in is written by what ends it",
                      remedy="Switch sign-in off, or use end_rostering.")
    _refuse(with_its_end(merged(now, choices), now, world), choices, world)
    audit(world, now.id, "options", event.by, event.reason, choices=sorted(asked))
    now = world.integrations.get(now.id)  # asking the source took its time
    wanted = with_its_end(merged(now, choices), now, world)
    claim_tenants(wanted, world)
    world.integrations.put(wanted.model_copy(update={"setup": _noted(wanted.setup, choices, world)}))
    free_tenants(wanted, world)
    put_timer(wanted, world)
    return {"integration": now.id, "set": _set(wanted, world), "effect": _effect(now, wanted, world)}


def _refuse(wanted: Integration, choices: Choices, world: World) -> None:
    refuse_what_products_do_not_allow(wanted)
    refuse_anothers_tenant(wanted, world)
    refuse_unknown_words(wanted.sharing)
    refuse_bad_time(wanted)
    schools = choices.sharing.schools if choices.sharing else ()
    if schools and wanted.transport != "csv_pushed":
        refuse_unknown_schools(schools, wanted, world)


def _noted(setup: SetUp, choices: Choices, world: World) -> SetUp:
    """Steps of the set-up that are done with it."""
    done = {"options_at": choices.options is not None,
            "schools_at": choices.sharing is not None and "schools" in choices.sharing.model_fields_set}
    return setup.model_copy(update={step: world.clock.now() for step, is_done in done.items() if is_done})


def refuse_what_products_do_not_allow(wanted: Integration) -> None:
    """Raises Refused with what is wrong and what to do."""
    wrong = refusal(wanted)
    if wrong is not None:
        raise Refused(wrong.text, remedy=wrong.remedy)


def _named(choices: Choices, part: str) -> Iterable[str]:
    """What an audit entry says of a part: what was changed by name, and no value that could be a person's."""
    given = getattr(choices, part)
    if given is None:
        return ()
    return sorted(given.model_fields_set) if isinstance(given, Frozen) else ("all",)


def _effect(before: Integration, after: Integration, world: World) -> str:
    """What the change does, in words."""
    changed = [name for name in _PARTS if getattr(before, name) != getattr(after, name)]
    if not changed:
        return "nothing changes: that is what counted before"
    lost = lost_portals(before, after)
    also = f". Now {lost}" if lost else ""
    if not set(changed) & set(_PLANNED_WITH):
        return AT_ONCE + also
    held = world.runs.control(after.id).held_run
    return (EFFECT if held is None else f"{EFFECT}. Run {held}, which is held, lapses: start a new run") + also


def _set(integration: Integration, world: World) -> dict[str, Any]:
    """What counts now; for options, whether the district chose it or the product line has it so."""
    return {
        "options": options_view(integration),
        "sharing": integration.sharing.model_dump(mode="json"),
        "schedule": integration.schedule.model_dump(mode="json"),
        "sign_in": integration.sign_in.model_dump(mode="json"),
        "products": list(integration.products),
    } | sign_in_shown(integration) | {"when": schedule_view(integration, world.clock.now())}


def options_view(integration: Integration) -> dict[str, dict[str, Any]]:
    """Option → what counts now, and `from`: the district's choice, the default of its product line, or Homeroom's;
    `offered`: whether it may be chosen here.

    Of the home schools only how many there are: they name students.
    """
    options, line, rules = integration.options, line_named(integration.product_line), rules_of(integration)
    counts = options.model_dump(mode="json", exclude={"directory_secret"}) | {
        "parents": rules.parents, "class_names": rules.class_names, "home_schools": len(options.home_schools)}
    of_line, closed = ("parents", "class_names") if line is not None else (), not_offered(integration)
    chosen = {name for name, field in Options.model_fields.items() if getattr(options, name) != field.get_default(
        call_default_factory=True)}
    return {
        name: {"value": value,
               "from": "district" if name in chosen else "product line" if name in of_line else "default",
               "offered": name not in closed}
        for name, value in counts.items()
    }
