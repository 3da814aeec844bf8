"""Sign-in on the screen: products and where they are entered, portals, one sign-in as a story, lists and counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.screen import count, escape, minute, table

if TYPE_CHECKING:
    from rich.console import RenderableType

Sections = list["RenderableType | None"]
_OK = "[green]{}[/green]"


def registered_view(answer: Mapping[str, Any]) -> Sections:
    """A registration, and the client secret that was made, once."""
    made = answer["client_secret"]
    return [*_registration(answer), f"[bold]Client secret of the product:[/bold] {escape(made)}" if made else None,
            f"It {answer['effect']}.",
            f"[bold]{escape(answer['advice'])}[/bold]" if answer["advice"] else None]


def registrations_view(answer: Mapping[str, Any]) -> Sections:
    """All products that let people sign in."""
    told: Sections = [section for one in answer["registrations"] for section in _registration(one)]
    return told or ["No product is registered for sign-in."]


def portal_view(answer: Mapping[str, Any]) -> Sections:
    """What we use of a portal, and what it publishes otherwise."""
    made = table("address", "we use", "it publishes", wrap=["we use", "it publishes"])
    for name, address in answer["uses"].items():
        made.add_row(name, escape(address), escape(answer["offered"].get(name, "")))
    differs = "\n".join(f"  {escape(words)}" for words in answer["differs"])
    return [made, f"[bold]It differs:[/bold]\n{differs}" if differs else None, answer["effect"],
            f"[bold]Next:[/bold] {escape(answer['advice'])}" if answer["advice"] else None]


def sign_in_view(answer: Mapping[str, Any]) -> Sections:
    """One sign-in: the sentence first, then its story."""
    good = answer["fault"] is None
    style = "bold green" if good else "bold red"
    title = "" if good else f" {escape(answer['shown']['title'])}"
    head = f"[bold]{escape(answer['login'])}[/bold]\n[{style}]{escape(answer['outcome'])}[/{style}]{title}"
    lines = "\n".join(f"  {escape(line)}" for line in answer["story"])
    return [f"{head}\n[bold]Turn:[/bold] {escape(answer['turn'])}\n[bold]Next:[/bold] {escape(answer['next'])}", lines]


def sign_ins_view(answer: Mapping[str, Any]) -> Sections:
    """Counts by how they ended, then the newest."""
    refused = sum(one["count"] for one in answer["refused"])
    more = "" if answer["all"] else ", and there are more"
    head = (f"Since {minute(answer['since'])} UTC: {count(answer['signed_in'], 'green')} signed in, "
            f"{count(refused, 'red')} ended on a page{more}.")
    pages = table("page", "count", "what it says", "whose fault", numbers=["count"], wrap=["what it says"])
    for one in answer["refused"]:
        title = one["shown"]["title"] if one["shown"] else ""
        pages.add_row(escape(one["outcome"]), count(one["count"]), escape(title), escape(one["fault"] or ""))
    return [head, pages if answer["refused"] else None, _before_a_district(answer), _newest(answer)]


def _before_a_district(answer: Mapping[str, Any]) -> str | None:
    """Pages before a district was known: a portal that is down shows here, and nowhere in the district's own counts."""
    told = ", ".join(f"{one['outcome']} {one['count']:,}" for one in answer["before_a_district"])
    return (f"Before the district was known, at the same portals and products, of all districts: {told}. "
            "`homeroom sign-ins` without an integration lists them.") if told else None


def failed_view(failed: Mapping[str, Any]) -> Sections:
    """Sign-ins of one person that ended on a page."""
    if not failed["failed"]:
        return []
    made = table("refused sign-in", "at", "page", "what it says", wrap=["what it says"])
    for one in failed["failed"]:
        made.add_row(one["login"], minute(one["at"]), one["outcome"], escape(one["shown"]["title"]))
    return [made]


def found_view(told: Mapping[str, Any]) -> Sections:
    """By what sign-in would find a person, and their stored links."""
    lines = [f"[bold]Sign-in at {one['portal']}:[/bold] {_OK.format('found') if one['found'] else 'not found'}, "
             f"{escape(one['text'])}" for one in told["by"]]
    links = [f"[bold]Linked at {one['portal']}[/bold] ({escape(one['tenant'])}) by {one['rule']} since "
             f"{minute(one['at'])} UTC, at the sign-in {escape(one['login'])}" for one in told["links"]]
    return ["\n".join([*lines, *links]) or None]


def _newest(answer: Mapping[str, Any]) -> RenderableType | None:
    made = table("sign-in", "at", "product", "portal", "ended", "why", "person", wrap=["product", "why"])
    for one in answer["sign_ins"]:
        good = one["outcome"] == "signed in"
        ended = _OK.format(one["outcome"]) if good else f"[red]{escape(one['outcome'])}[/red]"
        why = "" if good and one["fetched"] else "not fetched by the product" if good else one["reason"]
        made.add_row(escape(one["login"]), minute(one["at"]), escape(one["product"]), one["portal"], ended,
                     escape(why), escape(one["person"] or (f"tenant {one['tenant']}" if one["tenant"] else "")))
    return made if made.row_count else "No sign-in was seen."


def _registration(one: Mapping[str, Any]) -> Sections:
    off = "" if one["enabled"] else " [yellow](switched off)[/yellow]"
    secrets = f"{one['client_secrets']} client secret{'' if one['client_secrets'] == 1 else 's'}"
    head = (f"[bold]{escape(one['product'])}[/bold] · {escape(one['slug'])} · {escape(one['line'])}{off} · {secrets}")
    product = table("for the product's team", "", wrap=[""])
    for name, value in one["sign_in_addresses"]["for_the_product"].items():
        product.add_row(name.replace("_", " "), escape(value))
    ours = table("of the product", "", wrap=[""])
    ours.add_row("redirect addresses", escape("\n".join(one["redirect_uris"])))
    for name in ("initiate_uri", "home_url", "support_url"):
        ours.add_row(name.replace("_", " "), escape(one[name]))
    apps = {(app["portal"], app["key"]): app for app in one["apps"]}
    portals = table("to enter at", "app", "redirect address", "client id", "", wrap=["redirect address", "client id"])
    for place in one["sign_in_addresses"]["at_the_portals"]:
        app = apps.get((place["portal"], place["key"]))
        how = "" if app is None else "" if app["oidc"] else "without OIDC"
        portals.add_row(place["portal"], escape(place["key"]), escape(place["redirect_uri"]),
                        escape(app["client_id"]) if app else "[dim]not there yet[/dim]", how)
    return [head, portals, product, ours]
