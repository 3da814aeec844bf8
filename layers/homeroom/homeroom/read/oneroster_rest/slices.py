"""What one slice of a read works with, and the memory that it leaves to the next."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from homeroom.model import places
from homeroom.read.oneroster_rest.crew import Crew
from homeroom.read.oneroster_rest.progress import Progress, as_kept
from homeroom.read.oneroster_rest.records import decode_lines
from homeroom.read.oneroster_rest.service import Service
from homeroom.read.polling import Poll

SCHOOL = "school"
GONE = "tobedeleted"


@dataclass(frozen=True)
class Slice:
    """`writer` writes blocks in order, behind the reading. `requests` and `waited` are those of earlier slices."""

    asked: Poll
    service: Service
    crew: Crew
    writer: Executor
    progress: Progress
    requests: int
    waited: float

    def over(self) -> bool:
        """Whether to ask for nothing more. One page at least is asked for, so that no slice is for nothing."""
        return bool(self.crew.asked) and self.asked.out_of_time()

    def count(self) -> None:
        """Bring what was counted outside into the progress."""
        self.progress.requests = self.requests + self.service.requests
        self.progress.waited = self.waited + self.service.patience.used
        self.progress.ordered = self.service.ordered

    def remember(self) -> Callable[[], None]:
        """A step that keeps the progress as it is now."""
        self.count()
        kept = as_kept(self.progress)
        return lambda: self.asked.keep_progress(kept)

    def schools(self) -> list[str]:
        """Ids of the schools among the organisations that were read."""
        lease, blocks = self.asked.lease, self.progress.done["orgs"].blocks
        kept = (self.asked.world.objects.get(places.fetched_block(lease.integration, lease.run, "orgs", n))
                for n in range(blocks))
        orgs = [org for block in kept for org in decode_lines(gzip.decompress(block), "orgs")]
        ids = (str(org.sourced_id) for org in orgs
               if org.sourced_id and str(org.type).strip().lower() == SCHOOL and org.status != GONE)
        return list(dict.fromkeys(ids))
