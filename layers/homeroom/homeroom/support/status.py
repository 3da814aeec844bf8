"""Whose turn it is: the status of an integration in the words of design 3, as one table of rules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from homeroom.apply.holds import SINCE_THEN
from homeroom.model.integration import Integration, Status
from homeroom.model.issues import Owner
from homeroom.model.run import Control, RunRecord
from homeroom.report.next_step import OURS, after_discard
from homeroom.support.rules import leased
from homeroom.support.steps import NO_PRIMARY, Facts, lacks_primary, open_step
from homeroom.support.times import longest_gap, rests_on

_SOURCE_REFUSED = "SRC-01"
_CONNECTION = ("SRC-01", "SRC-02", "SRC-10", "SRC-11", "SRC-12", "SRC-15", "SRC-16")
"""Failures that a connection test sees as well, and sees mended."""
_BLOCKS = ("credentials", "verify")
"""Steps without which the door refuses every run that fetches; the others matter before the first one only."""
_LANDS = ("export",)
"""Told as waiting for data."""
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
    late: str | None = None
    """Words on a pushed file that should have come by now, where somebody looked."""

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
    fresh, local = seen.fresh_at, seen.now.astimezone(ZoneInfo(seen.integration.timezone))
    rests = seen.integration.paused or rests_on(seen.integration, local.date())
    return fresh is not None and not rests and seen.now - fresh > _allowed(seen.integration)


def _allowed(integration: Integration) -> timedelta:
    """How old the roster may grow: as the integration says, but always until a day after its schedule's next start."""
    return max(timedelta(hours=integration.stale_after_hours), longest_gap(integration) + timedelta(days=1))


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
    record = next((r for r in seen.history if r.run == held), None)
    text = record.text if record else ""
    yes = ", approved by one person so far" if record and record.approvals else ""
    return Standing("on hold: review", "vendor", f"run {held}: {text}{yes}; look at it with `show`, then approve or"
                    " discard it")


def _after_a_failure(seen: Seen) -> Standing | None:
    ended = seen.ended
    if ended is not None and ended.outcome == "failed":
        text = f"run {ended.run} failed: {ended.text}"
        if _mended(seen, ended):
            return Standing("failing: we act", "vendor", f"{text}; the connection works again: start a run")
        return _by_code(ended.code, ended.owner, text)
    if ended is not None and ended.outcome == "discarded":
        if ended.code in OURS:
            step = after_discard(ended.code)
            return Standing("failing: we act", "vendor", f"run {ended.run} was discarded; {step.text}")
        pushed = seen.integration.transport == "csv_pushed"
        awaited = "send a new export" if pushed else "correct it at the source, or run by hand with force"
        return Standing("waiting for the district", "district", f"run {ended.run} was discarded; {awaited}")
    if ended is not None and ended.undoes is not None and ended.outcome == "applied":
        return Standing("waiting for the district", "district", (
            f"run {ended.run} took run {ended.undoes} back; the same content is refused until the source is corrected"))
    if ended is not None and ended.outcome == "lapsed":
        return Standing("failing: we act", "vendor", f"run {ended.run} lapsed; start a new run")
    return None


def _rest_dropped(seen: Seen) -> Standing | None:
    """The roster equals its source but for what waited and was discarded."""
    applied = next((r for r in seen.history if r.run == seen.control.applied_run), None)
    if applied is None or f"{SINCE_THEN}discarded" not in applied.text:
        return None
    text = f"run {applied.run} was applied in part, and the rest was discarded"
    if applied.code in OURS:
        return Standing("failing: we act", "vendor", f"{text}; {after_discard(applied.code).text}")
    return Standing("waiting for the district", "district", f"{text}; it is refused until the source changes")


def _moving(seen: Seen) -> Standing | None:
    """Another way in was connected; what is applied is still of the way before."""
    moving = seen.integration.moving
    if moving is None or seen.control.applied_run is None:
        return None
    return Standing("up to date", "vendor", "as the way in before left it; the new one was not read yet: `test` it,"
                    " then start a `run`, whose plan waits for a look")


def _mended(seen: Seen, ended: RunRecord) -> bool:
    """Whether a connection test went well since the run that could not connect."""
    setup = seen.integration.setup
    good = setup.tested_at is not None and all(finding.ok for finding in setup.findings)
    return good and ended.code in _CONNECTION and _is_newer(setup.tested_at, ended)


def _after_a_test(seen: Seen) -> Standing | None:
    """A connection test that failed since the newest run, where steps of the set-up no longer speak."""
    setup, failed = seen.integration.setup, Facts(seen.integration, seen.control).failure
    if failed is None or seen.control.applied_run is None or not _is_newer(setup.tested_at, seen.ended):
        return None
    return _by_code(failed.code, failed.owner, f"the connection test failed: {failed.text}")


def _is_newer(tested_at: datetime | None, ended: RunRecord | None) -> bool:
    at = ended.finished_at if ended else None
    return tested_at is not None and (at is None or tested_at > at)


def _by_code(code: str | None, owner: str, text: str) -> Standing:
    """Whose turn it is after the source failed."""
    if code == _SOURCE_REFUSED:
        return Standing("disconnected", _SENDERS.get(owner, "vendor"), text)
    if owner in _SENDERS:
        return Standing("waiting for the district", _SENDERS[owner], text)
    return Standing("failing: we act", "vendor", text)


def _half_written(seen: Seen) -> Standing | None:
    if not seen.control.dirty_runs:
        return None
    run = seen.control.dirty_runs[-1]
    return Standing("failing: we act", "vendor", f"run {run} was interrupted; the next run repairs what it left")


def _incomplete_upload(seen: Seen) -> Standing | None:
    note = seen.control.note
    return Standing("waiting for the district", "district", note.text) if note else None


def _not_set_up(seen: Seen) -> Standing | None:
    """The first open step of the set-up; once a roster was applied, only what the door asks for."""
    step = open_step(Facts(seen.integration, seen.control))
    if step is None or step.owner == "nobody" or step.name in _LANDS:
        return None
    blocks = step.name in _BLOCKS and seen.integration.transport != "csv_pushed"
    if seen.control.applied_run is not None and not blocks:
        return None
    text = f"{step.name}: {step.note or step.todo}"
    if step.owner in _SENDERS:
        return Standing("waiting for the district", step.owner, text)
    return Standing("not set up", step.owner, text)


def _no_data(seen: Seen) -> Standing | None:
    if seen.control.applied_run is not None or seen.control.last_delivery is not None:
        return None
    if seen.integration.transport == "csv_pushed":
        return Standing("waiting for data", "district", "nothing has landed yet")
    return Standing("waiting for data", "nobody", "the first run starts by its schedule, or by hand")


def _late(seen: Seen) -> Standing | None:
    return Standing("waiting for the district", "district", seen.late) if seen.late else None


def _stale(seen: Seen) -> Standing | None:
    if not is_stale(seen):
        return None
    hours = _allowed(seen.integration) // timedelta(hours=1)
    return Standing("stale", "vendor", f"no run was applied for more than {hours} hours")


def _up_to_date(seen: Seen) -> Standing:
    fresh = seen.fresh_at
    text = f"equal to the source as of {fresh:%Y-%m-%d %H:%M} UTC" if fresh else ""
    if lacks_primary(Facts(seen.integration, seen.control)):
        return Standing("up to date", "vendor", f"{text}; {NO_PRIMARY}")
    return Standing("up to date", "nobody", text)


_RULES: tuple[Callable[[Seen], Standing | None], ...] = (
    _paused, _running, _on_hold, _half_written, _after_a_failure, _after_a_test, _incomplete_upload, _not_set_up,
    _moving, _rest_dropped, _no_data, _late, _stale, _up_to_date,
)
