"""Commands that set sign-in up: try it, take the schools of a log-in, end rostering and what needs it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from homeroom.model import events
from local.commands.asking import opened, told, who
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.views.set_up import sharing_view
from local.views.sign_in_setup import schools_of_a_login_view, tried_view
from local.views.summary import integrations_view

Value = Annotated[str, typer.Argument(metavar="VALUE", help="What the portal would tell of the person; not kept.")]
Told = Annotated[str | None, typer.Option("--is", metavar="WHAT", help=(
    "What it is: id, legacy_id, sis_id, number, sourced_id, login, email. Default: what the match names."))]
Equals = Annotated[str | None, typer.Option("--equals", metavar="IDENTITY", help=(
    "Try a match that the options do not name yet: sourced_id, identifier, username."))]
Role = Annotated[str, typer.Option("--role", metavar="ROLE", help=(
    "What the portal would say of the person: student, teacher, staff, administrator."))]
Login = Annotated[str, typer.Argument(metavar="REFERENCE", help="As the page showed it.")]
_ROLES = ("", "student", "teacher", "staff", "administrator")
_EQUALS = (None, "sourced_id", "identifier", "username")
_TOLD = (None, "id", "legacy_id", "sis_id", "number", "sourced_id", "login", "email")


def try_sign_in(
    integration: IntegrationId, value: Value, told_as: Told = None, equals: Equals = None, role: Role = "",
    portal: Annotated[str | None, typer.Option("--portal", metavar="PORTAL", help="clever or classlink.")] = None,
    product: Annotated[str | None, typer.Option("--product", metavar="NAME", help="Its name in the catalogue.")] = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """See what a sign-in would do for somebody: who is found, in which role, or which page is shown."""
    words = ((told_as, _TOLD), (equals, _EQUALS), (role, _ROLES), (portal, (None, "clever", "classlink")))
    if any(word not in known for word, known in words):
        raise typer.BadParameter("take the words that --help names for --is, --equals, --role and --portal")
    asked: Any = {"value": value, "told": told_as, "roster": equals, "role": role, "portal": portal, "product": product}
    answer = opened(stack, profile).ask(events.TrySignIn(operation="try_sign_in", integration=integration, **asked))
    return told(answer, as_json, *tried_view(answer))


def end_rostering(
    integration: IntegrationId, reason: Reason, by: By = None, stack: StackName = None, profile: Profile = None,
    as_json: Json = False,
) -> int:
    """Start no run until `resume`, and end the sign-in that needs rostering."""
    answer = opened(stack, profile).ask(events.EndRostering(
        operation="end_rostering", integration=integration, by=who(by), reason=reason))
    return told(answer, as_json, *integrations_view([answer]), f"Now {answer['effect']}.")


def signed_in_school(
    integration: IntegrationId, login: Login,
    confirm: Annotated[bool, typer.Option("--confirm", help="Choose these schools.")] = False,
    by: By = None, reason: Reason = "", stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Take the schools of somebody who logged in at Clever.

    Before the first run such a log-in ends on a page, which shows its reference.
    """
    answer = opened(stack, profile).ask(events.SignedInSchool(
        operation="signed_in_school", integration=integration, login=login, confirm=confirm, by=who(by), reason=reason))
    return told(answer, as_json, *schools_of_a_login_view(answer), *(sharing_view(answer) if confirm else ()))
