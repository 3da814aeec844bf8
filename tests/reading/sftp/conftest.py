"""A server in this process, and the runs that pull from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.builders.oneroster import file_bytes, small_district, zip_bytes
from tests.builders.pulls import Pulls, write_set
from tests.fakes.memory import START
from tests.fakes.sftp_server import SftpServer, serving

YESTERDAY = START - timedelta(days=1)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "remote"
    root.mkdir()
    with serving(root) as started:
        yield started


@pytest.fixture
def pulls(server: SftpServer) -> Pulls:
    return Pulls(server.source(), server.credentials())


@pytest.fixture
def loose() -> dict[str, bytes]:
    """A whole set of loose files with its manifest."""
    return file_bytes(small_district())


@pytest.fixture
def archive() -> bytes:
    """The same set as a zip."""
    return zip_bytes(small_district())


class Uploads:
    """What the district puts on its server."""

    def __init__(self, root: Path):
        self.root = root

    def put(self, files: dict[str, bytes], at: datetime = YESTERDAY) -> None:
        """An upload that ended at a time."""
        write_set(self.root, files, at)

    def names(self) -> set[str]:
        """What lies on the server."""
        return {path.name for path in self.root.iterdir()}


@pytest.fixture
def uploads(server: SftpServer) -> Uploads:
    return Uploads(server.root)
