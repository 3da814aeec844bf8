"""`homeroom try-sign-in`, `end-rostering`, `signed-in-school`: what they send, and what people see."""

from __future__ import annotations

import pytest

from homeroom.apply.items import link_key, record_key
from homeroom.model.sign_in import Attempt
from homeroom.read import probing
from tests.builders.connections import APP, Stub, clever
from tests.fakes.memory import START
from tests.unit.local.conftest import Homeroom
from tests.unit.local.memory_stack import MemoryAws

LOGIN = "01K4J5N8E0TESTLOGIN0000001"


def words_of(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def galileo(aws: MemoryAws, monkeypatch: pytest.MonkeyPatch) -> MemoryAws:
    """Clever is the portal; a teacher is in the roster, and somebody logged in before."""
    monkeypatch.setattr(probing, "_module", lambda _: Stub())
    aws.world.integrations.put(clever(
        product_line="Galileo", district_id="d-1", secret_name="lab", sign_in={"on": True}))
    aws.world.secrets.put("lab", APP)
    owner, member = record_key("lab-usd", "people", "p-1")
    link, _ = link_key("lab-usd", "sourced_id#u-1")
    aws.world.roster.write([
        {"owner": owner, "member": member, "id": "p-1", "status": "active", "role": "administrator",
         "roles": ["teacher:school-1", "administrator:school-1"]},
        {"owner": link, "member": member, "kind": "sourced_id", "person": "p-1"}], [])
    aws.world.sign_ins.attempts.record(  # type: ignore[operator]
        Attempt(LOGIN, START.isoformat(), portal="clever", tenant="d-1", schools=("school-1",)))
    return aws


def test_a_sign_in_is_tried_and_told_in_a_sentence(galileo: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("try-sign-in", "lab-usd", "u-1", "--role", "administrator")
    assert (ran.code, words_of(ran.out)) == (0, (
        "p-1 would sign in to Galileo K-12 as administrator (of teacher, administrator), found by id."))


def test_a_page_is_told_with_what_to_do(galileo: MemoryAws, homeroom: Homeroom) -> None:
    seen = words_of(homeroom("try-sign-in", "lab-usd", "u-9", "--is", "legacy_id").out)
    assert seen.startswith("SSO-203: no run was applied yet.")
    assert "Next: The roster is empty, no run was applied yet: `status`" in seen
    seen = words_of(homeroom("try-sign-in", "lab-usd", "u-1", "--role", "student").out)
    assert seen.startswith("SSO-304:")
    assert "Found by id: p-1." in seen


@pytest.mark.parametrize("wrong", [("--is", "birthday"), ("--role", "pupil"), ("--portal", "nobodys")])
def test_other_words_are_not_understood(galileo: MemoryAws, homeroom: Homeroom, wrong: tuple[str, str]) -> None:
    assert homeroom("try-sign-in", "lab-usd", "u-1", *wrong).code == 64
    assert galileo.asked == []


def test_rostering_is_ended_with_what_ends_beside_it(galileo: MemoryAws, homeroom: Homeroom) -> None:
    ran = homeroom("end-rostering", "lab-usd", "--reason", "the contract ended")
    assert (ran.code, galileo.asked[-1]["by"]) == (0, "csm-7")
    assert "Sign-in to Galileo ended with it, because it needs Clever rostering." in words_of(ran.out)


def test_the_school_of_a_log_in_is_shown_and_then_chosen(galileo: MemoryAws, homeroom: Homeroom) -> None:
    shown = words_of(homeroom("signed-in-school", "lab-usd", LOGIN).out)
    assert "school-1 Alder Elementary School 11" in shown
    assert shown.endswith("Nothing is chosen yet: the same with --confirm takes these schools.")
    assert galileo.world.integrations.get("lab-usd").sharing.schools == ()
    chosen = words_of(homeroom("signed-in-school", "lab-usd", LOGIN, "--confirm").out)
    assert "This takes effect with the next run" in chosen
    assert galileo.world.integrations.get("lab-usd").sharing.schools == ("school-1",)
