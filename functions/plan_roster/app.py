"""plan_roster: read, check, shape, diff and guard one run, or answer a question that needs all that.

Writes no roster; alone has the engine. A question takes no lease and writes nothing.
"""

from __future__ import annotations

from typing import Any

from homeroom.aws.handler import Answer, Call, function
from homeroom.flow import plan_run
from homeroom.model.events import PlannerEvent, PlanRoster
from homeroom.model.run import Lease
from homeroom.planning.answering import answer

MARGIN_SECONDS = 60
"""The lease outlasts this call: nobody else plans or writes while it may still run."""


def same_plan(event: Any) -> list[str | int] | None:
    """The plan of one run under one fence. A question is like no other: it may be asked as often as one likes."""
    return [event.integration, event.run, event.fence] if isinstance(event, PlanRoster) else None


@function("plan_roster", PlannerEvent, once=same_plan, repeatable=True)
def handler(event: Any, call: Call) -> Answer:
    """Answers the verdict and the numbers of the plan's parts by wave; to a question, its answer."""
    if not isinstance(event, PlanRoster):
        return answer(event, call.world)
    lease = Lease(integration=event.integration, run=event.run, fence=event.fence)
    call.world.runs.extend(lease, int(call.deadline.timestamp()) + MARGIN_SECONDS)
    return plan_run(lease, call.world)
