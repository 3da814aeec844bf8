"""A page of a district that we know is that district's in the history, also where nobody may sign in by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.sso.laboratory import DISTRICTS, laboratory

LAB = DISTRICTS["clever"]


@pytest.mark.parametrize(("words", "code"), [
    ({"on": False}, "SSO-202"), ({"ended": "rostering ended"}, "SSO-302"),
    ({"products": ("MyPath Reading",)}, "SSO-301"),
])
def test_a_page_before_the_roster_is_counted_for_the_district_that_it_is_of(words: dict[str, Any], code: str) -> None:
    lab = laboratory()
    lab.registry.views[LAB] = replace(lab.registry.views[LAB], **words)
    page = lab.page(lab.at_portal("clever", "teacher"), "clever", "teacher")
    assert (page.code, lab.last_attempt().outcome, lab.last_attempt().integration) == (code, code, LAB)


def test_of_a_tenant_that_nobody_has_no_district_is_told() -> None:
    lab = laboratory()
    lab.registry.tenants.clear()
    lab.page(lab.at_portal("clever", "teacher"), "clever", "teacher")
    assert (lab.last_attempt().outcome, lab.last_attempt().integration) == ("SSO-201", "")
