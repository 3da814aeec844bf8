"""The manifest: tolerant in form, strict in what it means, and held against the files that came."""

from __future__ import annotations

import pytest

from homeroom.read.manifest import Contents, Manifest, contents_of, parse_manifest
from homeroom.read.unusable import is_fatal
from tests.builders.oneroster import manifest_text, small_district

CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
FILES = small_district()


def parsed(text: str, encoding: str = "utf-8") -> Manifest:
    return parse_manifest(text.encode(encoding))


def codes(found: Manifest | Contents) -> list[str]:
    return [issue.code for issue in found.issues]


def contents(stems: tuple[str, ...] = CORE, *, base: tuple[str, ...] = (), **quirks: object) -> Contents:
    """What is read of a set of these files with that manifest."""
    return contents_of(parsed(manifest_text(FILES, **quirks)), stems, base=base)


def test_a_manifest_of_the_book_says_version_and_modes() -> None:
    manifest = parsed(manifest_text(FILES, modes={"users": "delta", "courses": "absent"}))
    assert manifest.version == "1.1"
    assert manifest.modes == dict.fromkeys(CORE, "bulk") | {"users": "delta", "courses": "absent"}
    assert manifest.issues == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_encodings_do_not_matter(newline: str, encoding: str, last: bool) -> None:
    text = manifest_text(FILES, newline=newline, final_newline=last)
    assert parsed(text, encoding) == parsed(manifest_text(FILES))


def test_order_case_spaces_and_a_missing_header_do_not_matter() -> None:
    lines = manifest_text(FILES, newline="\n").splitlines()[1:]
    odd = "\n".join(f" {line.upper().replace(',', ' , ')} " for line in reversed(lines))
    assert parsed(odd) == parsed(manifest_text(FILES))


@pytest.mark.parametrize("value", ["1", "1.0", "2", ""])
def test_t35_the_version_of_the_manifest_itself_does_not_matter(value: str) -> None:
    assert parsed(manifest_text(FILES, properties={"manifest.version": value})).issues == ()


@pytest.mark.parametrize(("value", "version"), [("1.1", "1.1"), ("1.1.1", "1.1"), ("v1.2", "1.2"), ("1.2.1", "1.2")])
def test_versions_that_are_supported(value: str, version: str) -> None:
    assert parsed(manifest_text(FILES, version=value)).version == version


@pytest.mark.parametrize("value", ["1.0", "2.0", "1.3", "1.10", "one"])
def test_c21_other_versions_are_refused(value: str) -> None:
    assert codes(parsed(manifest_text(FILES, properties={"oneroster.version": value}))) == ["FIL-14"]


def test_a_version_that_is_not_said_is_seen_from_the_files() -> None:
    manifest = parsed(manifest_text(FILES, properties={"oneroster.version": ""}))
    assert contents_of(manifest, CORE).version == "1.1"
    assert contents_of(manifest, (*CORE, "roles")).version == "1.2"


def test_t35_an_unknown_mode_fails_its_file() -> None:
    assert codes(parsed(manifest_text(FILES, modes={"users": "full"}))) == ["FIL-14"]


def test_t35_an_unknown_mode_of_a_file_that_nobody_reads_does_not_matter() -> None:
    assert parsed(manifest_text(FILES, modes={"results": "full"})).issues == ()


def test_two_values_for_one_property_are_refused() -> None:
    assert codes(parsed(manifest_text(FILES) + "file.users,delta\r\n")) == ["FIL-14"]
    assert codes(parsed(manifest_text(FILES) + "file.users,bulk\r\n")) == []


def test_a_manifest_that_is_no_csv_is_refused() -> None:
    assert codes(parsed('propertyName,"value')) == ["FIL-02"]


def test_a_set_that_agrees_is_read_in_the_order_of_references() -> None:
    found = contents()
    assert list(found.modes.items()) == [(stem, "bulk") for stem in CORE]
    assert found.issues == ()


def test_c17_a_file_that_is_announced_and_missing_is_named() -> None:
    found = contents(tuple(stem for stem in CORE if stem not in ("users", "classes")))
    assert [(i.code, i.file) for i in found.issues] == [("FIL-03", "classes.csv"), ("FIL-03", "users.csv")]
    assert "announces it as bulk" in found.issues[0].text


def test_c16_a_file_that_is_called_absent_is_not_read_though_it_is_there() -> None:
    found = contents(modes={"courses": "absent"})
    assert found.modes["courses"] == "absent"
    assert [(i.code, i.file) for i in found.issues] == [("FIL-05", "courses.csv")]


@pytest.mark.parametrize("stem", ["orgs", "users"])
def test_a_set_without_orgs_or_users_needs_an_earlier_one(stem: str) -> None:
    there = tuple(other for other in CORE if other != stem)
    assert codes(contents(there, modes={stem: "absent"})) == ["FIL-03"]
    assert codes(contents(there, modes={stem: "absent"}, base=(stem,))) == []


def test_t35_a_file_that_the_manifest_forgets_is_taken_as_bulk_with_a_warning() -> None:
    text = "".join(line for line in manifest_text(FILES).splitlines(keepends=True) if "file.users" not in line)
    found = contents_of(parsed(text), CORE)
    assert found.modes["users"] == "bulk"
    assert [(i.code, is_fatal(i)) for i in found.issues] == [("FIL-09", False)]


def test_t36_each_file_has_its_own_mode() -> None:
    found = contents(modes={"users": "delta"}, base=CORE)
    assert (found.modes["users"], found.modes["orgs"]) == ("delta", "bulk")
    assert found.issues == ()


def test_a_delta_without_a_base_is_refused() -> None:
    found = contents(modes={"users": "delta"}, base=("orgs",))
    assert [(i.code, i.file) for i in found.issues] == [("FIL-07", "users.csv")]


def test_c19_a_missing_manifest_is_a_full_export_with_a_warning_or_refused_if_strict() -> None:
    found = contents_of(None, CORE)
    assert set(found.modes.values()) == {"bulk"}
    assert codes(found) == ["FIL-09"]
    assert codes(contents_of(None, CORE, strict=True)) == ["FIL-03"]


def test_without_a_manifest_the_six_files_are_expected() -> None:
    assert codes(contents_of(None, ("orgs", "users"))) == ["FIL-09", "FIL-03", "FIL-03", "FIL-03", "FIL-03"]


def test_a_set_without_any_oneroster_file_is_told_in_one_sentence() -> None:
    assert [i.text for i in contents_of(None, ("results",)).issues] == ["The set holds no OneRoster file"]


def test_roles_of_12_are_expected_where_they_are_announced() -> None:
    manifest = parsed(manifest_text({**FILES, "roles": []}, version="1.2"))
    assert contents_of(manifest, (*CORE, "roles")).roles_apart
    assert codes(contents_of(manifest, CORE)) == ["FIL-03"]


def test_roles_beside_an_11_set_are_not_read() -> None:
    found = contents((*CORE, "roles"))
    assert "roles" not in found.modes
    assert not found.roles_apart
    assert codes(found) == ["FIL-05"]
