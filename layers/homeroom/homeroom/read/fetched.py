"""What a poll kept → the raw snapshot. From here on nothing tells an API from an export (issue codes apart)."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from homeroom.errors import NotFound, Owner, SourceUnusable
from homeroom.model import places
from homeroom.model.fetched import Collection, Fetched
from homeroom.model.snapshot import LINE, Snapshot
from homeroom.ports import Objects
from homeroom.products.receiving import EVERYTHING_RECEIVED, Received
from homeroom.read.clever.frames import apply_steps, frames_of_rows
from homeroom.read.delta import carry_over
from homeroom.read.minimal import minimal, refuse_narrow
from homeroom.read.oneroster_rest.frames import frames_of_rest

Base = Callable[[], Snapshot | None]
Frames = tuple[dict[str, pl.DataFrame], Mapping[str, tuple[str, ...]]]
"""Frames by OneRoster file stem as in `Snapshot.frames`, and what its source may lack (`Snapshot.may_lack`)."""


HASHED_AT_ONCE = 100_000
"""Rows: the text of a large collection never stands in memory as a whole."""


def about(objects: Objects, integration: str, run: int) -> Fetched:
    """What was fetched. Raises SourceUnusable: for what the poll said, or because it never came to its end."""
    try:
        kept = Fetched.model_validate_json(objects.get(places.fetched_about(integration, run)))
    except NotFound:
        raise SourceUnusable("the source was not read to its end", code="SRC-04") from None
    if kept.failure is not None:
        told = kept.failure
        raise SourceUnusable(told.text, code=told.code, owner=_owner(told.owner), remedy=told.remedy)
    return kept


def load(objects: Objects, integration: str, run: int, base: Base,
         received: Received = EVERYTHING_RECEIVED) -> Snapshot:
    """The snapshot of what a poll fetched; `base` is asked for where only changes came. Raises SourceUnusable.

    What may not be kept is dropped before the content is told by its hash: it is not the roster's content.
    """
    kept = about(objects, integration, run)
    lines = _Lines(objects, integration, run, kept.collections)
    if kept.shape == "steps":
        known = base()
        if known is None:
            raise SourceUnusable("changes came without a roster to apply them to", code="FIL-07")
        refuse_narrow(known.without, received)
        frames, may_lack = apply_steps(known, lines["steps"])
        modes = dict(known.modes)
    else:
        frames, may_lack = _WHOLE[kept.shape](lines)
        modes = {stem: collection.mode for stem, collection in kept.collections.items()}
        _carry_over(frames, modes, base)
    frames = minimal(frames, received)
    return Snapshot(
        source=kept.source, frames=frames, modes=modes, content_hash=content_hash(frames), issues=kept.issues,
        origins={stem: stem for stem in frames}, may_lack=may_lack, cursor=kept.cursor,
        full_at=kept.full_at.isoformat() if kept.full_at else None, without=received.words(),
    )


def content_hash(frames: Mapping[str, pl.DataFrame]) -> str:
    """Equal for equal rows, in whatever order they came; blake2b, stable between versions of the engine."""
    digest = hashlib.blake2b(digest_size=32)
    for stem in sorted(frames):
        columns = sorted(column for column in frames[stem].columns if column != LINE)
        used = [column for column in columns if frames[stem][column].null_count() < frames[stem].height]
        digest.update(f"{stem}:{','.join(used)}\n".encode())
        for rows in frames[stem].select(used).sort(used).iter_slices(HASHED_AT_ONCE):
            digest.update(rows.write_csv(include_header=False).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Lines(Mapping[str, bytes]):
    """File stem → all lines of a collection, loaded when they are asked for: one collection at a time is in memory."""

    objects: Objects
    integration: str
    run: int
    kept: Mapping[str, Collection]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kept)

    def __len__(self) -> int:
        return len(self.kept)

    def __getitem__(self, stem: str) -> bytes:
        """Raises SourceUnusable where blocks are gone or spoilt, or hold another number of records than was counted:
        two calls of one slice, one of them thought dead, can write over each other's blocks."""
        collection, lines = self.kept[stem], io.BytesIO()
        try:
            for number in range(collection.blocks):
                lines.write(self._block(stem, number))
        except NotFound:
            raise _spoilt(f"a part of {stem} is not there any more") from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise _spoilt(f"a part of {stem} is damaged") from None
        whole = lines.getvalue()
        found = whole.count(b"\n")
        if found != collection.records:
            raise _spoilt(f"{collection.records} records of {stem} were read and {found} are there")
        return whole

    def _block(self, stem: str, number: int) -> bytes:
        return gzip.decompress(self.objects.get(places.fetched_block(self.integration, self.run, stem, number)))


def _spoilt(text: str) -> SourceUnusable:
    return SourceUnusable(text, code="SRC-04", owner="nobody", remedy="The next run reads the source again.")


def _carry_over(frames: dict[str, pl.DataFrame], modes: Mapping[str, str], base: Base) -> None:
    """What the source does not offer is said nothing about: it stands as it was read last (conformance 16, 47)."""
    absent = [stem for stem, mode in modes.items() if mode == "absent"]
    known = base() if absent else None
    for stem in absent:
        frames.pop(stem, None)
        if known is not None and stem in known.frames:
            frames[stem] = carry_over(known.frames[stem])


def _owner(name: str) -> Owner:
    known: Mapping[str, Owner] = {"district": "district", "aggregator": "aggregator", "vendor": "vendor"}
    return known.get(name, "nobody")


_WHOLE: Mapping[str, Callable[[Mapping[str, bytes]], Frames]] = {
    "oneroster_rest": frames_of_rest, "rows": frames_of_rows,
}
