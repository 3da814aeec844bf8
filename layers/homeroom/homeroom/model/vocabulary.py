"""Closed word lists of OneRoster 1.1 and 1.2, and how other spellings map to them.

Sources: OneRoster 1.1 CSV tables (org, session, class, role enumerations), CEDS Entry Grade Level for grades.
Matching ignores case and the signs `-`, `_` and space; what does not match is reported, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


def plain(word: str) -> str:
    """The form in which words are compared: lower case without `-`, `_` and spaces."""
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")


@dataclass(frozen=True)
class Vocabulary:
    """Words allowed in a field; `aliases` maps plain spellings to a word; `other` is the word for unknown values."""

    name: str
    words: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    other: str | None = None

    def spellings(self) -> dict[str, str]:
        """Every accepted plain spelling with the word it stands for."""
        return {plain(word): word for word in self.words} | {plain(k): v for k, v in self.aliases.items()}


ORG_TYPES = Vocabulary("org type", ("department", "school", "district", "local", "state", "national"))
TERM_TYPES = Vocabulary("session type", ("gradingPeriod", "semester", "schoolYear", "term"))
CLASS_TYPES = Vocabulary("class type", ("homeroom", "scheduled"))
BOOLEANS = Vocabulary("true or false", ("true", "false"), {"1": "true", "0": "false"})
ROLES = Vocabulary(
    "role",
    ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"),
    # OneRoster 1.2 split `administrator`; a 1.1-shaped roster joins the parts again.
    {
        "districtAdministrator": "administrator",
        "siteAdministrator": "administrator",
        "systemAdministrator": "administrator",
        "principal": "administrator",
        "counselor": "aide",
    },
)
GRADES = Vocabulary(
    "grade",
    ("IT", "PR", "PK", "TK", "KG", *(f"{n:02d}" for n in range(1, 14)), "PS", "UG", "Other"),
    {**{str(n): f"{n:02d}" for n in range(1, 10)}, "K": "KG", "KF": "KG", "KH": "KG", "KA": "KG", "KP": "KG",
     "kindergarten": "KG", "prekindergarten": "PK", "preschool": "PR", "ungraded": "UG", "postsecondary": "PS",
     **{f"grade{n}": f"{n:02d}" for n in range(1, 14)}, **{f"grade{n:02d}": f"{n:02d}" for n in range(1, 10)}},
    other="Other",
)
STATUSES = Vocabulary("status", ("active", "tobedeleted"), {"inactive": "tobedeleted"})

GUARDIAN_ROLES = frozenset({"guardian", "parent", "relative"})
STAFF_ROLES = frozenset({"administrator", "aide", "proctor", "teacher"})
STRONGEST_FIRST = ("administrator", "teacher", "proctor", "aide", "student", "guardian", "parent", "relative")
"""Which of several roles stands for a person where the source names no primary one."""

ROLE_LETTERS: Mapping[str, str] = {"student": "S", "teacher": "T", "administrator": "A", "proctor": "P"}
"""First letter of an enrollment's sort key: members of a class are read by role. Other roles are `X`."""
