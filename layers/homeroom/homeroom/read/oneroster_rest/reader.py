"""Reads a OneRoster REST service, 1.1 or 1.2, in slices that resume exactly: no page is lost, none is kept twice.

The six collections are read one after the other, each by the best way that the service offers (`ways`), page by page
as `walk` says, into blocks. Progress is kept with every few megabytes, so that also a call that dies costs little.
When the source moves while it is read, everything is read again, at most three times.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from homeroom.errors import SourceUnusable
from homeroom.model.credentials import missing
from homeroom.model.entities import BY_FILE
from homeroom.model.events import Polled
from homeroom.model.fetched import Collection, Fetched
from homeroom.model.issues import Issue
from homeroom.model.source import OneRosterRest
from homeroom.read.layout import CORE
from homeroom.read.oneroster_rest.collections import CollectionRead
from homeroom.read.oneroster_rest.crew import crew
from homeroom.read.oneroster_rest.patience import RunPatience, patience_of
from homeroom.read.oneroster_rest.progress import Progress, progress_of
from homeroom.read.oneroster_rest.service import Service
from homeroom.read.oneroster_rest.sign_in import Credentials
from homeroom.read.oneroster_rest.slices import Slice
from homeroom.read.oneroster_rest.walk import Moved
from homeroom.read.polling import Poll

MOST_RESTARTS = 3


def read(asked: Poll, patience: RunPatience | None = None) -> Polled:
    """Read one slice. Raises SourceUnusable. `patience` is for tests, which count instead of waiting."""
    progress = progress_of(asked.progress())
    source = asked.integration.source
    assert isinstance(source, OneRosterRest)
    service = Service(source, lambda: _credentials(asked), patience or patience_of(asked, progress.waited),
                      ordered=progress.ordered, received=asked.received)
    try:
        with crew(service) as threads, ThreadPoolExecutor(1, "block") as writer:
            part = Slice(asked, service, threads, writer, progress, progress.requests, progress.waited)
            done = _read_on(part)
            part.remember()()
    finally:
        service.close()
    if done:
        asked.keep(_fetched(asked, source, progress))
    return Polled(done=done, records=progress.records, requests=progress.requests)


def _read_on(part: Slice) -> bool:
    """Whether everything is read; False: the slice is over."""
    progress = part.progress
    while remaining := [stem for stem in CORE if stem not in progress.done]:
        try:
            done = CollectionRead(part, remaining[0]).read_on()
        except Moved:
            part.crew.forget()
            _begin_again(progress)
            continue
        if done is None:
            return False
        progress.done[remaining[0]], progress.current = done, None
        part.remember()()
    return True


def _begin_again(progress: Progress) -> None:
    """Nothing that was read counts any more; its blocks are written over or left alone."""
    if progress.restarts == MOST_RESTARTS:
        raise SourceUnusable(f"the source changed while it was read, {MOST_RESTARTS + 1} times", code="SRC-05",
                             owner="aggregator", remedy="Retried in the next window, at a quieter hour if it recurs.")
    progress.restarts += 1
    progress.done, progress.current, progress.revision = {}, None, None


def _credentials(asked: Poll) -> Credentials:
    """Read each time, so that a secret that was rotated meanwhile is used."""
    given = asked.credentials()
    if wrong := missing(asked.integration, given):
        raise SourceUnusable(f"the stored credentials do not fit; {wrong}", code="SRC-10", owner="vendor",
                             remedy="Store them with the operation rotate_secret.")
    return given


def _fetched(asked: Poll, source: OneRosterRest, progress: Progress) -> Fetched:
    collections = {
        stem: Collection(mode="absent" if done.mode == "absent" else "bulk", blocks=done.blocks, records=done.records,
                         how=done.how)
        for stem, done in progress.done.items()
    }
    told = {stem: done.lacks or f"{stem} are {done.how}" for stem, done in progress.done.items()
            if done.lacks or done.mode == "absent"}
    issues = tuple(Issue("SRC-13", text, entity=BY_FILE[stem].name, file=stem) for stem, text in told.items())
    return Fetched(source=f"OneRoster {source.version} REST", shape="oneroster_rest", collections=collections,
                   issues=issues, full_at=asked.world.clock.now())
