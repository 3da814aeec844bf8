"""One collection, read by the best way that the service offers: its endpoints one after the other, page by page."""

from __future__ import annotations

from homeroom.errors import SourceUnusable
from homeroom.model.source import OneRosterRest
from homeroom.read.layout import INDISPENSABLE
from homeroom.read.oneroster_rest.blocks import Blocks, Kept
from homeroom.read.oneroster_rest.pages import Page
from homeroom.read.oneroster_rest.progress import Current, Done
from homeroom.read.oneroster_rest.service import NotOffered
from homeroom.read.oneroster_rest.slices import Slice
from homeroom.read.oneroster_rest.walk import Moved, Uneven, Walk
from homeroom.read.oneroster_rest.ways import Way, ways_to
from homeroom.read.polling import SliceOver

PAUSE = 1.0
"""Seconds before an empty page is asked for again."""


class CollectionRead:
    """Goes on where `progress.current` stands, and leaves there how far it came."""

    def __init__(self, part: Slice, stem: str):
        self._slice, self._progress, self._crew = part, part.progress, part.crew
        self._source: OneRosterRest = part.service.source
        if self._progress.current is None:
            self._progress.current = Current(stem, self._new_walk())
        self._current = self._progress.current
        self._ways = ways_to(stem, self._source)
        self._blocks = self._open()

    def read_on(self) -> Done | None:
        """The collection when it is whole or not offered; None when the slice is over. Raises Moved, SourceUnusable."""
        while True:
            try:
                whole = self._read_endpoints()
                self._blocks.flush()
                self._blocks.wait()
                return self._done() if whole else None
            except NotOffered as refused:
                if not self._other_way(refused):
                    return Done(mode="absent", how=f"not offered (status {self._current.refused})")

    # ------------------------------------------------------------ endpoints

    def _read_endpoints(self) -> bool:
        """Whether all endpoints of the way are whole; else the slice is over."""
        current, way = self._current, self._way
        schools = self._slice.schools() if way.by_school else []
        if way.by_school and not schools:
            raise SourceUnusable("signed in, but no schools are shared", code="SRC-11",
                                 remedy="Share schools with the product.")
        paths = way.paths(schools)
        while current.endpoint < len(paths):
            if way.by_school and not self._slice.over():
                following = current.endpoint + bool(current.walk.pages)
                self._crew.open_ahead(current.stem, paths[following:following + self._crew.width])
            if not self._read_endpoint(paths[current.endpoint]):
                return False
            self._blocks.settle()
            current.endpoint, current.walk = current.endpoint + 1, self._new_walk()
        return True

    def _read_endpoint(self, path: str) -> bool:
        while True:
            try:
                if not self._walk_on(path):
                    return False
                repeats = self._blocks.repeats()
                if not self._current.walk.settled(repeats):
                    self._begin_again("ids came twice", repeats)
                elif self._ends_here(path):
                    return True
                else:
                    self._begin_again("the last record did not come", repeats)
            except SliceOver:
                return False
            except Uneven:
                self._begin_again("a page was not as it must be")

    def _walk_on(self, path: str) -> bool:
        """Whether the endpoint is whole; else the slice is over, with the pages on their way taken."""
        walk, crew = self._current.walk, self._crew
        while crew.waiting or not walk.whole:
            self._ask_ahead(path)
            if not crew.waiting:
                return False
            offset, page = crew.hear()
            self._same_revision(page)
            if walk.take(offset, page):
                self._blocks.add(page)
            if not page.count and not walk.whole and offset == walk.next_offset():
                self._slice.service.patience.spend(PAUSE)
        return True

    def _ends_here(self, path: str) -> bool:
        """Without a total an empty page may be the end or a fault: the last record, asked for from the other end, must
        be among those that came. Raises SourceUnusable where it is not, page after page either."""
        walk = self._current.walk
        if walk.total is not None:
            return True
        last = self._slice.service.last(self._current.stem, path)
        if last is None or self._blocks.has_first_of(last):
            return True
        if walk.one_by_one:
            text = f"{self._current.stem} end after {walk.received} records, and the last one is not among them"
            raise SourceUnusable(text, code="SRC-04", owner="aggregator", remedy="Retried in the next window.")
        return False

    def _ask_ahead(self, path: str) -> None:
        crew, walk = self._crew, self._current.walk
        while len(crew.waiting) < crew.width and not self._slice.over():
            offset = walk.next_offset(crew.waiting)
            if offset is None:
                return
            crew.ask(self._current.stem, path, offset, walk.limit)

    def _begin_again(self, why: str, repeats: str | None = None) -> None:
        self._crew.drop()
        self._blocks.drop()
        self._current.walk = self._current.walk.again(repeats)
        if why not in self._current.habits:
            self._current.habits.append(why)

    def _same_revision(self, page: Page) -> None:
        """x-perm-rev covers all that the service shares with us, so it must not change between collections either."""
        if page.revision is None:
            return
        if self._progress.revision not in (None, page.revision):
            raise Moved
        self._progress.revision = page.revision

    # ------------------------------------------------------------ ways

    @property
    def _way(self) -> Way:
        return self._ways[self._current.way]

    def _other_way(self, refused: NotOffered) -> bool:
        """Whether there is another way to these records. Raises SourceUnusable where they can not be done without."""
        current = self._current
        self._crew.forget()
        self._blocks.wait()
        if self._way.by_school and current.endpoint:
            raise SourceUnusable(f"{current.stem} of some schools came, of another one they were refused "
                                 f"(status {refused.status})", code="SRC-04", owner="aggregator",
                                 remedy="Retried in the next window; ask the service's vendor why.")
        current.refused = 403 if 403 in (current.refused, refused.status) else refused.status
        if current.way + 1 == len(self._ways):
            if current.stem in INDISPENSABLE:
                raise _indispensable(current)
            return False
        if self._narrows(self._ways[current.way + 1]):
            return False
        current.way, current.endpoint = current.way + 1, 0
        current.walk, current.kept, current.habits = self._new_walk(), Kept(), []
        self._blocks = self._open()
        return True

    def _narrows(self, way: Way) -> bool:
        """A way that shows less must not follow one that showed more: what it lacks would look removed. What can be
        done without is then taken for not offered (conformance 47); for the rest this raises SourceUnusable."""
        stem, before = self._current.stem, self._slice.asked.applied_about()
        if not way.lacks or before is None or self._source.by_school:
            return False
        if any(told.get("text") == way.told(stem) for told in before.get("issues", ())):
            return False
        if stem in INDISPENSABLE:
            raise SourceUnusable(
                f"{self._ways[0].name} is refused now (status {self._current.refused}) and was not before",
                code="SRC-04", owner="aggregator", remedy="Retried in the next window; ask the service's vendor why.")
        return True

    def _done(self) -> Done:
        current, way = self._current, self._way
        if not current.kept.records and current.stem in INDISPENSABLE:
            raise SourceUnusable(f"{current.stem} came empty", code="SRC-04", owner="district",
                                 remedy="Check what is shared with the product: it can not be nothing.")
        return Done(blocks=current.kept.blocks, records=current.kept.records,
                    how="; ".join([way.name, *current.habits]), lacks=way.told(current.stem) if way.lacks else "")

    def _open(self) -> Blocks:
        return Blocks(self._slice.asked, self._current.stem, self._current.kept, self._slice.writer,
                      self._slice.remember, distinct=self._way.overlaps)

    def _new_walk(self) -> Walk:
        return Walk(self._source.page_size)


def _indispensable(current: Current) -> SourceUnusable:
    if current.refused == 403:
        return SourceUnusable(f"signed in, but {current.stem} are not shared", code="SRC-11",
                              remedy="Share schools and people with the product, and grant its scopes.")
    return SourceUnusable(f"the service does not offer {current.stem} (status {current.refused})", code="SRC-04",
                          owner="vendor", remedy="Check the API URL: it ends where the collections begin.")
