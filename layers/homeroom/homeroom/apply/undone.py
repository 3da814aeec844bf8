"""What an undo leaves behind: the content that did the damage is refused, and what would do it again is held.

Before the pointer moves, so that an undo which counts is never without it; each step may be repeated. It ends when
somebody approves what came after, when the source no longer asks for it, or when the undo itself is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator

from homeroom.apply.manifest import load_manifest
from homeroom.errors import NotFound
from homeroom.model import places
from homeroom.model.plan import PlanManifest
from homeroom.model.run import Control, Request, RunRecord
from homeroom.ports import World


def settle(world: World, record: RunRecord, plan: PlanManifest) -> None:
    """Before an undo is committed: refuse the content that it took back, or, of an undo, take it up again."""
    if plan.undoes is None or not (plan.verdict == "apply" or plan.mends):
        return  # nothing was taken back; where an undo was cut off after its last write, it was
    integration = record.integration
    chain = list(_chain(world, integration, plan.undoes))
    first = chain[-1]
    if len(chain) % 2:
        content = _content_of_its_own(world, integration, first)
        if content is not None:
            world.runs.deny(integration, content)
        world.runs.mark_undone(integration, record.run)
    elif _whole(world, record):
        content = _content_of_its_own(world, integration, first)
        if content is not None:
            world.runs.allow(integration, content)
        world.runs.clear_undone(integration, [plan.undoes])


def forgive(world: World, control: Control, record: RunRecord, plan: PlanManifest) -> None:
    """After a run was applied: forget the undoes before it, if a person approved it whole, or if it does not do again
    what they took back and is not of the content that was refused."""
    before = [run for run in control.undone if run < record.run]
    if not before or plan.undoes is not None or record.waits is not None:
        return
    another = plan.content_hash not in control.denied
    if record.trigger == "approval" or (plan.redone == 0 and another):
        world.runs.clear_undone(record.integration, before)


def _chain(world: World, integration: str, run: int) -> Iterator[int]:
    """The run that is taken back; if it is an undo, the run that that one took back; and so on."""
    undone: int | None = run
    while undone is not None:
        yield undone
        undone = world.runs.run(integration, undone).undoes


def _content_of_its_own(world: World, integration: str, run: int) -> str | None:
    """What the run read, unless the run before it had read the same: then not the content did it, but a choice."""
    manifest = load_manifest(world.objects, integration, run)
    if manifest.base_run is None:
        return manifest.content_hash
    try:
        earlier = load_manifest(world.objects, integration, manifest.base_run).content_hash
    except NotFound:
        return manifest.content_hash
    return manifest.content_hash if manifest.content_hash != earlier else None


def _whole(world: World, record: RunRecord) -> bool:
    request = Request.model_validate_json(world.objects.get(places.request(record.integration, record.run)))
    return request.only.everything
