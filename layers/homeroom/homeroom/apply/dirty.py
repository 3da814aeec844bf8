"""What an interrupted run may have left: the keys of its plan, and what the table holds there.

While a plan is not committed its keys stay dirty (design 3): the next plan takes them in whatever the diff says, with
the before-image read from the table, so that the same roster results wherever the run was cut off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from homeroom.apply.items import ENROLLMENTS, keys, link_key, made_by_hand, stored
from homeroom.apply.manifest import load_manifest
from homeroom.apply.part import read_part
from homeroom.model.byhand import HandRecord
from homeroom.model.integration import Integration
from homeroom.model.plan import IDENTITIES, LinkImage, Operation, TableImage
from homeroom.model.run import Control
from homeroom.ports import Item, Key, Objects, Roster, World

Record = tuple[str, str, str]
"""Entity, internal id, source id."""


@dataclass(frozen=True)
class DirtyKeys:
    """Records with every key where their item may stand, and identity links as `<kind>#<value>`.

    `by_hand` are records made by hand that were to be taken over, archived or given back, each as it was made;
    `places` are where their items may stand, or nowhere in particular. No image is taken of them: whether an item is
    the SIS's or somebody's own is decided anew, and then it is written whole.
    """

    records: dict[Record, set[Key]] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    by_hand: dict[tuple[str, str], HandRecord] = field(default_factory=dict)
    places: list[TableImage] = field(default_factory=list)


@dataclass(frozen=True)
class Dirty:
    """What the table holds at the keys of interrupted runs, and the records made by hand among them."""

    images: tuple[TableImage, ...] = ()
    links: tuple[LinkImage, ...] = ()
    by_hand: tuple[HandRecord, ...] = ()


def dirty_images(world: World, integration: Integration, control: Control) -> Dirty:
    """What the table holds, read consistently, at all keys of the plans that were begun and not committed."""
    if not control.dirty_runs:
        return Dirty()
    dirty = dirty_keys(world.objects, integration, control.dirty_runs)
    images = (*record_images(world.roster, dirty), *dirty.places)
    links = link_images(world.roster, integration.roster, dirty)
    return Dirty(images, tuple(links), tuple(dirty.by_hand.values()))


def dirty_keys(objects: Objects, integration: Integration, runs: Iterable[int]) -> DirtyKeys:
    """The keys of these runs' plans. Raises NotFound when a plan is gone, which must never happen to a dirty run."""
    dirty = DirtyKeys()
    for run in runs:
        manifest = load_manifest(objects, integration.id, run)
        for number in range(len(manifest.parts)):
            for operation in read_part(objects, integration.id, run, number):
                if operation["entity"] == IDENTITIES:
                    dirty.links.add(operation["source_id"])
                elif operation.get("hand") is not None:
                    _by_hand(dirty, operation)
                else:
                    record = operation["entity"], operation["id"], operation["source_id"]
                    dirty.records.setdefault(record, set()).update(keys(integration.roster, operation))
    return dirty


def _by_hand(dirty: DirtyKeys, operation: Operation) -> None:
    """Note a record made by hand as it was found, and where it may stand under the source id that the SIS has."""
    made = made_by_hand(operation, before=True)
    dirty.by_hand[made.entity, made.id] = made
    of_sis = operation["was"] if operation["op"] == "give back" else operation["source_id"]
    refs, fields = operation["refs"] or {}, operation["after"] or operation["before"] or {}
    here = [{"class": refs["class"], "person": refs["person"], "role": fields["role"]}] if made.entity == ENROLLMENTS \
        else [None]
    dirty.places.extend(TableImage(made.entity, made.id, of_sis or made.source_id, None, None, place)
                        for place in (*here, *(operation["moved_from"] or ())))


def record_images(roster: Roster, dirty: DirtyKeys) -> list[TableImage]:
    """One image for each item that exists, one without fields for each record that exists nowhere."""
    found: dict[tuple[str, str], list[Item]] = {}
    for item in roster.get({key for keys_of_record in dirty.records.values() for key in keys_of_record}):
        if item.get("by_hand"):
            continue  # not the SIS's: as if nothing stood there, so that the record is written whole
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
