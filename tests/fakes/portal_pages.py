"""What people see at the portal double: who they are, and the tiles of their products. Pages without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from tests.fakes.portal_people import PortalApp, PortalPerson

STYLE = (
    "body{margin:0;background:#f3f1fa;color:#221b3a;font:18px/1.5 system-ui,sans-serif}"
    "main{max-width:46rem;margin:3rem auto;padding:0 1.5rem}h1{font-size:1.6rem}"
    "ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1rem;padding:0;list-style:none}"
    "li a{display:block;padding:1.6rem 1rem;border-radius:.8rem;background:#fff;border:1px solid #cfc6ea;"
    "color:#3d2a8c;font-weight:600;text-align:center;text-decoration:none}li a:hover,li a:focus{border-color:#3d2a8c}"
    "li{color:#5c5475;font-size:.9rem;text-align:center}p a{color:#3d2a8c}"
)


def page(title: str, inner: str) -> str:
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
            f"<body><main><h1>{escape(title)}</h1>{inner}</main></body></html>")


def chooser(portal: str, people: Iterable[PortalPerson], then: str) -> str:
    """Who are you? The portal's own log-in, without a password. `then`: a path of ours to go on to."""
    rows = "".join(
        f'<li><a href="/portal/sign-in?{escape(urlencode({"who": person.id, "then": then}))}">'
        f"{escape(person.name or person.id)}</a>{escape(person.role)}</li>" for person in people)
    return page(f"Log in to {portal}", f"<p>A pretend portal: choose who you are.</p><ul>{rows}</ul>")


def tiles(portal: str, person: PortalPerson, apps: Iterable[PortalApp]) -> str:
    """The portal's own page of somebody who is signed in."""
    rows = "".join(f'<li><a href="/portal/tile?{escape(urlencode({"app": app.key}))}">{escape(app.name or app.key)}'
                   "</a></li>" for app in apps)
    return page(f"{portal}: products of {person.name or person.id}",
                f'<ul>{rows}</ul><p><a href="/portal/sign-out">Sign out</a></p>')
