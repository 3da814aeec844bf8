"""What left unexplained in the days before, and nobody looked at: for the guard against a slow drain (GRD-09).

Counted from the ledger: runs of the last days that were applied by themselves. What a person approved does not count
again, else each night after it would be held as well; nor does what an undo brought back, nor a day on which a season
window let everything pass (ADR 0025).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from homeroom.model.run import RunRecord
from homeroom.ports import Runs

DAYS = 7
"""The day of the plan and the six before it."""
_APPLIED = ("applied", "applied with issues")
_BY_A_PERSON = ("approval", "undo")
_ABSENT = "absent"
_FIRST_PAGE = 50


def drained(runs: Runs, integration: str, as_of: str) -> dict[str, int]:
    """Entity → unexplained removals that runs since six days before `as_of` (YYYY-MM-DD) applied by themselves."""
    first = date.fromisoformat(as_of) - timedelta(days=DAYS - 1)
    found = _since(runs, integration, first)
    undone = {record.undoes for record in found if record.outcome in _APPLIED and record.undoes is not None}
    counting = [record for record in found if record.run not in undone and _counts(record, first)]
    return _sum(record.summary or {} for record in counting)


def _since(runs: Runs, integration: str, first: date) -> list[RunRecord]:
    """Runs from the newest back to that day; a day more, because days are the district's and times are UTC."""
    start, limit = first - timedelta(days=1), _FIRST_PAGE
    records = runs.history(integration, limit)
    while len(records) == limit and records[-1].started_at.date() >= start:
        limit *= 4
        records = runs.history(integration, limit)
    return [record for record in records if record.started_at.date() >= start]


def _counts(record: RunRecord, first: date) -> bool:
    """A held run that was approved ends as applied as well, but another run wrote its plan."""
    if record.outcome not in _APPLIED or record.plan_run != record.run:
        return False
    if record.trigger in _BY_A_PERSON or record.summary is None:
        return False
    day = record.summary["source"]["as_of"]
    passed = any(guard["code"] == "GRD-09" and guard.get("off") for guard in record.summary["guards"])
    return day is not None and date.fromisoformat(day) >= first and not passed


def _sum(summaries: Iterable[Mapping[str, Mapping[str, Mapping[str, int]]]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for summary in summaries:
        for entity, reasons in summary.get("removals", {}).items():
            if reasons.get(_ABSENT):
                total[entity] = total.get(entity, 0) + reasons[_ABSENT]
    return total
