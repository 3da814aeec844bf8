"""Signing in at the fake Clever: the portal, codes, user tokens."""

from __future__ import annotations

import requests

from tests.fakes.clever_server import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Clever
from tests.reading.fakes.clever_asker import Asker, Clock, links, user


def _exchange(clever: Clever, code: str, secret: str = CLIENT_SECRET, form: bool = False) -> requests.Response:
    body = {"code": code, "grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    return requests.post(f"{clever.url}/oauth/tokens", auth=(CLIENT_ID, secret), timeout=10,
                         data=body if form else None, json=None if form else body)


def _came_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    where, _, query = answer.headers["Location"].partition("?")
    assert where == REDIRECT_URI
    return dict(pair.split("=") for pair in query.split("&"))


def test_a_click_in_the_portal_comes_with_a_code_and_without_state(clever: Clever, ask: Asker) -> None:
    assert list(_came_back(ask.get(f"/portal/{user('s-1')}"))) == ["code"]
    authorize = f"/oauth/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}&state=ours"
    assert _came_back(ask.get(authorize))["state"] == "ours"


def test_authorize_refuses_an_address_that_is_not_registered(clever: Clever, ask: Asker) -> None:
    clever.sign_in.browser = user("s-1")
    uri = f"/oauth/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri=https://evil.example"
    assert ask.get(uri).status_code == 400


def test_a_code_works_once_and_for_one_minute(clever: Clever, ask: Asker, clock: Clock) -> None:
    code = _came_back(ask.get(f"/portal/{user('s-1')}"))["code"]
    assert [_exchange(clever, code).status_code for _ in range(2)] == [200, 400]
    late = _came_back(ask.get(f"/portal/{user('s-1')}"))["code"]
    clock.forward(seconds=60)
    assert _exchange(clever, late).json() == {"message": "invalid grant: invalid code"}


def test_a_code_is_exchanged_for_json_with_the_right_secret_only(clever: Clever, ask: Asker) -> None:
    code = _came_back(ask.get(f"/portal/{user('s-1')}"))["code"]
    assert _exchange(clever, code, secret="wrong").status_code == 401
    assert _exchange(clever, code, form=True).status_code == 400
    assert _exchange(clever, code).status_code == 200


def test_a_user_token_reads_its_user_and_nobody_else(clever: Clever, ask: Asker) -> None:
    code = _came_back(ask.get(f"/portal/{user('t-1')}"))["code"]
    token = _exchange(clever, code).json()["access_token"]
    me = ask.get("/v3.0/me", token).json()
    assert me["data"] == {"id": user("t-1"), "district": clever.district.id, "type": "teacher",
                          "authorized_by": "district"}
    assert links(me)["canonical"] == f"/v3.0/users/{user('t-1')}"
    assert ask.get(links(me)["canonical"], token).json()["data"]["email"] == "t-1@sample.example"
    assert [ask.get(uri, token).status_code for uri in ("/v3.0/users", f"/v3.0/users/{user('s-1')}")] == [404, 404]


def test_somebody_who_is_not_shared_stays_at_clever(clever: Clever, ask: Asker) -> None:
    clever.district.unshare("users", user("s-1"))
    answer = ask.get(f"/portal/{user('s-1')}")
    assert (answer.status_code, "not shared" in answer.text) == (200, True)
