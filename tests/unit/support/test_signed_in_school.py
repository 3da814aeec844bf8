"""The school to sync is told by somebody of it who logged in at Clever; the District ID is verified with it (A6)."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import NotFound, Refused
from homeroom.model.sign_in import Attempt
from homeroom.sso.identifying import ALL_SCHOOLS
from tests.builders.connections import Stub, clever, rest
from tests.fakes.memory import START, MemoryWorld
from tests.unit.support.asking import audited, do, stored

LOGIN = "01K4J5N8E0TESTLOGIN0000001"


@pytest.fixture(autouse=True)
def _source(source: Stub) -> None:
    """Every test meets the source of `tests.builders.connections`."""


def logged_in(schools: tuple[str, ...] = ("school-1",), tenant: str = "d-1", portal: str = "clever",
              **integration: Any) -> MemoryWorld:
    told = {"product_line": "School Manager", "district_id": "d-1"} | integration
    world = stored(clever(**told))
    world.sign_ins.attempts.record(Attempt(
        LOGIN, START.isoformat(), portal=portal, outcome="SSO-203", tenant=tenant, schools=schools))
    return world


def asked(world: MemoryWorld, **words: Any) -> dict[str, Any]:
    return do(world, "signed_in_school", **({"integration": "lab-usd", "login": LOGIN, "by": "it"} | words))


def test_the_schools_are_shown_by_name_and_nothing_is_chosen_yet() -> None:
    world = logged_in()
    told = asked(world)
    assert ([school["name"] for school in told["schools"]], told["chosen"]) == (["Alder Elementary School"], False)
    assert (world.integrations.get("lab-usd").sharing.schools, audited(world)) == ((), [])


def test_confirmed_they_are_chosen_as_choose_schools_does() -> None:
    world = logged_in(("school-3", "school-1"))
    told = asked(world, confirm=True)
    kept = world.integrations.get("lab-usd")
    assert (kept.sharing.schools, kept.setup.schools_at) == (("school-1", "school-3"), START)
    assert (told["chosen"], told["sharing"]["schools"]) == (True, ["school-1", "school-3"])
    assert [entry["operation"] for entry in audited(world)] == ["signed_in_school", "choose_schools"]


def test_a_districts_administrator_stands_for_all_schools() -> None:
    world = logged_in((ALL_SCHOOLS,))
    told = asked(world, confirm=True)
    kept = world.integrations.get("lab-usd")
    assert (told["all"], len(told["schools"]), kept.sharing.schools, kept.setup.schools_at) == (True, 3, (), START)


def test_a_log_in_of_another_district_is_refused_in_words() -> None:
    world = logged_in(tenant="d-2")
    with pytest.raises(Refused, match="the log-in was of another district, d-2, and the integration is of d-1"):
        asked(world, confirm=True)
    assert world.integrations.get("lab-usd").setup.schools_at is None


def test_before_the_district_is_accepted_the_log_in_shows_which_one_it_is() -> None:
    with pytest.raises(Refused, match=r"no District ID yet; the log-in was of the district d-1\n.*`accept`"):
        asked(logged_in(district_id=None))


def test_a_log_in_that_tells_no_school_is_refused() -> None:
    with pytest.raises(Refused, match="this log-in tells no school"):
        asked(logged_in(()))
    with pytest.raises(Refused, match="shares no school of this log-in"):
        asked(logged_in(("school-99",)))
    with pytest.raises(Refused, match="no log-in at Clever"):
        asked(logged_in(portal="classlink"))
    with pytest.raises(NotFound, match="no sign-in has this reference"):
        asked(logged_in(), login="01K4J5N8E0NOBODYSLOGIN00001")


def test_only_clevers_own_roster_knows_these_ids() -> None:
    world = logged_in()
    world.integrations.put(rest(district_id="d-1", product_line="Sonday", secret_name="lab"))
    with pytest.raises(Refused, match="only Clever's own roster"):
        asked(world)
