"""What Clever says about the state of a district's own sync: may its data be read, and who acts if not (reference 1.7).

    pending   the district must fix something     error   Clever must     no last_sync   no data has come yet
    paused    the data is frozen: read as it is, where there is any; sharing still changes
    running, success, blank and words that nobody announced: goes on
"""

from __future__ import annotations

from homeroom.errors import SourceUnusable
from homeroom.model.issues import Issue
from homeroom.read.clever.cells import Object, text

PAUSED = "SRC-18"
"""Issue (info): the district's sync is paused at the source."""


def state_of(district: Object) -> str | None:
    """The word of the state, None where Clever tells none."""
    return text(district.get("state"))


def last_sync(district: Object) -> str | None:
    """When data last came from the SIS to Clever."""
    return text(district.get("last_sync"))


def blocked(district: Object) -> SourceUnusable | None:
    """Why the district's data must not be taken now, in words; None where it may be."""
    state = state_of(district)
    if state == "pending":
        return _not_ready("the district's sync in Clever is pending: something must be set right there first",
                          "district", "The district opens Clever and does what its sync page asks for.")
    if state == "error":
        return _not_ready("the district's sync in Clever is in error", "aggregator",
                          "Clever's support works on it; the district can ask them.")
    if last_sync(district) is None:
        paused = "is paused and " if state == "paused" else ""
        return _not_ready(f"the district's sync in Clever {paused}has not brought any data yet", "district",
                          "The district finishes the set-up of its sync in Clever.")
    return None


def notes(district: Object) -> tuple[Issue, ...]:
    """What the summary should say about a district that may be read."""
    if state_of(district) != "paused":
        return ()
    return (Issue(PAUSED, paused_words(district)),)


def paused_words(district: Object) -> str:
    """Since when and until when the sync is paused, as far as Clever says."""
    begin, end = (_day(text(district.get(field))) for field in ("pause_start", "pause_end"))
    since, until = f" since {begin}" if begin else "", f" until {end}" if end else ""
    return f"the district's sync in Clever is paused{since}{until}; its data stands as it was then"


def _not_ready(words: str, owner: str, remedy: str) -> SourceUnusable:
    return SourceUnusable(words, code="SRC-12", owner="district" if owner == "district" else "aggregator",
                          remedy=remedy)


def _day(moment: str | None) -> str | None:
    """The date of a timestamp; None for anything else, so that no free text gets into a message."""
    day = (moment or "")[:10]
    return day if len(day) == len("YYYY-MM-DD") and day.replace("-", "").isdigit() else None
