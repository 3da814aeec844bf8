"""What is kept of a log-in for the set-up: the ids of the schools of staff, and only while there is no roster (A6)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from homeroom.sso.exchange import Tokens
from homeroom.sso.identifying import ALL_SCHOOLS, MOST_SCHOOLS, schools_for_set_up
from homeroom.sso.matching import NOTHING_APPLIED
from homeroom.sso.portals import PORTALS
from homeroom.sso.ports import Reply
from homeroom.sso.stops import NoAnswer, Stop
from tests.fakes.memory_sso import NoWeb, memory_outside
from tests.unit.sso.matching_world import at_classlink, at_clever

UNKNOWN, HELD, EMPTY = Stop("SSO-201"), Stop("SSO-207"), Stop("SSO-203", NOTHING_APPLIED)


@dataclass
class Userinfo:
    """Clever's answer to whoever asks; None: none comes."""

    said: dict[str, Any] | None
    status: int = 200
    calls: list[str] = field(default_factory=list)

    def get(self, url: str, headers: dict[str, str]) -> Reply:
        self.calls.append(url)
        if self.said is None:
            raise NoAnswer("timeout")
        return Reply(self.status, json.dumps(self.said).encode())


def kept(stop: Stop, web: Any, hint: str = "teacher", at: Any = at_clever) -> tuple[str, ...]:
    outside = memory_outside(web=web, signer=None)
    return schools_for_set_up(stop, at(hint=hint), Tokens("opaque", None), PORTALS["clever"], outside)


@pytest.mark.parametrize("stop", [UNKNOWN, HELD, EMPTY])
def test_the_schools_of_staff_are_kept_while_there_is_no_roster(stop: Stop) -> None:
    web = Userinfo({"sub": "u-1", "schools": ["s-1", {"id": "s-2", "name": "x"}, "s-1", 7.5, None]})
    assert (kept(stop, web), len(web.calls)) == (("s-1", "s-2"), 1)


def test_an_administrator_without_schools_stands_for_the_whole_district() -> None:
    said = {"sub": "u-1", "schools": []}
    assert kept(UNKNOWN, Userinfo(said), "administrator") == (ALL_SCHOOLS,)
    assert kept(UNKNOWN, Userinfo(said), "teacher") == ()


@pytest.mark.parametrize("stop", [Stop("SSO-203", "nobody"), Stop("SSO-205"), Stop("SSO-301"), Stop("SSO-204")])
def test_with_a_roster_clever_is_not_even_asked(stop: Stop) -> None:
    web = NoWeb()
    assert (kept(stop, web), web.calls) == ((), [])


def test_nothing_is_kept_of_students_of_people_without_a_role_or_of_classlink() -> None:
    web = NoWeb()
    assert [kept(UNKNOWN, web, hint) for hint in ("student", "")] == [(), ()]
    assert (kept(UNKNOWN, web, at=at_classlink), web.calls) == ((), [])


@pytest.mark.parametrize("web", [
    Userinfo(None), Userinfo({"sub": "u-1", "schools": ["s-1"]}, status=500),
    Userinfo({"sub": "somebody-else", "schools": ["s-1"]}), Userinfo({"sub": "u-1", "schools": "s-1"}),
])
def test_what_clever_does_not_say_of_this_person_is_not_kept(web: Userinfo) -> None:
    assert (kept(UNKNOWN, web), len(web.calls)) == ((), 1)


def test_the_list_has_an_end() -> None:
    web = Userinfo({"sub": "u-1", "schools": [f"s-{n}" for n in range(MOST_SCHOOLS + 9)]})
    assert len(kept(UNKNOWN, web)) == MOST_SCHOOLS
