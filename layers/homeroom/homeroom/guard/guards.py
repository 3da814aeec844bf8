"""The guards as a table: what each looks at, its limit and floor, what it holds, and why it is there.

"Over" is strict: a value equal to the limit passes, but for the one guard that says "at least". A floor is a count
below which a share is not looked at, because in a small school one record is many percent. Defaults: the design's
semantics, 4(c), and ADR 0025. All look at the plan, before the first write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from homeroom.model.plan import INCOMPLETE_FLOOR, INCOMPLETE_PERCENT, MANY_TWINS, TWINS_PERCENT
from homeroom.model.season import Limit

Unit = Literal["percent", "records", "rows"]
Holds = Literal["everything", "removals", "creations", "school", "class"]
"""What waits while the rest may go on: all of it, what leaves, what is new, what leaves one school, or one class."""


@dataclass(frozen=True)
class Guard:
    """One guard: `limit` in `unit`; `floor` records are needed for a share to count.

    `strict`: a value over the limit trips; else one at the limit does too. Above `two_above` (in `unit`) two people
    must approve. `off`: an integration's own choice not to ask it.
    """

    code: str
    meaning: str
    unit: Unit
    limit: float
    floor: int
    remedy: str
    why: str
    holds: Holds = "everything"
    strict: bool = True
    two_above: float | None = None
    off: bool = False

    @property
    def own_limits(self) -> bool:
        """Whether an integration may have limits of its own for it: the others say yes or no."""
        return self.code.startswith("GRD-")


HALF = 50
"""More than half of anything leaves on the word of two people (design 4(c))."""
_LOOK = "Look at the plan: approve it if the district confirms it, else discard it."

GUARDS: tuple[Guard, ...] = (
    Guard("COMPLETE", "enrollments that point to nobody or to no class", "percent", INCOMPLETE_PERCENT,
          INCOMPLETE_FLOOR,
          "The read is incomplete. Export users, classes and enrollments together.",
          "A cut file must not empty classes. The run fails; nobody can approve it."),
    Guard("DISTRICT", "the file is another district's", "records", 0, 1,
          "Check who uploads to this folder. Discard the plan.",
          "One wrong upload must not replace a district's people with another's."),
    Guard("MOVING", "the first plan after a change of aggregator", "records", 0, 1,
          "Look at who keeps their identity: approve with the re-key that the plan proposes, else discard it.",
          "Another aggregator has other ids for the same people. A person sees the cross-walk before it counts."),
    Guard("FIRST-LOAD", "first load of this integration", "records", 0, 1,
          "Look at the counts and at ten records, then approve.",
          "Nothing was applied before that the other guards could compare with. `hold_first_load` turns it off."),
    Guard("UNDONE", "changes that an undo took back and that come again", "records", 0, 1,
          "Ask the district whether its source is right now: approve it then, else discard the plan.",
          "What a person took back does not return by itself on the next night."),
    Guard("GRD-01", "a collection that had records is empty", "records", 0, 1,
          "Ask the district why the file is empty. Discard the plan.",
          "An empty file is an export that failed, and hardly ever a school without classes.", two_above=0),
    Guard("GRD-02", "unexplained removals of one entity", "percent", 10, 25, _LOOK,
          "Half a file looks like half of the people having left.", holds="removals", two_above=HALF),
    Guard("GRD-03", "unexplained removals of people", "records", 2000, 0, _LOOK,
          "In a large district a tenth is more people than anybody should lose unseen.", holds="removals"),
    Guard("GRD-04", "unexplained removals in one school", "percent", 25, 20, _LOOK,
          "A fault in one school's calendar is small in the district, and must not stop the other schools.",
          holds="school"),
    Guard("GRD-05", "students who leave one class that stays", "percent", 50, 5, _LOOK,
          "A class that stays and loses most of its students lost their enrollments, not the students.",
          holds="class"),
    Guard("GRD-06", "updates of one entity", "percent", 75, 100, _LOOK,
          "When nearly all records change at once, a column moved or a format changed."),
    Guard("GRD-07", "people whose name and email change together, or whose number does", "percent", 5, 20,
          "Compare ten of them with the SIS: if an id now means another person, discard the plan.",
          "Ids that were dealt out anew would give one student's work to another."),
    Guard("GRD-08", "new records of one entity", "percent", 50, 100,
          "Ask whether the district shares more now, or a new term began: approve it then, else discard the plan.",
          "Another scope, or the same people under new ids, doubles a roster. Quiet where nothing was applied before.",
          holds="creations"),
    Guard("GRD-09", "unexplained removals of one entity in seven days", "percent", 15, 50,
          "Look at the removals of the last days too: approve the plan if the district confirms them, else discard it.",
          "A source that loses 5 % each night passes every other guard. What a person approved does not count again.",
          holds="removals", two_above=HALF),
    Guard("GRD-10", "unexplained removals that look like a new record", "percent", TWINS_PERCENT, MANY_TWINS,
          "The same records came with new ids: approve with the re-key that the plan proposes, else discard it.",
          "New ids for the same people would archive everybody and start everybody anew.", strict=False),
    Guard("GRD-11", "rows in error of one entity", "percent", 5, 20,
          "Send the district the list of issues; approve only if the rest is right.",
          "Many rows in error have one cause, which is mended at the source."),
    Guard("GRD-12", "what leaves one entity by a sharing or product rule", "percent", 10, 1,
          "Look at what the sharing rules leave out: approve it if it is meant, else change the rules.",
          "A rule is one line, and may take a whole school.", holds="removals", two_above=HALF),
    Guard("GRD-13", "explained removals of one entity", "percent", 60, 100,
          "Check the dates of terms, and what the source says is gone: approve it if a year ended, else discard it.",
          "A wrong end of a term explains everything as well.", holds="removals", two_above=HALF),
)

BY_CODE = {guard.code: guard for guard in GUARDS}

SEASON: Mapping[str, Limit] = {
    "GRD-02": Limit(percent=40),
    "GRD-03": Limit(off=True),
    "GRD-04": Limit(percent=60),
    "GRD-05": Limit(off=True),
    "GRD-06": Limit(percent=95),
    "GRD-08": Limit(off=True),
    "GRD-09": Limit(off=True),
    "GRD-13": Limit(off=True),
}
"""The limits of a season window that names none: what a new school year does, and no more (B6, ADR 0025)."""
