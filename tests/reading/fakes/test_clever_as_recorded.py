"""The fake Clever answers as the real one was recorded to answer, question by question and field by field.

Each recorded question is put to the fake with the fake's own ids; envelope, links, fields, formats, headers and paging
must agree. A rule is first tried on the recorded answer, so that no rule can hold by saying nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.builders.oneroster import District as Rows
from tests.builders.oneroster import Files, district, enrollment, org
from tests.fakes.clever_rows import clever_id
from tests.fakes.clever_server import CLIENT_ID, CLIENT_SECRET, Clever, serving

RECORDED = 46
CLASSES = 220
TRANSPORT = {"date", "server", "content-length", "connection"}
"""Headers that HTTP itself brings; the recorder left them out."""

GRADES = "InfantToddler|Preschool|PreKindergarten|TransitionalKindergarten|Kindergarten|[1-9]|1[0-3]|PostGraduate" \
         "|Ungraded|Other|"
ID, MOMENT, DAY = "[0-9a-f]{24}", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", r"\d{4}-\d\d-\d\d"
FORMATS: dict[str, str] = {
    r"(.*\.)?(id|district|school|course|term_id|teacher|legacy_id|student)|(.*\.)?(schools|students|teachers)\[\]": ID,
    r"(.*\.)?(created|last_modified|last_sync)": MOMENT,
    r"(start_date|end_date)": f"{DAY}|{DAY}T00:00:00.000Z",
    r"launch_date": DAY,
    r".*\.dob": r"([1-9]|1[0-2])/([1-9]|[12]\d|3[01])/\d{4}",
    r"(.*\.)?(grade|low_grade|high_grade)": GRADES,
    r".*\.gender": "M|F|X|",
    r".*\.hispanic_ethnicity": "Y|N|",
    r".*\.race": "Caucasian|Asian|Black or African American|American Indian|Hawaiian or Other Pacific Islander"
                 "|Two or More Races|Unknown|",
    r"subject": "english/language arts|math|science|social studies|language|homeroom/advisory"
                "|interventions/online learning|technology and engineering|PE and health|arts and music|other|",
    r"state": "running|pending|error|paused|success|",
    r"login_methods\[\]": "Clever Badges|Canvas|Clever Passwords|Google|LDAP|SAML|Other",
    r"portal_url": r"https://clever\.com/in/\w[\w-]*",
}
"""Path of a field, as a pattern → how its value is written."""

DOCUMENTED: dict[str, set[str]] = {
    "districts": {"nces_id", "mdr_number", "pause_start", "pause_end"},
    "schools": {"nces_id", "mdr_number"},
}
"""Fields of the reference that none of the recorded answers shows."""


def big_district() -> Files:
    """Two pages and more of everything that was recorded in pages: four schools, 220 courses, classes and students."""
    rows = district().with_row("orgs", org("school-3")).with_row("orgs", org("school-4")).files
    course, klass, pupil = rows["courses"][0], rows["classes"][0], rows["users"][3]
    for n in range(100, 100 + CLASSES):
        rows["courses"].append({**course, "sourcedId": f"course-{n}"})
        rows["classes"].append({**klass, "sourcedId": f"c-{n}", "courseSourcedId": f"course-{n}"})
        rows["users"].append({**pupil, "sourcedId": f"s-{n}", "agentSourcedIds": ""})
        rows["enrollments"] += [enrollment(f"s-{n}", f"c-{n}"), enrollment("t-1", f"c-{n}", role="teacher")]
    students = [row["sourcedId"] for row in rows["users"] if row["role"] == "student"] + ["new-s-1", "new-s-2"]
    rows["demographics"] = [{"sourcedId": one, "birthDate": f"2012-0{n % 9 + 1}-{n % 28 + 1:02d}", "sex": "female"}
                            for n, one in enumerate(students)]
    return rows


def one_day_later(rows: Files) -> Files:
    """Schools renamed, six people new, two hundred students changed: the burst of a sync."""
    later = Rows(rows)
    for n in (1, 2):
        later = later.with_student(f"new-s-{n}", classes=["c-1"]).with_teacher(f"new-t-{n}")
        later = later.with_guardian(f"new-g-{n}", of=f"new-s-{n}")
    for row in later.files["orgs"]:
        row["name"] += " Renamed"
    for row in later.files["users"]:
        row["grades"] = "06" if row["role"] == "student" else ""
    return later.files


@pytest.fixture(scope="module")
def clever() -> Iterator[Clever]:
    made = Clever(big_district())
    with made.district.one_sync():
        made.district.become(one_day_later(big_district()))
    with serving(made):
        yield made


@pytest.fixture(scope="module")
def recorded(shared: Path) -> list[Any]:
    file = shared / "data" / "clever" / "recorded-v3.0.json"
    if not file.is_file():
        pytest.skip("needs ../shared/data/clever/recorded-v3.0.json, which is not beside this checkout")
    return list(json.loads(file.read_text()))


class Pair:
    """A recorded answer and the fake's to the same question."""

    def __init__(self, recorded: Any, clever: Clever):
        parts = urlsplit(recorded["url"])
        self.was, self.was_headers, self.was_status = recorded["body"], set(recorded["headers"]), recorded["status"]
        self.values = recorded["headers"]
        self.path = _path(parts.path, recorded["body"], clever)
        query = dict(sorted(parse_qsl(parts.query), reverse="owner_type" in parts.query))
        cursor = self._cursor(query, clever)
        self.query = "&".join(f"{name}={cursor if len(value) == 24 else value}" for name, value in query.items())
        basic = recorded["auth"] == "basic"
        headers = {} if basic else {"Authorization": f"Bearer {clever.district.token}"}
        answer = requests.get(f"{clever.url}{self.path}{'?' if self.query else ''}{self.query}", headers=headers,
                              auth=(CLIENT_ID, CLIENT_SECRET) if basic else None, timeout=10)
        self.status, self.headers, self.now = answer.status_code, answer.headers, answer.json()

    @property
    def of(self) -> str:
        """What kind of object the answer holds: of `/v3.0/courses/<id>/schools`, schools."""
        last = next(part for part in reversed(self.path.split("/")) if not re.fullmatch(ID, part))
        return "districts" if last == "district" else "courses" if last == "course" else last

    def _cursor(self, query: dict[str, str], clever: Clever) -> str:
        """Where the fake's second page begins; for a list of fewer records, after the first."""
        if "district" in query:
            return clever.district.id
        if "starting_after" not in query:
            return ""
        if self.was["data"][0]["data"].get("type") == "districts.updated":
            return "0" * 24  # recorded: a cursor from before the oldest event
        ids = _all_ids(clever, self.path)
        return ids[int(query["limit"]) - 1 if "limit" in query else 99 if len(ids) > 100 else 0]


def _path(path: str, body: Any, clever: Clever) -> str:
    """The recorded path with the fake's ids."""
    kind = path.split("/")[2]
    names = {"courses": ("courses", "course-1"), "sections": ("sections", "c-1"), "schools": ("schools", "school-1"),
             "users": ("users", "s-1")}
    chosen = clever.district.events[0]["id"] if kind == "events" else clever_id(*names.get(kind, ("", "")))
    if isinstance(body.get("data"), dict) and "teacher" in body["data"].get("roles", {}):
        chosen = clever_id("users", "t-1")
    return re.sub(ID, chosen, path)


def _all_ids(clever: Clever, path: str) -> list[str]:
    answer = requests.get(f"{clever.url}{path}?limit=10000", timeout=10,
                          headers={"Authorization": f"Bearer {clever.district.token}"})
    return [one["data"]["id"] for one in answer.json()["data"]]


@pytest.fixture(scope="module")
def pairs(recorded: list[Any], clever: Clever) -> list[Pair]:
    """All questions, each asked once."""
    return [Pair(one, clever) for one in recorded]


@pytest.fixture(params=range(RECORDED))
def pair(request: pytest.FixtureRequest, pairs: list[Pair]) -> Pair:
    """One question after the other."""
    one: Pair = pairs[request.param]
    return one


def both(pairs: list[Pair]) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """All recorded answers, and all of the fake, each with the kind that it holds."""
    return [(one.of, one.was) for one in pairs], [(one.of, one.now) for one in pairs]


def objects(body: Any) -> list[Any]:
    """The objects inside an answer, single or listed; of events, the objects that changed."""
    if not isinstance(body, dict) or "data" not in body:
        return [body]
    listed = [one.get("data", one) for one in body["data"]] if isinstance(body["data"], list) else [body["data"]]
    return [one["data"]["object"] if "type" in one else one for one in listed]


def leaves(one: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of an object with its path; an empty list or object is a value. What is below `ext` is anyone's."""
    if isinstance(one, dict) and one and not path.endswith("ext"):
        for name, value in one.items():
            yield from leaves(value, f"{path}.{name}".removeprefix("."))
    elif isinstance(one, list) and one:
        for value in one:
            yield from leaves(value, f"{path}[]")
    else:
        yield path, one


def by_kind(bodies: list[tuple[str, Any]]) -> dict[str, dict[str, set[type]]]:
    """Kind → path → types seen, over many answers."""
    found: dict[str, dict[str, set[type]]] = {}
    for kind, body in bodies:
        for one in objects(body):
            for path, value in leaves(one):
                of = _kind_of(one) if kind == "events" else kind
                found.setdefault(of, {}).setdefault(path, set()).add(type(value))
    return found


def _kind_of(one: Any) -> str:
    marks = {"roles": "users", "sis_type": "districts", "school_number": "schools", "students": "sections",
             "start_date": "terms"}
    return next((kind for mark, kind in marks.items() if mark in one), "courses")


def links(body: Any) -> list[tuple[str, str]]:
    return [(link["rel"], re.sub(ID, "{id}", link["uri"])) for link in body.get("links", [])]


# ---- one question after the other


def test_the_status_and_the_envelope_are_the_recorded_ones(pair: Pair) -> None:
    assert pair.status == pair.was_status
    assert pair.now.keys() == pair.was.keys()
    assert type(pair.now.get("data")) is type(pair.was.get("data"))
    if isinstance(pair.was.get("data"), list):
        assert {frozenset(one) for one in pair.now["data"]} == {frozenset(one) for one in pair.was["data"]}


def test_the_links_are_the_recorded_ones_in_order(pair: Pair) -> None:
    assert links(pair.now) == links(pair.was)


def test_the_headers_have_the_recorded_names(pair: Pair) -> None:
    assert {name.lower() for name in pair.headers} - TRANSPORT == pair.was_headers


def test_the_headers_are_written_as_recorded(pair: Pair) -> None:
    same = ("content-type", "cache-control", "x-ratelimit-bucket", "x-ratelimit-limit")
    assert [pair.headers.get(name) for name in same] == [pair.values.get(name) for name in same]
    patterns = {"etag": r'W/"[0-9a-f]+-[\w+/]+"|"\d+"', "x-request-id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                "clever-request-id": "[0-9a-f]{32}", "x-ratelimit-reset": r"\d{10}", "x-ratelimit-remaining": r"\d+"}
    for name, pattern in patterns.items():
        for values in (pair.values, pair.headers):
            assert re.fullmatch(pattern, values.get(name) or "") or name not in values


def test_records_ascend_and_the_links_name_the_ends_of_the_page(pair: Pair) -> None:
    for body in (pair.was, pair.now):
        if not isinstance(body.get("data"), list) or "uri" not in body["data"][0]:
            continue
        ids, uris = [one["data"]["id"] for one in body["data"]], {x["rel"]: x["uri"] for x in body["links"]}
        assert ids == sorted(ids)
        assert uris.get("next", f"starting_after={ids[-1]}").endswith(f"starting_after={ids[-1]}")
        assert uris.get("prev", f"ending_before={ids[0]}").endswith(f"ending_before={ids[0]}")
        assert all(one["uri"].endswith(f"/{one['data']['id']}") for one in body["data"])


def test_full_pages_hold_as_many_records_as_recorded(pair: Pair) -> None:
    if any(rel == "next" for rel, _ in links(pair.was)):
        assert len(pair.now["data"]) == len(pair.was["data"])


def test_every_value_is_written_as_recorded(pair: Pair) -> None:
    for body in (pair.was, pair.now):
        for one in objects(body):
            for path, value in leaves(one):
                for pattern, form in FORMATS.items():
                    if isinstance(value, str) and re.fullmatch(pattern, path):
                        assert re.fullmatch(form, value), f"{path} is {value!r}"


# ---- all answers together


def test_every_recorded_question_is_asked(recorded: list[Any]) -> None:
    assert len(recorded) == RECORDED


def test_each_kind_of_object_has_the_recorded_fields_of_the_recorded_types(pairs: list[Pair]) -> None:
    was, now = (by_kind(bodies) for bodies in both(pairs))
    assert was.keys() == now.keys() >= {"districts", "schools", "terms", "courses", "sections", "users", "tokens"}
    for kind, fields in was.items():
        assert fields.keys() <= now[kind].keys()
        assert now[kind].keys() <= fields.keys() | DOCUMENTED.get(kind, set())
        assert {path: types for path, types in now[kind].items() if types > fields.get(path, types)} == {}


def test_every_rule_about_formats_meets_recorded_and_made_values(pairs: list[Pair]) -> None:
    for bodies in both(pairs):
        paths = {path for fields in by_kind(bodies).values() for path in fields}
        assert [rule for rule in FORMATS if not any(re.fullmatch(rule, path) for path in paths)] == []


def test_events_are_nested_and_dated_as_recorded(pairs: list[Pair]) -> None:
    for bodies in both(pairs):
        pages = [body["data"] for kind, body in bodies if kind == "events"]
        events = [one["data"] for page in pages if isinstance(page, list) for one in page]
        assert {frozenset(one) for one in events} == {frozenset({"id", "type", "created", "data"})}
        assert {"districts.updated", "schools.updated", "users.created", "users.updated"} <= {e["type"] for e in events}
        assert all(("previous_attributes" in e["data"]) == e["type"].endswith(".updated") for e in events)
        assert all("object" in e["data"] for e in events)
        assert all(re.fullmatch(r".*:\d\d\.000Z", e["created"]) for e in events)
        assert not any("last_modified" in e["data"].get("previous_attributes", {}) for e in events)


def test_a_sync_is_told_in_the_recorded_order(pairs: list[Pair]) -> None:
    for bodies in both(pairs):
        first = next(body["data"] for kind, body in bodies if kind == "events" and isinstance(body["data"], list))
        types = list(dict.fromkeys(one["data"]["type"] for one in first))
        assert [t for t in types if not t.startswith("sections")] == [
            "districts.updated", "schools.updated", "users.created", "users.updated"]


def test_ids_in_sections_lead_to_users_as_recorded(pairs: list[Pair]) -> None:
    for bodies in both(pairs):
        sections = [one for kind, body in bodies if kind == "sections" for one in objects(body) if "students" in one]
        assert sections
        assert all(one["students"] == sorted(one["students"]) for one in sections)
        assert all(one["teacher"] == one["teachers"][0] for one in sections)
