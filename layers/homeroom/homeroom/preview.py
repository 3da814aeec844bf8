"""The pure middle of a run: check → shape → diff → guard.

The same function plans a run in the cloud, previews one on a laptop, and is held to the laws in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from homeroom.check import Checked, check
from homeroom.diff import Plan, diff
from homeroom.diff.applied import State, standing
from homeroom.guard import Verdict, judge
from homeroom.model.integration import Integration
from homeroom.model.plan import NO_REPAIRS, Repairs
from homeroom.model.snapshot import Snapshot
from homeroom.shape import shape


@dataclass(frozen=True)
class Preview:
    """What a run would do, and whether the guards let it."""

    checked: Checked
    plan: Plan
    verdict: Verdict


def preview(snapshot: Snapshot, integration: Integration, applied: State | None, *, as_of: str,
            repairs: Repairs = NO_REPAIRS, expected_districts: Iterable[str] = ()) -> Preview:
    """The roster we want is a pure function of what the source says and what the district chose.

    `applied` is the kept state, None before the first load; `as_of` the day (YYYY-MM-DD) in the integration's zone.
    """
    checked = check(snapshot)
    del snapshot  # a large district's rows are not needed twice; who called lets go of them too
    rules = integration.sharing
    desired = shape(checked, rules, standing(applied, repairs, checked.delivered) if rules.narrows else {})
    plan = diff(desired, applied, checked, roster=integration.roster, as_of=as_of, repairs=repairs,
                expected_districts=expected_districts)
    verdict = judge(plan.facts, integration.limits, hold_first_load=integration.hold_first_load)
    return Preview(checked, plan, verdict)
