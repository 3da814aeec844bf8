"""The OneRoster fake itself: sign-in is really checked, pages are what was asked for, each switch does what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from oauthlib.oauth1 import Client
from requests_oauthlib import OAuth1

from tests.builders.oneroster import as_12, district, small_district, student
from tests.fakes.oneroster_bulk import large_district, large_rows
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service, inserted, removed, revised
from tests.fakes.oneroster_sign_in import SCOPE

ROOT = Path(__file__).resolve().parents[3]
BEARER = {"Authorization": "Bearer sample-bearer"}
Session = requests.Session


@contextmanager
def open_service(**switches: Any) -> Iterator[tuple[Service, Session]]:
    """A service that a fixed bearer opens, with a session that has it."""
    service = Service(**{"rows": small_district(), "sign_in": "bearer"} | switches)
    with serving(service), requests.Session() as session:
        session.trust_env = False
        session.headers.update(BEARER)
        yield service, session


def ids(answer: requests.Response, key: str) -> list[str]:
    return [record["sourcedId"] for record in answer.json()[key]]


def signed(service: Service, session: Session, path: str = "orgs", **changes: Any) -> requests.Response:
    how = {"client_key": service.key, "client_secret": service.secret, "signature_method": "HMAC-SHA256"} | changes
    return session.get(f"{service.url}/{path}", auth=OAuth1(**how), headers={"Authorization": None})


# ---------------------------------------------------------------- signing in


def test_a_right_signature_is_accepted_and_everything_else_refused() -> None:
    with open_service(sign_in="oauth1_sha256") as (service, session):
        awkward = "users?filter=role%3D%27student%27%20AND%20status%3D%27active%27&limit=3"
        assert signed(service, session, awkward).status_code == 200
        assert signed(service, session, client_secret="wrong").status_code == 401
        assert signed(service, session, client_key="nobody").status_code == 401
        assert signed(service, session, signature_method="HMAC-SHA1").status_code == 401
        assert signed(service, session, timestamp="1700000000").status_code == 401
        assert session.get(f"{service.url}/orgs").status_code == 401
        assert service.reasons == ["wrong signature", "unknown key", "malformed, or another signature method",
                                   "timestamp outside of the window", "no signature"]


def test_a_signature_of_sha1_is_accepted_where_the_service_wants_it() -> None:
    with open_service(sign_in="oauth1_sha1") as (service, session):
        assert signed(service, session, signature_method="HMAC-SHA1").status_code == 200


def test_a_nonce_is_good_once() -> None:
    with open_service(sign_in="oauth1_sha256") as (service, session):
        client = Client(service.key, service.secret, signature_method="HMAC-SHA256")
        url, headers, _ = client.sign(f"{service.url}/orgs")
        assert [session.get(url, headers=headers).status_code for _ in range(2)] == [200, 401]
        assert service.reasons == ["the nonce was used before"]


def test_a_query_that_was_not_signed_is_refused() -> None:
    with open_service(sign_in="oauth1_sha256") as (service, session):
        _, headers, _ = Client(service.key, service.secret, signature_method="HMAC-SHA256").sign(f"{service.url}/orgs")
        assert session.get(f"{service.url}/orgs?limit=1", headers=headers).status_code == 401


def test_a_clock_that_is_ahead_refuses_signatures_and_shows_in_the_date() -> None:
    with open_service(sign_in="oauth1_sha256", skew=3600) as (service, session):
        answer = signed(service, session)
        assert answer.status_code == 401
        assert (parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)).total_seconds() > 3500


def token_of(service: Service, session: Session, *scopes: str, **form: str) -> dict[str, Any]:
    scope = " ".join(SCOPE[service.version] + one for one in scopes)
    body = {"grant_type": "client_credentials", "scope": scope} | form
    answer = session.post(service.token_url, body, auth=None if form else (service.key, service.secret))
    return {"status": answer.status_code, **answer.json()}


def test_a_token_opens_what_its_scopes_allow_until_it_is_revoked() -> None:
    with open_service(sign_in="oauth2") as (service, session):
        token = token_of(service, session, "roster-core.readonly")
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        assert (token["scope"], token["expires_in"]) == (SCOPE["1.1"] + "roster-core.readonly", 3600)
        assert session.get(f"{service.url}/orgs").status_code == 200
        assert session.get(f"{service.url}/schools/school-1/classes").status_code == 403
        service.revoke_tokens()
        assert session.get(f"{service.url}/orgs").status_code == 401


def test_fewer_scopes_are_granted_than_asked_for() -> None:
    with open_service(sign_in="oauth2", version="1.2", granted=("roster.readonly",)) as (service, session):
        token = token_of(service, session, "roster-core.readonly", "roster.readonly")
        assert token["scope"] == SCOPE["1.2"] + "roster.readonly"


def test_credentials_in_the_body_are_taken_unless_only_basic_is() -> None:
    with open_service(sign_in="oauth2") as (service, session):
        credentials = {"client_id": service.key, "client_secret": service.secret}
        assert token_of(service, session, "roster.readonly", **credentials)["status"] == 200
        assert token_of(service, session, "roster.readonly", **credentials | {"client_secret": "no"})["status"] == 401
        service.basic_only = True
        assert token_of(service, session, "roster.readonly", **credentials)["status"] == 401


def test_the_application_id_of_the_proxy_is_compared_as_it_is_sent() -> None:
    with open_service(application_id="c2FtcGxl%3D") as (service, session):
        assert service.url.endswith("/c2FtcGxl%3D/ims/oneroster/v1p1")
        assert session.get(f"{service.url}/orgs").status_code == 200
        assert session.get(f"{service.url.replace('%3D', '%253D')}/orgs").status_code == 404


# ---------------------------------------------------------------- pages


def test_pages_follow_limit_offset_and_a_pinned_order() -> None:
    with open_service() as (service, session):
        first = session.get(f"{service.url}/users?limit=6&offset=0&sort=sourcedId&orderBy=asc")
        last = session.get(f"{service.url}/users?limit=6&offset=12&sort=sourcedId&orderBy=asc")
        assert ids(first, "users") == ["g-1", "s-1", "s-10", "s-2", "s-3", "s-4"]
        assert ids(last, "users") == ["t-2", "t-3"]
        assert ids(session.get(f"{service.url}/users?limit=2"), "users") == ["t-1", "t-2"]
        assert (first.headers["X-Total-Count"], first.headers["x-count"], last.headers["x-count"]) == ("14", "6", "2")
        assert 'offset=6&sort=sourcedId&orderBy=asc>; rel="next"' in first.headers["Link"]
        assert 'rel="next"' not in last.headers["Link"]


def test_each_path_names_what_the_standard_says() -> None:
    with open_service() as (service, session):
        def under(path: str, key: str) -> list[str]:
            return ids(session.get(f"{service.url}/{path}"), key)

        assert under("schools", "orgs") == ["school-1", "school-2"]
        assert under("terms", "academicSessions") == ["sem-1", "sem-2"]
        assert under("teachers", "users") == ["t-1", "t-2", "t-3"]
        assert under("schools/school-2/classes", "classes") == ["c-3", "c-4"]
        assert under("schools/school-2/teachers", "users") == ["t-3"]
        assert under("schools/school-1/classes/c-2/students", "users") == ["s-1", "s-2", "s-6", "s-10"]
        assert len(under("schools/school-1/enrollments", "enrollments")) == 10
        assert session.get(f"{service.url}/orgs/d-1").json()["org"]["name"] == "Sample District"
        assert [session.get(f"{service.url}/{path}").status_code for path in (
            "orgs/nobody", "schools/nobody/classes", "classes/c-1/enrollments", "horses")] == [404] * 4


def test_an_error_speaks_as_its_version_does() -> None:
    with open_service() as (service, session):
        assert session.get(f"{service.url}/horses").json()["statusInfoSet"][0]["imsx_codeMinor"] == "unknownobject"
    with open_service(version="1.2") as (service, session):
        assert session.get(f"{service.url}/horses").json()["imsx_codeMajor"] == "failure"


def test_users_are_written_as_their_version_writes_them() -> None:
    rows = district().with_cells("users", "s-1", preferredGivenName="Sam", userIds="{LDAP:1},{LTI:2}").files
    with open_service(rows=rows) as (service, session):
        user = session.get(f"{service.url}/users/s-1").json()["user"]
        assert (user["role"], user["orgs"][0]["sourcedId"], "roles" in user) == ("student", "school-1", False)
        assert user["userIds"] == [{"type": "LDAP", "identifier": "1"}, {"type": "LTI", "identifier": "2"}]
        assert user["orgs"][0]["href"] == f"{service.url}/orgs/school-1"
    for files in (rows, as_12(rows)):
        with open_service(rows=files, version="1.2") as (service, session):
            user = session.get(f"{service.url}/users/s-1").json()["user"]
            assert user["roles"][0] | {"org": ""} == {"roleType": "primary", "role": "student", "org": ""}
            assert (user["preferredFirstName"], "role" in user, "orgs" in user) == ("Sam", False, False)


# ---------------------------------------------------------------- switches


@pytest.mark.parametrize(("switches", "expected"), [
    ({"max_page": 3}, {"records": 3}),
    ({"total": "missing", "count": False, "links": False, "revision": None}, {"headers": set()}),
    ({"total": 5}, {"X-Total-Count": "19"}),
    ({"ignored": {"limit"}, "default_page": 7}, {"records": 7}),
    ({"ignored": {"offset"}}, {"first": "t-1"}),
    ({"ignored": {"sort"}}, {"first": "s-4"}),
    ({"wrappers": {"users": "people"}}, {"key": "people"}),
    ({"beside": {"totalCount": 14}}, {"key": "totalCount"}),
])
def test_a_switch_changes_what_a_page_is(switches: dict[str, Any], expected: dict[str, Any]) -> None:
    with open_service(**switches) as (service, session):
        at = 0 if switches.get("ignored") == {"offset"} else 6
        answer = session.get(f"{service.url}/users?limit=5&offset=6" + ("" if at == 0 else "&sort=sourcedId"))
        records = answer.json().get("users", [])
        ours = {"X-Total-Count", "Link", "x-count", "x-perm-rev"} & set(answer.headers)
        seen = {"records": len(records), "headers": ours, "X-Total-Count": answer.headers.get("X-Total-Count"),
                "first": records[0]["sourcedId"] if records else None, "key": next(iter(answer.json()))}
        assert {name: seen[name] for name in expected} == expected


def test_a_bare_array_is_served_where_no_key_is_set() -> None:
    with open_service(wrappers={"orgs": None}) as (service, session):
        assert len(session.get(f"{service.url}/orgs").json()) == 3


def test_values_are_written_in_the_ways_that_were_seen() -> None:
    rows = district().with_cells("users", "s-1", identifier="00017", **{"metadata.house": "red"}).files
    with open_service(rows=rows, booleans="json", nulls=True, intimate=True, numbers=True) as (service, session):
        user = session.get(f"{service.url}/users/s-1").json()["user"]
        assert (user["enabledUser"], user["middleName"], user["identifier"]) == (True, None, 17)
        assert user["metadata"] == {"house": "red"}
        assert user["password"]
        assert session.get(f"{service.url}/users/s-2").json()["user"]["metadata"] is None
        service.booleans = "upper"
        assert session.get(f"{service.url}/users/s-1").json()["user"]["enabledUser"] == "TRUE"


def test_the_source_changes_while_it_is_read() -> None:
    with open_service(total="moving") as (service, session):
        service.after(2, inserted("users", student("s-0")), on="users")
        service.after(3, removed("users", "s-1"), on="users")
        service.after(1, revised("revision-2"), on="orgs")
        seen = [session.get(f"{service.url}/users?limit=50") for _ in range(4)]
        assert [len(ids(one, "users")) for one in seen] == [14, 14, 15, 14]
        assert len({one.headers["X-Total-Count"] for one in seen}) > 2
        revisions = [session.get(f"{service.url}/orgs").headers["x-perm-rev"] for _ in range(2)]
        assert revisions == ["revision-1", "revision-2"]


def test_an_unstable_order_differs_between_requests_unless_it_is_pinned() -> None:
    with open_service(unstable=True) as (service, session):
        assert len({tuple(ids(session.get(f"{service.url}/users"), "users")) for _ in range(2)}) == 2
        assert len({tuple(ids(session.get(f"{service.url}/users?sort=sourcedId"), "users")) for _ in range(2)}) == 1


def test_the_next_requests_are_refused_and_told_when_to_come_back() -> None:
    with open_service() as (service, session):
        service.refuse_next(1, 429, retry_after=2)
        service.refuse_next(1, 503, retry_after=("date", 60))
        answers = [session.get(f"{service.url}/orgs") for _ in range(3)]
        assert [one.status_code for one in answers] == [429, 503, 200]
        assert answers[0].headers["Retry-After"] == "2"
        assert parsedate_to_datetime(answers[1].headers["Retry-After"]) > datetime.now(UTC)


def test_a_path_can_be_missing() -> None:
    with open_service(missing={"courses": 404, "schools/*/students": 403}) as (service, session):
        paths = ("courses", "schools/school-1/students", "schools/school-1/teachers")
        assert [session.get(f"{service.url}/{path}").status_code for path in paths] == [404, 403, 200]


@pytest.mark.parametrize(("what", "expected"), [
    (502, "502 {'statusInfoSet'}"), ("empty", "200 {'users'} 0"), ("short", "200 {'users'} 2"),
    ("error_body", "200 {'statusInfoSet'}"), ("no_collection", "200 {'status'}"), ("not_json", "200 no JSON"),
    ("drop_before", "dropped"), ("drop_after", "dropped"), ("torn", "dropped"),
])
def test_a_fault_strikes_its_page_and_no_other(what: str | int, expected: str) -> None:
    with open_service(faults=[Fault("users", what, page=2, times=1)]) as (service, session):
        def seen(offset: int) -> str:
            try:
                answer = session.get(f"{service.url}/users?limit=4&offset={offset}")
                body = answer.json()
            except requests.exceptions.JSONDecodeError:
                return f"{answer.status_code} no JSON"
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                return "dropped"
            records = f" {len(body['users'])}" if "users" in body else ""
            return f"{answer.status_code} {set(body)}{records}"

        assert [seen(offset) for offset in (0, 4, 4, 8)] == [f"200 {{'users'}} {n}" if n else expected
                                                             for n in (4, 0, 4, 4)]


def test_the_log_knows_every_request_in_order() -> None:
    with open_service() as (service, session):
        for path in ("orgs?limit=2", "users?limit=5&offset=5", "schools/school-1/classes"):
            session.get(f"{service.url}/{path}")
        assert [(one.path, one.offset, one.status) for one in service.log] == [
            ("orgs", 0, 200), ("users", 5, 200), ("schools/school-1/classes", 0, 200)]
        assert service.asked_for("schools/*")[0].number == 3


# ---------------------------------------------------------------- large districts, and the process


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_any_cut_of_a_large_district_is_a_page_of_it(version: str) -> None:
    bulk = large_district(950, "/base", version)
    with open_service(rows=large_rows(950), bulk=bulk, version=version) as (service, session):
        whole = ids(session.get(f"{service.url}/enrollments?limit=5000"), "enrollments")
        assert (len(whole), whole) == (1000, sorted(set(whole)))
        cuts = [ids(session.get(f"{service.url}/enrollments?limit=333&offset={at}"), "enrollments")
                for at in (0, 333, 666, 999, 1332)]
        assert [one for cut in cuts for one in cut] == whole
        people = set(ids(session.get(f"{service.url}/users?limit=5000"), "users"))
        classes = set(ids(session.get(f"{service.url}/classes?limit=5000"), "classes"))
        records = session.get(f"{service.url}/enrollments?limit=5000").json()["enrollments"]
        assert {one["user"]["sourcedId"] for one in records} == people
        assert {one["class"]["sourcedId"] for one in records} == classes


def test_as_a_process_it_says_where_it_is_and_how_to_sign_in() -> None:
    command = [sys.executable, "-m", "tests.fakes.oneroster_server", "--port", "0", "--students", "5"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            auth = OAuth1(told["key"], told["secret"], signature_method="HMAC-SHA256")
            with requests.Session() as session:
                session.trust_env = False
                assert len(ids(session.get(f"{told['url']}/students", auth=auth), "users")) == 5
        finally:
            process.kill()
