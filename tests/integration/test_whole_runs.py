"""Whole runs on the embedded AWS: an export lands, and the roster equals it, or stays as it was, in words."""

from __future__ import annotations

from itertools import count

import pytest

from homeroom.model.events import ListIntegrations
from local.embedded import Embedded
from local.reasons import Stopped
from tests.builders.archives import Member, raw_zip
from tests.builders.oneroster import as_12, district, file_bytes, small_district, zip_bytes
from tests.integration.labs import Lab
from tests.integration.waiting import eventually

_NUMBERS = count(1)
GIB = 1 << 30
LIST = ListIntegrations(operation="list")


@pytest.fixture
def lab(aws: Embedded) -> Lab:
    """A connected integration of its own."""
    return Lab(aws, f"lab-{next(_NUMBERS)}").connect()


@pytest.fixture
def loaded(lab: Lab) -> Lab:
    """An integration whose first day is applied."""
    assert lab.land(zip_bytes(small_district()))["outcome"] == "applied"
    return lab


def test_the_roster_equals_the_export_that_landed(loaded: Lab) -> None:
    files = small_district()
    for entity, stem in (("people", "users"), ("classes", "classes"), ("enrollments", "enrollments")):
        assert loaded.active(entity) == {row["sourcedId"] for row in files[stem]}
    assert loaded.status()["status"] == "up to date"


def test_data_writes_are_the_changed_records_and_the_changed_identity_links(loaded: Lab) -> None:
    """Counted in the table itself: every item that the second run wrote carries its number (design 4)."""
    changed = district().with_student("s-new", classes=["c-1"]).with_cells("users", "s-2", familyName="Renamed")
    changed = changed.without("users", "s-9").without("enrollments", "e-s-9-c-1")
    ended = loaded.land(changed.zip_bytes())
    written = [item for item in loaded.items() if item.get("run") == ended["run"]]
    records = [item for item in written if "entity" in item]
    links = [item for item in written if item["owner"].startswith(f"{loaded.name}#identity#")]
    assert len(records) == 5  # a person and an enrollment came, a person changed, a person and an enrollment left
    assert len(links) == 3  # source id, username and number of the one who came
    assert ended["summary"]["written"] == {"records": 5, "links": 3, "moved": 0, "entries": 0, "items": 8}


def test_a_second_landing_of_the_same_content_is_skipped_as_unchanged(loaded: Lab) -> None:
    before = loaded.items()
    again = loaded.land(zip_bytes(small_district()))
    assert (again["outcome"], again["code"]) == ("skipped", "unchanged")
    assert sorted(map(str, loaded.items())) == sorted(map(str, before))


def test_the_files_a_b_a_end_as_a(loaded: Lab) -> None:
    first = loaded.roster()
    other = district().with_cells("users", "s-3", givenName="Other").with_cells("classes", "c-2", title="Other")
    assert loaded.land(other.zip_bytes())["outcome"] == "applied"
    assert loaded.land(zip_bytes(small_district()))["outcome"] == "applied"
    assert loaded.roster() == first


def test_loose_files_are_taken_when_the_last_one_has_come(lab: Lab) -> None:
    files = file_bytes(small_district())
    last = files.pop("users.csv")
    lab.put(files)
    eventually(lambda: "users.csv" in lab.status()["text"], what="word that users.csv is missing")
    assert lab.status()["status"] == "waiting for the district"
    assert lab.land({"users.csv": last})["outcome"] == "applied"


def test_oneroster_1_2_gives_the_same_roster(loaded: Lab) -> None:
    again = loaded.land(zip_bytes(as_12(small_district()), version="1.2"))
    assert again["outcome"] == "nothing to change"


BAD = {
    "a truncated zip": (zip_bytes(small_district())[:900], "FIL-15|SRC-07"),
    "not a zip": (b"sourcedId,status\r\n1,active\r\n" * 40, "FIL-15"),
    "a zip bomb of ten gibibytes": (raw_zip([Member("users.csv", b"0" * 9000, size=10 * GIB)]), "FIL-06"),
    "no users.csv": (district().without_file("users").zip_bytes(modes={"users": "bulk"}), "FIL-03"),
    "a header without rows": (zip_bytes(small_district() | {"users": []}), "FIL-16"),
    "OneRoster 1.0": (zip_bytes(small_district(), version="1.0"), "FIL-14"),
    "half of the users": (
        zip_bytes(small_district() | {"users": small_district()["users"][:3]}), "SRC-09"),
}


@pytest.mark.parametrize("bad", BAD)
def test_an_unusable_file_says_why_and_changes_nothing(loaded: Lab, bad: str) -> None:
    body, codes = BAD[bad]
    before = loaded.items()
    ended = loaded.land(body)
    assert ended["outcome"] == "failed"
    assert ended["code"] in codes.split("|")
    assert len(ended["text"].split()) > 3
    assert ended["summary"]["next"]["owner"] == "district"
    assert sorted(map(str, loaded.items())) == sorted(map(str, before))
    assert loaded.land(district().with_student("s-after").zip_bytes())["outcome"] == "applied"


def foreign(row: dict[str, str]) -> dict[str, str]:
    """The same row in a district with ids of its own."""
    def other(column: str, cell: str) -> str:
        points = column.casefold().endswith(("sourcedid", "sourcedids", "identifier"))
        return ",".join(f"other-{item}" for item in cell.split(",")) if points and cell else cell

    return {column: other(column, cell) for column, cell in row.items()}


def test_another_districts_file_is_held_and_nothing_is_written(loaded: Lab) -> None:
    before = loaded.items()
    ended = loaded.land(zip_bytes({stem: [foreign(row) for row in rows] for stem, rows in small_district().items()}))
    assert ended["outcome"] == "held"
    assert "DISTRICT" in ended["text"]
    assert sorted(map(str, loaded.items())) == sorted(map(str, before))


def test_a_first_load_of_a_production_integration_waits_for_a_look(aws: Embedded) -> None:
    lab = Lab(aws, f"lab-{next(_NUMBERS)}").connect(hold_first_load=True)
    held = lab.land(zip_bytes(small_district()))
    assert held["outcome"] == "held"
    assert lab.items() == []
    lab.approve(held["run"], held["plan_hash"])
    assert lab.ended()["outcome"] == "applied"
    assert lab.active("people")
    assert lab.preview(held["run"])["outcome"] == "applied"


def test_an_approval_is_refused_once_the_roster_moved_on(aws: Embedded) -> None:
    lab = Lab(aws, f"lab-{next(_NUMBERS)}").connect(limits={"GRD-02": {"percent": 1, "floor": 1}})
    assert lab.land(zip_bytes(small_district()))["outcome"] == "applied"
    held = lab.land(district().without("users", "s-9").without("enrollments", "e-s-9-c-1").zip_bytes())
    assert held["outcome"] == "held"
    assert lab.status()["status"] == "on hold: review"
    assert lab.land(district().with_student("s-new").zip_bytes())["outcome"] == "applied"
    with pytest.raises(Stopped, match="held"):
        lab.approve(held["run"], held["plan_hash"])
    assert "s-9" in lab.active("people")


def test_a_part_is_applied_while_removals_wait_for_their_approval(aws: Embedded) -> None:
    lab = Lab(aws, f"lab-{next(_NUMBERS)}").connect(
        limits={"GRD-02": {"percent": 1, "floor": 1}}, options={"on_hold": "removals wait"})
    assert lab.land(zip_bytes(small_district()))["outcome"] == "applied"
    shrunk = district().without("users", "s-9", "s-10").without("enrollments", "e-s-9-c-1", "e-s-10-c-2")
    part = lab.land(shrunk.with_student("s-new").zip_bytes())
    assert (part["outcome"], part["summary"]["waits"]["records"]) == ("applied", 4)
    assert {"s-new", "s-9", "s-10"} <= lab.active("people")
    assert lab.status()["status"] == "on hold: review"
    assert (lab.name, part["run"]) in {(r["integration"], r["run"]) for r in lab.stack.ask(LIST)["held"]}
    lab.approve(part["run"], part["waits"], only={"records": ["s-9"]})
    rest = lab.ended()
    assert (rest["outcome"], rest["summary"]["waits"]["records"]) == ("applied", 2)
    assert {"s-9", "s-10"} & lab.active("people") == {"s-10"}
    lab.approve(rest["run"], rest["waits"])
    assert (lab.ended()["waits"], "s-10" in lab.active("people")) == (None, False)
    assert lab.status()["status"] == "up to date"


def test_a_discarded_content_does_not_come_back_until_it_changes(aws: Embedded) -> None:
    lab = Lab(aws, f"lab-{next(_NUMBERS)}").connect(limits={"GRD-02": {"percent": 1, "floor": 1}})
    assert lab.land(zip_bytes(small_district()))["outcome"] == "applied"
    shrunk = district().without("users", "s-9").without("enrollments", "e-s-9-c-1")
    held = lab.land(shrunk.zip_bytes())
    lab.discard(held["run"])
    again = lab.land(shrunk.zip_bytes())
    assert (again["outcome"], again["code"]) == ("skipped", "denied")
    assert lab.land(shrunk.with_student("s-new").zip_bytes())["outcome"] == "held"


def test_a_file_replaced_while_it_is_read_does_no_harm(loaded: Lab) -> None:
    """Both versions land before the first is read: each run reads its own version, the newer one wins in the end."""
    loaded.put(district().with_cells("users", "s-1", givenName="First").zip_bytes())
    loaded.put(district().with_cells("users", "s-1", givenName="Second").zip_bytes())

    def settled() -> bool:
        names = [item.get("given_name") for item in loaded.items() if item.get("source_id") == "s-1" and "role" in item]
        return names == ["Second"]

    eventually(settled, seconds=60, what="the newer version in the roster")
    runs = eventually(lambda: [r for r in loaded.status()["runs"] if r["outcome"]], what="the ledger")
    assert {r["outcome"] for r in runs} <= {"applied", "skipped", "nothing to change"}
