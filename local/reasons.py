"""Why something can not be done, in the form that every command prints."""

from __future__ import annotations

from homeroom.errors import HomeroomError, Owner, SourceUnusable
from homeroom.model.issues import CATALOGUE, Issue

INCOMPLETE = "SRC-09"


def issues_of(unusable: SourceUnusable) -> tuple[Issue, ...]:
    """All that was found; at least the reason itself."""
    found: tuple[Issue, ...] = getattr(unusable, "issues", ())
    return found or (Issue(unusable.issue_code, unusable.text),)


def reason_of(error: HomeroomError) -> dict[str, str]:
    """Code, text, owner and remedy."""
    return {"code": error.issue_code, "text": error.text, "owner": error.issue_owner, "remedy": error.issue_remedy}


def incomplete(unresolved: int, references: int) -> dict[str, str]:
    """The reason of a read that is whole by its files, and whose enrollments point nowhere."""
    code = CATALOGUE[INCOMPLETE]
    share = f"{unresolved:,} of {references:,} enrollments ({100 * unresolved / references:.1f} %)"
    text = f"{share} point to people or classes that are nowhere in the files"
    return {"code": code.code, "text": text, "owner": code.owner, "remedy": code.remedy}


class Stopped(HomeroomError):
    """A command that can not do what was asked: the text says why, the remedy what to do. Ends with exit code 1."""

    code = "REQ-01"
    remedy = ""

    def __init__(self, text: str, remedy: str = "", *, code: str | None = None, owner: Owner | None = None):
        super().__init__(text, code=code, owner=owner, remedy=remedy)
