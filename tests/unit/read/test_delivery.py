"""When loose files and zips that landed make a set that can be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from homeroom.model.run import LandedFile
from homeroom.ports import Landed
from homeroom.read.delivery import Waiting, Whole, manifest_of, newest_set, settle
from tests.builders.oneroster import manifest_text, small_district

FOLDER = "landing/lab-usd/"
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
CORE = ["academicSessions.csv", "classes.csv", "courses.csv", "enrollments.csv", "orgs.csv", "users.csv"]
MANIFEST = manifest_text(small_district()).encode()


def landed(name: str, *, minute: int = 0, size: int = 10, version: str = "v1") -> Landed:
    """An object below the landing folder, modified that many minutes after noon."""
    file = LandedFile(bucket="b", key=FOLDER + name, version=version, size=size)
    return Landed(file, NOON + timedelta(minutes=minute))


def names(files: tuple[Landed, ...]) -> list[str]:
    return [one.file.key.removeprefix(FOLDER) for one in files]


def look(files: list[Landed], manifest: bytes | None = None, *, minute: int = 60) -> Whole | Waiting:
    """Settle files that many minutes after noon, with five quiet minutes asked for."""
    return settle(files, manifest, now=NOON + timedelta(minutes=minute), quiet_seconds=300)


def test_a_zip_is_whole_at_once() -> None:
    assert look([landed("set.zip")], minute=0) == Whole((landed("set.zip"),))


def test_a_zip_without_a_byte_is_not_whole() -> None:
    assert look([landed("set.zip", size=0)]) == Waiting(("set.zip",))


def test_loose_files_are_whole_when_manifest_and_files_agree_and_all_is_quiet() -> None:
    files = [landed(name) for name in [*CORE, "manifest.csv"]]
    assert look(files, MANIFEST) == Whole(tuple(files))


def test_loose_files_wait_until_nothing_changed_for_the_quiet_time() -> None:
    files = [landed(name) for name in CORE] + [landed("manifest.csv", minute=3)]
    assert look(files, MANIFEST, minute=7) == Waiting(until=NOON + timedelta(minutes=8))
    assert isinstance(look(files, MANIFEST, minute=8), Whole)


def test_files_that_the_manifest_announces_and_that_are_not_there_are_named() -> None:
    files = [landed("users.csv"), landed("orgs.csv"), landed("manifest.csv"), landed("classes.csv", size=0)]
    assert look(files, MANIFEST) == Waiting(
        ("academicSessions.csv", "courses.csv", "classes.csv", "enrollments.csv"))


def test_files_that_the_manifest_calls_absent_are_not_waited_for() -> None:
    manifest = manifest_text(small_district(), modes={"courses": "absent", "classes": "delta"}).encode()
    files = [landed(name) for name in [*CORE, "manifest.csv"] if name != "courses.csv"]
    assert isinstance(look(files, manifest), Whole)


def test_files_that_nobody_reads_are_not_waited_for() -> None:
    manifest = manifest_text(small_district(), modes={"demographics": "bulk"}).encode()
    assert isinstance(look([landed(name) for name in [*CORE, "manifest.csv"]], manifest), Whole)


def test_roles_of_12_are_waited_for() -> None:
    manifest = manifest_text({**small_district(), "roles": []}, version="1.2").encode()
    assert look([landed(name) for name in [*CORE, "manifest.csv"]], manifest) == Waiting(("roles.csv",))


def test_without_a_manifest_the_six_files_of_a_roster_must_be_there() -> None:
    assert isinstance(look([landed(name) for name in CORE]), Whole)
    assert look([landed(name) for name in CORE if name != "users.csv"]) == Waiting(("users.csv",))


def test_an_empty_manifest_is_waited_for() -> None:
    files = [landed(name) for name in CORE] + [landed("manifest.csv", size=0)]
    assert manifest_of(files) is None
    assert look(files) == Waiting(("manifest.csv",))


def test_a_manifest_that_nobody_understands_is_for_the_read_to_refuse() -> None:
    assert isinstance(look([landed("users.csv"), landed("manifest.csv")], b'"'), Whole)


def test_names_count_in_any_case() -> None:
    files = [landed(name.upper()) for name in [*CORE, "manifest.csv"]]
    assert manifest_of(files) == files[-1]
    assert isinstance(look(files, MANIFEST), Whole)


def test_the_newest_of_several_zips_is_taken() -> None:
    listing = [landed("monday.zip", minute=1), landed("tuesday.zip", minute=9), landed("a/old.zip", minute=2)]
    assert names(newest_set(listing)) == ["tuesday.zip"]


def test_loose_files_of_one_folder_are_one_set() -> None:
    listing = [landed("a/users.csv", minute=1), landed("b/users.csv", minute=5), landed("b/orgs.csv", minute=0)]
    assert names(newest_set(listing)) == ["b/orgs.csv", "b/users.csv"]


def test_c25_an_older_zip_whose_notice_comes_late_is_not_chosen_over_loose_files() -> None:
    listing = [landed("users.csv", minute=8), landed("older.zip", minute=7)]
    assert names(newest_set(listing)) == ["users.csv"]
    assert newest_set(listing) == newest_set(listing[::-1])


def test_other_files_make_no_set() -> None:
    assert newest_set([landed("readme.txt"), landed("users.csv.part"), landed("x/")]) == ()
    assert names(newest_set([landed("users.csv"), landed("note.pdf", minute=9)])) == ["users.csv"]


@pytest.mark.parametrize("order", [1, -1])
def test_two_sets_of_the_same_moment_are_told_apart_always_in_the_same_way(order: int) -> None:
    assert names(newest_set([landed("a.zip"), landed("b.zip")][::order])) == ["b.zip"]


def test_files_of_two_uploads_rest_longer_than_those_of_one() -> None:
    """A pause in an upload must not make a run of half new and half old files."""
    now = datetime(2026, 9, 8, 2, 0, tzinfo=UTC)
    of_yesterday = [loose(name, now - timedelta(days=1)) for name in ("manifest.csv", "orgs.csv")]
    of_today = [loose(name, now) for name in CORE if name != "orgs.csv"]
    manifest = manifest_text(small_district()).encode()
    after_a_minute = settle([*of_yesterday, *of_today], manifest, now=now + timedelta(seconds=61), quiet_seconds=60)
    assert after_a_minute == Waiting(until=now + timedelta(minutes=10))
    later = settle([*of_yesterday, *of_today], manifest, now=now + timedelta(minutes=10), quiet_seconds=60)
    assert isinstance(later, Whole)


def loose(name: str, modified: datetime) -> Landed:
    return Landed(LandedFile(bucket="landing", key=f"landing/lab/{name}", size=10), modified)
