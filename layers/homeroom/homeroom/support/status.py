"""Whose turn it is: the status of an integration in the words of design 3, as one table of rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeroom.model.integration import Integration, Status
from homeroom.model.issues import Owner
from homeroom.model.run import Control, RunRecord
from homeroom.support.rules import leased

_NEEDS_A_SECRET = ("clever_api", "oneroster_rest", "csv_pulled")
_SOURCE_REFUSED = "SRC-01"
_SENDERS: Mapping[str, Owner] = {"district": "district", "aggregator": "aggregator"}
"""Who sends what we read: after a failure of theirs it is their turn."""


@dataclass(frozen=True)
class Standing:
    """A status, who acts next (`nobody` if nobody need), and why, in words."""

    status: Status
    owner: Owner
    text: str


@dataclass(frozen=True)
class Seen:
    """What a status is judged by; `history` is newest first."""

    integration: Integration
    control: Control
    history: Sequence[RunRecord]
    now: datetime

    @property
    def ended(self) -> RunRecord | None:
        """The newest run that ended with a word on the source. Skipped runs have none, but for `unchanged`."""
        return next((r for r in self.history if r.outcome not in (None, "skipped") or _is_unchanged(r)), None)

    @property
    def fresh_at(self) -> datetime | None:
        """When the roster was last known to equal its source: applied, or seen unchanged."""
        unchanged = [r.finished_at for r in self.history if _is_unchanged(r)]
        return max((at for at in [self.control.applied_at, *unchanged] if at is not None), default=None)


def _is_unchanged(record: RunRecord) -> bool:
    """Whether the source was seen to be as it was applied last."""
    return record.outcome == "skipped" and record.code == "unchanged"


def standing(seen: Seen) -> Standing:
    """The first rule that speaks."""
    return next(told for rule in _RULES if (told := rule(seen)) is not None)


def is_stale(seen: Seen) -> bool:
    """Whether an applied roster is older than its integration allows; rosters that may not run are not called stale."""
    fresh, today = seen.fresh_at, seen.now.date().isoformat()
    rests = seen.integration.paused or any(b.first <= today <= b.last for b in seen.integration.blackouts)
    return fresh is not None and not rests and seen.now - fresh > timedelta(hours=seen.integration.stale_after_hours)


def _paused(seen: Seen) -> Standing | None:
    paused = seen.integration.paused
    return Standing("paused", "vendor", f"since {paused.at:%Y-%m-%d}: {paused.reason}") if paused else None


def _running(seen: Seen) -> Standing | None:
    if not leased(seen.control, seen.now):
        return None
    run = next((r for r in seen.history if r.run == seen.control.lease_run), None)
    if run is not None and run.outcome is not None:
        return None
    return Standing("running", "nobody", f"run {seen.control.lease_run} is {run.state if run else 'queued'}")


def _on_hold(seen: Seen) -> Standing | None:
    held = seen.control.held_run
    if held is None:
        return None
    text = next((r.text for r in seen.history if r.run == held), "")
    return Standing("on hold: review", "vendor", f"run {held}: {text}; approve or discard it")


def _after_a_failure(seen: Seen) -> Standing | None:
    ended = seen.ended
    if ended is not None and ended.outcome == "failed":
        text = f"run {ended.run} failed: {ended.text}"
        if ended.code == _SOURCE_REFUSED:
            return Standing("disconnected", "district", text)
        if ended.owner in _SENDERS:
            return Standing("waiting for the district", _SENDERS[ended.owner], text)
        return Standing("failing: we act", "vendor", text)
    if ended is not None and ended.outcome == "discarded":
        return Standing("waiting for the district", "district", f"run {ended.run} was discarded; send a new export")
    if ended is not None and ended.outcome == "lapsed":
        return Standing("failing: we act", "vendor", f"run {ended.run} lapsed; start a new run")
    return None


def _half_written(seen: Seen) -> Standing | None:
    if not seen.control.dirty_runs:
        return None
    run = seen.control.dirty_runs[-1]
    return Standing("failing: we act", "vendor", f"run {run} was interrupted; the next run repairs what it left")


def _incomplete_upload(seen: Seen) -> Standing | None:
    note = seen.control.note
    return Standing("waiting for the district", "district", note.text) if note else None


def _not_set_up(seen: Seen) -> Standing | None:
    if seen.integration.transport in _NEEDS_A_SECRET and seen.integration.secret_name is None:
        return Standing("not set up", "vendor", "the credentials of the source are missing")
    if seen.integration.district_id is None and not seen.history:
        return Standing("not set up", "vendor", "the district's id is not confirmed")
    return None


def _no_data(seen: Seen) -> Standing | None:
    waits = seen.control.applied_run is None and seen.control.last_delivery is None
    return Standing("waiting for data", "district", "nothing has landed yet") if waits else None


def _stale(seen: Seen) -> Standing | None:
    if not is_stale(seen):
        return None
    return Standing("stale", "vendor", f"no run was applied for more than {seen.integration.stale_after_hours} hours")


def _up_to_date(seen: Seen) -> Standing:
    fresh = seen.fresh_at
    return Standing("up to date", "nobody", f"equal to the source as of {fresh:%Y-%m-%d %H:%M} UTC" if fresh else "")


_RULES: tuple[Callable[[Seen], Standing | None], ...] = (
    _paused, _running, _on_hold, _half_written, _after_a_failure, _incomplete_upload, _not_set_up, _no_data, _stale,
    _up_to_date,
)
