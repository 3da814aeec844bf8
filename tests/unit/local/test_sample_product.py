"""The parts of the sample product: sessions that end, its copy of the roster, and what it does not know of us."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session

from local.sample_product.people import Person, people_of
from local.sample_product.product import Settings, product
from local.sample_product.sessions import ABSOLUTE_SECONDS, BEGUN_SECONDS, IDLE_SECONDS, STUDENT_IDLE_SECONDS, Session
from tests.conftest import ROOT

HERE = ROOT / "local" / "sample_product"
BASE = "https://galileo.vendor.example"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("role", "idle"), [("student", STUDENT_IDLE_SECONDS), ("teacher", IDLE_SECONDS)])
def test_a_session_ends_when_nobody_uses_it_and_after_a_school_day(role: str, idle: int) -> None:
    clock = Clock()
    tab = signed_in(clock, role)
    clock.now += idle
    assert tab.get("/me").status_code == 200
    clock.now += idle + 1
    assert tab.get("/me").status_code == 401
    tab, began = signed_in(clock, role), clock.now
    while clock.now + idle <= began + ABSOLUTE_SECONDS:
        clock.now += idle
        assert tab.get("/me").status_code == 200
    clock.now = began + ABSOLUTE_SECONDS + 1
    assert tab.get("/me").status_code == 401


def signed_in(clock: Clock, role: str) -> Any:
    """A browser with a session of somebody."""
    app = an_app(clock)

    @app.get("/test-sign-in")
    def signed_in_at_once() -> str:
        session["person"], session["csrf"] = {"name": "x", "role": role, "id": "p", "district": "d"}, "x"
        return ""

    tab = app.test_client()
    tab.get("/test-sign-in", base_url=BASE)
    return Tab(tab)


class Tab:
    def __init__(self, client: Any):
        self.client = client

    def get(self, path: str) -> Any:
        return self.client.get(path, base_url=BASE)


def an_app(clock: Clock) -> Flask:
    return product(Settings("https://sso.vendor.example", "galileo", "a-secret-of-this-test", BASE,
                            people=lambda district, person: Person("x")), clock)


def test_a_sign_in_that_was_begun_and_left_is_forgotten() -> None:
    clock = Clock()
    app = an_app(clock)
    kept = app.session_interface
    for _ in range(3):
        with app.test_request_context():
            begun = Session()
            begun["state"] = "x"
            kept.save_session(app, begun, app.response_class())
        clock.now += BEGUN_SECONDS + 1
    assert len(kept.kept) == 1  # type: ignore[attr-defined]


def test_the_copy_of_the_roster_is_a_file_that_a_sync_may_write_anew(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text(json.dumps({"lab-usd": {"p-1": {"name": "Testa Teacher"}}}))
    people = people_of(file)
    assert (people("lab-usd", "p-1"), people("other-usd", "p-1")) == (Person("Testa Teacher"), None)
    file.write_text(json.dumps({}))
    assert people("lab-usd", "p-1") is None


def test_the_product_imports_nothing_of_homeroom() -> None:
    imported = set()
    for file in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    assert {name for name in imported if name.partition(".")[0] in ("homeroom", "functions", "tests")} == set()
    assert {name for name in imported if name.startswith("local.")} <= {
        f"local.sample_product.{part}" for part in ("people", "product", "sessions")}
