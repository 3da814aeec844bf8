"""Another aggregator or transport for the same roster, without new people (complaints 22, 40, 50).

The set-up changes at once; the roster does not. The first run that reads the new source is always held (MOVING): its
summary proposes the cross-walk from old ids to new ones, found by strong evidence (`homeroom.diff.rekey`). Approved
with `rekey`, every person and class keeps its internal id. An undo of that run brings the old ids back.
"""

from __future__ import annotations

from typing import Any

from homeroom.apply.holds import lapse
from homeroom.errors import Refused
from homeroom.model import events
from homeroom.model.integration import Integration, Moving
from homeroom.ports import World
from homeroom.support.audit import audit
from homeroom.support.connecting import connect
from homeroom.support.rules import leased

EFFECT = (
    "the roster stays as it is; the next run reads the new source and is held: look at the cross-walk that it proposes,"
    " then approve it with rekey, and everybody keeps identity and history"
)


def change_aggregator(event: events.ChangeAggregator, world: World) -> dict[str, Any]:
    """Let a roster come another way. Raises Refused where nothing was applied yet, a run is on, or nothing changes."""
    now, wanted = world.integrations.get(event.integration), event.set_up.integration
    control = world.runs.control(now.id)
    if control.applied_run is None:
        raise Refused("nothing was applied yet, so nobody has to keep an identity", remedy="Use `connect`.")
    if leased(control, world.clock.now()):
        raise Refused(f"run {control.lease_run} is on", remedy="Ask again when it has ended.")
    if (now.aggregator, now.transport) == (wanted.aggregator, wanted.transport):
        raise Refused("the roster comes this way already", remedy="Use `connect` for other changes.")
    if not wanted.district_id:
        raise Refused("the district's id at the new source is missing",
                      remedy="Name district_id as the new source shows it.")
    _refuse_rules_of_old_ids(event, now)
    audit(world, now.id, "change_aggregator", event.by, event.reason, before=f"{now.aggregator}, {now.transport}",
          after=f"{wanted.aggregator}, {wanted.transport}")
    moving = Moving(aggregator=now.aggregator, transport=now.transport, by=event.by, at=world.clock.now())
    answer = connect(_with_its_own_secret(event), world, moving)
    if control.pending is not None:
        world.runs.clear_pending(now.id, control.pending)
    if control.held_run is not None:
        lapse(world, world.runs.control(now.id), "the roster comes another way since")
    return answer | {"was": {"aggregator": now.aggregator, "transport": now.transport}, "effect": EFFECT}


def _refuse_rules_of_old_ids(event: events.ChangeAggregator, now: Integration) -> None:
    """Chosen schools and classes are ids of the old source: under the new one they would leave everybody out."""
    said = event.set_up.integration.model_fields_set
    named = {"sharing": now.sharing.schools or now.sharing.classes, "options": now.options.home_schools}
    old = [part for part, ids in named.items() if ids and part not in said]
    if old:
        raise Refused(
            f"{' and '.join(old)} of the integration name schools or classes by ids of the old source",
            remedy="Say the same in the set-up with the ids of the new source, or empty lists to take all.",
        )


def _with_its_own_secret(event: events.ChangeAggregator) -> events.Connect:
    """The credentials of the new source never overwrite those of the old one: there may be a way back."""
    asked = event.set_up
    name = asked.integration.secret_name
    if asked.credentials is not None and name is None:
        name = f"{asked.integration.id}-{asked.integration.aggregator}"
    source = asked.integration.model_copy(update={"secret_name": name})
    return asked.model_copy(update={"integration": source, "by": event.by, "reason": event.reason})
