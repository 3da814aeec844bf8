"""Pages of one collection → blocks that are kept, a few megabytes each, and what must be remembered of them.

Lines of endpoints that are whole (`settled`) and those of the endpoint that is being read (`own`) never share a block,
so an endpoint that is read again throws away its own blocks and no others.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from hashlib import blake2b

from msgspec import Struct

from homeroom.model import places
from homeroom.read.oneroster_rest.pages import Page
from homeroom.read.oneroster_rest.records import digests_of
from homeroom.read.polling import Poll

BLOCK_BYTES = 6 << 20
_BUCKETS, _ID_BYTES = 64, 8


class Kept(Struct):
    """Blocks and records that are kept: of whole endpoints, and of the one that is being read."""

    blocks: int = 0
    records: int = 0
    own_blocks: int = 0
    own_records: int = 0


class Blocks:
    """Where pages go. `remember` keeps the progress, always right after the blocks that it counts.

    `distinct`: a line that came before, from another endpoint, is dropped. Blocks are written behind the reading, one
    at a time and in order: a process that dies leaves the progress of a block that is there.
    """

    def __init__(self, asked: Poll, stem: str, kept: Kept, writer: Executor, remember: Callable[[], Callable[[], None]],
                 *, distinct: bool):
        self._asked, self._stem, self._kept, self._distinct = asked, stem, kept, distinct
        self._writer, self._remember = writer, remember
        self._writing: Future[None] | None = None
        self._settled: list[bytes] = []
        self._own: list[bytes] = []
        self._size = 0
        own = range(kept.blocks, kept.blocks + kept.own_blocks)
        self._ids = _numbers(self._part(n, "ids") for n in own)
        self._written_ids = len(self._ids)
        self._lines = {*_numbers(self._part(n, "lines") for n in range(kept.blocks))} if distinct else set()
        self._own_lines = {*_numbers(self._part(n, "lines") for n in own)} if distinct else set()

    def add(self, page: Page) -> None:
        """Take the next page of the endpoint that is being read."""
        self._ids.frombytes(page.ids)
        lines, count = self._new(page) if self._distinct else (page.lines, page.count)
        self._kept.own_records += count
        self._own += [lines] if lines else []
        self._size += len(lines)
        if self._size >= BLOCK_BYTES:
            self.flush()

    def settle(self) -> None:
        """The endpoint is whole."""
        kept = self._kept
        kept.blocks, kept.records = kept.blocks + kept.own_blocks, kept.records + kept.own_records
        self._settled += self._own
        self._lines |= self._own_lines
        self._forget()

    def drop(self) -> None:
        """The endpoint is read again from its beginning."""
        self._forget()
        self._size = sum(map(len, self._settled))

    def flush(self) -> None:
        """Write what came since the last block, and the progress."""
        kept, writes = self._kept, []
        if self._settled:
            writes.append(self._write(kept.blocks, b"".join(self._settled), b""))
            kept.blocks += 1
        if self._own:
            ids = self._ids[self._written_ids:].tobytes()
            writes.append(self._write(kept.blocks + kept.own_blocks, b"".join(self._own), ids))
            kept.own_blocks += 1
        self._settled, self._own, self._size, self._written_ids = [], [], 0, len(self._ids)
        self.wait()
        self._writing = self._writer.submit(_in_turn, [*writes, self._remember()])

    def wait(self) -> None:
        """Until everything that was flushed is kept. Raises what a write raised."""
        if self._writing is not None:
            self._writing.result()

    def has_first_of(self, page: Page) -> bool:
        """Whether the first record of a page came from this endpoint before; one without an id counts as come."""
        return not page.ids or _numbers([page.ids[:_ID_BYTES]])[0] in self._ids

    def repeats(self) -> str:
        """A mark of the ids that came more than once from this endpoint, and how often; blank where none did."""
        buckets = [array("Q") for _ in range(_BUCKETS)]
        for one in self._ids:
            buckets[one % _BUCKETS].append(one)
        repeated = sorted(pair for bucket in buckets if len({*bucket}) < len(bucket)
                          for pair in Counter(bucket).items() if pair[1] > 1)
        return blake2b(repr(repeated).encode(), digest_size=8).hexdigest() if repeated else ""

    def _forget(self) -> None:
        self._kept.own_blocks = self._kept.own_records = 0
        self._own, self._own_lines, self._ids, self._written_ids = [], set(), array("Q"), 0

    def _new(self, page: Page) -> tuple[bytes, int]:
        """Lines that did not come from another endpoint before. Repeats inside an endpoint are the source's own."""
        lines = page.lines.splitlines(keepends=True)
        digests = array("Q", digests_of(lines))
        fresh = [line for line, one in zip(lines, digests, strict=True) if one not in self._lines]
        self._own_lines.update(digests)
        return b"".join(fresh), len(fresh)

    def _write(self, number: int, lines: bytes, ids: bytes) -> Callable[[], None]:
        def write() -> None:
            self._asked.keep_block(self._stem, number, lines)
            self._keep_part(number, "ids", ids)
            if self._distinct:
                self._keep_part(number, "lines", digests_of(lines.splitlines(keepends=True)))
        return write

    def _keep_part(self, number: int, kind: str, body: bytes) -> None:
        self._asked.world.objects.put(self._place(number, kind), body)

    def _part(self, number: int, kind: str) -> bytes:
        return self._asked.world.objects.get(self._place(number, kind))

    def _place(self, number: int, kind: str) -> str:
        lease = self._asked.lease
        return places.fetched_part(lease.integration, lease.run, f"{self._stem}-{number:06d}.{kind}")


def _numbers(parts: Iterable[bytes]) -> array[int]:
    return array("Q", b"".join(parts))


def _in_turn(steps: list[Callable[[], None]]) -> None:
    for step in steps:
        step()
