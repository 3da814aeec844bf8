"""Commands about sign-in: products that let people in through us, the portals, and what became of sign-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr, ValidationError

from homeroom.model import events
from homeroom.model.sign_in import PORTAL_NAMES
from local import screen
from local.commands.asking import opened, told, who
from local.commands.credentials import read_secret
from local.commands.options import By, IntegrationId, Json, Profile, Reason, StackName
from local.commands.source_options import read_file
from local.views.sign_ins import portal_view, registered_view, registrations_view, sign_in_view, sign_ins_view

Slug = Annotated[str, typer.Argument(metavar="SLUG", help="Short name of the product: its client id towards us.")]
Portal = Annotated[str, typer.Argument(metavar="PORTAL", help="clever or classlink.")]
PortalOption = Annotated[str | None, typer.Option("--portal", metavar="PORTAL", help="clever or classlink.")]
Tenant = Annotated[str, typer.Option("--tenant", metavar="ID", help="One of the district's ids at the portal.")]


def register(
    slug: Slug,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", exists=True, dir_okay=False, help=(
        "The registration as JSON, without secrets; options given beside it win."))] = None,
    product: Annotated[str | None, typer.Option("--product", metavar="NAME", help=(
        "Its name in the catalogue."))] = None,
    redirect_uri: Annotated[list[str] | None, typer.Option("--redirect-uri", metavar="URL", help=(
        "Where the product takes the answer; may be repeated."))] = None,
    initiate_uri: Annotated[str | None, typer.Option("--initiate-uri", metavar="URL", help=(
        "Where the product begins a sign-in."))] = None,
    home_url: Annotated[str | None, typer.Option("--home-url", metavar="URL", help="The product's own page.")] = None,
    support_url: Annotated[str | None, typer.Option("--support-url", metavar="URL", help=(
        "Where people ask for help."))] = None,
    portal: PortalOption = None,
    app: Annotated[str | None, typer.Option("--app", metavar="KEY", help=(
        "Name of its app at the portal. Default: the slug."))] = None,
    client_id: Annotated[str | None, typer.Option("--client-id", metavar="ID", help="Of the app.")] = None,
    secret_file: Annotated[str | None, typer.Option("--secret-file", metavar="FILE", help=(
        "The app's client secret; - is stdin. Else HOMEROOM_SECRET, or a hidden prompt."))] = None,
    oidc: Annotated[bool | None, typer.Option("--oidc/--no-oidc", help=(
        "Whether the portal gives this app id_tokens."))] = None,
    pkce: Annotated[bool | None, typer.Option("--pkce/--no-pkce", help=(
        "Whether the portal takes a challenge."))] = None,
    remove_app: Annotated[bool, typer.Option("--remove-app", help="Give up the app of --portal.")] = False,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether anybody signs in to it.")] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help=(
        "Make a further client secret for the product; the older of two goes."))] = False,
    reason: Reason = "", by: By = None, stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Register a product for sign-in, or change that.

    What is not named stays. A client secret for the product is shown once, when it is made.
    """
    asked: dict[str, Any] = {"operation": "register_product", "slug": slug, **(read_file(file) if file else {})}
    given = {"product": product, "redirect_uris": redirect_uri or None, "initiate_uri": initiate_uri,
             "home_url": home_url, "support_url": support_url, "enabled": enabled}
    asked |= {name: value for name, value in given.items() if value is not None}
    if portal is not None:
        asked |= _app(portal, app or slug, client_id, secret_file, remove_app, oidc=oidc, pkce=pkce)
    elif app or client_id or remove_app or secret_file:
        raise typer.BadParameter("an app is at a portal: name it", param_hint="--portal")
    answer = opened(stack, profile).ask(_event(events.RegisterProduct, asked | {
        "rotate": rotate, "by": who(by), "reason": reason}))
    return told(answer, as_json, *registered_view(answer))


def registrations(stack: StackName = None, profile: Profile = None, as_json: Json = False) -> int:
    """List the products that let people sign in.

    With what to enter at the portals, and what the product's team needs.
    """
    answer = opened(stack, profile).ask(events.ListRegistrations(operation="registrations"))
    return told(answer, as_json, *registrations_view(answer))


def portal(
    name: Portal,
    accept: Annotated[bool, typer.Option("--accept", help="Take the addresses that differ; needs --reason.")] = False,
    reason: Reason = "", by: By = None, stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Compare what a portal publishes with what we use."""
    with screen.progress(f"asking {name}", quiet=as_json):
        answer = opened(stack, profile).ask(_event(events.CheckPortal, {
            "operation": "check_portal", "portal": _portal(name), "accept": accept, "by": who(by), "reason": reason}))
    return told(answer, as_json, *portal_view(answer))


def sign_in(
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="The reference that the page shows.")],
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Tell the story of one sign-in.

    How far it came, which page ended it, why, whose turn it is, and what to do.
    """
    answer = opened(stack, profile).ask(_event(events.ShowSignIn, {"operation": "sign_in", "login": login}))
    return told(answer, as_json, *sign_in_view(answer))


def sign_ins(
    integration: Annotated[str | None, typer.Argument(metavar="INTEGRATION", help=(
        "Short name, such as lab-usd. Without it: sign-ins that led to no district."))] = None,
    hours: Annotated[int, typer.Option("--hours", metavar="N", min=1, max=90 * 24, help="How far back.")] = 24,
    newest: Annotated[int, typer.Option("--newest", metavar="N", min=1, max=200, help="How many are listed.")] = 20,
    outcome: Annotated[str, typer.Option("--outcome", metavar="CODE", help=(
        "Only this page, such as SSO-203, or `signed in`."))] = "",
    person: Annotated[str, typer.Option("--person", metavar="ID", help="Only of this internal id.")] = "",
    subject: Annotated[str, typer.Option("--subject", metavar="ID", help=(
        "Only of the person with this id at the portal, as the school tells it. It is not kept."))] = "",
    portal: PortalOption = None, tenant: Tenant = "",
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """List the newest sign-ins of a district, and count how they ended."""
    answer = opened(stack, profile).ask(_event(events.ListSignIns, {
        "operation": "sign_ins", "integration": integration, "hours": hours, "newest": newest, "outcome": outcome,
        "person": person, "subject": subject, "portal": portal and _portal(portal), "tenant": tenant}))
    return told(answer, as_json, *sign_ins_view(answer))


def unlink(
    integration: IntegrationId,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Internal id, or an identity of the person.")],
    portal: Portal, reason: Reason, tenant: Tenant = "", by: By = None,
    stack: StackName = None, profile: Profile = None, as_json: Json = False,
) -> int:
    """Forget who somebody was at their first sign-in.

    The next one is matched anew, by the roster alone.
    """
    answer = opened(stack, profile).ask(_event(events.Unlink, {
        "operation": "unlink", "integration": integration, "person": person, "portal": _portal(portal),
        "tenant": tenant, "by": who(by), "reason": reason}))
    gone = answer["unlinked"]
    return told(answer, as_json, (
        f"Removed the link of {screen.escape(gone['person'])} at {gone['portal']} ({screen.escape(gone['tenant'])}), "
        f"made by {gone['rule']} on {screen.minute(gone['at'])} UTC: {answer['effect']}."))


def _app(portal: str, key: str, client_id: str | None, secret_file: str | None, remove: bool, *, oidc: bool | None,
         pkce: bool | None) -> dict[str, Any]:
    """The app as the event takes it. Raises typer.BadParameter."""
    named = {"portal": _portal(portal), "key": key}
    if remove:
        return {"remove_apps": [named]}
    if client_id is None:
        raise typer.BadParameter("the client id of the app is missing", param_hint="--client-id")
    secret = read_secret(secret_file, "Client secret of the app (hidden; leave it empty to keep the one that is there)")
    return {"apps": [{**named, "client_id": client_id, "oidc": oidc, "pkce": pkce,
                      "client_secret": SecretStr(secret) if secret else None}]}


def _portal(name: str) -> str:
    if name not in PORTAL_NAMES:
        raise typer.BadParameter(f"one of: {', '.join(PORTAL_NAMES)}", param_hint="PORTAL")
    return name


def _event(shape: Any, words: dict[str, Any]) -> Any:
    """The event, read as `support` reads it. Raises typer.BadParameter with names and rules, never with a value."""
    try:
        return shape.model_validate(words)
    except ValidationError as wrong:
        told_wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors(include_input=False))
        raise typer.BadParameter(told_wrong) from None
