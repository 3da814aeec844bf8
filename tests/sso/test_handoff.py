"""The one-time code: what it is, how long, whose, and once."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from homeroom.sso.values import hashed
from tests.sso.flows import Product
from tests.sso.laboratory import BASE, Laboratory, laboratory
from tests.sso.proves import proves

PRODUCT = "https://literacy.example/sso/callback"


@pytest.fixture
def lab() -> Laboratory:
    return laboratory()


def handed(lab: Laboratory, who: str = "teacher") -> tuple[dict[str, str], Product, str]:
    """What a browser brings to the product, the product, and the verifier of its request."""
    page = lab.at_portal("clever", who).open(f"{BASE}/start/clever/literacy", stop_at=PRODUCT)
    told = {name: value for name, (value,) in parse_qs(urlsplit(page.url).query).items()}
    product = lab.products["literacy"]
    return told, product, product.begun[told["state"]]["verifier"]


@proves("C41")
def test_the_product_gets_a_code_its_own_state_and_who_answers(lab: Laboratory) -> None:
    told, product, _ = handed(lab)
    assert (set(told), len(told["code"]), told["iss"]) == ({"code", "state", "iss"}, 43, BASE)
    assert list(product.begun) == [told["state"]]


@proves("C41")
def test_the_code_is_kept_as_its_hash_and_bound(lab: Laboratory) -> None:
    told, product, verifier = handed(lab)
    (kept,) = lab.launches.handoffs.values()
    now = int(lab.clock.now().timestamp())
    assert (kept.key, kept.challenge) == (hashed(told["code"]), hashed(verifier))
    assert (kept.client_id, kept.redirect_uri, kept.expires_at - now) == ("literacy", PRODUCT, 60)
    assert (kept.person, kept.district, kept.role) == ("clever-teacher", "lab-portal", "teacher")
    assert kept.roster_version == 7
    assert (kept.nonce, kept.auth_time, kept.portal) == (product.begun[told["state"]]["nonce"], now, "clever")
    assert told["code"] not in f"{lab.launches} {lab.attempts} {lab.noting}"


@proves("C41", "T9")
@pytest.mark.parametrize(("seconds", "good"), [(59, True), (60, False), (61, False), (3600, False)])
def test_the_code_is_good_for_a_minute_whatever_the_table_still_holds(
    lab: Laboratory, seconds: int, good: bool,
) -> None:
    told, product, verifier = handed(lab)
    lab.clock.pass_seconds(seconds)
    assert (product.redeemed(told["code"], verifier) is not None) is good
    assert len(lab.launches.handoffs) == 1


@proves("C41")
def test_the_code_works_once_for_its_client_with_its_verifier(lab: Laboratory) -> None:
    told, product, verifier = handed(lab)
    foreign = lab.products["galileo"]
    assert foreign.redeemed(told["code"], verifier) is None
    claims = product.redeemed(told["code"], verifier)
    assert claims is not None
    assert (claims["sub"], claims["lid"]) == ("clever-teacher", lab.last_attempt().login_id)
    assert product.redeemed(told["code"], verifier) is None


@proves("C41")
def test_the_wrong_verifier_gets_nothing(lab: Laboratory) -> None:
    told, product, _ = handed(lab)
    assert product.redeemed(told["code"], "v" * 43) is None


def test_parameters_of_a_registered_address_stay(lab: Laboratory) -> None:
    known = lab.registry.registrations["literacy"]
    address = f"{PRODUCT}?tenant=7"
    lab.registry.registrations["literacy"] = replace(known, redirect_uris=(address,))
    page = lab.at_portal("clever", "teacher").open(
        lab.products["literacy"].address(login_hint="clever", redirect_uri=address), stop_at=PRODUCT)
    assert page.url.startswith(f"{address}&code=")
