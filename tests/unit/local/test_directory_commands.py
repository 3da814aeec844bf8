"""Commands about the district's directory: its credentials, and the list that is uploaded (requirement C7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.local.conftest import Homeroom
from tests.unit.local.memory_stack import MemoryAws

SECRET = "secret-Never-Shown-12"


def connected(homeroom: Homeroom, tmp_path: Path, directory: dict[str, str]) -> None:
    (tmp_path / "lab.json").write_text(json.dumps({"district_id": "d-1", "options": {"directory": directory}}))
    assert homeroom("connect", "lab-usd", "--file", tmp_path / "lab.json").code == 0


def test_rotate_stores_the_secret_of_the_directory_and_shows_none(
    aws: MemoryAws, homeroom: Homeroom, tmp_path: Path
) -> None:
    connected(homeroom, tmp_path, {"kind": "ldap", "host": "ldap.lab.example", "base": "dc=lab"})
    (tmp_path / "secret").write_text(SECRET + "\n")
    given = ("--key", "cn=reader,dc=lab", "--secret-file", tmp_path / "secret")
    ran = homeroom("rotate", "lab-usd", "--directory", *given)
    assert ran.code == 0
    assert aws.world.secrets.kept == {"directory/lab-usd": {"user": "cn=reader,dc=lab", "password": SECRET}}
    assert "directory/lab-usd" in ran.out
    assert SECRET not in ran.out + ran.err


def test_rotate_says_when_no_directory_is_named(aws: MemoryAws, homeroom: Homeroom) -> None:
    homeroom("connect", "lab-usd", "--district-id", "d-1")
    ran = homeroom("rotate", "lab-usd", "--directory", "--key", "k")
    assert ran.code == 64
    assert "no directory is named" in " ".join(ran.err.split())


def test_the_list_of_accounts_lands_beside_the_exports(aws: MemoryAws, homeroom: Homeroom, tmp_path: Path) -> None:
    connected(homeroom, tmp_path, {"kind": "uploaded", "name": "people.csv"})
    (tmp_path / "list.csv").write_text("id,givenName,familyName\na-1,Ada,Sample\n")
    ran = homeroom("upload", "lab-usd", tmp_path / "list.csv", "--directory", "--json")
    assert ran.json == {"uploaded": ["landing/lab-usd/directory/people.csv"]}
    assert list(aws.world.landing.versions) == ["landing/lab-usd/directory/people.csv"]


@pytest.mark.parametrize("directory", [{"kind": "entra", "tenant": "lab.example"}, None])
def test_a_list_for_another_kind_of_directory_is_refused(
    aws: MemoryAws, homeroom: Homeroom, tmp_path: Path, directory: dict[str, str] | None
) -> None:
    connected(homeroom, tmp_path, directory)  # type: ignore[arg-type]
    (tmp_path / "list.csv").write_text("id,givenName,familyName\n")
    ran = homeroom("upload", "lab-usd", tmp_path / "list.csv", "--directory")
    assert ran.code != 0
    assert "no uploaded list" in ran.err
    assert aws.world.landing.versions == {}
