"""One slice of a pull. What it keeps between slices: which files were chosen, which have landed, how far one came.

    choose    the newest set on the server, whole and at rest
    fetch     file by file, each landed as soon as it is whole
    look      again at size and time of all of them: what moved is fetched once more, then given up
    hand over a delivery, as if it had landed
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel

from homeroom.errors import SourceUnusable
from homeroom.model import places
from homeroom.model.events import Polled
from homeroom.model.fetched import Fetched
from homeroom.model.issues import Issue
from homeroom.model.run import Delivery, LandedFile
from homeroom.model.source import SftpPull
from homeroom.read.archive import Limits
from homeroom.read.content import hash_of, is_delta
from homeroom.read.delivery import Waiting
from homeroom.read.http import Patience
from homeroom.read.polling import Poll
from homeroom.read.sftp_pull.connection import Server
from homeroom.read.sftp_pull.download import Changed, download
from homeroom.read.sftp_pull.keys import sign_in
from homeroom.read.sftp_pull.listing import Folder, Remote, newest, not_whole, within_limits
from homeroom.read.sftp_pull.remembered import (
    Remembered,
    applied,
    is_still_there,
    place_of,
    remember,
    remove,
    to_remove,
)

SOURCE = "OneRoster CSV by SFTP"
PART = "file.part"
TRIES = 2
"""How often a set is chosen before it counts as still changing."""


class Progress(BaseModel):
    """What one slice leaves to the next. `part` is how much of the first file that has not landed is kept."""

    chosen: tuple[Remote, ...] = ()
    landed: dict[str, LandedFile] = {}
    part: int = 0
    tries: int = 1
    fetched: int = 0
    not_removed: int = 0

    def next_file(self) -> Remote | None:
        """The next that has to be fetched, None when all have landed."""
        return next((remote for remote in self.chosen if remote.is_read and remote.name not in self.landed), None)

    def again(self, chosen: tuple[Remote, ...]) -> Progress:
        """After a second choice: what landed and is still the same need not be fetched again."""
        kept = {r.name: self.landed[r.name] for r in chosen if r in self.chosen and r.name in self.landed}
        return self.model_copy(update={"chosen": chosen, "landed": kept, "part": 0, "tries": self.tries + 1})


def read(asked: Poll, patience: Patience | None = None) -> Polled:
    """Pull one slice. Raises SourceUnusable: SRC-01, 02, 04, 06, 07, 10, 11, 15 and FIL-06, in words."""
    source = asked.integration.source
    if not isinstance(source, SftpPull):
        raise TypeError("the integration's files are not pulled")
    time_left = (asked.stop_at - asked.world.clock.now()).total_seconds()
    patience = patience or Patience(seconds=max(0.0, time_left))
    credentials = sign_in(asked.integration, asked.credentials())
    with TemporaryDirectory() as here, Server(source, credentials, patience) as server:
        folder = Folder(server, source.folder, asked.world.clock.now, asked.integration.quiet_seconds)
        return _Pull(asked, source, folder, patience, Path(here)).slice()


@dataclass
class _Pull:
    asked: Poll
    source: SftpPull
    folder: Folder
    patience: Patience
    here: Path

    def slice(self) -> Polled:
        progress = Progress.model_validate(self.asked.progress())
        if not progress.chosen:
            known = applied(self.asked, self.source)
            again, not_removed = (False, 0) if known is None else self._look_for(known)
            if known is not None and again:
                return self._hand_over(Progress(chosen=known.files, not_removed=not_removed), known.delivery)
            progress = Progress(chosen=self._choose(), not_removed=not_removed)
        self._restore(progress)
        while True:
            try:
                if not self._fetch(progress) or self.asked.out_of_time():
                    return Polled(done=False, requests=progress.fetched)  # what is left has a slice of its own
                if self.folder.is_as_it_was(progress.chosen):
                    return self._hand_over(progress, self._delivery(progress))
            except Changed:
                (self.here / PART).unlink(missing_ok=True)
                self._forget_part(progress)
            if progress.tries == TRIES:
                raise not_whole(Waiting())
            progress = progress.again(self._choose())

    def _look_for(self, known: Remembered) -> tuple[bool, int]:
        """Whether the set that was applied is to be handed over again, and how many of its files could not be removed.

        It is where it is still the newest, or was and we removed it, and can be read again. Where the district wants
        it removed, it goes, unless this run must fetch it a second time. A set without times is fetched each time, and
        never removed: a new one of the same size would look the same.
        """
        if not known.can_be_known_again:
            return False, 0
        listing = self.folder.listing()
        found = set(newest(listing))
        same = found == set(known.files) or (self.source.remove_after and found <= set(known.files))
        again = same and not self.asked.request.full and is_still_there(known.delivery, self.asked.world)
        if not self.source.remove_after or (same and not again):
            return again, 0
        return again, remove(self.folder, to_remove(listing, newest(listing), known))

    def _choose(self) -> tuple[Remote, ...]:
        chosen = self.folder.whole_set(self._wait)
        within_limits(chosen, Limits())
        return chosen

    def _wait(self, seconds: float) -> bool:
        ends = self.asked.world.clock.now() + timedelta(seconds=seconds)
        return ends < self.asked.stop_at and self.patience.spend(seconds)

    def _restore(self, progress: Progress) -> None:
        """What the slice before kept of a file."""
        if progress.part:
            self.asked.world.objects.get_file(self._part_key(), self.here / PART)

    def _fetch(self, progress: Progress) -> bool:
        """Land what has not landed; False when time is out, with everything kept. Raises Changed, SourceUnusable."""
        while (remote := progress.next_file()) is not None:
            path = self.here / PART
            if not download(self.folder.server, self.folder.place(remote.name), remote, path, self.asked.out_of_time):
                self._keep(progress, path)
                return False
            path = path.rename(self.here / remote.name)
            key = places.pulled(self.asked.lease.integration, self.asked.lease.run, remote.name)
            progress.landed[remote.name] = self.asked.world.landing.put_file(key, path)
            progress.fetched += 1
            self._forget_part(progress)
            self.asked.keep_progress(progress.model_dump())
        return True

    def _keep(self, progress: Progress, path: Path) -> None:
        progress.part = path.stat().st_size if path.exists() else 0
        if progress.part:
            self.asked.world.objects.put_file(self._part_key(), path)
        self.asked.keep_progress(progress.model_dump())

    def _forget_part(self, progress: Progress) -> None:
        """The whole file has landed: no piece of it stays beside the run, where it would not expire as soon."""
        if progress.part:
            self.asked.world.objects.put(self._part_key(), b"")
        progress.part = 0

    def _delivery(self, progress: Progress) -> Delivery:
        """All files of the set, with the hash of their content; those of earlier slices are fetched from S3."""
        files = tuple(progress.landed[remote.name] for remote in progress.chosen if remote.is_read)
        paths = [self.here / remote.name for remote in progress.chosen if remote.is_read]
        for file, path in zip(files, paths, strict=True):
            if not path.exists():
                self.asked.world.landing.fetch(file, self.here)
        if is_delta(paths):
            self._refuse_a_gap(progress.chosen)
        return Delivery(files=files, content_hash=hash_of(paths))

    def _refuse_a_gap(self, chosen: tuple[Remote, ...]) -> None:
        """A delta tells what changed since the export before it: none may lie between the applied set and this one.

        Raises SourceUnusable (FIL-07). One that was written over leaves no trace, so deltas need names of their own.
        """
        known = applied(self.asked, self.source)
        since = max((remote.mtime for remote in known.files), default=0) if known is not None else 0
        until = max(remote.mtime for remote in chosen)
        others = [remote for remote in self.folder.listing() if remote.is_read and remote not in chosen]
        if any(since < remote.mtime <= until for remote in others):
            raise SourceUnusable("a delta follows another export on the server, which was not applied", code="FIL-07",
                                 remedy="Send one bulk export.")

    def _hand_over(self, progress: Progress, delivery: Delivery) -> Polled:
        remember(self.asked, Remembered(place=place_of(self.source), files=progress.chosen, delivery=delivery))
        text = f"{progress.not_removed} files of the export that was applied could not be removed from the server"
        self.asked.keep(Fetched(
            source=SOURCE, shape="files", delivery=delivery, full_at=self.asked.world.clock.now(),
            issues=(Issue("SRC-17", text),) if progress.not_removed else (),
        ))
        return Polled(done=True, requests=progress.fetched)

    def _part_key(self) -> str:
        return places.fetched_part(self.asked.lease.integration, self.asked.lease.run, PART)
