"""The connection test of each way in. A reader's own module is imported when it is asked for: nobody loads SFTP to
test a web service, and nothing of a source to answer a list."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from homeroom.errors import SourceUnusable
from homeroom.model.credentials import missing
from homeroom.model.integration import Integration
from homeroom.model.setup import Finding, OrgSeen, Probe
from homeroom.model.source import CleverApi
from homeroom.ports import Landed

_MODULES: Mapping[str, str] = {
    "oneroster_rest": "homeroom.read.oneroster_rest.probe",
    "clever_api": "homeroom.read.clever.probe",
    "csv_pulled": "homeroom.read.sftp_pull",
}


def probe(integration: Integration, credentials: Mapping[str, str]) -> Probe:
    """Test a source that is fetched, in the order of its set-up; the first step that fails ends it."""
    wrong = missing(integration, credentials)
    if wrong is not None:
        return told(SourceUnusable(f"the stored credentials do not fit; {wrong}", code="SRC-10", owner="vendor",
                                   remedy="Store them with the operation rotate_secret."), "credentials")
    try:
        found: Probe = _module(integration.transport).probe(integration, credentials)
    except SourceUnusable as unusable:
        return told(unusable)
    return found


def pending(source: CleverApi, credentials: Mapping[str, str]) -> tuple[OrgSeen, ...]:
    """Districts that authorised the app at Clever. Raises SourceUnusable."""
    return tuple(_module(source.transport).districts(source, credentials))


def landed(files: Sequence[Landed]) -> Probe:
    """What a district pushed so far: the landing folder has no door to knock at."""
    if not files:
        return told(SourceUnusable("nothing has landed yet", code="SRC-06", owner="district",
                                   remedy="Set up the export, and let it run once."), "files")
    newest = max(file.modified for file in files)
    seen = f"{len(files)} file{'s' * (len(files) > 1)} in the landing folder, the newest of {newest:%Y-%m-%d %H:%M} UTC"
    return Probe(findings=(Finding(step="files", ok=True, text=seen),))


def told(unusable: SourceUnusable, step: str = "connection") -> Probe:
    """An error as the one finding of a test."""
    return Probe(findings=(Finding(
        step=step, ok=False, text=unusable.text, code=unusable.issue_code, owner=unusable.issue_owner,
        remedy=unusable.issue_remedy,
    ),))


def _module(transport: str) -> Any:
    return importlib.import_module(_MODULES[transport])
