"""How a reader says that a set can not be used: fatal issues, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable

from homeroom.errors import SourceUnusable
from homeroom.model.issues import CATALOGUE, Issue


class SetUnusable(SourceUnusable):
    """A delivered set can not be used; `issues` holds every fatal finding, and the text lists them.

    Code, owner and remedy are those of the first finding. Texts name files, columns and lines, never cells.
    """

    def __init__(self, issues: Iterable[Issue]):
        self.issues = tuple(issues)
        first = self.issues[0]
        entry = CATALOGUE[first.code]
        others = [f"{issue.code}: {issue.text}" for issue in self.issues[1:]]
        super().__init__(" · ".join([first.text, *others]), code=first.code, owner=entry.owner, remedy=entry.remedy)


def unusable(code: str, text: str, *, file: str | None = None, line: int | None = None) -> SetUnusable:
    """The error for one fatal finding."""
    return SetUnusable([Issue(code, text, file=file, line=line)])


def is_fatal(issue: Issue) -> bool:
    """Whether an issue makes the whole set unusable."""
    return CATALOGUE[issue.code].severity == "fatal"
