"""The errors of Homeroom: a small tree that tells who acts next.

    HomeroomError
    ├── SourceUnusable      what the district or aggregator sent cannot be read; the district acts
    ├── Refused             the request is not allowed in this state; whoever asked acts
    │   └── Lapsed          an approval for a plan that is no longer true
    ├── NotFound            no such integration, run or record
    ├── LeaseLost           a newer run owns the roster; this writer stops (never retried)
    ├── StateLost           the kept state is missing: reconcile, never a first load
    ├── RetryableError      a service was busy; the same call may succeed later
    ├── LinkHeld            an identity that was to move is held by a third person
    ├── PartMissing         not every part of the plan reported that it was written
    └── NoEnd               a run stopped without an end

Messages never hold personal data, secrets or cell values: they travel to logs, states and mails.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Owner = Literal["district", "aggregator", "vendor", "nobody"]


class HomeroomError(Exception):
    """Base of all our errors: a stable `code`, the `owner` of the next step, a `remedy` and whether a retry helps."""

    code: ClassVar[str] = "INT-01"
    owner: ClassVar[Owner] = "vendor"
    remedy: ClassVar[str] = "Homeroom's engineers look at the run's log."
    retryable: ClassVar[bool] = False

    def __init__(self, text: str, *, code: str | None = None, owner: Owner | None = None, remedy: str | None = None):
        super().__init__(text)
        self.text = text
        self.issue_code = code or self.code
        self.issue_owner: Owner = owner or self.owner
        self.issue_remedy = remedy or self.remedy

    def __str__(self) -> str:
        return f"{self.issue_code}: {self.text}"


class SourceUnusable(HomeroomError):
    """The delivered set cannot be read or is not whole: the run fails and nothing is written."""

    code = "FIL-02"
    owner: ClassVar[Owner] = "district"
    remedy = "Export the files again and upload the complete set."


class Refused(HomeroomError):
    """The request is understood and not allowed now."""

    code = "REQ-01"
    owner: ClassVar[Owner] = "vendor"
    remedy = "Read the reason, change the request, ask again."

    def __str__(self) -> str:
        """With the remedy on a line of its own where it is not the usual one: the message is all that Lambda sends."""
        told = super().__str__()
        return told if self.issue_remedy == self.remedy else f"{told}\n{self.issue_remedy}"


class Lapsed(Refused):
    """The plan that was to be approved is no longer what a run would do."""

    code = "REQ-02"
    remedy = "Start a new run and look at its plan."


class NotFound(Refused):
    """No integration, run or record of that name."""

    code = "REQ-03"
    remedy = "Check the name or number: `list` shows the integrations, `status` the runs of one."


class LeaseLost(HomeroomError):
    """A newer run owns the roster: the writer must stop without another write."""

    code = "RUN-01"
    owner: ClassVar[Owner] = "nobody"
    remedy = "Nothing to do: the newer run repairs what this one left."


class StateLost(HomeroomError):
    """The kept state that the pointer names is missing or unreadable."""

    code = "RUN-02"
    remedy = "Restore the objects from the bucket's versions; a first load is never assumed."


class RetryableError(HomeroomError):
    """A service answered busy or not at all; the state machine retries by this class name."""

    code = "RUN-03"
    remedy = "Retried automatically."
    retryable = True


class LinkHeld(HomeroomError):
    """An identity link that was to move is held by a third person."""

    code = "RUN-04"
    remedy = "The next run reads who holds it and moves it."


class PartMissing(HomeroomError):
    """Not every part of the plan reported that it was written, or the counts differ."""

    code = "RUN-05"
    remedy = "The next run repairs what was left."


class NoEnd(HomeroomError):
    """The run stopped without an end, and its lease lapsed."""

    code = "RUN-06"
    remedy = "The next run repairs what was left."
