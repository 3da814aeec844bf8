"""The order in which the pages of one collection are asked for, and the proof that all of them came.

Pure: it says which offset to ask next, is told what came there, in the order of asking, and ends whole or not at all.

    first page    It tells the real page size: services cut a limit down without a word (trap T1), so its number of
                  records is the size, whatever was asked for.
    pages         Side by side, at multiples of that size. With a total each page must be full and the last one exactly
                  the rest; without, windows of pages, each as wide as what came, are asked until one is not full.
    proof         Something that must be empty: with a total the place right behind it (unless Link says that nothing
                  follows); without, the place behind the last record, an empty page again, and the page after that
                  (and the last record is asked for from the other end: `CollectionRead`).
    one by one    Any page that is not as it must be makes the collection be read again from its beginning, one page
                  after the other, by records received (reference 3.4). That way a short page loses nothing. Now a total
                  that is not reached, or is passed, is an end without success: fewer records never pass in silence.
    repeats       A sourcedId that came twice: the collection is read once more, one by one and in smaller pages. The
                  very same repeats again are the source's own; other ones, or none where no total proves the number,
                  mean that it moved, or that pages have no order: what stood at their edges came twice or never.

A total or a revision that differs from the first one means that the source moved: everything is read again.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct, field

from homeroom.errors import SourceUnusable
from homeroom.read.oneroster_rest.pages import Page

MOST_PAGES = 200_000
PATIENT = 3
"""How often an empty page where records are due is asked for."""


class Uneven(Exception):
    """A page is not as it must be: the collection is read again, one page after the other."""


class Moved(Exception):
    """The source changed while it was read."""


class Walk(Struct):
    """How far one endpoint was read; all of it can be kept between slices. `received` counts records from the first.

    `limit` is the page size that is asked for, `size` the one that comes. `first` and `last` are marks of pages
    (`Page.mark`). `proving` holds offsets that must turn out empty.
    """

    limit: int
    one_by_one: bool = False
    size: int = 0
    total: int | None = None
    received: int = 0
    pages: int = 0
    first: str = ""
    last: str = ""
    empties: int = 0
    ended: bool = False
    proving: list[int] = field(default_factory=list)
    repeats: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all records came and the end is proven."""
        return self.ended and not self.proving

    def next_offset(self, waiting: Collection[int] = ()) -> int | None:
        """The offset to ask next while answers of the `waiting` ones are on their way; None: first hear those."""
        if waiting and (self.one_by_one or not self.pages):
            return None
        if self.ended:
            return next((offset for offset in self.proving if offset not in waiting), None)
        if self.one_by_one or not self.pages:
            return self.received
        offset = self.received + len(waiting) * self.size
        if self.total is None:
            return offset if len(waiting) < self.pages else None
        return offset if offset < self.total else None

    def take(self, offset: int, page: Page) -> bool:
        """Hear what came at an offset; whether its records belong to the collection.

        Raises Uneven, Moved and SourceUnusable (SRC-04).
        """
        self._unmoved(page)
        if self.ended:
            return self._prove(offset, page)
        if not self.pages:
            self._begin(page)
        elif self.one_by_one:
            self._follow(page)
        else:
            self._side_by_side(offset, page)
        return True

    def again(self, repeats: str | None = None) -> Walk:
        """The same collection from its beginning, one page after the other. `repeats`: those of this reading; then the
        edges of pages are elsewhere, because a service without an order sends the same wrong pages again."""
        limit = self.limit if repeats is None else max(1, min(self.limit, self.size) * 2 // 3)
        return Walk(limit, one_by_one=True, total=self.total, repeats=repeats)

    def settled(self, repeats: str) -> bool:
        """Whether the collection may be taken, with these repeated ids (blank: none). False: read it `again`.

        Raises Moved when a second reading differs from the first.
        """
        if self.repeats is None:
            return not repeats
        proven = not repeats and self.total is not None
        if not proven and repeats != self.repeats:
            raise Moved
        return True

    # ------------------------------------------------------------ pages

    def _unmoved(self, page: Page) -> None:
        """A page behind the end may count nothing, and a total that only later pages tell is none."""
        if page.total is None or (self.ended and not page.total) or (self.pages and self.total is None):
            return
        if self.total not in (None, page.total):
            raise Moved
        self.total = page.total

    def _begin(self, page: Page) -> None:
        self.first, self.size = page.mark, page.count
        self._count(page)
        if not page.count and self.total:
            self._still_due()
        elif not page.count:
            self._end(again=0)
        elif self.total is not None and page.count > self.total:
            raise _miscounted(self.total, f"{page.count}")
        elif page.count == self.total:
            self._end_at_total(page)

    def _side_by_side(self, offset: int, page: Page) -> None:
        due = self.size if self.total is None else min(self.size, self.total - offset)
        if page.count > due or (self.total is not None and page.count != due):
            raise Uneven
        self._not_the_first_again(page)
        self._count(page)
        if self.received == self.total:
            self._end_at_total(page)
        elif page.count < due:
            self._end(again=None if page.count else offset)

    def _follow(self, page: Page) -> None:
        """One by one, the offset being what was received so far."""
        if page.count:
            self._not_the_first_again(page)
            self._count(page)
            self.size, self.empties = max(self.size, page.count), 0
        elif self.total is None:
            self._end(again=self.received)
        if self.total is None:
            return
        if self.received > self.total:
            raise _miscounted(self.total, f"{self.received}")
        if self.received == self.total:
            self._end_at_total(page)
        elif not page.count:
            self._still_due()

    def _still_due(self) -> None:
        """An empty page where the total says that records follow: asked again, then the read is not whole."""
        self.pages = self.pages if self.received else 0
        self.empties += 1
        if self.empties >= PATIENT:
            raise _miscounted(self.total, f"{self.received}")

    def _count(self, page: Page) -> None:
        self.received += page.count
        self.pages += 1
        self.last = page.mark or self.last
        if self.pages > MOST_PAGES:
            raise SourceUnusable(f"there is no end after {MOST_PAGES} pages", code="SRC-04", owner="aggregator",
                                 remedy="Larger pages may help; else the service does not end its collections.")

    def _not_the_first_again(self, page: Page) -> None:
        if page.mark in (self.first, self.last) and page.mark:
            raise SourceUnusable("the service sends the same page for different offsets", code="SRC-04",
                                 owner="aggregator", remedy="The service must honour `offset`; ask its vendor.")

    # ------------------------------------------------------------ the end

    def _end_at_total(self, page: Page) -> None:
        self.ended = True
        self.proving = [] if page.more is False else [self.received]

    def _end(self, again: int | None) -> None:
        """The end of a collection without a total; `again`: where an empty page came."""
        self.ended = True
        self.proving = [self.received] if again is None else [again, again + (self.size or self.limit)]

    def _prove(self, offset: int, page: Page) -> bool:
        if not page.count:
            self.proving = [one for one in self.proving if one != offset]
            return False
        if self.received == self.total and page.mark in (self.first, self.last):
            self.proving = []  # it ignores an offset behind the end; the total has proven the rest
            return False
        if not self.one_by_one:
            raise Uneven
        if self.total is not None:
            raise _miscounted(self.total, f"{self.received + page.count} or more")
        if offset != self.received:
            raise SourceUnusable(f"a page is empty after {self.received} records, and records follow behind it",
                                 code="SRC-04", owner="aggregator", remedy="Retried in the next window.")
        self.ended, self.proving = False, []
        self._follow(page)
        return True


def _miscounted(total: int | None, received: str) -> SourceUnusable:
    return SourceUnusable(
        f"the service counts {total} records and sends {received}", code="SRC-04", owner="aggregator",
        remedy="Retried in the next window. If the service is known to count wrongly, set `totals` to `ignore`.")
