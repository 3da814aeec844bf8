"""What people see at the portal double: who they are, and the tiles of their products. Plain pages without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from tests.fakes.portal_people import PortalApp, PortalPerson


def page(title: str, inner: str) -> str:
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
            f"<body><main><h1>{escape(title)}</h1>{inner}</main></body></html>")


def chooser(portal: str, people: Iterable[PortalPerson], then: str) -> str:
    """Who are you? The portal's own log-in, without a password. `then`: a path of ours to go on to."""
    rows = "".join(
        f'<li><a href="/portal/sign-in?{escape(urlencode({"who": person.id, "then": then}))}">'
        f"{escape(person.name or person.id)}</a> ({escape(person.role)})</li>" for person in people)
    return page(f"Log in to {portal}", f"<p>A portal for tests: choose who you are.</p><ul>{rows}</ul>")


def tiles(portal: str, person: PortalPerson, apps: Iterable[PortalApp]) -> str:
    """The portal's own page of somebody who is signed in."""
    rows = "".join(f'<li><a href="/portal/tile?{escape(urlencode({"app": app.key}))}">{escape(app.name or app.key)}'
                   "</a></li>" for app in apps)
    return page(f"{portal}: products of {person.name or person.id}",
                f'<ul>{rows}</ul><p><a href="/portal/sign-out">Sign out</a></p>')
