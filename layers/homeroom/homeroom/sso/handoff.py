"""Handing over: a one-time code for the product, kept as its hash, for 60 seconds (reference/sso.md 3.5, 4.3)."""

from __future__ import annotations

from homeroom.model.sign_in import CODE_SECONDS, Handoff, Transaction
from homeroom.model.sign_in_choices import SignInView
from homeroom.sso.access import Admitted
from homeroom.sso.http import Answer, see_other
from homeroom.sso.launch import with_query
from homeroom.sso.matching import Found
from homeroom.sso.ports import Outside
from homeroom.sso.values import fresh, hashed


def hand_over(transaction: Transaction, found: Found, admitted: Admitted, view: SignInView, outside: Outside) -> Answer:
    """303 to the product's redirect address with code, its own state, and who answers (RFC 9207).

    The code is bound to the client, its redirect address and its challenge. It says who signed in only to whoever
    redeems it with the client's secret and verifier.
    """
    asked, code = transaction.asked, fresh(outside.random)
    applied, _ = outside.rosters.waits(view.integration)
    now = int(outside.clock.now().timestamp())
    outside.launches.keep(Handoff(
        key=hashed(code), client_id=asked.client_id, redirect_uri=asked.redirect_uri, challenge=asked.challenge,
        nonce=asked.nonce, person=found.person, district=view.integration, role=admitted.role, roles=admitted.roles,
        portal=transaction.portal, login_id=transaction.login_id, auth_time=now, roster_version=applied,
        expires_at=now + CODE_SECONDS,
    ))
    return see_other(with_query(
        asked.redirect_uri, {"code": code, "state": asked.state, "iss": outside.base_url}))
