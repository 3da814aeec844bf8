"""Every page on which a sign-in can end, as data: what people read, what they can do next, what support does.

Codes, HTTP statuses and cases are those of the sign-in reference, section 5.4. `{product}` and `{portal}` are filled in
from configuration, never from a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Button = Literal[
    "again", "portal", "home", "support", "administrators", "status page", "cookies", "copy message",
]
"""A next step. `again` starts afresh from our side; `copy message` shows a text for the school's office or IT."""
Fault = Literal["nobody", "person", "district", "portal", "vendor", "attack"]


@dataclass(frozen=True)
class Code:
    """`title` and `text` are read by a seven-year-old on paths of students. `support` is for staff, and `fault` says
    who acts."""

    code: str
    status: int
    title: str
    text: str
    buttons: tuple[Button, ...]
    support: str
    fault: Fault


_CODES: tuple[Code, ...] = (
    Code("SSO-101", 400, "Open {product} from {portal}",
         "This page can not be opened by itself. Open {product} from your {portal} page.",
         ("again", "home"), "Nothing: the address was typed, or opened after a sign-out.", "person"),
    Code("SSO-102", 403, "{product} was not opened",
         "Your school has not shared {product} with you in {portal} yet, or the sign-in was cancelled.",
         ("again", "copy message"), "Look in the portal whether the product is shared with this person.", "district"),
    Code("SSO-103", 502, "{portal} did not answer",
         "{portal} did not answer us. This usually passes in a few minutes.",
         ("again", "status page"), "Look at the portal's status page and the reason.", "portal"),
    Code("SSO-104", 400, "Sign-in began somewhere else",
         "This sign-in began in another browser or window, or cookies are switched off.",
         ("again", "cookies"), "A few a day are usual. Many at once: a filter, or an attack.", "person"),
    Code("SSO-105", 400, "This sign-in was used already",
         "Each sign-in works once, and for ten minutes. Start a new one.",
         ("again",), "Nothing: the back button, a bookmark or a page that stood open.", "person"),
    Code("SSO-106", 400, "This link is damaged",
         "Something is wrong with the link that opened this page.",
         ("again",), "Nothing, unless there are many.", "person"),
    Code("SSO-107", 400, "Nothing was opened",
         "Something is wrong with this sign-in, so we stopped it.",
         ("again", "support"), "An answer came from another portal than it was asked of. Look at the alarm.", "attack"),
    Code("SSO-108", 400, "Sign-in keeps starting again",
         "Sign-in started several times and never ended. Your browser may be blocking cookies.",
         ("again", "cookies", "support"), "Cookies are blocked, or the portal loses our state.",
         "person"),
    Code("SSO-109", 403, "We could not confirm who you are",
         "{portal} sent an answer that we could not confirm, so nothing was opened.",
         ("again", "support"), "The reason says which check failed.", "portal"),
    Code("SSO-201", 403, "Your school district is not connected",
         "Your school district is not connected to {product}.",
         ("portal", "support"), "No integration has this tenant: its number is in the history. `sign-in` maps it.",
         "vendor"),
    Code("SSO-202", 403, "Sign-in is not switched on",
         "Signing in to {product} through {portal} is not switched on for your district.",
         ("portal", "support"), "Switch sign-in on in the options of the integration, if the district wants it.",
         "vendor"),
    Code("SSO-203", 404, "Your account has not reached us yet",
         "We know your district, but not your account. New accounts usually arrive within a day.",
         ("again", "copy message"), "Find the person with `explain`; look at what the district shares.", "district"),
    Code("SSO-204", 409, "We found a mix-up",
         "More than one account could be yours. We stopped, so that nobody gets into the wrong one.",
         ("support", "portal"), "Look at the reason; `unlink` removes a link that is wrong.", "vendor"),
    Code("SSO-205", 403, "Your account is not active",
         "Your account is no longer active in your school's list.",
         ("copy message", "portal"), "The school's system dropped or disabled the person: `explain` tells.", "district"),
    Code("SSO-206", 403, "{portal} did not tell us who you are",
         "{portal} did not send the number by which your school knows you.",
         ("copy message", "portal"), "The district switches on what the integration matches by, such as sourcedIds.",
         "district"),
    Code("SSO-207", 403, "Your school's list is being checked",
         "We know your district, but its newest list waits for somebody to look at it. Try again later.",
         ("again", "portal"), "A run is held: preview it, then approve or discard.", "vendor"),
    Code("SSO-208", 403, "{product} is not shared with you",
         "Your school has chosen who uses {product}, and you are not among them.",
         ("copy message", "portal"), "The sharing of the integration leaves this person out: `explain` tells.",
         "district"),
    Code("SSO-301", 403, "Your district does not have {product}",
         "Your district does not use {product}.",
         ("portal", "support"), "The district's integration does not name this product.", "vendor"),
    Code("SSO-302", 403, "Sign-in to {product} has ended",
         "Your district's sign-in to {product} has ended.",
         ("portal", "support"), "The integration says since when and why.", "district"),
    Code("SSO-303", 403, "{product} can not be opened this way",
         "{product} has no sign-in for you here.",
         ("portal",), "The product's rules of sign-in; docs/products.md.", "nobody"),
    Code("SSO-304", 409, "We found a mix-up",
         "{portal} and your school's list do not agree about your account. We stopped to be safe.",
         ("support", "portal"), "One says student, the other says staff: a wrong match, or wrong data.", "vendor"),
    Code("SSO-305", 403, "{product} is not set up for your school",
         "Your district uses {product}, but not for your school or grade.",
         ("portal", "copy message"), "The product is not for this person's school.", "district"),
    Code("SSO-306", 403, "There is no student login",
         "{product} has no login for students. Work together with your teacher.",
         ("portal",), "Nothing: the product has no student login.", "nobody"),
    Code("SSO-307", 403, "Administrators log in somewhere else",
         "Administrators of {product} have a log-in of their own for the time being.",
         ("administrators", "portal"), "Nothing: send them to the address on the page.", "nobody"),
    Code("SSO-308", 403, "Students do not sign in here yet",
         "Your district has not switched on sign-in of students for {product}.",
         ("portal", "copy message"), "A district's option: `sign_in.students`.", "district"),
    Code("SSO-404", 404, "There is no such page",
         "This address does not exist.", (), "Nothing.", "nobody"),
    Code("SSO-405", 405, "This page can not be used that way",
         "This address is opened by a link.", (), "Nothing.", "nobody"),
    Code("SSO-501", 503, "We have a problem",
         "We have a problem. It is not your fault. Try again in a few minutes.",
         ("again", "support"), "Look at the function's log and alarms.", "vendor"),
)

CODES: Mapping[str, Code] = {code.code: code for code in _CODES}
