"""The manifest of a kept plan."""

from __future__ import annotations

import json

from homeroom.model import places
from homeroom.model.plan import PlanManifest
from homeroom.ports import Edit, Objects


def load_manifest(objects: Objects, integration: str, run: int) -> PlanManifest:
    """What a run planned, without its operations. Raises NotFound."""
    kept = json.loads(objects.get(places.manifest(integration, run)))
    return PlanManifest(**{**kept, "parts": [(entity, archives, count) for entity, archives, count in kept["parts"]]})


def edits_of(manifest: PlanManifest) -> list[Edit]:
    """The hand edits that the plan took in, as far as they must be known to remove them."""
    return [
        Edit(entity="", id="", source_id="", action="", item=(owner, member), record=(record_owner, record_member),
             by="", at="")
        for owner, member, record_owner, record_member in manifest.edits
    ]
