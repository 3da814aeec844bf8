"""The district's directory, by which people are matched by name (requirement C7): its credentials and its test."""

from __future__ import annotations

from typing import Any

from homeroom.errors import Refused, SourceUnusable
from homeroom.model import events
from homeroom.model.credentials import directory_secret, missing_of_directory
from homeroom.model.integration import Integration
from homeroom.model.setup import Finding
from homeroom.ports import World
from homeroom.read.directory import accounts_in
from homeroom.read.http import Patience
from homeroom.support.audit import audit

STEP = "directory"
SECONDS = 30.0
"""Waiting in all: a person waits for the answer."""


def rotate_directory_secret(event: events.RotateSecret, world: World) -> dict[str, Any]:
    """Store or replace the credentials of the directory; the next run reads with them."""
    integration = world.integrations.get(event.integration)
    directory = integration.options.directory
    if directory is None:
        raise Refused("no directory is named for this integration", remedy="Name it first, with the operation options.")
    wrong = missing_of_directory(directory, event.credentials)
    if wrong is not None or not event.credentials:
        raise Refused(f"the credentials do not fit; {wrong or 'none are needed'}", code="SRC-10",
                      remedy="Give exactly what the directory needs.")
    name = integration.options.directory_secret or directory_secret(integration.id)
    audit(world, integration.id, "rotate_secret", event.by, event.reason, which="directory",
          credentials=sorted(event.credentials))
    world.secrets.put(name, {key: value.get_secret_value() for key, value in event.credentials.items()})
    now = world.integrations.get(integration.id)
    if now.options.directory_secret != name:
        options = now.options.model_copy(update={"directory_secret": name})
        world.integrations.put(now.model_copy(update={"options": options}))
    others = sorted(one.id for one in world.integrations.list()
                    if one.options.directory_secret == name and one.id != integration.id)
    return {"integration": integration.id, "secret_name": name, "replaced_at": world.clock.now().isoformat(),
            "also_used_by": others}


def directory_findings(integration: Integration, world: World) -> tuple[Finding, ...]:
    """What a test of the directory finds; nothing where none is named. The whole list is read, and none of it told."""
    directory = integration.options.directory
    if directory is None:
        return ()
    try:
        found = accounts_in(directory, integration, world, Patience(seconds=SECONDS))
    except SourceUnusable as failed:
        return (Finding(step=STEP, ok=False, text=failed.text, code=failed.issue_code, owner=failed.issue_owner,
                        remedy=failed.issue_remedy),)
    off = "" if integration.options.match_by_name else "; Match Users By Name is off, so nobody is matched"
    return (Finding(step=STEP, ok=True, text=f"the directory shows {len(found):,} accounts with both names{off}"),)
