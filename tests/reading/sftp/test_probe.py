"""The connection test of a pull: each step in words, the first failure ends it, and no people are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from homeroom.model.integration import Integration
from homeroom.model.setup import Finding, Probe
from homeroom.read.sftp_pull import orgs, probe
from homeroom.read.sftp_pull.orgs import parsed
from tests.builders.oneroster import as_12, file_bytes, small_district, zip_bytes
from tests.fakes.memory import START
from tests.fakes.sftp_server import PASSWORD, SftpServer, key_of
from tests.reading.sftp.conftest import Uploads

STEPS = ["address", "host key", "sign-in", "folder", "newest set"]


def integration(server: SftpServer, **source: object) -> Integration:
    return Integration(id="lab-usd", transport="csv_pulled", secret_name="lab", source=server.source(**source))


def answer_of(server: SftpServer, credentials: Mapping[str, str] | None = None, *, now: datetime = START,
              **source: object) -> Probe:
    found = credentials if credentials is not None else server.credentials()
    answer = probe(integration(server, **source), found, now=lambda: now)
    assert PASSWORD not in answer.model_dump_json()
    return answer


def failed(answer: Probe, step: str) -> Finding:
    """The finding that ended the test: it is of that step, and all before it went well."""
    *before, last = answer.findings
    assert [finding.ok for finding in before] == [True] * len(before)
    assert not last.ok
    assert last.step == step
    assert last.remedy
    assert not answer.ok
    return last


def test_every_step_is_told_when_all_goes_well(
    server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    answer = answer_of(server)
    assert answer.ok
    assert [finding.step for finding in answer.findings] == STEPS
    assert answer.findings[-1].text == "the newest set is 7 files of 5 KiB, last changed 2026-09-06 06:00 UTC"


@pytest.mark.parametrize("as_zip", [False, True])
def test_districts_and_schools_of_the_newest_set_are_told(
    server: SftpServer, uploads: Uploads, as_zip: bool
) -> None:
    files = as_12(small_district())
    uploads.put({"set.zip": zip_bytes(files, version="1.2")} if as_zip else file_bytes(files, version="1.2"))
    answer = answer_of(server)
    assert [(org.id, org.name, org.identifier) for org in answer.districts] == [("d-1", "Sample District", "D1")]
    assert [org.id for org in answer.schools] == ["school-1", "school-2"]


def test_of_a_set_only_orgs_and_manifest_are_read(
    server: SftpServer, uploads: Uploads, loose: dict[str, bytes]
) -> None:
    uploads.put(loose)
    answer_of(server)
    assert {name for name, _ in server.reads} == {"orgs.csv", "manifest.csv"}


def test_a_port_where_nobody_listens_fails_at_the_address(server: SftpServer) -> None:
    finding = failed(answer_of(server, port=1), "address")
    assert (finding.code, "refused the connection" in finding.text) == ("SRC-02", True)


def test_another_host_key_fails_before_the_sign_in(server: SftpServer) -> None:
    other = key_of("another host")
    finding = failed(answer_of(server, host_key=f"{other.get_name()} {other.get_base64()}"), "host key")
    assert (finding.code, finding.owner) == ("SRC-15", "vendor")


def test_a_pinned_key_that_is_none_fails_at_the_host_key(server: SftpServer) -> None:
    assert failed(answer_of(server, host_key="ssh-ed25519 AAAA"), "host key").code == "SRC-15"


def test_a_wrong_password_fails_at_the_sign_in(server: SftpServer) -> None:
    assert failed(answer_of(server, {"password": "wrong"}), "sign-in").code == "SRC-01"


def test_credentials_that_do_not_fit_fail_at_the_sign_in(server: SftpServer) -> None:
    assert failed(answer_of(server, {}), "sign-in").code == "SRC-10"
    assert server.connections == 0


def test_a_folder_that_is_not_there_fails_at_the_folder(server: SftpServer) -> None:
    assert failed(answer_of(server, folder="nowhere"), "folder").code == "SRC-06"


def test_a_folder_that_may_not_be_read_fails_at_the_folder(server: SftpServer) -> None:
    server.denied = {"."}
    assert failed(answer_of(server), "folder").code == "SRC-11"


def test_an_empty_folder_fails_at_the_newest_set(server: SftpServer) -> None:
    assert failed(answer_of(server), "newest set").code == "SRC-06"


def test_missing_files_are_named(server: SftpServer, uploads: Uploads, loose: dict[str, bytes]) -> None:
    del loose["users.csv"]
    uploads.put(loose)
    finding = failed(answer_of(server), "newest set")
    assert finding.code == "SRC-07"
    assert "users.csv did not arrive" in finding.text


def test_a_set_that_still_changes_is_no_failure(server: SftpServer, uploads: Uploads, archive: bytes) -> None:
    uploads.put({"set.zip": archive}, at=START - timedelta(seconds=5))
    answer = answer_of(server)
    assert answer.ok
    assert answer.findings[-1].text.endswith("it is still changing, a run waits until it rests")


def test_a_zip_that_can_not_be_opened_names_no_district(
    server: SftpServer, uploads: Uploads, archive: bytes
) -> None:
    uploads.put({"set.zip": archive[:-100]})
    answer = answer_of(server)
    assert (answer.ok, answer.districts) == (True, ())


@pytest.mark.parametrize("content", [b"", b"\x00\x00", b"name,type\r\n", b'"torn', b"sourcedId,type\r\n,district\r\n"])
def test_an_orgs_file_that_names_none_is_no_failure(content: bytes) -> None:
    assert parsed(content).districts == ()


def test_rows_that_go_and_short_rows_name_nobody() -> None:
    content = b"\xef\xbb\xbfSourcedID,status,Name,TYPE\r\nd-1,tobedeleted,Old,district\r\nd-2\r\nd-3,,New,District\r\n"
    assert [org.id for org in parsed(content).districts] == ["d-3"]


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_huge_orgs_file_is_read_to_a_limit_and_to_the_end_of_a_line(
    server: SftpServer, uploads: Uploads, monkeypatch: pytest.MonkeyPatch, as_zip: bool
) -> None:
    lines = ["sourcedId,type", *(f"d-{n},district" for n in range(100))]
    orgs_csv = {"orgs.csv": "\r\n".join(lines).encode()}
    files = small_district()
    uploads.put({"set.zip": zip_bytes(files, raw=orgs_csv)} if as_zip else file_bytes(files, raw=orgs_csv))
    monkeypatch.setattr(orgs, "LARGEST", len("\r\n".join(lines[:4])) + 6)  # ends within the line of d-3
    assert [org.id for org in answer_of(server).districts] == ["d-0", "d-1", "d-2"]
