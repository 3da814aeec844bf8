"""A run: one synchronisation from trigger to report; the control record that orders runs; the file delivery."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from homeroom.model.frozen import Frozen
from homeroom.model.selection import EVERYTHING, Selection

Trigger = Literal["schedule", "file", "hand", "approval", "pending", "undo", "sign_in"]
State = Literal["queued", "reading", "checking", "planning", "applying", "finished"]
Outcome = Literal[
    "applied", "applied with issues", "nothing to change", "held", "skipped", "failed", "interrupted",
    "discarded", "lapsed",
]
SkipReason = Literal[
    "unchanged", "paused", "blackout", "locked", "denied", "taken", "overtaken", "no data", "not set up",
]


class LandedFile(Frozen):
    """One object of a delivery, pinned to its version so that a file replaced while it is read does no harm."""

    bucket: str
    key: str
    version: str | None = None
    size: int = 0


class Delivery(Frozen):
    """A whole file set as it landed: one zip, or several loose files."""

    files: tuple[LandedFile, ...]
    content_hash: str | None = None

    def identity(self) -> str:
        """A delivery (bucket, key, version of each file) is taken once (design 3)."""
        parts = sorted(f"{f.bucket}\x1f{f.key}\x1f{f.version}" for f in self.files)
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


class Lease(Frozen):
    """The right to write one roster: held by run number and rising fence."""

    integration: str
    run: int
    fence: int


class Note(Frozen):
    """What an integration waits for, in words, and who acts next."""

    code: str
    text: str
    owner: str
    at: datetime


class Control(Frozen):
    """The control record of an integration: the order of runs and the pointer to what was applied last.

    `lease_until` is epoch seconds. `dirty_runs` are runs whose plan was begun and not committed: the next plan takes
    their keys in, whatever the diff says. `denied` are content hashes that were discarded or undone. `undone` are the
    runs that took others back and whose effect nobody has approved away since.
    """

    integration: str
    fence: int = 0
    run_seq: int = 0
    lease_run: int | None = None
    lease_until: int = 0
    applied_run: int | None = None
    applied_content: str | None = None
    applied_signature: str | None = None
    applied_at: datetime | None = None
    dirty_runs: tuple[int, ...] = ()
    denied: tuple[str, ...] = ()
    undone: tuple[int, ...] = ()
    pending: Delivery | None = None
    last_delivery: Delivery | None = None
    held_run: int | None = None
    note: Note | None = None


class Approval(Frozen):
    """One person's yes to one plan, or to a part of it."""

    by: str
    at: datetime
    reason: str
    plan_hash: str
    only: Selection = EVERYTHING
    rekey: bool = False


class Request(Frozen):
    """What the door wrote down for a run: `runs/<integration>/<run>/request.json`.

    `only` is the part of the held plan that was approved, or of the run that is undone; `rekey`: the cross-walk of the
    held run was approved; `undo` is the run to take back, and `rows_of` the run that read the rows which stay then.
    """

    integration: str
    run: int
    fence: int
    trigger: Trigger
    by: str = ""
    reason: str = ""
    as_of: str
    delivery: Delivery | None = None
    held_run: int | None = None
    plan_hash: str | None = None
    only: Selection = EVERYTHING
    rekey: bool = False
    undo: int | None = None
    rows_of: int | None = None
    force: bool = False
    full: bool = False
    started_at: datetime

    @property
    def read_by(self) -> int:
        """The run that read the rows of this one: after an approval the held run, after an undo the one before it."""
        return self.held_run or self.rows_of or self.run


class RunRecord(Frozen):
    """The ledger entry of a run: counts, codes and words, never rows."""

    integration: str
    run: int
    trigger: Trigger
    by: str = ""
    reason: str = ""
    state: State = "queued"
    outcome: Outcome | None = None
    code: str | None = None
    text: str = ""
    owner: str = "nobody"
    started_at: datetime
    finished_at: datetime | None = None
    content_hash: str | None = None
    plan_hash: str | None = None
    plan_run: int | None = Field(default=None, description="run whose plan parts are applied: its own, or the held one")
    operations: int = 0
    waits: str | None = Field(default=None, description="hash of the plan that waits for a person, of a run that ended")
    approvals: tuple[Approval, ...] = ()
    undoes: int | None = None
    summary: dict[str, Any] | None = None
