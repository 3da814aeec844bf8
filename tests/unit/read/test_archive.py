"""Opening a delivered set: safe before anything is unpacked, and the same content hashes the same."""

from __future__ import annotations

import os
import stat
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from homeroom.errors import SourceUnusable
from homeroom.model.issues import CATALOGUE
from homeroom.read.archive import Limits, open_set
from tests.builders.archives import BZIP2, ENCRYPTED, MEBI, SYMLINK, Member, deflated, deflated_blanks, raw_zip
from tests.builders.oneroster import csv_text, district, file_bytes, small_district, write_folder, write_zip

GIBI = 1 << 30
ORGS = csv_text("orgs", small_district()["orgs"]).encode()


def refused(path: Path, limits: Limits | None = None) -> SourceUnusable:
    """What opening the set is refused with, before anything is unpacked."""
    with pytest.raises(SourceUnusable) as caught:
        open_set(path, limits)
    assert CATALOGUE[caught.value.issue_code].severity == "fatal"
    return caught.value


def refused_inside(path: Path) -> SourceUnusable:
    """What reading the orgs of a set is refused with, that could be opened."""
    with open_set(path) as delivered, pytest.raises(SourceUnusable) as caught:
        delivered.read("orgs")
    return caught.value


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Writes an archive of these members."""

    def write(*members: Member) -> Path:
        path = tmp_path / "set.zip"
        path.write_bytes(raw_zip(members))
        return path

    return write


def test_a_zip_gives_its_files_by_stem(tmp_path: Path) -> None:
    with open_set(write_zip(tmp_path / "set.zip", small_district())) as delivered:
        assert delivered.stems == (
            "academicSessions", "classes", "courses", "enrollments", "manifest", "orgs", "users")
        assert delivered.read("orgs") == ORGS
        assert delivered.ignored == ()


@pytest.mark.parametrize("folder", ["", "export/"])
def test_zip_folder_and_loose_files_give_the_same(tmp_path: Path, folder: str) -> None:
    files = small_district()
    write_folder(tmp_path / "folder", files, folder=folder)
    sources = [
        write_zip(tmp_path / "set.zip", files, folder=folder),
        tmp_path / "folder",
        sorted((tmp_path / "folder" / folder).iterdir()),
    ]
    hashes = set()
    for source in sources:
        with open_set(source) as delivered:
            assert delivered.read("orgs") == ORGS
            hashes.add(delivered.content_hash())
    assert len(hashes) == 1


def test_the_same_content_zipped_in_another_way_hashes_the_same(tmp_path: Path) -> None:
    members = [Member(name, content) for name, content in file_bytes(small_district()).items()]
    stored = [
        Member("x/" + m.name.upper(), m.content, packed=m.content, method=zipfile.ZIP_STORED) for m in members[::-1]
    ]
    (tmp_path / "a.zip").write_bytes(raw_zip(members))
    (tmp_path / "b.zip").write_bytes(raw_zip([*stored, Member("x/demographics.csv", b"any")]))
    with open_set(tmp_path / "a.zip") as a, open_set(tmp_path / "b.zip") as b:
        a.read("users")
        assert a.content_hash() == b.content_hash()
        assert len(a.content_hash()) == 64


def test_another_cell_hashes_differently(tmp_path: Path) -> None:
    one = district().write_zip(tmp_path / "a.zip")
    other = district().with_cells("users", "s-1", grades="06").write_zip(tmp_path / "b.zip")
    with open_set(one) as a, open_set(other) as b:
        assert a.content_hash() != b.content_hash()


def test_content_under_another_name_hashes_differently(archive: Callable[..., Path]) -> None:
    hashes = set()
    for names in (["orgs.csv"], ["users.csv"], ["orgs.csv", "users.csv"], ["classes.csv", "orgs.csv"]):
        with open_set(archive(*(Member(name, ORGS) for name in names))) as delivered:
            hashes.add(delivered.content_hash())
    assert len(hashes) == 4


def test_c22_one_common_folder_is_found_and_what_computers_add_is_ignored(archive: Callable[..., Path]) -> None:
    path = archive(
        Member("export/"), Member("export/orgs.csv", ORGS), Member("export/README.txt", b"hello"),
        Member("__MACOSX/export/._orgs.csv", b"junk"), Member("export/._users.csv", b"junk"),
        Member("export/.DS_Store", b"junk"), Member("Thumbs.db", b"junk"),
    )
    with open_set(path) as delivered:
        assert delivered.stems == ("orgs",)
        assert delivered.origins == {"orgs": "export/orgs.csv"}
        assert delivered.ignored == ()


def test_c22_file_names_differ_in_case(archive: Callable[..., Path]) -> None:
    with open_set(archive(Member("ORGS.CSV", ORGS), Member("academicsessions.csv", b"x"))) as delivered:
        assert delivered.stems == ("academicSessions", "orgs")
        assert delivered.read("orgs") == ORGS


def test_files_of_other_names_are_told(archive: Callable[..., Path]) -> None:
    with open_set(archive(Member("orgs.csv", ORGS), Member("user.csv", b"x"), Member("notes.pdf", b"x"))) as delivered:
        assert delivered.ignored == ("user.csv", "notes.pdf")


def test_a_folder_of_the_root_is_entered_only_if_the_root_has_no_file(tmp_path: Path) -> None:
    write_folder(tmp_path, small_district())
    write_folder(tmp_path / "old", {"users": []})
    with open_set(tmp_path) as delivered:
        assert delivered.origins["users"] == "users.csv"


UNSAFE = {
    "climbs up": Member("../orgs.csv", ORGS),
    "climbs up inside": Member("a/../../orgs.csv", ORGS),
    "absolute": Member("/etc/orgs.csv", ORGS),
    "backslash": Member("a\\orgs.csv", ORGS),
    "drive letter": Member("C:orgs.csv", ORGS),
    "zero byte": Member("orgs.csv\0.txt", ORGS),
    "link": Member("orgs.csv", b"/etc/passwd", attributes=SYMLINK),
    "device": Member("orgs.csv", b"", attributes=(stat.S_IFCHR | 0o666) << 16),
    "two folders deep": Member("a/b/orgs.csv", ORGS),
}


@pytest.mark.parametrize("member", UNSAFE.values(), ids=UNSAFE.keys())
def test_c23_unsafe_names_are_refused(archive: Callable[..., Path], member: Member) -> None:
    assert refused(archive(Member("users.csv", b"x"), member)).issue_code == "FIL-06"


DOUBLE = {
    "the same name": ["orgs.csv", "orgs.csv"],
    "names that differ in case": ["orgs.csv", "Orgs.CSV"],
    "the same file in two folders": ["a/orgs.csv", "b/orgs.csv"],
    "files in two folders": ["a/orgs.csv", "b/users.csv"],
    "root and folder": ["orgs.csv", "b/users.csv"],
}


@pytest.mark.parametrize("names", DOUBLE.values(), ids=DOUBLE.keys())
def test_c23_double_entries_are_refused(archive: Callable[..., Path], names: list[str]) -> None:
    assert refused(archive(*(Member(name, ORGS) for name in names))).issue_code == "FIL-06"


def test_c23_too_many_members_are_refused(archive: Callable[..., Path]) -> None:
    members = [Member(f"{n}.txt", b"x") for n in range(4)]
    assert "4 members" in refused(archive(*members), Limits(members=3)).text


def test_c23_ten_gigabytes_of_blanks_are_refused_before_unpacking(archive: Callable[..., Path]) -> None:
    path = archive(Member("orgs.csv", packed=deflated_blanks(10 * 1024), size=10 * GIBI, checksum=0))
    error = refused(path)
    assert error.issue_code == "FIL-06"
    assert "10240 MiB" in error.text


def test_c23_a_few_kilobytes_that_declare_ten_gigabytes_are_refused(archive: Callable[..., Path]) -> None:
    path = archive(*(Member(f"{n}/orgs.csv", b"x" * 200, size=GIBI, checksum=0) for n in range(10)))
    assert path.stat().st_size < 4096
    assert "10240 MiB" in refused(path).text


def test_c23_members_that_share_their_bytes_are_refused(archive: Callable[..., Path]) -> None:
    path = archive(Member("orgs.csv", ORGS), Member("users.csv", ORGS, shares=True))
    assert "overlap" in refused(path).text


def test_c23_an_archive_that_packs_too_well_is_refused(archive: Callable[..., Path]) -> None:
    path = archive(Member("orgs.csv", packed=deflated_blanks(100), size=100 * MEBI, checksum=0))
    assert "150 times" in refused(path).text


def test_csv_that_packs_thirty_times_is_no_bomb(archive: Callable[..., Path]) -> None:
    line = b"s-%07d,,,true,school-1,student,,,,,,,,,,,,\n"
    content = b"".join(line % n for n in range(20_000))
    assert len(content) > 10 * len(deflated(content))
    with open_set(archive(Member("orgs.csv", content)), Limits(ratio_from=0)) as delivered:
        assert delivered.read("orgs") == content


def test_c23_unpacking_stops_where_a_member_passes_its_declared_size(archive: Callable[..., Path]) -> None:
    path = archive(Member("orgs.csv", packed=deflated_blanks(200), size=1000, checksum=0))
    tracemalloc.start()
    error = refused_inside(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.issue_code == "FIL-06"
    assert "declared size" in error.text
    assert peak < 8 * MEBI


def test_an_archive_above_the_limit_is_refused(archive: Callable[..., Path]) -> None:
    assert refused(archive(Member("orgs.csv", ORGS)), Limits(archive_bytes=10)).issue_code == "FIL-06"


def test_loose_files_above_the_limit_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path, small_district())
    assert refused(tmp_path, Limits(total_bytes=100)).issue_code == "FIL-06"


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_a_truncated_zip_is_an_upload_that_did_not_finish(tmp_path: Path, keep: float) -> None:
    whole = district().zip_bytes()
    (tmp_path / "set.zip").write_bytes(whole[:int(len(whole) * keep)])
    error = refused(tmp_path / "set.zip")
    assert error.issue_code == "SRC-07"
    assert "cut off" in error.text


def test_an_empty_file_is_an_upload_that_did_not_finish(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"")
    assert refused(tmp_path / "set.zip").issue_code == "SRC-07"


@pytest.mark.parametrize("content", [b"sourcedId,name\no-1,x\n", b"Rar!\x1a\x07", bytes(range(200, 250))])
def test_what_is_not_a_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "set.zip").write_bytes(content)
    assert refused(tmp_path / "set.zip").issue_code == "FIL-15"


def test_an_empty_zip_is_refused(archive: Callable[..., Path]) -> None:
    assert "empty" in refused(archive()).text


def test_nothing_at_that_place_is_said_so(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.zip").issue_code == "SRC-06"


def test_a_password_is_refused_in_words(archive: Callable[..., Path]) -> None:
    assert "password" in refused(archive(Member("orgs.csv", ORGS, flags=ENCRYPTED))).text


def test_another_method_than_deflate_is_refused_in_words(archive: Callable[..., Path]) -> None:
    assert "deflate" in refused(archive(Member("orgs.csv", ORGS, method=BZIP2))).text


def test_files_that_are_never_read_may_be_sealed(archive: Callable[..., Path]) -> None:
    with open_set(archive(Member("orgs.csv", ORGS), Member("results.csv", b"x", flags=ENCRYPTED))) as delivered:
        assert delivered.read("orgs") == ORGS


DAMAGED = {
    "a wrong checksum": Member("orgs.csv", ORGS, checksum=1),
    "a size that is too large": Member("orgs.csv", ORGS, size=len(ORGS) + 1),
    "bytes that are no deflate": Member("orgs.csv", ORGS, packed=b"\xff" * 50),
    "bytes that end too early": Member("orgs.csv", ORGS, packed=deflated(ORGS)[:-5]),
}


@pytest.mark.parametrize("member", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_member_is_refused(archive: Callable[..., Path], member: Member) -> None:
    error = refused_inside(archive(member))
    assert error.issue_code == "FIL-15"
    assert "orgs.csv is damaged" in error.text


def test_a_zip_that_is_written_over_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = district().write_zip(tmp_path / "set.zip")
    other = district().with_student("s-99").zip_bytes()
    with open_set(path) as delivered:
        delivered.read("orgs")
        path.write_bytes(other)
        with pytest.raises(SourceUnusable, match="replaced while it was read") as caught:
            delivered.read("users")
    assert caught.value.issue_code == "SRC-07"


def test_a_loose_file_that_is_replaced_while_the_set_is_read_is_noticed(tmp_path: Path) -> None:
    write_folder(tmp_path, small_district())
    with open_set(tmp_path) as delivered:
        delivered.read("users")
        (tmp_path / "new").write_bytes((tmp_path / "users.csv").read_bytes())
        os.replace(tmp_path / "new", tmp_path / "users.csv")
        delivered.read("orgs")
        with pytest.raises(SourceUnusable, match="replaced while it was read"):
            delivered.assert_unchanged()
        with pytest.raises(SourceUnusable, match="replaced while it was read"):
            delivered.read("users")


def test_a_loose_file_that_goes_away_while_the_set_is_read_is_noticed(tmp_path: Path) -> None:
    write_folder(tmp_path, small_district())
    with open_set(tmp_path) as delivered:
        (tmp_path / "users.csv").unlink()
        with pytest.raises(SourceUnusable, match="replaced while it was read"):
            delivered.read("users")
