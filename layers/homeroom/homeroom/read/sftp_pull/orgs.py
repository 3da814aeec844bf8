"""Districts and schools of the newest set, for the connection test: orgs.csv alone, straight from the server.

Of a zip only its directory and that one member travel. Nothing here refuses a set: a run tells what is wrong with it.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import paramiko

from homeroom.model.setup import OrgSeen
from homeroom.model.vocabulary import plain
from homeroom.read.layout import stem_of
from homeroom.read.sftp_pull.listing import Folder, Remote
from homeroom.read.text import as_utf8
from homeroom.read.unusable import SetUnusable

LARGEST = 16 << 20
"""Bytes of orgs.csv: the largest district has a few thousand lines in it."""


@dataclass(frozen=True)
class Orgs:
    """What orgs.csv names; both empty where it can not be read."""

    districts: tuple[OrgSeen, ...] = ()
    schools: tuple[OrgSeen, ...] = ()


def orgs_of(folder: Folder, found: Sequence[Remote]) -> Orgs:
    """The orgs of a set on the server. Raises SourceUnusable only where the connection fails."""
    chosen = next((remote for remote in found if remote.is_zip or stem_of(remote.name) == "orgs"), None)
    if chosen is None:
        return Orgs()

    def fetch(session: paramiko.SFTPClient) -> bytes:
        with session.open(folder.place(chosen.name), "rb", 1 << 16) as file:
            return _member(file) if chosen.is_zip else file.read(LARGEST)

    try:
        content = folder.server.ask(fetch)
        return parsed(content if len(content) < LARGEST else content[: content.rfind(b"\n") + 1])
    except (FileNotFoundError, PermissionError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return Orgs()


def parsed(content: bytes) -> Orgs:
    """Rows of type district and school. An unreadable file names none."""
    try:
        text = as_utf8(content, "orgs.csv").data.decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text, newline=""))
    except (SetUnusable, csv.Error, ValueError):  # ValueError: not a single line
        return Orgs()
    place = {plain(cell): number for number, cell in enumerate(header)}

    def cell(row: list[str], column: str) -> str:
        number = place.get(plain(column), len(row))
        return row[number].strip() if number < len(row) else ""

    def of(kind: str) -> tuple[OrgSeen, ...]:
        return tuple(
            OrgSeen(id=cell(row, "sourcedId"), name=cell(row, "name"), identifier=cell(row, "identifier") or None)
            for row in rows
            if cell(row, "type").lower() == kind and cell(row, "sourcedId") and cell(row, "status") != "tobedeleted"
        )

    return Orgs(districts=of("district"), schools=of("school"))


def _member(file: paramiko.SFTPFile) -> bytes:
    """orgs.csv of a zip; random access, so that the rest stays on the server."""
    whole: IO[bytes] = file  # type: ignore[assignment]
    with zipfile.ZipFile(whole) as archive:
        name = next((name for name in archive.namelist() if stem_of(name.rpartition("/")[2]) == "orgs"), None)
        if name is None:
            return b""
        with archive.open(name) as member:
            return member.read(LARGEST)
