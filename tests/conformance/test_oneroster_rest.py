"""OneRoster's conformance list, reading a REST service over real HTTP. Numbers are those of `statements.ONEROSTER`."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import requests

from homeroom.read.oneroster_rest import walk
from homeroom.read.oneroster_rest.sign_in import oauth1
from tests.builders.oneroster import Files, district, org, small_district, student
from tests.conformance.lab import RestLab, codes, counts, rest
from tests.fakes.copies import copied
from tests.fakes.faults import Crash
from tests.fakes.oneroster_server import serving
from tests.fakes.oneroster_service import Fault, Service, inserted
from tests.reading.rest.reading import paged_district

URL = ("https://district.example.org/ims/oneroster/v1p1/users"
       "?filter=status%3D%27active%27%20AND%20role%3D%27student%27&limit=1000&offset=2000")
SIGNATURES = {"oauth1_sha256": "iO0JGZ2AcZRSccpspRMe5PDRUVjcM9wGarhkMEo70lU=",
              "oauth1_sha1": "+qGWv7umyDt6IRJ2eXh8AXd7cXY="}
ENTITIES = {"orgs": "orgs", "academicSessions": "terms", "courses": "courses", "classes": "classes",
            "users": "people", "enrollments": "enrollments"}


def assert_whole(lab: RestLab) -> None:
    """Every record of the source is active in the roster, and nothing else."""
    assert {entity: lab.active(entity) for entity in ENTITIES.values()} == {
        entity: {row["sourcedId"] for row in lab.service.rows[stem]} for stem, entity in ENTITIES.items()}


def assert_failed(lab: RestLab, code: str, **asked: Any) -> None:
    """A run fails with that code, and the roster is as it was."""
    before = lab.table
    record = lab.run(**asked)
    assert (record.outcome, record.code) == ("failed", code)
    assert lab.table == before


def offsets(service: Service, path: str) -> list[int]:
    return [one.offset for one in service.asked_for(path)]


def test_or_34_a_password_of_a_service_is_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), rest(Service(small_district(), intimate=True)) as lab:
        lab.run()
    kept = lab.everything_kept()
    assert "Student s-1" in kept
    assert "Secret-s-1" not in kept + caplog.text
    assert "password" not in kept


def test_or_35_the_offset_advances_by_the_records_received() -> None:
    service = Service(paged_district(), max_page=3)
    with rest(service, page_size=10, connections=1) as lab:
        lab.run()
        assert_whole(lab)
    records = len(service.rows["users"])
    assert offsets(service, "users") == [*range(0, records, 3), records][:len(offsets(service, "users"))]
    assert {one.query["limit"] for one in service.asked_for("users")} == {"10"}


@pytest.mark.parametrize("max_page", [None, 3])
def test_or_36_no_total_and_no_link_lose_nothing(max_page: int | None) -> None:
    with rest(Service(paged_district(), total="missing", links=False, count=False, max_page=max_page)) as lab:
        assert lab.run().outcome == "applied"
        assert_whole(lab)


def test_or_37_an_empty_page_is_the_end() -> None:
    service = Service(paged_district(), total="missing", links=False)
    with rest(service, connections=1) as lab:
        lab.run()
        assert_whole(lab)
    assert max(offsets(service, "users")) <= len(service.rows["users"]) + 2 * 4


@pytest.mark.parametrize("total", ["right", "missing"])
def test_or_37_a_service_that_ignores_the_offset_is_not_asked_for_ever(total: Any) -> None:
    service = Service(paged_district(), total=total, links=False, ignored={"offset"})
    with rest(service) as lab:
        assert_failed(lab, "SRC-04")
    assert len(service.log) < 20


def test_or_37_there_is_a_most_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MOST_PAGES", 3)
    service = Service(paged_district(), total="missing", links=False)
    with rest(service, page_size=2) as lab:
        assert_failed(lab, "SRC-04")
    assert len(service.log) < 20


def test_or_38_a_total_that_changes_once_restarts_the_read() -> None:
    service = Service(paged_district())
    service.after(2, inserted("users", student("a-new-one")), on="users")
    with rest(service) as lab:
        assert lab.run().outcome == "applied"
        assert_whole(lab)
    assert offsets(service, "orgs").count(0) == 2


def test_or_38_a_total_that_never_stands_still_fails_after_three_restarts_without_a_sweep() -> None:
    service = Service(paged_district())
    with rest(service) as lab:
        lab.run()
        service.total, asked = "moving", len(service.log)
        service.rows["users"].pop()
        assert_failed(lab, "SRC-05")
    assert sum(one.path == "orgs" and not one.offset for one in service.log[asked:]) == 4


@pytest.mark.parametrize("key", ["schools", "orgs"])
def test_or_39_schools_may_come_under_either_name(key: str) -> None:
    service = Service(small_district(), missing={"orgs": 404}, wrappers={"schools": key})
    with rest(service) as lab:
        lab.run()
    assert lab.active("orgs") == {"school-1", "school-2"}


@pytest.mark.parametrize("what", ["error_body", "no_collection", "not_json"])
@pytest.mark.parametrize("stem", ["courses", "users", "enrollments"])
def test_or_40_an_error_with_200_is_an_error_and_never_a_sweep(stem: str, what: str) -> None:
    service = Service(small_district())
    with rest(service) as lab:
        lab.run()
        service.faults = [Fault(stem, what)]
        assert_failed(lab, "SRC-04")


def test_or_41_nulls_are_accepted() -> None:
    with rest(Service(small_district(), nulls=True)) as lab, rest(Service(small_district())) as other:
        assert (lab.run().outcome, other.run().outcome) == ("applied", "applied")
        assert lab.table == other.table


@pytest.mark.parametrize("sign_in", ["oauth1_sha256", "oauth2", "bearer"])
def test_or_44_a_refused_sign_in_is_tried_once_more_and_told(sign_in: Any) -> None:
    service = Service(small_district(), sign_in=sign_in)
    with rest(service) as lab:
        lab.run()
        service.key, service.token, asked = "another-key", "another-token", len(service.log)
        service.revoke_tokens()
        assert_failed(lab, "SRC-01")
    assert len(service.log) - asked == 2
    assert lab.status == "disconnected"


def test_or_44_a_token_that_ends_in_the_middle_is_replaced_once() -> None:
    service = Service(paged_district(), sign_in="oauth2")
    service.after(6, Service.revoke_tokens)
    with rest(service) as lab:
        lab.run()
        assert_whole(lab)
    assert sum(one.path.endswith("token") for one in service.log) == 2


def test_or_44_credentials_are_fetched_once_more() -> None:
    service = Service(paged_district(), sign_in="bearer")
    with rest(service) as lab:
        def rotate(_: Service) -> None:
            service.token = "rotated-bearer"
            lab.world.secrets.put("rest/source", {"token": "rotated-bearer"})

        service.after(6, rotate)
        lab.run()
        assert_whole(lab)


def test_or_45_retry_after_in_seconds_is_honoured() -> None:
    service = Service(small_district())
    service.refuse_next(2, 429, retry_after=7)
    with rest(service, connections=1) as lab:
        lab.run()
        assert_whole(lab)
    assert lab.waits.seconds == [7.0, 7.0]


def test_or_45_retry_after_as_a_date_is_honoured() -> None:
    service = Service(small_district())
    service.refuse_next(1, 429, retry_after=("date", 90))
    with rest(service, connections=1) as lab:
        lab.run()
        assert_whole(lab)
    [waited] = lab.waits.seconds
    assert 60 < waited <= 90


def test_or_45_without_it_pauses_grow_differ_and_end() -> None:
    service = Service(small_district())
    pauses = []
    for _ in range(2):
        with rest(service, connections=1) as lab:
            service.refuse_next(4, 429)
            lab.run()
            assert_whole(lab)
        pauses.append(lab.waits.seconds)
    for one in pauses:
        assert all(2**n / 2 <= pause <= 2**n for n, pause in enumerate(one))
        assert len(one) == 4
    assert pauses[0] != pauses[1]


def test_or_45_a_service_that_is_busy_for_ever_ends_the_run() -> None:
    service = Service(small_district())
    with rest(service) as lab:
        lab.run()
        service.faults, lab.budget = [Fault("users", 429)], 200.0
        assert_failed(lab, "SRC-03")
    assert sum(lab.waits.seconds) < 1000


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_or_46_a_failing_service_is_tried_a_few_times_and_the_last_roster_stays(status: int) -> None:
    service = Service(small_district())
    with rest(service, connections=1) as lab:
        lab.run()
        service.faults = [Fault("users", status, times=3)]
        assert lab.run().outcome == "nothing to change"
        service.faults, asked = [Fault("users", status)], len(service.asked_for("users"))
        service.rows = dict(district().without("users", "s-1").files)
        assert_failed(lab, "SRC-02")
        assert 3 < len(service.asked_for("users")) - asked < 10
        assert "s-1" in lab.active("people")


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(("stem", "paths"), [
    ("courses", ["courses"]), ("academicSessions", ["academicSessions"]), ("academicSessions", ["*erms", "academic*"]),
])
def test_or_47_a_collection_that_is_refused_is_not_swept_and_stops_no_other(
    stem: str, paths: list[str], status: int
) -> None:
    service = Service(small_district())
    with rest(service) as lab:
        lab.run()
        before = lab.table
        service.missing = dict.fromkeys(paths, status)
        service.rows = dict(district().with_student("s-new", classes=["c-1"]).files)
        record = lab.run()
    assert record.outcome in ("applied", "applied with issues")
    assert {key: lab.table[key] for key in before} == before  # what points to them still does
    assert [one["file"] for one in lab.issues(record) if one["code"] == "SRC-13"] == [stem]
    assert "s-new" in lab.active("people")


@pytest.mark.parametrize("sign_in", SIGNATURES)
def test_or_48_the_signature_equals_the_vector_of_the_reference(sign_in: str) -> None:
    auth = oauth1({"key": "app-key-1", "secret": "s3cr3t/+=&"}, sign_in, nonce="n0nce123", timestamp="1700000000")
    signed = requests.Request("GET", URL, auth=auth).prepare()
    header = signed.headers["Authorization"]
    told = header.decode() if isinstance(header, bytes) else header
    encoded = SIGNATURES[sign_in].replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    assert f'oauth_signature="{encoded}"' in told
    assert "oauth_token" not in told


@pytest.mark.parametrize("sign_in", SIGNATURES)
def test_or_49_a_filter_is_sent_as_it_was_signed(sign_in: Any) -> None:
    service = Service(small_district(), sign_in=sign_in)
    with serving(service) as url:
        auth = oauth1({"key": service.key, "secret": service.secret}, sign_in)
        query = "filter=status%3D%27active%27%20AND%20role%3D%27student%27&limit=100"
        answer = requests.get(f"{url}/users?{query}", auth=auth, timeout=5)
    assert (answer.status_code, service.reasons) == (200, [])
    assert {one["role"] for one in answer.json()["users"]} == {"student"}
    assert answer.request.url == f"{url}/users?{query}"


def test_or_50_every_try_has_a_nonce_of_its_own() -> None:
    service = Service(small_district(), faults=[Fault("users", 503, times=3)])
    with rest(service) as lab:
        lab.run()
        assert_whole(lab)
    assert service.reasons == []  # the fake refuses a nonce that it has seen
    assert len(service.seen_nonces) == len(service.log)


def test_or_51_ids_are_encoded_in_a_path() -> None:
    ids = ("a/b", "x@y", "50%", "two words")
    files: Files = small_district()
    files["orgs"] += [org(one) for one in ids]
    files["users"] += [student(f"s@{n}", orgSourcedIds=one) for n, one in enumerate(ids)]
    service = Service(files)
    with rest(service, by_school=True) as lab:
        lab.run()
    assert {f"s@{n}" for n in range(len(ids))} <= lab.active("people")
    paths = {one.path for one in service.log}
    assert {"schools/a%2Fb/students", "schools/x%40y/students", "schools/50%25/students",
            "schools/two%20words/students"} <= paths


def test_or_51_an_application_id_that_is_encoded_already_is_sent_as_it_is() -> None:
    service = Service(small_district(), sign_in="bearer", application_id="Qm9n%2BdXM%3D")
    with rest(service) as lab:
        assert lab.run().outcome == "applied"
        assert_whole(lab)


@pytest.mark.parametrize("booleans", ["text", "upper", "json"])
def test_or_27_flags_of_json_are_the_same_in_every_form(booleans: Any) -> None:
    files = district().with_cells("users", "s-1", enabledUser="false").files
    with rest(Service(files, booleans=booleans)) as lab:
        record = lab.run()
    assert {item["enabled"] for one, item in lab.items("people").items() if one != "s-1"} == {True}
    assert lab.items("people")["s-1"]["enabled"] is False
    assert counts(record, "people")["warnings"] == 0


STEPS = (3, 9, 17, 25, 33, 41, 52)


@pytest.mark.parametrize("step", STEPS)
def test_or_55_a_run_that_is_killed_anywhere_is_made_good_by_the_next(step: int) -> None:
    service = Service(small_district())
    changed = district().without("users", "s-4").without("enrollments", "e-s-4-c-4").with_student("s-new").files
    with rest(service) as lab:
        lab.run()
        other = RestLab(service, world=copied(lab.world))
        service.rows = dict(changed)
        lab.world.faults.arm(step)
        with pytest.raises(Crash):
            lab.run()
        assert lab.archived("people") <= {"s-4"}
        lab.world.clock.tick(86_400)
        assert lab.run().outcome in ("applied", "nothing to change")
        other.run()
        assert lab.active("people") == other.active("people")
        assert lab.table == other.table


def test_or_55_a_read_that_dies_between_pages_goes_on_where_it_was() -> None:
    service = Service(paged_district())
    with rest(service) as lab:
        started = lab.begin()
        lab.world.faults.arm(8)
        with pytest.raises(Crash):
            lab.end(started)
        assert lab.items("people") == {}
        lab.end(started)
        assert_whole(lab)
    assert codes(lab.world.runs.history("rest", 1)[0]).get("DUP-02") is None


@pytest.mark.parametrize("users_as", ["1.1", "1.2", "both"])
def test_or_57_roles_of_12_and_role_and_orgs_of_11_give_the_same(users_as: Any) -> None:
    files = district().with_teacher("t-9", orgSourcedIds="school-1,school-2").files
    with rest(Service(files, users_as=users_as)) as lab, rest(Service(files)) as plain:
        lab.run()
        plain.run()
    def told(one: RestLab) -> dict[str, Any]:
        return {k: {f: v for f, v in item.items() if f not in ("primary_org", "run")}
                for k, item in one.items("people").items()}

    assert told(lab) == told(plain)
    assert told(lab)["t-9"]["roles"] == ["teacher:school-1", "teacher:school-2"]


def test_or_58_a_date_with_a_time_of_a_service_is_the_date_that_is_written() -> None:
    files = district().with_cells("enrollments", "e-s-1-c-1", beginDate="2026-08-15T23:30:00.000Z").files
    with rest(Service(files)) as lab:
        lab.run()
    assert str(lab.items("enrollments")["e-s-1-c-1"]["begin_date"]) == "2026-08-15"
