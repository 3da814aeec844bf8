"""What an interrupted run may have left: the keys of its plan, and what the table holds there.

While a plan is not committed its keys stay dirty (design 3): the next plan takes them in whatever the diff says, with
the before-image read from the table, so that the same roster results wherever the run was cut off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from homeroom.apply.items import keys, link_key, stored
from homeroom.apply.manifest import load_manifest
from homeroom.apply.part import read_part
from homeroom.model.integration import Integration
from homeroom.model.plan import IDENTITIES, LinkImage, TableImage
from homeroom.model.run import Control
from homeroom.ports import Item, Key, Objects, Roster, World

Record = tuple[str, str, str]
"""Entity, internal id, source id."""


@dataclass(frozen=True)
class DirtyKeys:
    """Records with every key where their item may stand, and identity links as `<kind>#<value>`."""

    records: dict[Record, set[Key]] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)


def dirty_images(world: World, integration: Integration, control: Control) -> tuple[list[TableImage], list[LinkImage]]:
    """What the table holds, read consistently, at all keys of the plans that were begun and not committed."""
    if not control.dirty_runs:
        return [], []
    dirty = dirty_keys(world.objects, integration, control.dirty_runs)
    return record_images(world.roster, dirty), link_images(world.roster, integration.roster, dirty)


def dirty_keys(objects: Objects, integration: Integration, runs: Iterable[int]) -> DirtyKeys:
    """The keys of these runs' plans. Raises NotFound when a plan is gone, which must never happen to a dirty run."""
    dirty = DirtyKeys()
    for run in runs:
        manifest = load_manifest(objects, integration.id, run)
        for number in range(len(manifest.parts)):
            for operation in read_part(objects, integration.id, run, number):
                if operation["entity"] == IDENTITIES:
                    dirty.links.add(operation["source_id"])
                else:
                    record = operation["entity"], operation["id"], operation["source_id"]
                    dirty.records.setdefault(record, set()).update(keys(integration.roster, operation))
    return dirty


def record_images(roster: Roster, dirty: DirtyKeys) -> list[TableImage]:
    """One image for each item that exists, one without fields for each record that exists nowhere."""
    found: dict[tuple[str, str], list[Item]] = {}
    for item in roster.get({key for keys_of_record in dirty.records.values() for key in keys_of_record}):
        found.setdefault((item["entity"], item["id"]), []).append(item)
    images: list[TableImage] = []
    for entity, id, source_id in sorted(dirty.records):
        items = found.get((entity, id), [])
        images += [_image(item) for item in items]
        if not items:
            images.append(TableImage(entity, id, source_id, None, None))
    return images


def link_images(roster: Roster, name: str, dirty: DirtyKeys) -> list[LinkImage]:
    """Who holds each dirty identity, if anybody; `name` is the roster's id."""
    keys_of_links = {link_key(name, link): link for link in sorted(dirty.links)}
    holders = {(item["owner"], item["member"]): item["person"] for item in roster.get(keys_of_links)}
    return [LinkImage(link, holders.get(key)) for key, link in keys_of_links.items()]


def _image(item: Item) -> TableImage:
    record = stored(item)
    place = record.place.words() if record.place else None
    return TableImage(record.entity, record.id, record.source_id, record.status, record.fields, place)
