"""Questions about a roster that change nothing: what would other choices do, and why is somebody (not) here?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError

from homeroom.model import events
from homeroom.model.choice_events import Choices
from homeroom.model.integration import Options
from homeroom.model.schedule import Schedule
from homeroom.model.sharing import Sharing
from local import screen
from local.commands.asking import opened, told
from local.commands.limits import written
from local.commands.options import IntegrationId, Json, Profile, StackName
from local.reasons import Stopped
from local.views.explained import explained_view
from local.views.tried import tried_view

UniqueNames = Literal["on", "clashes", "off"]
ALL = "all"

Record = Annotated[str, typer.Argument(metavar="RECORD", help=(
    "Source id, username, number or internal id; of a class its source id or code."))]


def explain(
    integration: IntegrationId, record: Record,
    of_class: Annotated[bool, typer.Option("--class", help="The record is a class. Default: a person.")] = False,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Explain why a person or class is here or not, with these values.

    From the source's row through rules to guards. Shows data of the person.
    """
    with screen.progress("looking at rows, rules, plan and journal", quiet=as_json):
        answer = opened(stack, profile).ask(events.Explain(
            operation="explain", integration=integration, entity="classes" if of_class else "people", record=record))
    return told(answer, as_json, *explained_view(answer))


def try_choices(
    integration: IntegrationId,
    weekly: Annotated[bool, typer.Option("--weekly", help="Sync once a week, in the weekend.")] = False,
    school: Annotated[list[str] | None, typer.Option("--school", metavar="ID", help=(
        "Take only this school. May be repeated; `all` takes all."))] = None,
    unique_names: Annotated[UniqueNames | None, typer.Option("--unique-names", help=(
        "Force Unique Class Names: always, only where they clash, or not."))] = None,
    parents: Annotated[bool | None, typer.Option("--parents/--no-parents", help="Sync Parent Data.")] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="JSON", exists=True, dir_okay=False, help=(
        "Any choices, as `options` takes them."))] = None,
    as_of: Annotated[datetime | None, typer.Option("--as-of", metavar="DATE", formats=["%Y-%m-%d"], help=(
        "As if it were that day."))] = None,
    limit: Annotated[list[str] | None, typer.Option("--limit", metavar="LIMIT", help=(
        "With this limit of a guard, such as GRD-02=40. May be repeated."))] = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Show what a run would do with other choices.

    On the rows that were read last: the source is not asked, and nothing changes.
    """
    limits = {code: one for code, one in written(limit or ()).items() if one is not None}
    asked = events.TryChoices(
        operation="try", integration=integration, limits=limits, as_of=as_of.date().isoformat() if as_of else None,
        choices=_choices(file, _named(weekly, school, unique_names, parents)))
    with screen.progress("planning twice: with these choices, and with those of today", quiet=as_json):
        answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *tried_view(answer))


def _named(weekly: bool, school: list[str] | None, unique_names: UniqueNames | None,
           parents: bool | None) -> dict[str, Any]:
    """What the options of the command name, part by part."""
    options: dict[str, Any] = {}
    if unique_names is not None:
        options["class_names"] = "where they clash" if unique_names == "clashes" else unique_names
    if parents is not None:
        options["parents"] = parents
    return {
        **({"schedule": Schedule(mode="weekly", days=(), at=None)} if weekly else {}),
        **({"sharing": Sharing(schools=() if ALL in school else tuple(school))} if school else {}),
        **({"options": Options(**options)} if options else {}),
    }


def _choices(file: Path | None, named: dict[str, Any]) -> Choices:
    """Choices of a file, under those that were named. Raises Stopped."""
    try:
        known = Choices.model_validate_json(file.read_bytes()) if file else Choices()
    except ValidationError as wrong:
        places = [".".join(map(str, error["loc"])) + ": " + error["msg"] for error in wrong.errors(include_input=False)]
        raise Stopped(f"{file} holds no choices: {'; '.join(places[:5])}", (
            'Such as {"options": {"class_names": "on"}, "sharing": {"schools": ["s-1"]}}.')) from wrong
    merged = {name: _over(getattr(known, name), part) for name, part in named.items()}
    return known.model_copy(update=merged)


def _over(known: Any, part: Any) -> Any:
    """A part of the file with the named fields on top."""
    if known is None:
        return part
    fields = {name: getattr(one, name) for one in (known, part) for name in one.model_fields_set}
    return type(part)(**fields)
