"""Commands about guards: limits of one integration, and season windows.

A limit is written `GUARD=LIMIT[/FLOOR]`: a number in the guard's own unit, `off`, or `default`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import typer

from homeroom.guard.guards import BY_CODE
from homeroom.model import events
from homeroom.model.season import Limit
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.views.guards import limits_view, seasons_view

_WRITTEN = re.compile(r"(?P<code>[A-Za-z0-9-]+)=(?P<value>off|default|\d+(?:\.\d+)?)?(?:/(?P<floor>\d+))?")
_HOW = "GUARD=LIMIT[/FLOOR], such as GRD-04=40 or GRD-04=40/30; GUARD=off; GUARD=default."

First = Annotated[datetime, typer.Argument(metavar="FIRST", formats=["%Y-%m-%d"], help="Such as 2027-07-15.")]
Last = Annotated[datetime, typer.Argument(metavar="LAST", formats=["%Y-%m-%d"], help="Included.")]


def limits(
    integration: IntegrationId,
    wanted: Annotated[list[str], typer.Argument(metavar="LIMIT...", help=_HOW)],
    reason: Reason, by: By = None, stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Set limits of guards for this integration alone."""
    answer = opened(stack, profile).ask(events.ChangeLimits(
        operation="limits", integration=integration, limits=written(wanted), by=who(by), reason=reason))
    return told(answer, as_json, *limits_view(answer))


def season(
    integration: IntegrationId, first: First, last: Last, reason: Reason,
    limit: Annotated[list[str] | None, typer.Option("--limit", metavar="LIMIT", help=(
        f"May be repeated: {_HOW} Default: what a new school year needs."))] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Close the window of exactly these days.")] = False,
    by: By = None, stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Open or close a season window.

    Days with limits of their own, such as those of a new school year.
    """
    given = written(limit or ())
    if any(one is None for one in given.values()):
        raise typer.BadParameter("a season names limits; leave out what stays as it is", param_hint="--limit")
    answer = opened(stack, profile).ask(events.ChangeSeason(
        operation="season", integration=integration, first=first.date().isoformat(), last=last.date().isoformat(),
        limits={code: one for code, one in given.items() if one is not None}, remove=remove, by=who(by),
        reason=reason))
    to_try = f"Try it: homeroom try {integration} --as-of {first.date()}" if not remove else None
    return told(answer, as_json, *seasons_view(answer), to_try)


def written(wanted: Iterable[str]) -> Mapping[str, Limit | None]:
    """Limits as they are written on a command line. Raises BadParameter."""
    return dict(_one(text) for text in wanted)


def _one(text: str) -> tuple[str, Limit | None]:
    match = _WRITTEN.fullmatch(text)
    if match is None or not (match["value"] or match["floor"]):
        raise typer.BadParameter(f"{text} is not {_HOW}", param_hint="LIMIT")
    code, value = match["code"].upper(), match["value"]
    if value == "default":
        return code, None
    floor = None if match["floor"] is None else int(match["floor"])
    if value in (None, "off"):
        return code, Limit(off=value == "off", floor=floor)
    if code in BY_CODE and BY_CODE[code].unit == "percent":
        return code, Limit(percent=_at_most(float(value), text), floor=floor)
    return code, Limit(count=int(float(value)), floor=floor)


def _at_most(percent: float, text: str) -> float:
    if percent > 100:
        raise typer.BadParameter(f"{text} is over 100 %", param_hint="LIMIT")
    return percent
