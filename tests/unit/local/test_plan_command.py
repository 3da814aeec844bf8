"""`homeroom plan`: exit codes and JSON of design 9, the kept state, and what it shows to people."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.oneroster import District, district, teacher
from tests.unit.local.conftest import Homeroom

ACTIONS = ["create", "update", "archive", "restore", "unchanged", "kept"]
DAY = ("--as-of", "2026-09-01")


@pytest.fixture
def kept(homeroom: Homeroom, tmp_path: Path) -> Path:
    """The kept state of the small district."""
    homeroom("plan", district().write_zip(tmp_path / "first.zip"), "--keep", tmp_path / "kept", *DAY)
    return tmp_path / "kept"


def big(students: int) -> District:
    """The small district with more students, enough for shares to count."""
    grown = district()
    for n in range(100, 100 + students):
        grown.files["users"].append(dict(grown.row("users", "s-1"), sourcedId=f"s-{n}", username=f"user-{n}",
                                         identifier=f"n-{n}", email="", agentSourcedIds=""))
        grown.files["enrollments"].append(dict(grown.row("enrollments", "e-s-1-c-1"), sourcedId=f"e-{n}",
                                               userSourcedId=f"s-{n}"))
    return grown


def test_a_first_load_would_apply_where_no_integration_asks_for_a_look(homeroom: Homeroom, tmp_path: Path) -> None:
    ran = homeroom("plan", district().write_zip(tmp_path / "first.zip"), "--json")
    assert (ran.code, ran.json["verdict"], ran.json["first_load"]) == (10, "apply", True)
    assert [guard["code"] for guard in ran.json["guards"] if guard["tripped"]] == []
    assert list(ran.json["entities"]["people"]) == ACTIONS
    assert ran.json["entities"]["people"]["create"] == 14


def test_the_same_export_changes_nothing_and_ends_with_0(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    ran = homeroom("plan", tmp_path / "first.zip", "--since", kept, "--json", *DAY)
    assert (ran.code, ran.json["verdict"]) == (0, "nothing")
    assert ran.json["entities"]["enrollments"] == dict.fromkeys(ACTIONS, 0) | {"unchanged": 16}


def test_a_small_change_would_be_applied_and_ends_with_10(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    later = (district().with_student("s-11", classes=["c-1"]).with_cells("users", "s-2", givenName="Other")
             .without("enrollments", "e-s-3-c-3").without("users", "s-3"))
    ran = homeroom("plan", later.write_zip(tmp_path / "later.zip"), "--since", kept, "--json", *DAY)
    assert (ran.code, ran.json["verdict"]) == (10, "apply")
    assert ran.json["entities"]["people"] == {
        "create": 1, "update": 1, "archive": 1, "restore": 0, "unchanged": 12, "kept": 0}
    assert ran.json["removals"] == {"people": {"absent": 1}, "enrollments": {"absent": 1}}


def test_an_earlier_export_serves_as_well_as_a_kept_state(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    later = district().with_student("s-11", classes=["c-1"]).write_zip(tmp_path / "later.zip")
    by_state = homeroom("plan", later, "--since", kept, "--json", *DAY).json
    by_export = homeroom("plan", later, "--since", tmp_path / "first.zip", "--json", *DAY).json
    folder = district().write_folder(tmp_path / "first")
    by_folder = homeroom("plan", later, "--since", folder, "--json", *DAY).json
    assert {**by_export, "since": ""} == {**by_state, "since": ""} == {**by_folder, "since": ""}


def test_a_mass_removal_would_be_held_and_ends_with_20(homeroom: Homeroom, tmp_path: Path) -> None:
    before = big(students=60).write_zip(tmp_path / "before.zip")
    gone = [f"s-{n}" for n in range(100, 140)]
    after = big(students=60).without("users", *gone).without("enrollments", *(f"e-{n}" for n in range(100, 140)))
    ran = homeroom("plan", after.write_zip(tmp_path / "after.zip"), "--since", before, "--json", *DAY)
    assert (ran.code, ran.json["verdict"]) == (20, "hold")
    guard = next(guard for guard in ran.json["guards"] if guard["code"] == "GRD-02")
    assert guard["tripped"]
    assert guard["value"] > guard["limit"] == 10


def test_what_is_held_is_told_in_words(homeroom: Homeroom, tmp_path: Path) -> None:
    first = homeroom("plan", district().write_zip(tmp_path / "first.zip"))
    assert "first load of a production integration waits for a look" in " ".join(first.out.split())
    before = big(students=60).write_zip(tmp_path / "before.zip")
    held = homeroom("plan", big(students=2).write_zip(tmp_path / "after.zip"), "--since", before, *DAY)
    assert "Would be held" in held.out
    assert "GRD-02: unexplained removals of one entity" in held.out


def test_an_unusable_export_ends_with_30_and_keeps_nothing(homeroom: Homeroom, tmp_path: Path) -> None:
    path = district().without_file("orgs").write_zip(tmp_path / "set.zip")
    ran = homeroom("plan", path, "--keep", tmp_path / "kept", "--json")
    assert (ran.code, ran.json["verdict"]) == (30, "unusable")
    assert ran.json["reason"]["owner"] == "district"
    assert ran.json["guards"] == []
    assert not (tmp_path / "kept").exists()


def test_an_incomplete_read_ends_with_30(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    lost = district().without("users", *(f"s-{n}" for n in range(1, 11)))
    ran = homeroom("plan", lost.write_zip(tmp_path / "lost.zip"), "--since", kept, "--json", *DAY)
    assert (ran.code, ran.json["verdict"], ran.json["reason"]["code"]) == (30, "unusable", "SRC-09")


def test_an_unusable_earlier_export_ends_with_30_and_is_named_as_such(homeroom: Homeroom, tmp_path: Path) -> None:
    broken = district().without_file("users").write_zip(tmp_path / "broken.zip")
    good = district().write_zip(tmp_path / "good.zip")
    ran = homeroom("plan", good, "--since", broken, "--json", *DAY)
    assert ran.code == 30
    assert ran.json["reason"]["text"].startswith("The earlier export: ")


def test_a_kept_state_may_be_rolled_forward_in_place(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    later = district().with_row("users", teacher("t-9")).write_zip(tmp_path / "later.zip")
    assert homeroom("plan", later, "--since", kept, "--keep", kept, *DAY).code == 10
    assert homeroom("plan", later, "--since", kept, *DAY).code == 0


def test_a_kept_state_says_what_it_is_and_is_for_its_owner_only(kept: Path, tmp_path: Path) -> None:
    about = json.loads((kept / "state.json").read_text())
    assert (about["as_of"], about["rules_version"]) == ("2026-09-01", 1)
    assert about["made_from"] == str(tmp_path / "first.zip")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_a_person_who_comes_back_is_restored(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    gone = district().without("enrollments", "e-s-3-c-3").without("users", "s-3").write_zip(tmp_path / "gone.zip")
    homeroom("plan", gone, "--since", kept, "--keep", kept, *DAY)
    ran = homeroom("plan", tmp_path / "first.zip", "--since", kept, "--json", *DAY)
    assert ran.json["entities"]["people"] == dict.fromkeys(ACTIONS, 0) | {"restore": 1, "unchanged": 13}


def test_a_delta_is_planned_on_top_of_the_kept_rows(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    changed = district().row("users", "s-2") | {"givenName": "Other", "status": "active",
                                                "dateLastModified": "2026-09-02T00:00:00Z"}
    files = {**district().files, "users": [changed]}
    delta = District(files).write_zip(tmp_path / "delta.zip", modes={"users": "delta"})
    ran = homeroom("plan", delta, "--since", kept, "--json", *DAY)
    assert (ran.code, ran.json["entities"]["people"]["update"]) == (10, 1)
    assert ran.json["entities"]["people"]["archive"] == 0


def test_a_delta_without_anything_before_it_is_unusable(homeroom: Homeroom, tmp_path: Path) -> None:
    delta = district().write_zip(tmp_path / "delta.zip", modes={"users": "delta"})
    ran = homeroom("plan", delta, "--json")
    assert (ran.code, ran.json["reason"]["code"]) == (30, "FIL-07")


def test_a_folder_with_other_things_is_never_overwritten(homeroom: Homeroom, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    ran = homeroom("plan", district().write_zip(tmp_path / "set.zip"), "--keep", tmp_path / "mine")
    assert ran.code == 64
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def lose_people(kept: Path) -> None:
    (kept / "people.parquet").unlink()


def say_nothing(kept: Path) -> None:
    (kept / "state.json").write_text("{}")


def be_of_another_version(kept: Path) -> None:
    note = json.loads((kept / "state.json").read_text())
    (kept / "state.json").write_text(json.dumps(note | {"rules_version": 0}))


@pytest.mark.parametrize("broken", [lose_people, say_nothing, be_of_another_version])
def test_a_kept_state_that_is_not_whole_is_a_usage_error(
    homeroom: Homeroom, kept: Path, tmp_path: Path, broken: Callable[[Path], None]
) -> None:
    broken(kept)
    ran = homeroom("plan", tmp_path / "first.zip", "--since", kept)
    assert ran.code == 64
    assert "--since" in ran.err


def test_options_are_read_from_a_file(homeroom: Homeroom, tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text('{"strict": true}')
    path = district().write_zip(tmp_path / "set.zip", manifest=False)
    assert homeroom("plan", path).code == 10
    assert homeroom("plan", path, "--options", tmp_path / "options.json").code == 30


@pytest.mark.parametrize("text", ['{"stict": true}', '{"sharing": {"school": ["a"]}}', "no json", "[]"])
def test_an_option_that_does_not_exist_is_a_usage_error(homeroom: Homeroom, tmp_path: Path, text: str) -> None:
    (tmp_path / "options.json").write_text(text)
    ran = homeroom("plan", district().write_zip(tmp_path / "set.zip"), "--options", tmp_path / "options.json")
    assert ran.code == 64
    assert "--options" in ran.err


def test_sharing_rules_stand_beside_the_options_and_have_their_own_section(
        homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('{"strict": true, "sharing": {"schools": ["school-1"]}}')
    call = ("plan", tmp_path / "first.zip", "--since", kept, "--options", tmp_path / "rules.json", *DAY)
    ran = homeroom(*call, "--json")
    assert (ran.code, ran.json["verdict"]) == (20, "hold")
    assert ran.json["sharing"] == {
        "leave": {"orgs": 1, "classes": 2, "people": 5, "enrollments": 6},
        "left_out": {"orgs": {"school not shared": 1}, "classes": {"school not shared": 2},
                     "people": {"school not shared": 5}, "enrollments": {"follows its class": 6}},
    }
    assert [guard["code"] for guard in ran.json["guards"] if guard["tripped"]] == ["GRD-12"]
    told = homeroom(*call).out
    assert "Left by sharing rules: orgs 1, classes 2, people 5, enrollments 6" in told
    assert "Why they leave" not in told


def test_a_product_line_is_one_of_the_catalogue(homeroom: Homeroom, tmp_path: Path) -> None:
    path = district().write_zip(tmp_path / "set.zip")
    assert homeroom("plan", path, "--product-line", "Sonday").code == 10
    ran = homeroom("plan", path, "--product-line", "Sunday")
    assert ran.code == 64
    assert "School Manager" in ran.err


def test_a_date_that_is_none_is_a_usage_error(homeroom: Homeroom, tmp_path: Path) -> None:
    assert homeroom("plan", district().write_zip(tmp_path / "set.zip"), "--as-of", "tomorrow").code == 64


def test_an_ended_term_explains_what_is_absent(homeroom: Homeroom, kept: Path, tmp_path: Path) -> None:
    after = district().without("classes", "c-1").without(
        "enrollments", *(row["sourcedId"] for row in district().files["enrollments"] if row["classSourcedId"] == "c-1"))
    path = after.write_zip(tmp_path / "after.zip")
    early = homeroom("plan", path, "--since", kept, "--json", "--as-of", "2026-09-01").json["removals"]["classes"]
    late = homeroom("plan", path, "--since", kept, "--json", "--as-of", "2028-09-01").json["removals"]["classes"]
    assert (early, late) == ({"absent": 1}, {"term ended": 1})
