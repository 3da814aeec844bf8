"""What people did by hand, as a plan must know it: records that they made, and edits that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from homeroom.apply.items import link_key
from homeroom.model.byhand import HandRecord
from homeroom.model.identities import links_of
from homeroom.model.plan import LinkImage
from homeroom.ports import Edit

if TYPE_CHECKING:
    from homeroom.planning.opening import Planning

BySource = Mapping[str, frozenset[str]]
"""Entity → source ids."""


def standing_by_hand(entries: Iterable[HandRecord], dirty: Iterable[HandRecord]) -> tuple[HandRecord, ...]:
    """The active records made by hand, in the order of entity and id.

    Of `dirty` ones, which an interrupted run may have written, the entry counts only if somebody changed it since.
    """
    known = {(record.entity, record.id): record for record in entries}
    for record in dirty:
        key = record.entity, record.id
        if key not in known or known[key].at <= record.at:
            known[key] = record
    return tuple(known[key] for key in sorted(known) if known[key].status == "active")


def links_by_hand(planning: Planning) -> list[LinkImage]:
    """Who holds the identities of people made by hand, and those that they gave up: the kept state does not know those
    links."""
    links = {link for r in planning.hand if r.entity == "people" for link in links_of(r.source_id, r.fields)}
    links |= {link for edit in planning.edits for link in edit.left}
    if not links:
        return []
    keys = {link_key(planning.integration.roster, link): link for link in sorted(links)}
    holders = {(item["owner"], item["member"]): item["person"] for item in planning.world.roster.get(keys)}
    return [LinkImage(link, holders.get(key)) for key, link in keys.items()]


def edited_by_hand(edits: Iterable[Edit]) -> tuple[BySource, BySource]:
    """Records of the SIS with an edit that waits; and those of them that nobody archived by hand."""
    edited: dict[str, set[str]] = {}
    archived: dict[str, set[str]] = {}
    for edit in edits:
        if edit.action in ("edit", "archive"):
            edited.setdefault(edit.entity, set()).add(edit.source_id)
        if edit.action == "archive":
            archived.setdefault(edit.entity, set()).add(edit.source_id)
    altered = {name: frozenset(ids - archived.get(name, set())) for name, ids in edited.items()}
    return {name: frozenset(ids) for name, ids in edited.items()}, altered
