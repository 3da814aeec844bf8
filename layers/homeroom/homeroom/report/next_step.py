"""What happens after a run, and who acts: one table by outcome, so that nobody has to guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homeroom.model.issues import CATALOGUE
from homeroom.model.plan import PlanManifest
from homeroom.model.run import RunRecord
from homeroom.report.words import guard_sentence


@dataclass(frozen=True)
class Next:
    """Who acts next (`district`, `aggregator`, `vendor`, `nobody`), and what to do, in one or two sentences."""

    owner: str
    text: str


FIRST_LOAD = "FIRST-LOAD"
_CAUSES = ("DISTRICT", "MOVING", "UNDONE", "GRD-01", "GRD-10")
"""Guards that know why so much changes: what they say to do comes before what the mere numbers say."""

_MEND = "Send the list of issues to whoever keeps the records. What is corrected comes with the next export."
_WAIT = "Nothing to do. The next delivery, or the schedule, starts the next run."

_REST = "Look at what waits, then approve it, a part of it, or discard it. A newer delivery is judged anew."
_SAME_IDS = "No record was found under a new id: look at what comes and leaves, then approve or discard the plan."
_NO_PART = "Nothing of the part that was approved could be applied: check what it names."
_OURS = "Change the options, rules or limits that were not right, then run again: the same content is read anew."
OURS = (FIRST_LOAD, "GRD-12")
"""Guards whose plan, once discarded, is for us to change: the source said nothing wrong."""

BY_OUTCOME: Mapping[str, Next] = {
    "applied": Next("nobody", _WAIT),
    "nothing to change": Next("nobody", _WAIT),
    "interrupted": Next("vendor", "Part of the plan was written. Start a run: it repairs what this one left."),
    "discarded": Next("district", "The content is denied until it changes: correct it at the source; send files anew."),
    "lapsed": Next("vendor", "The plan is no longer what a run would do. Start a new run and look at its plan."),
    "failed": Next("vendor", "Nothing was written. Look at the run's log, then start the run again."),
}

_UNDONE: Mapping[str, str] = {
    "applied": "Run {run} was taken back. Its content is refused from now on: correct it at the source. What would do"
               " the same again is held for a look.",
    "interrupted": "Part of run {run} was taken back. Ask for the undo again.",
}
"""After an undo; the district's source still says what was taken back."""

BY_SKIP: Mapping[str, Next] = {
    "unchanged": Next("nobody", "Nothing to do: the content is the same as last applied."),
    "taken": Next("nobody", "Nothing to do: an earlier run took this delivery."),
    "overtaken": Next("nobody", "Nothing to do: the newer upload was read instead."),
    "locked": Next("nobody", "Nothing to do: the delivery waits and is taken when the current run ends."),
    "not set up": Next("vendor", "The integration is not set up. `status` names the next step."),
    "paused": Next("vendor", "The integration is paused. Resume it when the reason is gone."),
    "blackout": Next("nobody", "Nothing to do: runs start again after the blackout."),
    "denied": Next("district", "This content was discarded or undone: correct it at the source; send files anew."),
    "no data": Next("district", "No file has landed. Upload the first export."),
}


def next_step(record: RunRecord, manifest: PlanManifest | None, tripped: Sequence[Mapping[str, Any]]) -> Next:
    """The step after a run; `tripped` are the guards that hold its plan, with their remedies."""
    outcome = record.outcome
    if outcome is None:
        return Next("nobody", "The run is on its way.")
    if record.undoes is not None and outcome in _UNDONE:
        return Next("district", _UNDONE[outcome].format(run=record.undoes))
    if outcome == "held":
        return Next("vendor", _held(tripped, manifest) + _people(manifest))
    if record.waits is not None:
        missed = f"{_NO_PART} " if record.trigger == "approval" and outcome == "nothing to change" else ""
        return Next("vendor", missed + _REST + _people(manifest))
    if outcome == "discarded":
        return after_discard(record.code)
    if outcome == "applied with issues" or (outcome == "nothing to change" and _in_error(manifest)):
        return _issues(manifest)
    if outcome == "skipped":
        return BY_SKIP.get(record.code or "", Next(record.owner, record.text or _WAIT))
    if outcome == "failed" and manifest and manifest.failure:
        return Next(manifest.failure["owner"], f"Nothing was written. {manifest.failure['remedy']}")
    return BY_OUTCOME[outcome]


def after_discard(code: str | None) -> Next:
    """Whose turn it is once a plan was dropped; `code` is the guard that held it. What our own rules or a first look
    stopped is for us to set right, everything else is mended at the source."""
    return Next("vendor", _OURS) if code in OURS else BY_OUTCOME["discarded"]


def _people(manifest: PlanManifest | None) -> str:
    """How many people must approve; a re-key, after which hardly anything leaves, may need fewer."""
    if manifest is None or manifest.approvers < 2:
        return ""
    rekeyed = manifest.rekey["approvers"] if manifest.rekey else manifest.approvers
    one = "; with the re-key one is enough" if rekeyed < manifest.approvers else ""
    return f" {manifest.approvers} people must approve it{one}."


def _held(tripped: Sequence[Mapping[str, Any]], manifest: PlanManifest | None) -> str:
    """One instruction: what the gravest guard saw and its remedy. They come in that order, behind those that know the
    cause; a first load alone is no accident."""
    gravest = sorted(tripped, key=lambda guard: (guard["code"] == FIRST_LOAD, guard["code"] not in _CAUSES))
    if not gravest:
        return "Look at the plan, then approve or discard it."
    same = gravest[0]["code"] == "MOVING" and not (manifest and manifest.rekey)
    return f"{guard_sentence(gravest[0])}. {_SAME_IDS if same else gravest[0]['remedy']}"


def _in_error(manifest: PlanManifest | None) -> bool:
    """Whether rows were not taken: then somebody has work, also on a day on which nothing changed."""
    issues = manifest.issues if manifest else {}
    return any(CATALOGUE[code].severity == "error" for code, count in issues.items() if count)


def _issues(manifest: PlanManifest | None) -> Next:
    """Rows in error are mended at the source; the owner is whoever owns most of them."""
    owners: dict[str, int] = {}
    for code, count in (manifest.issues if manifest else {}).items():
        if CATALOGUE[code].severity in ("error", "warning"):
            owners[CATALOGUE[code].owner] = owners.get(CATALOGUE[code].owner, 0) + count
    owner = max(owners, key=lambda name: owners[name], default="district")
    return Next(owner, _MEND)
