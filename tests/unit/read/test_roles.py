"""OneRoster 1.2: roles.csv folded into users gives what the same set in 1.1 gives."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from homeroom.model.snapshot import LINE, Snapshot
from homeroom.read.oneroster_csv import read_set
from homeroom.read.roles import fold_roles
from homeroom.read.unusable import SetUnusable
from tests.builders.oneroster import Files, Row, as_12, csv_text, district, small_district, write_zip

USERS = pl.DataFrame({"sourcedId": ["u-1", "u-2"], LINE: [2, 3]}, schema_overrides={LINE: pl.UInt32})


def role(user: str, word: str | None, org: str | None, kind: str = "secondary", **cells: str) -> Row:
    return {"sourcedId": f"r-{user}-{word}-{org}", "userSourcedId": user, "role": word, "orgSourcedId": org,
            "roleType": kind} | cells


def folded(*roles: Row, users: pl.DataFrame = USERS) -> dict[str, tuple[Any, Any, Any]]:
    """Role, orgs and roles of each user."""
    columns = ("sourcedId", "userSourcedId", "roleType", "role", "orgSourcedId", "status")
    frame = pl.DataFrame([{c: r.get(c) for c in columns} for r in roles], schema=dict.fromkeys(columns, pl.String))
    return {row["sourcedId"]: (row["role"], row["orgSourcedIds"], row["roles"])
            for row in fold_roles(users, frame).to_dicts()}


def read_12(tmp_path: Path, files: Files, **quirks: Any) -> Snapshot:
    return read_set(write_zip(tmp_path / "12.zip", files, version="1.2", **quirks))


def test_c20_a_12_set_gives_the_same_users_as_the_11_set(tmp_path: Path) -> None:
    files = district().with_teacher("t-9", orgSourcedIds="school-2,school-1").files
    old = read_set(write_zip(tmp_path / "11.zip", files))
    new = read_12(tmp_path, as_12(files))
    assert new.source == "OneRoster 1.2 CSV"
    assert new.issues == ()
    for stem in old.frames:
        columns = old.frames[stem].columns
        assert new.frames[stem].select(columns).to_dicts() == old.frames[stem].to_dicts()
    assert new.frames["users"]["roles"].to_list()[-1] == "teacher:school-1,teacher:school-2"
    assert "roles" not in old.frames["users"].columns


def test_the_primary_role_comes_before_a_stronger_one() -> None:
    assert folded(role("u-1", "administrator", "d-1"), role("u-1", "teacher", "s-1", "primary"))["u-1"] == (
        "teacher", "s-1,d-1", "administrator:d-1,teacher:s-1")


@pytest.mark.parametrize(("words", "strongest"), [
    (["teacher", "siteAdministrator"], "siteAdministrator"), (["student", "counselor"], "counselor"),
    (["relative", "parent", "guardian"], "guardian"), (["ext:coach", "relative"], "relative"),
    (["proctor", "aide"], "proctor"), (["ext:coach"], "ext:coach"),
])
def test_without_a_primary_role_the_strongest_counts_and_words_stay_as_they_are(
    words: list[str], strongest: str
) -> None:
    assert folded(*(role("u-1", word, "s-1") for word in words))["u-1"][0] == strongest


def test_of_several_primary_roles_the_strongest_counts() -> None:
    roles = [role("u-1", "aide", "s-1", "primary"), role("u-1", "teacher", "s-2", "Primary"),
             role("u-1", "student", "s-0")]
    assert folded(*roles)["u-1"] == ("teacher", "s-2,s-1,s-0", "aide:s-1,student:s-0,teacher:s-2")


def test_organisations_are_distinct() -> None:
    assert folded(role("u-1", "teacher", "s-1"), role("u-1", "aide", "s-1"))["u-1"][1] == "s-1"


def test_the_primary_organisation_of_the_user_comes_first() -> None:
    users = USERS.with_columns(pl.Series("primaryOrgSourcedId", ["s-9", "s-7"]))
    roles = [role("u-1", "teacher", "s-1", "primary"), role("u-1", "teacher", "s-9"), role("u-2", "aide", "s-1")]
    found = folded(*roles, users=users)
    assert found["u-1"][1] == "s-9,s-1"
    assert found["u-2"][1] == "s-1"


def test_a_user_without_a_role_has_none() -> None:
    assert folded(role("u-1", "teacher", "s-1"))["u-2"] == (None, None, None)


def test_roles_of_nobody_and_roles_that_ended_are_left_out() -> None:
    roles = [role("u-9", "teacher", "s-1"), role("u-1", "teacher", "s-1", status="tobedeleted"),
             role("u-1", "aide", "s-2", status="inactive"), role("u-1", "student", "s-3", status="active")]
    assert folded(*roles) == {"u-1": ("student", "s-3", "student:s-3"), "u-2": (None, None, None)}


def test_blank_cells_of_a_role_make_no_item() -> None:
    roles = [role("u-1", None, "s-1", "primary"), role("u-1", "aide", None)]
    assert folded(*roles)["u-1"] == (None, "s-1", None)


def test_the_order_of_rows_does_not_matter() -> None:
    words = ["teacher", "aide", "student", "ext:x", "principal"]
    kinds = ["primary", "secondary", "secondary"]
    roles = [role("u-1", w, f"s-{n}", kinds[(n + len(w)) % 3]) for w in words for n in range(4)]
    expected = folded(*roles)
    for seed in range(10):
        random.Random(seed).shuffle(roles)
        assert folded(*roles) == expected


def test_a_user_with_a_malformed_role_row_depends_on_a_row_in_error(tmp_path: Path) -> None:
    files = as_12(small_district())
    text = csv_text("roles", files["roles"]) + "role-x,,,s-1,secondary,student\r\n"
    users = read_12(tmp_path, files, raw={"roles.csv": text.encode()}).frames["users"]
    marked = users.filter(pl.col("_problem").is_not_null())
    assert marked.select("sourcedId", "_problem").rows() == [("s-1", "REF-07")]


def test_a_missing_roles_file_is_named(tmp_path: Path) -> None:
    files = as_12(small_district())
    del files["roles"]
    with pytest.raises(SetUnusable, match=r"roles\.csv is missing"):
        read_12(tmp_path, files, modes={"roles": "bulk"})


def test_roles_without_rows_make_the_set_unusable(tmp_path: Path) -> None:
    with pytest.raises(SetUnusable, match=r"roles\.csv has a header but no rows"):
        read_12(tmp_path, as_12(small_district()) | {"roles": []})


def test_without_a_manifest_a_roles_file_tells_that_the_set_is_12(tmp_path: Path) -> None:
    snapshot = read_12(tmp_path, as_12(small_district()), manifest=False)
    assert [issue.code for issue in snapshot.issues] == ["FIL-09"]
    assert snapshot.frames["users"]["role"].null_count() == 0


def test_profiles_with_their_passwords_are_never_opened(tmp_path: Path) -> None:
    files = as_12(small_district()) | {"userProfiles": [{"sourcedId": "p-1", "password": "hunter2"}]}
    snapshot = read_12(tmp_path, files)
    assert "userProfiles" not in snapshot.frames
    assert snapshot.issues == ()
