"""The guards as a table: what each looks at, its limit, its floor, and what its trip means.

"Over" is strict: a value equal to the limit passes. A floor is a count below which a share is not looked at, because in
a small school one record is many percent. Defaults: the design's semantics, 4(c). All look at the plan, before the
first write; any tripped guard holds the whole plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from homeroom.model.plan import INCOMPLETE_FLOOR, INCOMPLETE_PERCENT

Unit = Literal["percent", "records", "rows"]


@dataclass(frozen=True)
class Guard:
    """One guard: `limit` in `unit`; `floor` records are needed for a share to count."""

    code: str
    meaning: str
    unit: Unit
    limit: float
    floor: int
    remedy: str


_LOOK = "Look at the plan: approve it if the district confirms it, else discard it."

GUARDS: tuple[Guard, ...] = (
    Guard("COMPLETE", "enrollments that point to nobody or to no class", "percent", INCOMPLETE_PERCENT,
          INCOMPLETE_FLOOR,
          "The read is incomplete. Export users, classes and enrollments together."),
    Guard("DISTRICT", "the file is another district's", "records", 0, 1,
          "Check who uploads to this folder. Discard the plan."),
    Guard("FIRST-LOAD", "first load of this integration", "records", 0, 1,
          "Look at the counts and at ten records, then approve."),
    Guard("GRD-01", "a collection that had records is empty", "records", 0, 1,
          "Ask the district why the file is empty. Discard the plan."),
    Guard("GRD-02", "unexplained removals of one entity", "percent", 10, 25, _LOOK),
    Guard("GRD-03", "unexplained removals of people", "records", 2000, 0, _LOOK),
    Guard("GRD-04", "unexplained removals in one school", "percent", 25, 20, _LOOK),
    Guard("GRD-05", "students who leave one class that stays", "percent", 50, 5, _LOOK),
    Guard("GRD-06", "updates of one entity", "percent", 75, 100, _LOOK),
    Guard("GRD-11", "rows in error of one entity", "percent", 5, 20,
          "Send the district the list of issues; approve only if the rest is right."),
    Guard("GRD-12", "what leaves one entity by a sharing rule", "percent", 10, 1,
          "Look at what the sharing rules leave out: approve it if it is meant, else change the rules."),
)

BY_CODE = {guard.code: guard for guard in GUARDS}
