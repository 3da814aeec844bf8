"""Events of the functions, as pydantic models: what may come in and what goes out (keys and counts, never rows)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from homeroom.model.choice_events import ChangeAggregator, ChangeLimits, ChangeOptions, ChangeSeason, TryChoices
from homeroom.model.connect_events import (
    Accept,
    ChooseSchools,
    Connect,
    FindSchools,
    PendingRequests,
    RotateSecret,
    Share,
    TryConnection,
    VerifyDistrict,
)
from homeroom.model.frozen import Frozen
from homeroom.model.hand_events import (
    ArchiveRecord,
    CreateRecord,
    Demote,
    EditRecord,
    FindPerson,
    ListByHand,
    Promote,
    ReleaseRecord,
)
from homeroom.model.past_events import AskAsOf, AskExplain, AskTry, AskUndo, AsOf, Explain, TryUndo, Undo
from homeroom.model.run import LandedFile, Trigger
from homeroom.model.schedule_events import ChangeBlackout, PauseRuns, ReconcileSchedules, ResumeRuns
from homeroom.model.selection import EVERYTHING, Selection
from homeroom.model.sign_in_events import (
    CheckPortal,
    CheckPortals,
    ListRegistrations,
    ListSignIns,
    RegisterProduct,
    ShowSignIn,
    Unlink,
)
from homeroom.model.sign_in_setup_events import EndRostering, SignedInSchool, TrySignIn

__all__ = [
    "Accept",
    "Approve",
    "ArchiveRecord",
    "AsOf",
    "AskAsOf",
    "AskExplain",
    "AskTry",
    "AskUndo",
    "ChangeAggregator",
    "ChangeBlackout",
    "ChangeLimits",
    "ChangeOptions",
    "ChangeSeason",
    "CheckPortal",
    "CheckPortals",
    "CheckStale",
    "ChooseSchools",
    "Connect",
    "CreateRecord",
    "Demote",
    "Discard",
    "EditRecord",
    "EndRostering",
    "Explain",
    "FindPerson",
    "FindSchools",
    "FinishRun",
    "Finished",
    "ListByHand",
    "ListIntegrations",
    "ListRegistrations",
    "ListSignIns",
    "PauseRuns",
    "PendingRequests",
    "PlanRoster",
    "Planned",
    "PlannerEvent",
    "Poll",
    "Polled",
    "Preview",
    "Promote",
    "ReconcileSchedules",
    "RegisterProduct",
    "ReleaseRecord",
    "ResumeRuns",
    "RotateSecret",
    "RunError",
    "RunNow",
    "Share",
    "ShowSignIn",
    "ShowStatus",
    "SignedInSchool",
    "StartRun",
    "Started",
    "SupportOperation",
    "TryChoices",
    "TryConnection",
    "TrySignIn",
    "TryUndo",
    "Undo",
    "Unlink",
    "UpsertRoster",
    "Upserted",
    "VerifyDistrict",
]


class StartRun(Frozen):
    """Event of `start_run`, the one door: who or what asks for a run of which integration."""

    trigger: Trigger
    integration: str
    by: str = ""
    reason: str = ""
    files: tuple[LandedFile, ...] = ()
    content_hash: str | None = None
    held_run: int | None = None
    plan_hash: str | None = None
    only: Selection = EVERYTHING
    rekey: bool = False
    undo: int | None = None
    force: bool = False
    full: bool = False


class Started(Frozen):
    """Answer of the door. `run` is null only where nothing was recorded (a delivery that was taken before)."""

    integration: str
    run: int | None
    state: Literal["queued", "skipped", "pending", "refused"]
    reason: str | None = None
    text: str = ""
    execution: str | None = None


class Poll(Frozen):
    """Event of `poll_oneroster`, `poll_clever` and `pull_sftp`: read on, for as long as one call may take."""

    integration: str
    run: int
    fence: int


class Polled(Frozen):
    """Answer of a poll: done (also when the source can not be used, which planning then tells), or call again.

    `records` and `requests` are those of the whole read so far.
    """

    done: bool
    records: int = 0
    requests: int = 0


class PlanRoster(Frozen):
    """Event of `plan_roster` in a run."""

    mode: Literal["plan"]
    integration: str
    run: int
    fence: int


PlannerEvent = Annotated[PlanRoster | AskTry | AskUndo | AskAsOf | AskExplain, Field(discriminator="mode")]
"""Event of `plan_roster`: plan a run, or answer a question that needs the engine."""


class Planned(Frozen):
    """Answer of `plan_roster`: the verdict, and the part numbers by wave."""

    verdict: Literal["apply", "nothing", "hold", "fail", "lapsed", "denied"]
    waves: tuple[tuple[int, ...], ...] = ()
    operations: int = 0


class UpsertRoster(Frozen):
    """Event of `upsert_roster`: one part of the plan, from an offset."""

    integration: str
    run: int
    fence: int
    part: int
    offset: int = 0


class Upserted(Frozen):
    """Answer of `upsert_roster`: done, or the offset to go on from."""

    done: bool
    offset: int


class RunError(BaseModel):
    """Error as Step Functions catches it."""

    Error: str = ""
    Cause: str = ""


class FinishRun(Frozen):
    """Event of `finish_run`: after the verdict, or after an error."""

    integration: str
    run: int
    fence: int
    verdict: Literal["apply", "nothing", "hold", "fail", "lapsed", "denied"] | None = None
    error: RunError | None = None


class Finished(Frozen):
    """Answer of `finish_run`: the outcome, and whether another delivery waits."""

    outcome: str
    pending: bool = False


class ListIntegrations(Frozen):
    """All integrations with their status."""

    operation: Literal["list"]


class ShowStatus(Frozen):
    """Status of one integration: who acts next, last runs, what it waits for."""

    operation: Literal["status"]
    integration: str
    runs: int = Field(default=10, ge=1, le=100)


class RunNow(Frozen):
    """Start a run by hand (requirement B2). `full`: read everything, where small steps would do (requirement B5)."""

    operation: Literal["run"]
    integration: str
    by: str
    reason: str = ""
    force: bool = False
    full: bool = False


class Preview(Frozen):
    """Summary of one run: counts, guards, issues; the plan of a held run."""

    operation: Literal["preview"]
    integration: str
    run: int | None = None


class Approve(Frozen):
    """Apply a held plan, bound to its hash, or a part of it; what is left out goes on waiting.

    `rekey` approves the cross-walk that the run proposes: then the hash is that of the plan with it.
    """

    operation: Literal["approve"]
    integration: str
    run: int
    plan_hash: str
    only: Selection = EVERYTHING
    rekey: bool = False
    by: str
    reason: str


class Discard(Frozen):
    """Drop a held plan; its content is denied until it changes."""

    operation: Literal["discard"]
    integration: str
    run: int
    by: str
    reason: str


class CheckStale(Frozen):
    """Look for integrations without an applied run for longer than they allow; daily, by schedule."""

    operation: Literal["stale"]


SupportOperation = Annotated[
    Connect | TryConnection | PendingRequests | Accept | VerifyDistrict | FindSchools | ChooseSchools | Share
    | ChangeOptions | TryChoices | ChangeLimits | ChangeSeason | ChangeAggregator | RotateSecret | ListIntegrations
    | ShowStatus | RunNow | Preview | Approve | Discard | Undo | TryUndo | AsOf | Explain | FindPerson | ListByHand
    | EditRecord | ArchiveRecord | CreateRecord | ReleaseRecord | Promote | Demote | PauseRuns | ResumeRuns
    | RegisterProduct | ListRegistrations | CheckPortal | CheckPortals | ShowSignIn | ListSignIns | Unlink
    | TrySignIn | EndRostering | SignedInSchool
    | ChangeBlackout | ReconcileSchedules | CheckStale,
    Field(discriminator="operation"),
]
"""Event of `support`: one typed operation."""
