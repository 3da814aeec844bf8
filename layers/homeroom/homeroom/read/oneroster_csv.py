"""Reads a OneRoster CSV set (1.1 or 1.2; zip, folder or loose files; bulk or delta) into a raw snapshot.

All fatal findings of a set are collected before it is refused, so that one message tells everything to correct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from homeroom.model.issues import Issue
from homeroom.model.snapshot import Mode, Snapshot
from homeroom.read.archive import DeliveredSet, Limits, open_set
from homeroom.read.csv_exact import read_exact
from homeroom.read.csv_fast import read_fast
from homeroom.read.delta import apply_delta, carry_over
from homeroom.read.header import read_header
from homeroom.read.layout import INDISPENSABLE, MANIFEST, MODIFIED, ROLE_COLUMNS, ROLES, STATUS, layout_of
from homeroom.read.manifest import Contents, contents_of, parse_manifest
from homeroom.read.roles import fold_roles
from homeroom.read.text import as_utf8
from homeroom.read.unusable import SetUnusable, is_fatal

Base = Snapshot | None | Callable[[], Snapshot | None]
"""The snapshot that was read last, or how to get it; it is asked for only when a file is a delta or absent."""


@dataclass
class _Reading:
    """One set while it is read: what was found so far, frames by file stem, columns that only OneRoster 1.0 has."""

    delivered: DeliveredSet
    contents: Contents
    issues: list[Issue] = field(default_factory=list)
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    one_zero: list[str] = field(default_factory=list)


def read_set(source: Path | Sequence[Path], *, strict: bool = False, base: Base = None,
             limits: Limits | None = None) -> Snapshot:
    """Read a delivered set whole. `strict` refuses a set without a manifest.

    A delta file is applied to `base`, and a file that the manifest calls absent is taken over from it. For OneRoster
    1.2 the frames hold `roles` too, as the base of a later delta.

    Raises SetUnusable, a SourceUnusable with all fatal `issues`: codes FIL-01 to FIL-04, FIL-06, FIL-07, FIL-14 to
    FIL-16, SRC-06, SRC-07.
    """
    with open_set(source, limits) as delivered:
        contents, known = _contents(delivered, strict, base)
        reading = _Reading(delivered, contents, [*contents.issues, *_strangers(delivered)])
        for stem, mode in contents.modes.items():
            _read_into(reading, stem, mode, known.get(stem))
        _judge(reading)
        if contents.roles_apart:
            reading.frames["users"] = fold_roles(reading.frames["users"], reading.frames[ROLES])
        digest = delivered.content_hash()
        delivered.assert_unchanged()
    return Snapshot(
        source=f"OneRoster {contents.version} CSV",
        frames=reading.frames,
        modes=contents.modes,
        content_hash=digest,
        issues=tuple(reading.issues),
        origins={stem: delivered.origins[stem] for stem in contents.modes if stem in delivered.origins},
    )


def _contents(delivered: DeliveredSet, strict: bool, base: Base) -> tuple[Contents, Mapping[str, pl.DataFrame]]:
    """What to read, and the earlier frames if any file needs them."""
    manifest = parse_manifest(delivered.read(MANIFEST)) if MANIFEST in delivered.stems else None
    contents = contents_of(manifest, delivered.stems, strict=strict)
    if all(mode == "bulk" for mode in contents.modes.values()):
        return contents, {}
    known = base() if callable(base) else base
    frames = known.frames if known else {}
    return contents_of(manifest, delivered.stems, strict=strict, base=frames), frames


def _strangers(delivered: DeliveredSet) -> list[Issue]:
    return [Issue("FIL-05", "The file is no OneRoster file; ignored", file=name) for name in delivered.ignored]


def _read_into(reading: _Reading, stem: str, mode: Mode, base: pl.DataFrame | None) -> None:
    """Read one file and join it with the base; fatal findings are noted and the other files are read all the same."""
    if mode == "absent":
        if base is not None:
            reading.frames[stem] = _without_roles(carry_over(base), stem, reading.contents)
    elif stem in reading.delivered.stems:
        try:
            frame = _file(reading, stem, mode)
        except SetUnusable as error:
            reading.issues += error.issues
            return
        if mode == "delta" and base is not None:
            frame = apply_delta(_without_roles(base, stem, reading.contents), frame)
        reading.frames[stem] = frame


def _file(reading: _Reading, stem: str, mode: Mode) -> pl.DataFrame:
    """The rows of one file as delivered. Raises SetUnusable."""
    name = reading.delivered.origins[stem].rpartition("/")[2]
    text = as_utf8(reading.delivered.read(stem), name)
    header = read_header(text.data, layout_of(stem, roles_apart=reading.contents.roles_apart), name)
    reading.issues += [*([text.warning] if text.warning else []), *header.issues]
    if header.one_zero:
        reading.one_zero.append(f"{name} has {' and '.join(header.one_zero)}")
    if header.missing:
        listed = "column " + header.missing[0] if len(header.missing) == 1 else "columns " + ", ".join(header.missing)
        raise SetUnusable([Issue("FIL-04", f"{name} lacks the {listed}", file=name, line=header.lines)])
    frame = read_fast(text.data, header)
    if frame is None:
        frame = read_exact(text.data, header, name)
    if mode == "bulk":
        reading.issues += _odd_for_bulk(stem, name, frame)
    unused = [column for column in (STATUS, MODIFIED) if column in frame.columns]
    return frame.drop([c for c in unused if c == MODIFIED or frame[c].null_count() == frame.height])


def _odd_for_bulk(stem: str, name: str, frame: pl.DataFrame) -> list[Issue]:
    """A full export without rows, or with the columns filled that only a delta needs."""
    if frame.is_empty():
        if stem in INDISPENSABLE:
            raise SetUnusable([Issue("FIL-16", f"{name} has a header but no rows", file=name)])
        return [Issue("FIL-12", f"{name} has a header but no rows", file=name)]
    filled = [c for c in (STATUS, MODIFIED) if c in frame.columns and frame[c].null_count() < frame.height]
    return [Issue("FIL-13", f"{name} fills {' and '.join(filled)} in a full export", file=name)] if filled else []


def _without_roles(base: pl.DataFrame, stem: str, contents: Contents) -> pl.DataFrame:
    """Users of the base without what is folded in again, or without the column that only OneRoster 1.2 has."""
    if stem != "users":
        return base
    return base.drop(ROLE_COLUMNS if contents.roles_apart else ROLE_COLUMNS[-1:], strict=False)


def _judge(reading: _Reading) -> None:
    """Refuse the set if anything fatal was found; a set of OneRoster 1.0 is named as one first."""
    fatal = [issue for issue in reading.issues if is_fatal(issue)]
    if reading.one_zero and MANIFEST not in reading.delivered.stems:
        signs = ", ".join(reading.one_zero)
        text = f"The set looks like OneRoster 1.0, which is not supported: it has no manifest, and {signs}"
        fatal.insert(0, Issue("FIL-04", text))
    if fatal:
        raise SetUnusable(fatal)


