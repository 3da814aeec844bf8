"""The pages that people see when a sign-in does not go straight through: what happened, what to do next, a reference.

`page` shows a code of `codes`, `chooser` asks which portal, `front` is what stands at our own address. A page is one
HTML text with one style sheet (`style`): no script, no form, nothing that is loaded, nothing of the request. Every
address on it comes from configuration, and every page has a next step that works.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import NamedTuple

from homeroom.model.sign_in import Portal, Registration
from homeroom.model.sign_in_choices import SignInView
from homeroom.products.sign_in import SIGN_IN_OF_LINE, SIGN_IN_OF_PRODUCT, Door
from homeroom.sso.codes import CODES, Button, Code
from homeroom.sso.http import Answer
from homeroom.sso.style import STYLE

ROLE_OF_DOOR: Mapping[str, str] = {"SSO-306": "student", "SSO-307": "administrator"}
"""Pages on which the product line's own door speaks (`homeroom.products.sign_in`): code → role of the roster."""
_ANY_PRODUCT = "your program"
_ANY_PORTAL = "your school's portal"


@dataclass(frozen=True)
class Links:
    """The addresses behind the buttons, all of configuration; empty where none is known, and then another button leads
    on. `start` is our own first page, which is always there."""

    start: str = "/"
    again: str = ""
    portal: str = ""
    home: str = ""
    support: str = ""
    status_page: str = ""
    administrators: str = ""


class Choice(NamedTuple):
    """A portal to choose: what people call it, and where it leads."""

    words: str
    address: str


class _Step(NamedTuple):
    """A button: what it says, and where it leads."""

    words: str
    address: str


def links_of(base_url: str, *, registration: Registration | None = None, portal: Portal | None = None, app: str = "",
             view: SignInView | None = None) -> Links:
    """The addresses that configuration knows of a sign-in, as far as it came.

    `again` starts afresh from our side; `portal` is the district's own page there, or the portal's own home.
    """
    name = portal.name if portal else ""
    chosen = view.portals.get(name) if view else None
    launch = chosen.launch_url if chosen else ""
    return Links(
        start=f"{base_url}/",
        again=f"{base_url}/start/{name}/{app}" if name and app else "",
        portal=launch or (portal.home if portal else ""),
        home=registration.home_url if registration else "",
        support=registration.support_url if registration else "",
        status_page=portal.status_page if portal else "",
    )


def page(code: str, *, login_id: str, product: str = "", portal: str = "", links: Links | None = None, line: str = "",
         at: datetime | None = None) -> Answer:
    """The page of a code. `product` and `portal` are what people call them; `line` is the product's line, for the words
    of its own door. `login_id` is the reference that support asks for; `at` (UTC) is when it happened."""
    told = CODES[code]
    door = _door(code, product, line)
    known = links or Links()
    words = _Words(product or _ANY_PRODUCT, portal or _ANY_PORTAL)
    addresses = _addresses(known, door)
    text = door.text if door else words.into(told.text)
    parts = [
        f"<p>{escape(text)}</p>",
        _steps(_next(told, words, addresses, known.start)),
        _message(told, words, login_id, at) if "copy message" in told.buttons else "",
        _COOKIES if "cookies" in told.buttons else "",
    ]
    body = _document(words.into(told.title), parts, product, _foot(told, login_id, at))
    return Answer(told.status, body, headers={"allow": "GET"} if told.status == 405 else {})


def chooser(product: str, choices: Sequence[Choice], *, start: str = "/") -> Answer:
    """Which portal: where a product asks for a sign-in and does not say. `start` leads on where there is no choice."""
    steps = [_Step(f"Sign in with {one.words}", one.address) for one in choices]
    parts = [
        f"<p>{escape(f'Which one does your school use to open {product or _ANY_PRODUCT}?')}</p>",
        _steps(steps or [_Step(_TO_START, start)], alike=True),
        "<p>Not sure? Ask your teacher or your school.</p>",
    ]
    return Answer(200, _document("How do you sign in?", parts, product))


def front(choices: Iterable[Choice] = ()) -> Answer:
    """What stands at our own address: nobody signs in here by hand. `choices` are the portals' own homes."""
    steps = [_Step(f"Go to {one.words}", one.address) for one in choices]
    parts = [
        "<p>There is nothing to sign in to on this page. Go to the page where your school keeps your programs, "
        "and click your program there.</p>",
        _steps(steps, alike=True) if steps else "",
        "<p>Not sure where that is? Ask your teacher or your school.</p>",
    ]
    return Answer(200, _document("Open your program from your school's portal", parts, ""))


@dataclass(frozen=True)
class _Words:
    """Names of the product and the portal as they stand in a text."""

    product: str
    portal: str

    def into(self, text: str) -> str:
        """The text with the names; it begins with a capital even where no name is known."""
        filled = text.replace("{product}", self.product).replace("{portal}", self.portal)
        return filled[:1].upper() + filled[1:]


def _door(code: str, product: str, line: str) -> Door | None:
    """The product's own words, or its line's, for people of a role that does not sign in this way."""
    rules = SIGN_IN_OF_PRODUCT.get(product) or SIGN_IN_OF_LINE.get(line)
    return rules.refused.get(ROLE_OF_DOOR[code]) if rules and code in ROLE_OF_DOOR else None


def _addresses(known: Links, door: Door | None) -> Mapping[Button, str]:
    return {
        "again": known.again, "portal": known.portal, "home": known.home, "support": known.support,
        "status page": known.status_page, "administrators": (door.address if door else None) or known.administrators,
    }


_BUTTON_WORDS: Mapping[Button, str] = {
    "again": "Try again", "portal": "Go to {portal}", "home": "Go to {product}", "support": "Get help",
    "status page": "Is {portal} working?", "administrators": "Log in as an administrator",
}
_INSTEAD: tuple[Button, ...] = ("portal", "again", "home", "support")
"""Which button comes where a page has none with an address."""
_TO_START = "Go to the start page"


def _next(told: Code, words: _Words, addresses: Mapping[Button, str], start: str) -> list[_Step]:
    """The buttons whose address is known; else the first of `_INSTEAD`; else our own first page: never none."""
    own = [button for button in told.buttons if addresses.get(button)]
    instead = [button for button in _INSTEAD if addresses.get(button)][:1] if told.buttons else []
    steps = [_Step(_label(told, button, words), addresses[button]) for button in own or instead]
    return steps or [_Step(_TO_START, start)]


def _label(told: Code, button: Button, words: _Words) -> str:
    own = told.again if button == "again" else ""
    return words.into(own or _BUTTON_WORDS[button])


def _time(at: datetime | None) -> str:
    return f"{at.day} {at:%B %Y, %H:%M} UTC" if at else ""


def _foot(told: Code, login_id: str, at: datetime | None) -> str:
    lines = (f"{told.code} · reference {login_id}", _time(at))
    return "".join(f"<p>{escape(line)}</p>" for line in lines if line)


def _message(told: Code, words: _Words, login_id: str, at: datetime | None) -> str:
    """A text to send to the school: product, code, reference and time, and no name. One click selects all of it."""
    lines = (
        f"I could not open {words.product} from {words.portal}.",
        words.into(told.ask),
        f"The page said: {told.code}, {words.into(told.title)}",
        f"Reference: {login_id}",
        f"Time: {_time(at)}" if at else "",
    )
    copy = "<br>".join(escape(line) for line in lines if line)
    return (
        f"<section class=message aria-labelledby=message><h2 id=message>Message for {escape(told.whom)}</h2>"
        "<p class=hint>Copy this and send it, or show it to a teacher.</p>"
        f"<p class=copy>{copy}</p></section>")


_COOKIES = (
    "<details><summary>Help with cookies</summary><p>A cookie is a small note that your browser keeps for us. "
    "Signing in needs one for ten minutes.</p><ol>"
    "<li>Open this in a normal window, not a private one.</li>"
    "<li>In the settings of your browser, look for “cookies” and allow them.</li>"
    "<li>Close all other windows in which you were signing in.</li>"
    "<li>Then try again. If it still does not work, ask your teacher or your school.</li></ol></details>")


def _steps(steps: Sequence[_Step], *, alike: bool = False) -> str:
    """Buttons, the first in the strong colour. `alike`: all of them, where none is better than the others."""
    items = "".join(
        f'<li><a{" class=first" if alike or index == 0 else ""} href="{escape(step.address)}">'
        f"{escape(step.words)}</a></li>" for index, step in enumerate(steps))
    return f"<ul class=steps>{items}</ul>"


def _document(title: str, parts: Iterable[str], product: str, foot: str = "") -> str:
    """A whole page. `parts` and `foot` are HTML already; the rest is escaped here."""
    named = f"{title} · {product}" if product and product not in title else title
    return "".join((
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(named)}</title><style>{STYLE}</style></head><body>",
        f'<header><span class=door aria-hidden="true"></span><p>{escape(product or "Sign-in")}</p></header>',
        f"<main><h1>{escape(title)}</h1>", *parts, "</main>",
        f"<footer>{foot}</footer>" if foot else "", "</body></html>"))
