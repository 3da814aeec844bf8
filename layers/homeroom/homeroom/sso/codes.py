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
    who acts.

    `again` is what the button says that starts afresh. Pages with a message to copy say for `whom` it is, and what it
    asks (`ask`).
    """

    code: str
    status: int
    title: str
    text: str
    buttons: tuple[Button, ...]
    support: str
    fault: Fault
    again: str = "Try again"
    ask: str = ""
    whom: str = "your school office"


_CODES: tuple[Code, ...] = (
    Code("SSO-101", 400, "Open {product} from {portal}",
         "This page does not open by itself. Go to {portal} and click {product} there.",
         ("again", "portal", "home"), "Nothing: the address was typed, or opened after a sign-out.", "person",
         again="Sign in"),
    Code("SSO-102", 403, "{product} was not opened",
         "You pressed cancel, or your school has not shared {product} with you in {portal} yet.",
         ("again", "portal", "copy message"), "Look in the portal whether the product is shared with this person.",
         "district", ask="Please check in {portal} whether {product} is shared with me."),
    Code("SSO-103", 502, "{portal} did not answer",
         "{portal} did not answer us. You did nothing wrong. Wait a few minutes, then try again.",
         ("again", "status page"), "Look at the portal's status page and the reason.", "portal"),
    Code("SSO-104", 400, "Let's start again",
         "This sign-in began in another window or browser, or your browser does not keep our cookies.",
         ("again", "cookies"), "A few a day are usual. Many at once: a filter, or an attack.", "person"),
    Code("SSO-105", 400, "This sign-in is used up",
         "Each sign-in works one time, and only for ten minutes. Start a new one.",
         ("again",), "Nothing: the back button, a bookmark or a page that stood open.", "person",
         again="Sign in again"),
    Code("SSO-106", 400, "This link is broken",
         "Something is wrong with the link that opened this page. A new sign-in should work.",
         ("again",), "Nothing, unless there are many.", "person", again="Sign in again"),
    Code("SSO-107", 400, "We stopped this sign-in",
         "Something was not right with this sign-in. We stopped to be safe, and nothing was opened.",
         ("again", "support"), "An answer came from another portal than it was asked of. Look at the alarm.", "attack",
         again="Sign in again"),
    Code("SSO-108", 400, "Sign-in keeps starting over",
         "Sign-in started a few times and did not finish. Your browser may be blocking cookies. Try another browser.",
         ("again", "cookies", "support"), "Cookies are blocked, or the portal loses our state.", "person"),
    Code("SSO-109", 403, "We could not check who you are",
         "{portal} sent us an answer that we could not trust. Nothing was opened.",
         ("again", "support"), "The reason says which check failed.", "portal"),
    Code("SSO-201", 403, "Your district is not connected",
         "Your school district is not connected to {product} yet.",
         ("portal", "support"), "No integration with sign-in on has this tenant: `sign-in` shows its number,"
         " `options` takes it.", "vendor"),
    Code("SSO-202", 403, "Sign-in is not switched on",
         "Your district has not switched on sign-in to {product} through {portal}.",
         ("portal", "support"), "Switch sign-in on in the options of the integration, if the district wants it.",
         "vendor"),
    Code("SSO-203", 404, "Your account is not here yet",
         "We know your school district, but your account has not reached us. New accounts usually come within a day.",
         ("again", "portal", "copy message"), "Ask the school for the id in its own system, and look with `explain`.",
         "district", ask="Please check whether my account is shared with {product}."),
    Code("SSO-204", 409, "We found a mix-up",
         "More than one account could be yours. We stopped, so that nobody opens the wrong one.",
         ("support", "portal"), "Look at the reason; `unlink` removes a link that is wrong.", "vendor"),
    Code("SSO-205", 403, "Your account is switched off",
         "Your school's list says that your account is not in use any more. Your school can change that.",
         ("portal", "copy message"), "The school's system dropped or disabled the person: `explain` tells.", "district",
         ask="Please check whether my account is active in the school's system."),
    Code("SSO-206", 403, "{portal} did not say who you are",
         "{portal} did not send us your school number. Your school can switch that on.",
         ("portal", "copy message"), "The district switches on what the integration matches by, such as sourcedIds.",
         "district", ask="Please check that {portal} sends the ids of our school's system to {product}.",
         whom="your school's IT team"),
    Code("SSO-207", 403, "Your school's list is being checked",
         "Your school sent us a new list, and a person has to look at it first. Please try again later.",
         ("again", "portal"), "A run is held: preview it, then approve or discard.", "vendor"),
    Code("SSO-208", 403, "{product} is not shared with you",
         "Your school chose who uses {product}. You are not on that list.",
         ("portal", "copy message"), "The sharing of the integration leaves this person out: `explain` tells.",
         "district", ask="Please check whether {product} should be shared with me."),
    Code("SSO-301", 403, "Your district does not have {product}",
         "Your school district does not use {product}.",
         ("portal", "support"), "The district's integration does not name this product.", "vendor"),
    Code("SSO-302", 403, "Sign-in to {product} has ended",
         "Your school district no longer signs in to {product} this way.",
         ("portal", "support"), "`status` of the integration says since when and why.", "district"),
    Code("SSO-303", 403, "{product} does not open this way",
         "{product} has no sign-in for your kind of account here. Nothing is wrong with your account.",
         ("portal",), "The product's rules of sign-in; docs/products.md.", "nobody"),
    Code("SSO-304", 409, "We found a mix-up",
         "{portal} and your school's list say different things about you. We stopped to be safe.",
         ("support", "portal"), "One says student, the other staff: a wrong match, or wrong data.", "vendor"),
    Code("SSO-305", 403, "{product} is not for your school yet",
         "Your district uses {product}, but not in your school or grade.",
         ("portal", "copy message"), "The product is not for this person's school.", "district",
         ask="Please check whether {product} should be open to my school or grade."),
    Code("SSO-306", 403, "There is no student login",
         "Students do not log in to {product}. Work together with your teacher.",
         ("portal",), "Nothing: the product has no student login.", "nobody"),
    Code("SSO-307", 403, "Administrators log in somewhere else",
         "For now, administrators of {product} have a log-in of their own.",
         ("administrators", "portal"), "Nothing: send them to the address on the page.", "nobody"),
    Code("SSO-308", 403, "Students do not sign in here yet",
         "Your school district has not turned on {product} for students yet.",
         ("portal", "copy message"), "An option of the district: `options` with `--students-sign-in`.",
         "district",
         ask="Please check whether students should sign in to {product}."),
    Code("SSO-404", 404, "There is no such page",
         "The address is wrong, or the page has moved.", (), "Nothing.", "nobody"),
    Code("SSO-405", 405, "This page does not work that way",
         "This address only opens by a link. Start again from your school's portal.", (), "Nothing.", "nobody"),
    Code("SSO-501", 503, "We have a problem",
         "Something is broken on our side. It is not your fault. Please try again in a few minutes.",
         ("again", "support"), "Look at the function's log and alarms.", "vendor"),
)

CODES: Mapping[str, Code] = {code.code: code for code in _CODES}
