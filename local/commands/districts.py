"""Commands about a district and what it shares: pending requests, its identity, schools, sharing."""

from __future__ import annotations

from typing import Annotated

import typer

from homeroom.model import events
from homeroom.model.sharing import Sharing
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.views.set_up import districts_view, schools_view, sharing_view, steps_view
from local.views.summary import integrations_view

ALL = "all"
District = Annotated[str, typer.Argument(metavar="DISTRICT-ID", help="As the source shows it.")]
_AGAIN = "May be repeated; `all` takes all again."
Schools = Annotated[list[str] | None, typer.Option("--school", metavar="ID", help=_AGAIN)]
Grades = Annotated[list[str] | None, typer.Option("--grade", metavar="GRADE", help=f"Such as 04 or KG. {_AGAIN}")]
Roles = Annotated[list[str] | None, typer.Option("--role", metavar="ROLE", help=f"Such as student. {_AGAIN}")]
Classes = Annotated[list[str] | None, typer.Option("--class", metavar="ID", help=_AGAIN)]


def pending(
    secret_name: Annotated[str, typer.Option("--secret-name", metavar="NAME", help=(
        "Where the credentials of the app at Clever are kept."))],
    url: Annotated[str | None, typer.Option("--url", metavar="URL")] = None,
    sign_in_url: Annotated[str | None, typer.Option("--sign-in-url", metavar="URL")] = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """List districts that wait at Clever to be accepted.

    They authorised the app, and belong to no integration with this secret yet.
    """
    answer = opened(stack, profile).ask(events.PendingRequests(
        operation="pending_requests", secret_name=secret_name, url=url, sign_in_url=sign_in_url))
    return told(answer, as_json, *districts_view(answer["districts"], empty="No district waits."))


def accept(
    integration: IntegrationId, district: District, reason: Reason, by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Accept a district's pending request at Clever."""
    answer = opened(stack, profile).ask(events.Accept(
        operation="accept", integration=integration, district_id=district, by=who(by), reason=reason))
    return told(answer, as_json, *integrations_view([answer]), *steps_view(answer))


def verify(
    integration: IntegrationId, district: District, reason: Reason = "", by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Confirm which district a source is of.

    By an id or identifier that the source shows.
    """
    answer = opened(stack, profile).ask(events.VerifyDistrict(
        operation="verify_district", integration=integration, district_id=district, by=who(by), reason=reason))
    return told(answer, as_json, *integrations_view([answer]), *steps_view(answer))


def schools(
    integration: IntegrationId,
    search: Annotated[list[str] | None, typer.Argument(metavar="WORDS", help="Words of its name.")] = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Find schools of the source by name, and see which are chosen."""
    asked = events.FindSchools(operation="schools", integration=integration, search=" ".join(search or ()))
    answer = opened(stack, profile).ask(asked)
    return told(answer, as_json, *schools_view(answer))


def choose(
    integration: IntegrationId,
    school: Annotated[list[str] | None, typer.Argument(metavar="SCHOOL", help="Ids that `schools` shows.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All schools that the district shares.")] = False,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Choose what to sync: one school, several, or all."""
    if everything == bool(school):
        raise typer.BadParameter("name schools, or --all")
    answer = opened(stack, profile).ask(events.ChooseSchools(
        operation="choose_schools", integration=integration, schools="all" if everything else tuple(school or ()),
        by=who(by), reason=reason))
    return told(answer, as_json, *sharing_view(answer))


def share(
    integration: IntegrationId, school: Schools = None, grade: Grades = None, role: Roles = None,
    class_id: Classes = None,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Narrow what is taken of what the district shares.

    What is not named stays as it is.
    """
    given = {"schools": school, "grades": grade, "roles": role, "classes": class_id}
    asked = {name: () if values == [ALL] else tuple(values) for name, values in given.items() if values}
    if not asked:
        raise typer.BadParameter("name at least one --school, --grade, --role or --class; `all` takes all again")
    answer = opened(stack, profile).ask(events.Share(
        operation="share", integration=integration, sharing=Sharing(**asked), by=who(by), reason=reason))
    return told(answer, as_json, *sharing_view(answer))
