"""Before the first run somebody of the school logs in at Clever, and the set-up takes the school from it (A6)."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.errors import Refused
from homeroom.model.events import SignedInSchool
from homeroom.read import probing
from homeroom.support.operations import act
from tests.builders.connections import APP, Stub, clever
from tests.fakes.memory import MemoryWorld, memory_world
from tests.sso.laboratory import DISTRICTS, LINE, TENANTS, Laboratory, laboratory, person_at

LAB = DISTRICTS["clever"]


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    """Nothing was synced; everybody at Clever is in `school-1`."""
    monkeypatch.setattr(probing, "_module", lambda _: Stub())
    made = laboratory()
    made.rosters.links.clear()
    made.rosters.runs[LAB] = (0, False)
    for role in ("teacher", "student"):
        made.portals["clever"].people[person_at("clever", role)].schools = ("school-1",)
    return made


def setting_up(lab: Laboratory, **words: Any) -> MemoryWorld:
    """The support side of the same district, with the same history."""
    told = {"id": LAB, "district_id": TENANTS["clever"], "product_line": LINE, "secret_name": "lab"}
    world = memory_world(clever(**(told | words)))
    world.secrets.put("lab", APP)
    world.sign_ins.attempts = lab.attempts
    return world


def logged_in(lab: Laboratory, who: str) -> str:
    """The reference that the page of the log-in shows."""
    page = lab.page(lab.at_portal("clever", who), "clever", who)
    reference = str(lab.last_attempt().login_id)
    assert reference in page.body
    return reference


def asked(world: MemoryWorld, login: str, **words: Any) -> dict[str, Any]:
    return act(SignedInSchool(operation="signed_in_school", integration=LAB, login=login, by="it", **words), world)


def test_the_school_of_a_teacher_who_logged_in_is_shown_and_chosen(lab: Laboratory) -> None:
    login, world = logged_in(lab, "teacher"), setting_up(lab)
    assert lab.last_attempt().outcome == "SSO-203"
    assert [school["name"] for school in asked(world, login)["schools"]] == ["Alder Elementary School"]
    assert asked(world, login, confirm=True)["chosen"]
    assert world.integrations.get(LAB).sharing.schools == ("school-1",)


def test_a_district_administrator_stands_for_all_schools(lab: Laboratory) -> None:
    login, world = logged_in(lab, "administrator"), setting_up(lab)
    assert (asked(world, login, confirm=True)["all"], world.integrations.get(LAB).sharing.schools) == (True, ())
    assert world.integrations.get(LAB).setup.schools_at is not None


def test_also_while_the_district_is_not_connected_at_all(lab: Laboratory) -> None:
    lab.registry.tenants.clear()
    login = logged_in(lab, "teacher")
    assert lab.last_attempt().outcome == "SSO-201"
    with pytest.raises(Refused, match=f"the log-in was of the district {TENANTS['clever']}"):
        asked(setting_up(lab, district_id=None), login)
    assert asked(setting_up(lab), login)["schools"]


def test_a_log_in_of_another_district_chooses_nothing(lab: Laboratory) -> None:
    login, world = logged_in(lab, "teacher"), setting_up(lab, district_id="another-district")
    with pytest.raises(Refused, match="the log-in was of another district"):
        asked(world, login, confirm=True)
    assert world.integrations.get(LAB).setup.schools_at is None


def test_of_a_student_nothing_is_kept(lab: Laboratory) -> None:
    login = logged_in(lab, "student")
    assert lab.last_attempt().schools == ()
    with pytest.raises(Refused, match="tells no school"):
        asked(setting_up(lab), login)


def test_once_there_is_a_roster_nothing_is_kept_and_clever_is_not_asked(lab: Laboratory) -> None:
    lab.rosters.runs[LAB] = (1, False)
    logged_in(lab, "teacher")
    assert (lab.last_attempt().outcome, lab.last_attempt().schools) == ("SSO-203", ())
    assert lab.portals["clever"].asked_for("userinfo") == []


def test_the_attempt_holds_no_name_email_or_id_of_the_person(lab: Laboratory) -> None:
    logged_in(lab, "teacher")
    kept = str(lab.last_attempt())
    assert "school-1" in kept
    assert not [word for word in ("Sample", "teacher@", person_at("clever", "teacher"), "sis-") if word in kept]
