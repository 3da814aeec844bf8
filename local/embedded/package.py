"""Functions, layers and state machine as the files that CloudFormation wants, by content, made once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from local.embedded.process import EmbeddedError

LAYERS = "layers/"
LARGE = 20_000_000
STANDS_AT = "stands-at"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Every file in a zip is as old: the same content gives the same bytes."""


def build_layers(root: Path) -> dict[str, Path]:
    """Folder of each built layer by the template's `ContentUri`, built for this interpreter if something changed."""
    build = subprocess.run(
        [sys.executable, str(root / "layers/build.py"), "local"], cwd=root, capture_output=True, text=True, check=False
    )
    if build.returncode:
        raise EmbeddedError(f"the layers could not be built:\n{build.stderr.strip()}")
    folders = [root / line for line in build.stdout.split()]
    return {f"{LAYERS}{folder.name}/": folder for folder in folders}


def packed(source: Path, cache: Path) -> Path:
    """A zip of a folder, or a copy of a file, under a name made of its content. Already there: nothing is done.

    A large folder (the third-party layers: 210 MB) is not packed: its zip holds one line, the folder's place, which the
    emulator understands. That saves two seconds at each start.
    """
    cache.mkdir(parents=True, exist_ok=True)
    files = _files(source) if source.is_dir() else [source]
    large = sum(path.stat().st_size for path in files) > LARGE
    content = (
        {STANDS_AT: str(source).encode()} if large else {str(f.relative_to(source)): f.read_bytes() for f in files}
    )
    kept = cache / _content_hash(content)
    if not kept.exists():
        scratch = cache / f"{kept.name}.{os.getpid()}"
        if source.is_dir():
            _zip(content, scratch)
        else:
            scratch.write_bytes(source.read_bytes())
        scratch.rename(kept)
    return kept


def _zip(content: Mapping[str, bytes], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data)


def _content_hash(content: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in content.items():
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
