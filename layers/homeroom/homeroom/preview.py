"""The pure middle of a run: check → shape → diff → guard.

The same function plans a run in the cloud, previews one on a laptop, and is held to the laws in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from homeroom.check import Checked, check
from homeroom.check.findings import Findings
from homeroom.diff import Plan, diff
from homeroom.diff.applied import State, empty_state, standing
from homeroom.diff.division import divided
from homeroom.diff.primary import primary_issues
from homeroom.diff.recognised import recognised
from homeroom.diff.rekey import images_rekeyed, walked, walking
from homeroom.guard import SEASON, Verdict, Waits, judge
from homeroom.model.byhand import HandRecord
from homeroom.model.integration import Integration
from homeroom.model.plan import NO_REPAIRS, NOTHING_AROUND, Around, Repairs
from homeroom.model.season import limits_on
from homeroom.model.selection import Selection
from homeroom.model.snapshot import Snapshot
from homeroom.products import needs_primary, rules_of
from homeroom.shape import Desired, shape

Divide = Callable[[Plan, Verdict], Selection | Waits | None]
"""Which part of a plan is applied, if not all of it: what a person approved, or all but what guards hold."""
REKEYS = ("GRD-10", "MOVING")
"""Guards whose trip asks whether the records are the same under new ids."""


@dataclass(frozen=True)
class Preview:
    """What a run would do, and whether the guards let it. `issues` are those of the source, of the rules of products,
    and of the plan, in this order. `rekeyed` is the plan that keeps every identity, where many came under new ids, and
    what the guards say of that one.

    Where the plan was divided, `plan` is the part that is applied, and `rest` the plan of what waits; the verdict is
    that on the whole. `hand` are the records made by hand that whoever approves later must find again.
    """

    checked: Checked
    plan: Plan
    verdict: Verdict
    issues: pl.DataFrame
    rekeyed: tuple[Plan, Verdict] | None = None
    rest: Plan | None = None
    hand: tuple[HandRecord, ...] = ()


def preview(snapshot: Snapshot, integration: Integration, applied: State | None, *, as_of: str,
            repairs: Repairs = NO_REPAIRS, expected_districts: Iterable[str] = (),
            around: Around = NOTHING_AROUND, divide: Divide | None = None) -> Preview:
    """The roster we want is a pure function of what the source says and what the district chose.

    `applied` is the kept state, None before the first load; `as_of` the day (YYYY-MM-DD) in the integration's zone.
    `divide` is asked once, with the whole plan and its verdict; where it names a part, the rest is planned apart.
    """
    checked = check(snapshot)
    del snapshot  # a large district's rows are not needed twice; who called lets go of them too
    rules, sharing = rules_of(integration), integration.sharing
    looks_back = sharing.narrows or rules.shapes
    compared = partial(diff, checked=checked, roster=integration.roster, as_of=as_of,
                       expected_districts=expected_districts, policy=rules.hand)

    def shaped(state: State | None, mended: Repairs, beside: Around) -> Desired:
        """What is wanted; rules look back at a roster under the ids that the source has now."""
        back = standing(*_under_new_ids(state, mended, beside), checked.delivered) if looks_back else {}
        return shape(checked, sharing, back, rules=rules, accounts=beside.accounts, hand=beside.hand)

    desired = shaped(applied, repairs, around)
    limits = limits_on(as_of, integration.limits, integration.seasons, SEASON)
    around, known = recognised(around, desired, applied, limits.get("GRD-10"))
    if known.height:
        desired = shaped(applied, repairs, around)
    plan = compared(desired, applied, repairs=repairs, around=around)
    if around.rekey:
        around = walking(around, plan.twins)
        del plan  # all leave and all come in it: its operations are as many as those of the next one
        desired = shaped(applied, repairs, around)
        plan = compared(desired, applied, repairs=repairs, around=around)
    judged = partial(judge, limits=limits, hold_first_load=integration.hold_first_load)
    verdict = judged(plan.facts)
    proposes = plan.twins.twins and any(guard.code in REKEYS for guard in verdict.tripped)
    rekeyed = None
    if proposes:
        beside = walking(around, plan.twins)
        kept = compared(shaped(applied, repairs, beside), applied, repairs=repairs, around=beside)
        rekeyed = kept, judged(kept.facts)
    promoted = primary_issues(plan.next_state["people"], [one.person for one in integration.primary],
                              needed=needs_primary(integration))
    issues = pl.concat([Findings(around.issues).frame(), checked.issues, desired.issues, known, plan.issues, promoted])
    wished = divide(plan, verdict) if divide else None
    division = None if wished is None else divided(
        plan, wished, desired, empty_state() if applied is None else applied, repairs, around,
        again=lambda wanted, state, mended, beside: compared(wanted, state, repairs=mended, around=beside),
        desired_after=lambda state, beside: shaped(state, NO_REPAIRS, beside) if looks_back else desired,
    )
    if division is None:
        return Preview(checked, plan, verdict, issues, rekeyed, hand=around.hand)
    return Preview(checked, division.part, verdict, issues, rest=division.rest, hand=division.after.hand)


def _under_new_ids(applied: State | None, repairs: Repairs, around: Around) -> tuple[State | None, Repairs]:
    """The applied roster and the images of the table, both under the ids of now."""
    if applied is None or not around.walk:
        return applied, repairs
    return walked(applied, around.walk), replace(repairs, images=images_rekeyed(repairs.images, around.walk))
