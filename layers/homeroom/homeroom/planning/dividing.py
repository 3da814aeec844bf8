"""Which part of a plan this run applies: all of it, what a person approved, or all but what guards hold."""

from __future__ import annotations

from homeroom.apply.signature import signature
from homeroom.diff import Plan
from homeroom.diff.parts import PlanHash, parts
from homeroom.guard import Verdict
from homeroom.model.plan import Around
from homeroom.model.selection import Selection
from homeroom.model.snapshot import Snapshot
from homeroom.model.waits import Waits
from homeroom.planning.opening import Planning
from homeroom.preview import Divide


def divider(planning: Planning, snapshot: Snapshot, beside: Around) -> Divide:
    """What `preview` asks once the whole plan was judged."""
    request, wishes, content = planning.request, planning.integration.options.on_hold, snapshot.content_hash

    def divide(plan: Plan, verdict: Verdict) -> Selection | Waits | None:
        if not verdict.complete:
            return None
        if request.plan_hash is not None:
            if request.only.everything or hash_of(plan) != request.plan_hash:
                return None  # all of it; or another plan than was approved, which lapses
            return request.only
        waits = verdict.waits
        if wishes != "removals wait" or not verdict.holds or waits.everything or waits.nothing:
            return None
        # New ids that an interrupted run began to write are written to their end first, all in one plan.
        return None if beside.walk or is_denied(planning, content) else waits

    return divide


def hash_of(plan: Plan) -> str:
    """The hash of a plan that is not kept."""
    digest = PlanHash()
    for _ in parts(plan, digest):
        continue
    return digest.hex()


def is_denied(planning: Planning, content: str) -> bool:
    """Content that was discarded or undone: the door knows that of landed files, of what is fetched only planning does.

    A discard denies content as the options of that day read it: with other options it may well be right.
    """
    control = planning.control
    named = {content, signature(content, planning.integration.options_hash())}
    return bool(named & set(control.denied)) and content != control.applied_content and not planning.request.force
