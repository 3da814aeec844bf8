"""plan_roster: read, check, shape, diff and guard one run. Writes no roster; alone has the engine."""

from __future__ import annotations

from homeroom.aws.handler import Call, function
from homeroom.flow import plan_run
from homeroom.model.events import Planned, PlanRoster
from homeroom.model.run import Lease

MARGIN_SECONDS = 60
"""The lease outlasts this call: nobody else plans or writes while it may still run."""


def same_plan(event: PlanRoster) -> list[str | int]:
    """The plan of one run under one fence."""
    return [event.integration, event.run, event.fence]


@function("plan_roster", PlanRoster, once=same_plan, repeatable=True)
def handler(event: PlanRoster, call: Call) -> Planned:
    """Answers the verdict and the numbers of the plan's parts by wave."""
    lease = Lease(integration=event.integration, run=event.run, fence=event.fence)
    call.world.runs.extend(lease, int(call.deadline.timestamp()) + MARGIN_SECONDS)
    return plan_run(lease, call.world)
