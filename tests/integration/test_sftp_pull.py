"""Against Debian's own sshd on loopback: the pinned key, the sign-in, the bytes, and what is left untouched."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from homeroom.model.integration import Integration
from homeroom.read.sftp_pull import probe
from tests.builders.oneroster import file_bytes, small_district, zip_bytes
from tests.builders.pulls import NAME, Pulls, write_set
from tests.builders.sshd import Sshd, make_key, need_sshd, serving_sftp
from tests.fakes.memory import START
from tests.integration.waiting import eventually

YESTERDAY, TODAY = START - timedelta(days=1), START - timedelta(hours=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """One server for all tests; each has a folder of its own on it."""
    need_sshd()
    root = tmp_path_factory.mktemp("remote")
    with serving_sftp(root, tmp_path_factory.mktemp("keys")) as started:
        yield started


@pytest.fixture
def folder(server: Sshd, tmp_path: Path) -> Path:
    remote = server.root / tmp_path.name
    remote.mkdir()
    return remote


@pytest.fixture
def sshd(server: Sshd, folder: Path) -> Sshd:
    """The server, seen by an integration that pulls from this test's folder."""
    return replace(server, source=server.source.model_copy(update={"folder": folder.name}))


@pytest.fixture
def pulls(sshd: Sshd) -> Pulls:
    return Pulls(sshd.source, sshd.credentials)


def test_the_newest_whole_set_is_pulled_byte_by_byte(pulls: Pulls, folder: Path) -> None:
    files = file_bytes(small_district())
    write_set(folder, {"older.zip": zip_bytes(small_district())}, YESTERDAY)
    write_set(folder, files, TODAY)
    assert pulls.landed(pulls.pull().delivery) == files


def test_a_large_file_is_pulled_byte_by_byte(pulls: Pulls, folder: Path) -> None:
    content = random.Random(2).randbytes((24 << 20) + 4321)
    write_set(folder, {"set.zip": content}, TODAY)
    assert pulls.landed(pulls.pull().delivery) == {"set.zip": content}


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_each_type_of_host_key_can_be_pinned(pulls: Pulls, sshd: Sshd, folder: Path, kind: str) -> None:
    """The server shows the type that is asked for first: that of the pinned key."""
    write_set(folder, {"set.zip": zip_bytes(small_district())}, TODAY)
    pulls.source = sshd.source.model_copy(update={"host_key": sshd.host_keys[kind]})
    assert pulls.pull().failure is None


def test_a_changed_host_key_is_refused_before_anything_is_sent(
    pulls: Pulls, sshd: Sshd, folder: Path, tmp_path: Path
) -> None:
    write_set(folder, {"set.zip": zip_bytes(small_district())}, TODAY)
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    log = len(sshd.log.read_text())
    pulls.source = sshd.source.model_copy(update={"host_key": other})
    told = pulls.pull().failure
    assert told is not None
    assert (told.code, told.owner) == ("SRC-15", "vendor")
    assert "not the pinned key" in told.text
    assert told.text.count("SHA256:") == 2
    eventually(lambda: "Connection" in sshd.log.read_text()[log:], what="the end of the connection in the log")
    assert "publickey" not in sshd.log.read_text()[log:]


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_another_private_key_is_refused(pulls: Pulls, tmp_path: Path, kind: str) -> None:
    pulls.credentials = {"private_key": make_key(tmp_path / "stranger", kind).read_text()}
    told = pulls.pull().failure
    assert told is not None
    assert told.code == "SRC-01"


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_private_keys_of_other_types_sign_in(
    pulls: Pulls, sshd: Sshd, folder: Path, tmp_path: Path, kind: str
) -> None:
    key = make_key(tmp_path / "mine", kind, passphrase="open it")
    sshd.let_in(key)
    write_set(folder, {"set.zip": zip_bytes(small_district())}, TODAY)
    pulls.credentials = {"private_key": key.read_text(), "passphrase": "open it"}
    assert pulls.pull().failure is None


def test_a_password_is_refused_with_what_the_server_takes(pulls: Pulls) -> None:
    pulls.credentials = {"password": "sesame"}
    told = pulls.pull().failure
    assert told is not None
    assert told.text == "the server does not take our kind of sign-in; it takes publickey"


def test_a_folder_that_is_not_there_is_told(pulls: Pulls) -> None:
    pulls.source = pulls.source.model_copy(update={"folder": "nowhere"})
    told = pulls.pull().failure
    assert told is not None
    assert told.code == "SRC-06"


def test_an_export_that_is_not_whole_is_told_by_what_is_missing(pulls: Pulls, folder: Path) -> None:
    files = file_bytes(small_district())
    del files["users.csv"]
    write_set(folder, files, TODAY)
    told = pulls.pull().failure
    assert told is not None
    assert told.code == "SRC-07"
    assert "users.csv did not arrive" in told.text


def test_the_remote_files_are_untouched(pulls: Pulls, folder: Path) -> None:
    write_set(folder, file_bytes(small_district()), TODAY)
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}
    for _ in range(2):
        pulls.pull()
        pulls.apply()
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()} == before


def test_the_applied_set_is_removed_where_the_district_asked_for_it(pulls: Pulls, folder: Path) -> None:
    pulls.source = pulls.source.model_copy(update={"remove_after": True})
    write_set(folder, file_bytes(small_district()), TODAY)
    first = pulls.pull()
    pulls.apply()
    assert len(list(folder.iterdir())) == 7
    assert pulls.pull().delivery == first.delivery
    assert list(folder.iterdir()) == []


def test_the_connection_test_sees_every_step(sshd: Sshd, folder: Path) -> None:
    write_set(folder, {"set.zip": zip_bytes(small_district())}, TODAY)
    integration = Integration(id=NAME, transport="csv_pulled", secret_name="lab", source=sshd.source)
    answer = probe(integration, sshd.credentials)
    assert [(finding.step, finding.ok) for finding in answer.findings] == [
        ("address", True), ("host key", True), ("sign-in", True), ("folder", True), ("newest set", True)]
    assert [org.id for org in answer.districts] == ["d-1"]
