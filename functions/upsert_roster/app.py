"""upsert_roster: write one part of a plan to the roster table, under the lease."""

from __future__ import annotations

from homeroom.apply.part import apply_part
from homeroom.aws.handler import Call, function
from homeroom.model.events import Upserted, UpsertRoster
from homeroom.model.run import Lease


def same_part(event: UpsertRoster) -> list[str | int]:
    """One part from one offset, of one run under one fence."""
    return [event.integration, event.run, event.fence, event.part, event.offset]


@function("upsert_roster", UpsertRoster, once=same_part, repeatable=True)
def handler(event: UpsertRoster, call: Call) -> Upserted:
    """Answers done, or the offset from which to call again."""
    lease = Lease(integration=event.integration, run=event.run, fence=event.fence)
    return apply_part(lease, event.part, event.offset, call.world, call.deadline)
