"""Questions about a roster that change nothing: what would other choices do, and why is somebody (not) here?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from homeroom.model import events
from local import screen
from local.commands.asking import opened, told
from local.commands.choices import (
    MatchByName,
    OneSchool,
    OnHold,
    OnlySource,
    Parents,
    UniqueNames,
    When,
    choices_of,
    named_choices,
)
from local.commands.limits import written
from local.commands.options import IntegrationId, Json, Profile, StackName
from local.views.explained import explained_view
from local.views.tried import tried_view

ALL = "all"

Record = Annotated[str, typer.Argument(metavar="RECORD", help=(
    "Source id, username, number or internal id; of a class its source id or code."))]


def explain(
    integration: IntegrationId, record: Record,
    of_class: Annotated[bool, typer.Option("--class", help="The record is a class. Default: a person.")] = False,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Explain why a person or class is (not) here.

    And where each value is from. From the source's row through rules to guards. Shows data of the person.
    """
    with screen.progress("looking at rows, rules, plan and journal", quiet=as_json):
        answer = opened(stack, profile).ask(events.Explain(
            operation="explain", integration=integration, entity="classes" if of_class else "people", record=record))
    return told(answer, as_json, *explained_view(answer))


def try_choices(
    integration: IntegrationId,
    daily: When = None,
    school: Annotated[list[str] | None, typer.Option("--school", metavar="ID", help=(
        "Take only this school. May be repeated; `all` takes all."))] = None,
    unique_names: UniqueNames = None, parents: Parents = None, match_by_name: MatchByName = None,
    one_school: OneSchool = None, only_source: OnlySource = None, on_hold: OnHold = None,
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
    named = named_choices(unique_names, on_hold, daily, parents=parents, match_by_name=match_by_name,
                          one_school=one_school, only_source=only_source)
    sharing = {"schools": () if ALL in school else tuple(school)} if school else {}
    asked = events.TryChoices(
        operation="try", integration=integration, limits=limits, as_of=as_of.date().isoformat() if as_of else None,
        choices=choices_of(file, {**named, "sharing": sharing}))
    with screen.progress("planning twice: with these choices, and with those of today", quiet=as_json):
        answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *tried_view(answer))
