"""What a district may choose, within the rules of its products: options, sharing, schedule, sign-in, products."""

from __future__ import annotations

from typing import Any

from homeroom.errors import Refused
from homeroom.model import events
from homeroom.model.choices import merged
from homeroom.model.integration import Integration, Options
from homeroom.ports import World
from homeroom.products import line_named, refusal, rules_of
from homeroom.support.audit import audit
from homeroom.support.choosing import refuse_unknown_words
from homeroom.support.timers import put_timer, refuse_bad_time
from homeroom.support.times import schedule_view

EFFECT = "takes effect with the next run; `try` shows beforehand what it would change"
AT_ONCE = "takes effect at once"
_PLANNED_WITH = ("options", "sharing", "products")
"""Parts that a plan is made with: a change lapses a plan that waits."""
_PARTS = (*_PLANNED_WITH, "schedule", "sign_in")


def change_options(event: events.ChangeOptions, world: World) -> dict[str, Any]:
    """Change what is named, and only that. Raises Refused in words where the products do not allow it.

    Names no part at all: changes nothing and shows what counts now.
    """
    now = world.integrations.get(event.integration)
    asked = event.choices.model_dump(mode="json", exclude_none=True)
    if not asked:
        return {"integration": now.id, "set": _set(now, world), "effect": "nothing was asked for; this is what counts"}
    wanted = merged(now, event.choices)
    refuse_what_products_do_not_allow(wanted)
    refuse_unknown_words(wanted.sharing)
    refuse_bad_time(wanted)
    audit(world, now.id, "options", event.by, event.reason, choices=sorted(_names(asked)))
    world.integrations.put(wanted)
    put_timer(wanted, world)
    return {"integration": now.id, "set": _set(wanted, world), "effect": _effect(now, wanted, world)}


def refuse_what_products_do_not_allow(wanted: Integration) -> None:
    """Raises Refused with what is wrong and what to do."""
    wrong = refusal(wanted)
    if wrong is not None:
        raise Refused(wrong.text, remedy=wrong.remedy)


def _names(asked: dict[str, Any]) -> list[str]:
    """What an audit entry says of it: what was changed by name, and no value that could be a person's."""
    return [f"{part}.{name}" if isinstance(given, dict) else part
            for part, given in asked.items() for name in (given if isinstance(given, dict) else [part])]


def _effect(before: Integration, after: Integration, world: World) -> str:
    """What the change does, in words."""
    changed = [name for name in _PARTS if getattr(before, name) != getattr(after, name)]
    if not changed:
        return "nothing changes: that is what counted before"
    if not set(changed) & set(_PLANNED_WITH):
        return AT_ONCE
    held = world.runs.control(after.id).held_run
    return EFFECT if held is None else f"{EFFECT}. Run {held}, which is held, lapses: start a new run"


def _set(integration: Integration, world: World) -> dict[str, Any]:
    """What counts now; for options, whether the district chose it or the product line has it so."""
    return {
        "options": options_view(integration),
        "sharing": integration.sharing.model_dump(mode="json"),
        "schedule": integration.schedule.model_dump(mode="json"),
        "sign_in": integration.sign_in.model_dump(mode="json"),
        "products": list(integration.products),
    } | {"when": schedule_view(integration, world.clock.now())}


def options_view(integration: Integration) -> dict[str, dict[str, Any]]:
    """Option → what counts now, and `from`: the district's choice, the default of its product line, or Homeroom's.

    Of the home schools only how many there are: they name students.
    """
    options, line, rules = integration.options, line_named(integration.product_line), rules_of(integration)
    counts = options.model_dump(mode="json", exclude={"directory_secret"}) | {
        "parents": rules.parents, "class_names": rules.class_names, "home_schools": len(options.home_schools)}
    of_line = ("parents", "class_names") if line is not None else ()
    chosen = {name for name, field in Options.model_fields.items() if getattr(options, name) != field.get_default(
        call_default_factory=True)}
    return {
        name: {"value": value,
               "from": "district" if name in chosen else "product line" if name in of_line else "default"}
        for name, value in counts.items()
    }
