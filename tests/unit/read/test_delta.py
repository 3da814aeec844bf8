"""Delta files applied to the raw snapshot that was read last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from homeroom.model.snapshot import LINE, Snapshot
from homeroom.read.oneroster_csv import read_set
from homeroom.read.unusable import SetUnusable
from tests.builders.oneroster import Files, as_12, csv_text, small_district, student, write_zip

Read = Callable[..., Snapshot]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_files(files: Files, base: Any = None, **quirks: Any) -> Snapshot:
        return read_set(write_zip(tmp_path / "set.zip", files, **quirks), base=base)

    return read_files


def delta(*users: dict[str, str]) -> tuple[Files, dict[str, Any]]:
    """A set of one delta file of users; everything else is absent."""
    return {"users": list(users)}, {"modes": {"users": "delta"}}


def changed(sourced_id: str, status: str = "active", **cells: str) -> dict[str, str]:
    return student(sourced_id, status=status, dateLastModified="2026-09-02T00:00:00.000Z", **cells)


def users(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {row["sourcedId"]: row for row in snapshot.frames["users"].to_dicts()}


def test_c15_unlisted_records_stay_listed_ones_are_replaced_or_added(read: Read) -> None:
    base = read(small_district())
    files, quirks = delta(changed("s-2", grades="06"), changed("s-99"))
    snapshot = read(files, base, **quirks)
    before, after = users(base), users(snapshot)
    assert set(after) == {*before, "s-99"}
    assert after["s-2"]["grades"] == "06"
    assert {k: after["s-3"][k] for k in before["s-3"] if k != LINE} == {
        k: v for k, v in before["s-3"].items() if k != LINE}
    assert snapshot.issues == ()
    assert snapshot.modes["users"] == "delta"


def test_c15_a_removal_stays_visible_in_later_deltas(read: Read) -> None:
    files, quirks = delta(changed("s-2", "tobedeleted"))
    first = read(files, read(small_district()), **quirks)
    assert users(first)["s-2"]["status"] == "tobedeleted"
    files, quirks = delta(changed("s-3", grades="07"))
    second = read(files, first, **quirks)
    assert users(second)["s-2"]["status"] == "tobedeleted"
    assert users(second).keys() == users(first).keys()


def test_a_removed_record_can_come_back(read: Read) -> None:
    base = read(small_district())
    for status in ("tobedeleted", "active"):
        files, quirks = delta(changed("s-2", status))
        base = read(files, base, **quirks)
    assert users(base)["s-2"]["status"] == "active"


def test_c54_inactive_is_a_removal(read: Read) -> None:
    files, quirks = delta(changed("s-2", "Inactive"))
    assert users(read(files, read(small_district()), **quirks))["s-2"]["status"] == "tobedeleted"


@pytest.mark.parametrize("status", ["", "deletd"])
def test_nothing_is_removed_on_a_misspelt_word(read: Read, status: str) -> None:
    files, quirks = delta(changed("s-2", status))
    assert users(read(files, read(small_district()), **quirks))["s-2"]["status"] in (None, status)


def test_lines_are_those_of_the_delta_and_unknown_for_what_stays(read: Read) -> None:
    files, quirks = delta(changed("s-2"))
    after = users(read(files, read(small_district()), **quirks))
    assert after["s-2"][LINE] == 2
    assert after["s-3"][LINE] is None


def test_two_rows_of_one_id_are_both_left_for_check_to_judge(read: Read) -> None:
    files, quirks = delta(changed("s-2"), changed("s-2", "tobedeleted"))
    ids = read(files, read(small_district()), **quirks).frames["users"]["sourcedId"].to_list()
    assert ids.count("s-2") == 2


def test_a_malformed_row_takes_the_place_of_its_record_so_that_it_is_known_as_unusable(read: Read) -> None:
    files, quirks = delta(changed("s-3"))
    text = csv_text("users", files["users"]) + "s-2,active,true\r\n"
    after = users(read(files, read(small_district()), **quirks, raw={"users.csv": text.encode()}))
    assert after["s-2"]["_problem"] == "FIL-11"
    assert after["s-3"]["_problem"] is None


def test_c16_absent_files_are_taken_over_as_they_were(read: Read) -> None:
    base = read(small_district())
    files, quirks = delta(changed("s-2"))
    snapshot = read(files, base, **quirks)
    assert snapshot.modes["classes"] == "absent"
    columns = [name for name in base.frames["classes"].columns if name != LINE]
    assert snapshot.frames["classes"].select(columns).equals(base.frames["classes"].select(columns))


def test_a_delta_without_rows_changes_nothing(read: Read) -> None:
    base = read(small_district())
    files, quirks = delta()
    snapshot = read(files, base, **quirks)
    assert set(users(snapshot)) == set(users(base))
    assert snapshot.issues == ()


def test_t36_one_file_may_be_bulk_and_another_a_delta(read: Read) -> None:
    files = small_district() | {"users": [changed("s-99")]}
    files["enrollments"] = files["enrollments"][:3]
    snapshot = read(files, read(small_district()), modes={"users": "delta"})
    assert len(users(snapshot)) == 15
    assert snapshot.frames["enrollments"].height == 3


def test_a_delta_without_a_base_is_refused(read: Read) -> None:
    files, quirks = delta(changed("s-2"))
    with pytest.raises(SetUnusable, match=r"users\.csv is a delta, and no full export of it is known") as caught:
        read(files, **quirks)
    assert "FIL-07" in [issue.code for issue in caught.value.issues]


def test_the_base_is_asked_for_only_when_a_file_needs_it(read: Read) -> None:
    base = read(small_district())
    asked: list[bool] = []

    def last() -> Snapshot:
        asked.append(True)
        return base

    read(small_district(), last)
    assert asked == []
    files, quirks = delta(changed("s-2"))
    read(files, last, **quirks)
    assert asked == [True]


def test_a_delta_of_12_roles_changes_the_users_that_hold_them(read: Read) -> None:
    base = read(as_12(small_district()), version="1.2")
    moved = {"sourcedId": "role-s-2-0", "status": "active", "userSourcedId": "s-2", "roleType": "primary",
             "role": "student", "orgSourcedId": "school-2"}
    gone = {"sourcedId": "role-t-1-0", "status": "tobedeleted", "userSourcedId": "t-1"}
    snapshot = read({"roles": [moved, gone]}, base, version="1.2", modes={"roles": "delta"})
    after = users(snapshot)
    assert after["s-2"]["orgSourcedIds"] == "school-2"
    assert (after["t-1"]["role"], after["t-1"]["roles"]) == (None, None)
    assert after["s-3"]["orgSourcedIds"] == users(base)["s-3"]["orgSourcedIds"]


def test_a_delta_of_12_users_keeps_their_roles(read: Read) -> None:
    base = read(as_12(small_district()), version="1.2")
    row = {k: v for k, v in changed("s-2", grades="06").items() if k not in ("role", "orgSourcedIds")}
    after = users(read({"users": [row]}, base, version="1.2", modes={"users": "delta"}))
    assert (after["s-2"]["grades"], after["s-2"]["role"], after["s-2"]["roles"]) == (
        "06", "student", "student:school-1")


def test_a_malformed_role_row_that_a_delta_corrects_marks_its_user_no_more(read: Read) -> None:
    files = as_12(small_district())
    row = next(row for row in files["roles"] if row["userSourcedId"] == "s-2")
    ragged = csv_text("roles", [r for r in files["roles"] if r is not row]) + f"{row['sourcedId']},,,s-2\r\n"
    base = read(files, version="1.2", raw={"roles.csv": ragged.encode()})
    assert users(base)["s-2"]["_problem"] == "REF-07"
    after = users(read({"roles": [row | {"status": "active"}]}, base, version="1.2", modes={"roles": "delta"}))
    assert after["s-2"]["_problem"] is None
    assert after["s-2"]["role"] == "student"
