"""Whatever fails, and whenever: nobody gets in, and people get a page (conformance 50, threat T43)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from homeroom.sso.stops import NoAnswer
from tests.sso.laboratory import BASE, Laboratory, laboratory
from tests.sso.proves import proves

PORTS = ("launches", "registry", "rosters", "attempts", "secrets", "web", "noting", "links", "signer", "reference_key",
         "random")
SECRET_TEXT = "what a foreign error says of somebody"


@dataclass
class Fault:
    """Raises at one call of one port, counted from 0; -1 raises never."""

    port: str
    at: int
    error: type[Exception]
    calls: int = 0

    def called(self) -> None:
        self.calls += 1
        if self.calls - 1 == self.at:
            raise self.error(SECRET_TEXT)


class Faulty:
    """A port whose calls go through a fault."""

    def __init__(self, part: Any, fault: Fault):
        self._part, self._fault = part, fault

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)

        def call(*given: Any, **named: Any) -> Any:
            self._fault.called()
            return found(*given, **named)

        return call if callable(found) else found

    def __call__(self, *given: Any) -> Any:
        self._fault.called()
        return self._part(*given)


def with_fault(fault: Fault, **chosen: Any) -> Laboratory:
    return laboratory(wrapped={fault.port: lambda part: Faulty(part, fault)}, **chosen)


def calls_of(port: str) -> int:
    """How often an honest sign-in from a tile calls a port."""
    fault = Fault(port, -1, RuntimeError)
    lab = with_fault(fault)
    assert lab.browser().open(lab.tile("clever", "teacher")).signed_in == "clever-teacher"
    return fault.calls


def every_call() -> Iterator[tuple[str, int]]:
    yield from ((port, at) for port in PORTS for at in range(calls_of(port)))


EVERY_CALL = list(every_call())


@proves("C50", "T43")
def test_a_sign_in_asks_every_port_but_the_links() -> None:
    assert {port for port, _ in EVERY_CALL} == set(PORTS) - {"links"}  # Clever's own roster is the link


@proves("C50", "T43")
@pytest.mark.parametrize(("port", "at"), EVERY_CALL)
def test_a_fault_of_any_call_signs_nobody_in_and_ends_on_a_page(port: str, at: int) -> None:
    lab = with_fault(Fault(port, at, RuntimeError))
    page = lab.browser().open(lab.tile("clever", "teacher"))
    handed = [url for url in page.went_through("https://literacy.example/sso/callback") if "code=" in url]
    assert page.signed_in is None
    assert (page.code, page.status) in {("SSO-501", 503), ("SSO-103", 502)} if not handed else \
        page.body == "the product got no token"
    assert SECRET_TEXT not in f"{page.body} {lab.noting} {lab.attempts}"


@proves("C50")
@pytest.mark.parametrize("at", range(calls_of("web")))
def test_a_portal_that_does_not_answer_is_page_103(at: int) -> None:
    lab = with_fault(Fault("web", at, NoAnswer))
    page = lab.browser().open(lab.tile("clever", "teacher"))
    assert (page.code, page.status, lab.launches.handoffs) == ("SSO-103", 502, {})


@proves("C50", "T43")
def test_a_history_that_is_down_hands_nothing_over_and_the_page_is_still_ours() -> None:
    class Down:
        def record(self, _: object) -> None:
            raise RuntimeError(SECRET_TEXT)

    lab = laboratory(wrapped={"attempts": lambda _: Down()})
    browser = lab.browser()
    page = browser.open(lab.tile("clever", "teacher"))
    assert (page.code, page.signed_in) == ("SSO-501", None)
    assert page.went_through("https://literacy.example/sso/callback") == []
    assert f"{BASE}/start/clever/literacy" in page.links
    assert not [name for _, name in browser.jar if name.startswith("__Host-sso_t_")]
    assert [name for name, _ in lab.noting.counted].count("failed") == 2


def test_a_fault_is_told_by_class_and_place_and_recorded() -> None:
    lab = with_fault(Fault("rosters", 0, KeyError))
    page = lab.browser().open(lab.tile("clever", "teacher"))
    (told,) = [words for name, words in lab.noting.counted if name == "failed"]
    assert (told["error"], told["step"], told["login_id"]) == ("KeyError", "person", page.reference)
    assert str(told["at"]).startswith("sso/matching.py:")
    assert lab.attempts.attempts[page.reference].outcome == "SSO-501"
    assert page.hops[-1].response.cookies[0].endswith("; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax")
