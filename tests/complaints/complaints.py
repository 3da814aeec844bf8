"""What districts, teachers and engineers complained about in roster sync, as a table that tests answer.

A complaint is a row here and at least one test that names it: `test_r17_…` for number 17 of the list `R` (roster sync),
`test_c22_…` for number 22 of the list `C` (Clever). The rows stand in `complaints_r.py` and `complaints_c.py`;
`page.py` writes `docs/complaints.md` from both and holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Letter = Literal["R", "C"]
LISTS: Mapping[Letter, str] = {"R": "Roster sync", "C": "Clever"}


@dataclass(frozen=True)
class Complaint:
    """One complaint in our words, and what Homeroom does about it.

    `why_not`: why no roster sync can prevent it; such a row has no test. `beyond`: the part of a complaint that is not
    Homeroom's, beside the part that the tests show.
    """

    list: Letter
    number: int
    complaint: str
    answer: str
    why_not: str = ""
    beyond: str = ""
