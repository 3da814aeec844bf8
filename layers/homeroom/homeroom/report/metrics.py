"""Metrics of a run, namespace `Homeroom`: names that the template's alarms use, and numbers of a summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RUN_FAILED = "RunFailed"
RUN_HELD = "RunHeld"
RUN_APPLIED = "RunApplied"
ROSTER_STALE = "RosterStale"
RECORDS_WRITTEN = "RecordsWritten"
RECORDS_ARCHIVED = "RecordsArchived"
ROWS_IN_ERROR = "RowsInError"
RUN_SECONDS = "RunSeconds"
PORTAL_DIFFERS = "PortalDiffers"
"""Portals that publish other addresses than sign-in uses. Sign-ins themselves: `homeroom.aws.sign_in_noting`."""

_BY_OUTCOME: Mapping[str, str] = {
    "failed": RUN_FAILED,
    "interrupted": RUN_FAILED,
    "held": RUN_HELD,
    "applied": RUN_APPLIED,
    "applied with issues": RUN_APPLIED,
}


def of_summary(summary: Mapping[str, Any]) -> dict[str, float]:
    """Metric → value of one ended run; units are Count, and Seconds for `RunSeconds`."""
    name = _BY_OUTCOME.get(summary["outcome"] or "")
    told: dict[str, float] = {name: 1} if name else {}
    if summary["applied"]:
        told[RECORDS_WRITTEN] = summary["written"]["records"]
        told[RECORDS_ARCHIVED] = sum(entity["archived"] for entity in summary["entities"].values())
    told[ROWS_IN_ERROR] = sum(entity["errors"] for entity in summary["entities"].values())
    told[RUN_SECONDS] = summary["times"]["seconds"]
    return told
