"""GET /cb/{portal}/{app}: where a portal sends people back, and where its tiles lead (reference/sso.md 3.2).

`_ROWS` is the table of the reference. A code is redeemed only after the transaction of our own state was used up, in
the browser that it is bound to: at most once, and never one that nobody here asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from homeroom.model.sign_in import SIGNED_IN, App, Portal, Registration, Transaction
from homeroom.model.sign_in_choices import SignInView
from homeroom.sso import access, cookies, matching
from homeroom.sso.exchange import Tokens, exchange
from homeroom.sso.handoff import hand_over
from homeroom.sso.http import Answer, Request, by_a_person, flaw, is_read, nothing
from homeroom.sso.id_token import claims
from homeroom.sso.identifying import schools_for_set_up
from homeroom.sso.keys import keys_of
from homeroom.sso.launch import launch, mark, not_found, unrecorded
from homeroom.sso.pages import links_of, page
from homeroom.sso.ports import Outside
from homeroom.sso.recording import Recording, ended
from homeroom.sso.stops import Stop
from homeroom.sso.subject import Subject, further, subject
from homeroom.sso.values import hashed, reference

AGAIN_SECONDS = 30
"""A state that was used or is too old begins anew by itself only if the browser's last attempt is older than this."""
_ERRORS: Mapping[str, tuple[str, str]] = {
    "access_denied": ("SSO-102", "refused at the portal"),
    "unauthorized-user": ("SSO-102", "not shared with this person"),
    "unauthorized_user": ("SSO-102", "not shared with this person"),
    "login_required": ("SSO-103", "the portal wants a log-in"),
    "temporarily_unavailable": ("SSO-103", "the portal is not available"),
}
"""Errors of portals that we know: page, and a word of ours. What else they say is never repeated (conformance 20)."""
_OTHER_ERROR = ("SSO-103", "another error of the portal")


@dataclass
class _Arrived:
    """A request at the callback of an app, and what is known of its sign-in so far."""

    request: Request
    outside: Outside
    registration: Registration
    app: App
    recording: Recording
    known: Portal | None = None
    view: SignInView | None = None
    cookies: list[str] = field(default_factory=list)

    @property
    def portal(self) -> Portal:
        """Read once. Raises Stop where staff did not set it up."""
        self.known = self.known or self.outside.registry.portal(self.app.portal)
        if self.known is None:
            raise Stop("SSO-501", "the portal is not set up")
        return self.known

    def knows(self, view: SignInView) -> None:
        """The district is found, though perhaps nobody may sign in by it."""
        self.view = view
        self.recording.learn(integration=view.integration)

    @cached_property
    def now(self) -> int:
        return int(self.outside.clock.now().timestamp())

    @cached_property
    def mark(self) -> str:
        return mark(self.app.portal, self.app.key)

    @property
    def code(self) -> str:
        return self.request.one("code")

    @property
    def state(self) -> str:
        return self.request.one("state")

    @property
    def error(self) -> str:
        return self.request.one("error")


def callback(request: Request, outside: Outside) -> Answer:
    """On to the product, signed in; back to its initiate address; or a page. Whatever happens, nothing is redeemed or
    issued but for the one who began (rows 9 and 11 have no effect at all)."""
    if not is_read(request):
        return unrecorded("SSO-405", outside)
    if not by_a_person(request):
        return nothing()
    portal, _, key = request.path.removeprefix("/cb/").partition("/")
    registration = outside.registry.app_owner(portal, key)
    app = registration.app(portal, key) if registration else None
    if registration is None or app is None:
        return not_found(outside)
    arrived = _Arrived(request, outside, registration, app, Recording(outside))
    arrived.recording.learn(portal=portal, app=key, product=registration.product)
    arrived.recording.step("callback")
    answer = ended(arrived.recording, lambda: _by_the_table(arrived), lambda code: _page(code, arrived))
    return replace(answer, cookies=(*answer.cookies, *arrived.cookies))


def _by_the_table(arrived: _Arrived) -> Answer:
    arrived.recording.learn(portal=arrived.portal.name)
    return next(action for holds, action in _ROWS if holds(arrived))(arrived)


def _damaged(arrived: _Arrived) -> Answer:
    raise Stop("SSO-106", flaw(arrived.request))


def _of_another_issuer(arrived: _Arrived) -> bool:
    """A portal that says who answers must be the one of this path; one that says nothing is taken (conformance 18)."""
    said = [value for name, value in arrived.request.query if name == "iss"]
    return any(value != arrived.portal.issuer for value in said)


def _mixed_up(_: _Arrived) -> Answer:
    raise Stop("SSO-107", "answer of another issuer", security="issuer mismatch")


def _refused(arrived: _Arrived) -> Answer:
    """The portal says no. A transaction of this browser ends with it; its text is shown to nobody.

    Only then it is the portal that speaks (step `refusal`): anybody can type such an address, and gets the same page.
    """
    if arrived.state and _used(arrived):
        arrived.recording.step("refusal")
    raise Stop(*_ERRORS.get(arrived.error, _OTHER_ERROR))


def _without_an_answer(arrived: _Arrived) -> Answer:
    return unrecorded("SSO-101", arrived.outside, arrived.registration, arrived.app)


def _unasked(arrived: _Arrived) -> Answer:
    """A tile, a bookmark, or a link that an attacker placed: the code is dropped unread (threat T1)."""
    arrived.recording.learn(unsolicited=True)
    return _launched(arrived)


def _launched(arrived: _Arrived) -> Answer:
    """Begins at the product. Row 10: `launch` counts, and stops the third time within a minute."""
    answer = launch(arrived.registration, arrived.app, arrived.request, arrived.outside)
    arrived.outside.noting.count("launch", portal=arrived.app.portal, app=arrived.app.key)
    return answer


def _half(_: _Arrived) -> Answer:
    raise Stop("SSO-106", "a state without a code")


def _answered(arrived: _Arrived) -> Answer:
    transaction = _used(arrived)
    return _signed_in(arrived, transaction) if transaction else _not_usable(arrived)


_ROWS: tuple[tuple[Callable[[_Arrived], bool], Callable[[_Arrived], Answer]], ...] = (
    (lambda arrived: bool(flaw(arrived.request)), _damaged),                               # row 7
    (_of_another_issuer, _mixed_up),                                                       # row 8
    (lambda arrived: bool(arrived.error), _refused),                                       # row 2
    (lambda arrived: not arrived.code and not arrived.state, _without_an_answer),          # row 1
    (lambda arrived: not arrived.state, _unasked),                                         # rows 3 and 10
    (lambda arrived: not arrived.code, _half),
    (lambda _: True, _answered),                                                           # rows 4, 5 and 6
)
"""The table, first fit. Rows 9 and 11 and an unknown address come before it, because they must leave no trace."""


def _used(arrived: _Arrived) -> Transaction | None:
    """Use up the transaction of this state, if it is this browser's: one conditional delete (threat T6)."""
    key = hashed(arrived.state)
    held = cookies.bound(key, arrived.request.cookies)
    if not held:
        return None
    transaction = arrived.outside.launches.use(
        key, bind=hashed(held), portal=arrived.app.portal, app=arrived.app.key, now=arrived.now)
    if transaction is not None:
        before = cookies.hops(arrived.request.cookies, arrived.now, arrived.mark)
        arrived.cookies += [cookies.unbind(key), cookies.count(
            replace(before, began=before.began or arrived.now, last=arrived.now), arrived.mark)]
        arrived.recording.learn(
            login_id=transaction.login_id, hops=transaction.hops, unsolicited=transaction.hops > 0)
    return transaction


def _not_usable(arrived: _Arrived) -> Answer:
    """Why not: it is another browser's or another app's and stands untouched, or nobody's any more."""
    key = hashed(arrived.state)
    waiting = arrived.outside.launches.waiting(key)
    if waiting is None or waiting.expires_at <= arrived.now:
        return _begun_again(arrived)
    if (waiting.portal, waiting.app) != (arrived.app.portal, arrived.app.key):
        raise Stop("SSO-107", "state of another app", security="app mismatch")
    held = cookies.bound(key, arrived.request.cookies)
    raise Stop("SSO-104", "another cookie" if held else "no cookie", security="binding mismatch")


def _begun_again(arrived: _Arrived) -> Answer:
    """Row 6: the back button, a bookmark, a page that stood open. Once by itself, then only by a button."""
    arrived.cookies.append(cookies.unbind(hashed(arrived.state)))
    last = cookies.hops(arrived.request.cookies, arrived.now, arrived.mark).last
    if last and arrived.now - last < AGAIN_SECONDS:
        raise Stop("SSO-105", "used or expired")
    return _launched(arrived)


def _signed_in(arrived: _Arrived, transaction: Transaction) -> Answer:
    """From the portal's code to the product's. Any step raises Stop where it ends on a page."""
    outside, app, portal, recording = arrived.outside, arrived.app, arrived.portal, arrived.recording
    if transaction.asked.client_id != arrived.registration.slug:
        raise Stop("SSO-107", "the app is another product's now", security="app mismatch")
    if transaction.asked.redirect_uri not in arrived.registration.redirect_uris:
        raise Stop("SSO-106", "the redirect address was taken back meanwhile")
    recording.step("exchange")
    tokens = exchange(arrived.code, transaction, app, portal, outside)
    recording.step("id_token")
    said = None if tokens.id_token is None else claims(
        tokens.id_token, portal, app, transaction.nonce, keys_of(outside), outside.clock.now().timestamp())
    recording.step("subject")
    who = subject(tokens, said, portal, app, outside)
    recording.learn(tenant=who.tenant, subject_ref=reference(
        outside.reference_key(), who.portal, who.tenant, who.id))
    found, view, who = _in_the_roster(arrived, who, tokens)
    recording.step("access")
    admitted = access.admit(found.record, who.hint, view, arrived.registration)
    recording.learn(role=admitted.role)
    matching.remember(found, who, view, transaction.login_id, outside)
    recording.step("handoff")
    answer = hand_over(transaction, found, admitted, view, outside)
    recording.end(SIGNED_IN)
    arrived.cookies[-1] = cookies.count(cookies.Hops(0, arrived.now, arrived.now), arrived.mark)
    return answer


def _in_the_roster(arrived: _Arrived, who: Subject, tokens: Tokens) -> tuple[matching.Found, SignInView, Subject]:
    """Whom the subject is, in which district's roster; where there is none yet, for which schools it speaks (A6)."""
    outside, recording = arrived.outside, arrived.recording
    try:
        recording.step("district")
        view = matching.district(who, arrived.registration, outside, arrived.knows)
        recording.step("person")
        if matching.asks_further(who, view):
            who = further(who, tokens, arrived.portal, outside)
        found = matching.person(who, view, arrived.registration, outside)
    except Stop as stop:
        recording.learn(schools=schools_for_set_up(stop, who, tokens, arrived.portal, outside))
        raise
    recording.learn(person=found.person, rule=found.rule)
    return found, view, who


def _page(code: str, arrived: _Arrived) -> Answer:
    """The page of a code, with the addresses that are known by now. The portal itself may be what is not known."""
    portal = arrived.known
    return page(
        code, login_id=arrived.recording.login_id, product=arrived.registration.product,
        portal=portal.words if portal else "", line=arrived.registration.line, at=arrived.recording.at,
        links=links_of(arrived.outside.base_url, registration=arrived.registration, portal=portal, app=arrived.app.key,
                    view=arrived.view))
