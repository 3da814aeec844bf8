"""The raw snapshot: what a source said, row by row, before any rule was applied.

Every reader ends here, so the stages after `read` do not know where a roster came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from homeroom.model.issues import Issue

if TYPE_CHECKING:
    import polars as pl

Mode = Literal["bulk", "delta", "absent"]

LINE = "_line"
"""Column of a raw frame: physical line of the row's first character, the header being line 1 (UInt32).

Null for rows that a delta left as they were: they stand in no file of today."""
PROBLEM = "_problem"
"""Column of a raw frame: null, or the code of what makes the row unusable as it was parsed.

FIL-11 for a row with too few or too many cells, REF-07 for a user whose row in roles.csv is malformed."""


@dataclass(frozen=True)
class Snapshot:
    """A complete read.

    `frames` maps the OneRoster file stem (`orgs`, `academicSessions`, `courses`, `classes`, `users`, `enrollments`) to
    a frame of String columns in the spelling of OneRoster 1.1, trimmed, blank cells null, plus `_line` and, only where
    rows were malformed, `_problem`. OneRoster 1.2 roles are already folded into `users` (`role`, `orgSourcedIds`, and
    `roles` as `role:org` items); the frame `roles` beside it is there for a later delta. `metadata.*` columns keep
    their names. Columns that may not be kept (password) are gone. A file that is absent or header-only has a frame
    with no rows, or none at all.
    """

    source: str
    frames: Mapping[str, pl.DataFrame]
    modes: Mapping[str, Mode]
    content_hash: str
    issues: tuple[Issue, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    """File stem → the name of the file as delivered, for messages."""
    may_lack: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """File stem → columns that the standard requires and this source does not always fill: blank is no error there."""
    cursor: str | None = None
    """The newest change at the source that this snapshot contains (Clever: an event's id)."""
    full_at: str | None = None
    """When the last full read in this snapshot was made (ISO, UTC); None for files."""
    without: tuple[str, ...] = ()
    """What was dropped before the rows were kept: `<stem>.<column>`, and `parents` (`homeroom.products.receiving`)."""
