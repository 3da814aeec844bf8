"""The pure middle of a run: check → shape → diff → guard.

The same function plans a run in the cloud, previews one on a laptop, and is held to the laws in the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from homeroom.check import Checked, check
from homeroom.diff import Plan, diff
from homeroom.diff.applied import State, standing
from homeroom.guard import Verdict, judge
from homeroom.model.integration import Integration
from homeroom.model.plan import NO_REPAIRS, NOTHING_AROUND, Around, Repairs
from homeroom.model.season import limits_on
from homeroom.model.snapshot import Snapshot
from homeroom.products import rules_of
from homeroom.shape import shape


@dataclass(frozen=True)
class Preview:
    """What a run would do, and whether the guards let it. `issues` are those of the source, of the rules of products,
    and of the plan, in this order."""

    checked: Checked
    plan: Plan
    verdict: Verdict
    issues: pl.DataFrame


def preview(snapshot: Snapshot, integration: Integration, applied: State | None, *, as_of: str,
            repairs: Repairs = NO_REPAIRS, expected_districts: Iterable[str] = (),
            around: Around = NOTHING_AROUND) -> Preview:
    """The roster we want is a pure function of what the source says and what the district chose.

    `applied` is the kept state, None before the first load; `as_of` the day (YYYY-MM-DD) in the integration's zone.
    """
    checked = check(snapshot)
    del snapshot  # a large district's rows are not needed twice; who called lets go of them too
    rules, sharing = rules_of(integration), integration.sharing
    looks_back = sharing.narrows or rules.shapes
    desired = shape(checked, sharing, standing(applied, repairs, checked.delivered) if looks_back else {},
                    rules=rules, accounts=around.accounts, hand=around.hand)
    plan = diff(desired, applied, checked, roster=integration.roster, as_of=as_of, repairs=repairs,
                expected_districts=expected_districts, policy=rules.hand, around=around)
    limits = limits_on(as_of, integration.limits, integration.seasons)
    verdict = judge(plan.facts, limits, hold_first_load=integration.hold_first_load)
    return Preview(checked, plan, verdict, pl.concat([checked.issues, desired.issues, plan.issues]))
