"""The folder that `homeroom plan --keep` writes and `--since` reads.

    <entity>.parquet   the roster as it would be applied, archived records included
    raw/               the rows as they were read: what a delta export starts from
    state.json         what this is; written last, so a folder without it is no kept state

It holds personal data and is made readable for its owner only.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from homeroom.apply import kept_state
from homeroom.errors import NotFound, StateLost
from homeroom.model.plan import RULES_VERSION
from homeroom.read import raw

if TYPE_CHECKING:
    import polars as pl

    from homeroom.model.snapshot import Snapshot

NOTE = "state.json"
FORMAT = 1
_ID, _RUN = "kept", 0


@dataclass(frozen=True)
class About:
    """What a kept state was made from."""

    made_from: str
    content_hash: str
    as_of: str
    rules_version: int = RULES_VERSION
    format: int = FORMAT


def is_kept(path: Path) -> bool:
    """Whether a path is a kept state, and not an export."""
    return (path / NOTE).is_file()


def write(folder: Path, state: Mapping[str, pl.DataFrame], snapshot: Snapshot, about: About) -> None:
    """Keep a state; a kept state that is there is replaced. Raises FileExistsError for a folder with other things."""
    if folder.exists() and not is_kept(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is not empty and holds no kept state")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    (folder / NOTE).unlink(missing_ok=True)
    kept_state.write_folder(folder, state)
    raw.keep(_Folder(folder / "raw"), _ID, _RUN, snapshot)
    (folder / NOTE).write_text(json.dumps(asdict(about), indent=1) + "\n")


def about(folder: Path) -> About:
    """What the folder says of itself. Raises StateLost when that is of another version of this command."""
    try:
        told = About(**json.loads((folder / NOTE).read_text()))
    except (ValueError, TypeError) as unknown:
        raise StateLost(f"{NOTE} can not be understood") from unknown
    if (told.format, told.rules_version) != (FORMAT, RULES_VERSION):
        raise StateLost(f"the state was kept by another version of Homeroom (rules {told.rules_version})")
    return told


def read(folder: Path) -> dict[str, pl.DataFrame]:
    """The state. Raises StateLost when it is of another version or a part of it is missing."""
    about(folder)
    return kept_state.read_folder(folder)


def read_raw(folder: Path) -> Snapshot:
    """The rows as they were read. Raises NotFound."""
    return raw.load(_Folder(folder / "raw"), _ID, _RUN)


@dataclass(frozen=True)
class _Folder:
    """Objects of one run as files of one folder, for `read.raw`."""

    path: Path

    def put(self, key: str, body: bytes) -> None:
        self._file(key).write_bytes(body)

    def get(self, key: str) -> bytes:
        return self._there(key).read_bytes()

    def put_file(self, key: str, path: Path) -> None:
        shutil.copyfile(path, self._file(key))

    def get_file(self, key: str, path: Path) -> None:
        shutil.copyfile(self._there(key), path)

    def list(self, prefix: str) -> list[str]:
        return sorted(f"{prefix}{file.name}" for file in self.path.iterdir())

    def tag_superseded(self, prefix: str) -> None:
        """Nothing expires here."""

    def _file(self, key: str) -> Path:
        self.path.mkdir(exist_ok=True)
        return self.path / key.rpartition("/")[2]

    def _there(self, key: str) -> Path:
        file = self._file(key)
        if not file.is_file():
            raise NotFound(f"{file.name} is missing in the kept state")
        return file
