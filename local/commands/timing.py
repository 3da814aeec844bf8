"""Commands about the clock: pause, resume, days of rest, and schedules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from homeroom.model import events
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.views.set_up import reconciled_view, rest_lines, schedule_line
from local.views.summary import integrations_view

First = Annotated[datetime, typer.Argument(metavar="FIRST", formats=["%Y-%m-%d"], help="Such as 2026-12-21.")]
Last = Annotated[datetime, typer.Argument(metavar="LAST", formats=["%Y-%m-%d"], help="Included.")]


def pause(
    integration: IntegrationId, reason: Reason, by: By = None, stack: StackName = None, profile: Profile = None,
    as_json: Json = False,
) -> int:
    """Start no run until `resume`. What lands waits; a run that is on goes on."""
    answer = opened(stack, profile).ask(events.PauseRuns(
        operation="pause", integration=integration, by=who(by), reason=reason))
    return told(answer, as_json, *integrations_view([answer]))


def resume(
    integration: IntegrationId, by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None,
    as_json: Json = False,
) -> int:
    """Start runs again, at once what waited."""
    answer = opened(stack, profile).ask(events.ResumeRuns(
        operation="resume", integration=integration, by=who(by), reason=reason))
    started = f"Run {answer['started']} started with what waited." if answer["started"] else None
    return told(answer, as_json, *integrations_view([answer]), schedule_line(answer), started)


def blackout(
    integration: IntegrationId, first: First, last: Last,
    remove: Annotated[bool, typer.Option("--remove", help="Take away the blackout of exactly these days.")] = False,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Let no run start by itself from the first to the last day."""
    days: tuple[date, date] = (first.date(), last.date())
    if days[1] < days[0]:
        raise typer.BadParameter("the last day is before the first")
    answer = opened(stack, profile).ask(events.ChangeBlackout(
        operation="blackout", integration=integration, first=days[0], last=days[1], remove=remove, by=who(by),
        reason=reason))
    return told(answer, as_json, rest_lines(answer["blackouts"]) or "No days of rest.", schedule_line(answer))


def schedules(
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Make the schedules of all integrations equal to their set-up."""
    answer = opened(stack, profile).ask(events.ReconcileSchedules(
        operation="reconcile_schedules", by=who(by), reason=reason))
    told(answer, as_json, *reconciled_view(answer))
    return int(bool(answer["refused"]))
