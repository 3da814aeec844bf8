"""Commands that look back: `undo` and `as-of`."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, cast, get_args
from zoneinfo import ZoneInfo

import typer

from homeroom.model import events
from homeroom.model.selection import ChangeName, EntityName, Selection
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName, Wait
from local.commands.support import RunNumber, follow
from local.reasons import Stopped
from local.views.past import as_of_view, undo_view

Many = list[str] | None


def undo(
    integration: IntegrationId, run: RunNumber,
    entity: Annotated[Many, typer.Option("--entity", metavar="KIND", help="Only these kinds of record.")] = None,
    change: Annotated[Many, typer.Option("--change", metavar="CHANGE", help=(
        "Only these changes of the run: create, update, archive, restore, adopt."))] = None,
    school: Annotated[Many, typer.Option("--school", metavar="ID", help="Only what belongs to these schools.")] = None,
    klass: Annotated[Many, typer.Option("--class", metavar="ID", help="Only what belongs to these classes.")] = None,
    record: Annotated[Many, typer.Option("--record", metavar="ID", help="Only these records, and what hangs on them."
                                         )] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show what it would do, and do nothing.")] = False,
    wait: Wait = True, by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None,
    as_json: Json = False,
) -> int:
    """Take a run back, or a part of it.

    What changed since is listed and left alone. `--preview` shows what it would do.
    """
    only = Selection(
        entities=_named(entity, EntityName, "kind of record"), changes=_named(change, ChangeName, "change"),
        schools=tuple(school or ()), classes=tuple(klass or ()), records=tuple(record or ()),
    )
    where = opened(stack, profile)
    if not preview and not reason:
        raise Stopped("an undo needs a reason", "Say why with --reason.")
    would = where.ask(events.TryUndo(operation="try_undo", integration=integration, run=run, only=only))
    if preview:
        return told(would, as_json, *undo_view(would, preview=only.everything))
    if not as_json:
        told(would, False, *undo_view(would))
    asked = events.Undo(operation="undo", integration=integration, run=run, only=only, by=who(by), reason=reason)
    return follow(where, where.ask(asked), wait, as_json)


def _named(given: Many, kind: Any, what: str) -> Any:
    """The values, each a known word. Raises typer.BadParameter."""
    known = get_args(kind)
    wrong = [one for one in given or () if one not in known]
    if wrong:
        raise typer.BadParameter(f"there is no {what} {wrong[0]}; known are: {', '.join(known)}")
    return tuple(given or ())


def as_of(
    integration: IntegrationId,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Internal id or source id.")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help=(
        "The moment in the district's time, as 2026-09-07T14:30, or 2026-09-07 for the end of that day; or with a"
        " zone of its own, as 2026-09-07T14:30-05:00."))],
    entity: Annotated[str, typer.Option("--entity", metavar="KIND", help=(
        f"One of: {', '.join(get_args(EntityName))}."))] = "people",
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Show a person, class or school as it was at a moment."""
    (kind,) = _named([entity], EntityName, "kind of record")
    moment, where = _moment(at), opened(stack, profile)
    if moment.tzinfo is None:
        known = where.ask(events.ShowStatus(operation="status", integration=integration, runs=1))["set_up"]
        moment = moment.replace(tzinfo=ZoneInfo(known["timezone"]))
    answer = where.ask(events.AsOf(
        operation="as_of", integration=integration, entity=cast(EntityName, kind), record=record, at=moment))
    return told(answer, as_json, *as_of_view(answer))


def _moment(at: str) -> datetime:
    """The moment; of a day its end, because that is how people remember it. Raises typer.BadParameter."""
    try:
        if len(at) == len("2026-09-07"):
            return datetime.combine(date.fromisoformat(at), time.max)
        return datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(f"{at} is no moment; write it as 2026-09-07 or 2026-09-07T14:30",
                                 param_hint="--at") from None
