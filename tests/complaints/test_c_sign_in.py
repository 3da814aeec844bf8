"""Complaints about entering products from Clever. Numbers are of `complaints_c`."""

from __future__ import annotations

import pytest

from tests.sso.laboratory import BASE, Laboratory, laboratory


@pytest.fixture(name="house")
def _house() -> Laboratory:
    """Clever, ClassLink, two products and a synced district, in memory."""
    return laboratory()


def test_c8_a_tile_without_our_state_leads_into_the_product_by_itself(house: Laboratory) -> None:
    browser = house.at_portal("clever", "teacher")
    page = browser.open(house.tile("clever", "teacher"))
    assert page.signed_in == "clever-teacher"
    first = next(hop for hop in page.hops if hop.url.startswith(f"{BASE}/cb/clever/literacy"))
    assert "state=" not in first.url
    assert house.redeemed_at("clever") == 1
    assert [hop.response.status for hop in page.hops[:-1] if hop.response.status == 200] == []


def test_c20_an_account_is_found_at_the_first_sign_in_without_any_email(house: Laboratory) -> None:
    assert not any("email" in record for record in house.rosters.people.values())
    browser = house.at_portal("clever", "teacher")
    assert browser.open(house.tile("clever", "teacher")).signed_in == "clever-teacher"


def test_c24_a_sign_in_that_fails_says_why_and_what_to_do(house: Laboratory) -> None:
    house.rosters.people["lab-portal", "clever-teacher"] |= {"status": "archived"}  # type: ignore[operator]
    page = house.at_portal("clever", "teacher").open(house.tile("clever", "teacher"))
    assert (page.code, page.signed_in) == ("SSO-205", None)
    assert page.reference == house.last_attempt().login_id
    assert page.links
