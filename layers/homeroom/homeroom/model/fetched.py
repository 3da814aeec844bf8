"""What a poll of a source kept for planning: `read/about.json`, written last, is the proof that the read is whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from homeroom.model.frozen import Frozen
from homeroom.model.issues import Issue
from homeroom.model.run import Delivery

Shape = Literal["oneroster_rest", "rows", "steps", "files"]
"""How the blocks are written.

    oneroster_rest   JSON lines as the service answers them, cut down to the fields that may be kept
    rows             JSON lines of flat text cells in the columns of OneRoster 1.1
    steps            JSON lines of Clever events, applied to the snapshot that was applied last
    files            no blocks: a delivery of OneRoster CSV files
"""


class Collection(Frozen):
    """One collection: `blocks` objects with `records` lines in all. `absent`: the source does not offer it, nothing is
    said about it. `how` tells, for people, the way it was read."""

    mode: Literal["bulk", "absent"] = "bulk"
    blocks: int = 0
    records: int = 0
    how: str = ""


class Unusable(Frozen):
    """Why the source can not be used; the run fails in these words."""

    code: str
    text: str
    owner: str
    remedy: str


class Fetched(Frozen):
    """What was read. `cursor` is the newest change that the read contains, and `full_at` the time of the last full read
    in it: both count only once the run is applied."""

    source: str
    shape: Shape
    collections: Mapping[str, Collection] = {}
    issues: tuple[Issue, ...] = ()
    cursor: str | None = None
    full_at: datetime | None = None
    delivery: Delivery | None = None
    failure: Unusable | None = None
