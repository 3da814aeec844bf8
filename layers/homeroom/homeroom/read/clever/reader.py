"""Reads Clever's Data API slice by slice: by events where they are enough, else in full. Start reading here.

    api       one district's token: asking, and refusals in words     standing  is the district's own sync in order?
    pages     one list, page after page, proven whole                 proof     was any list cut short?
    full      five lists side by side                                 events    what changed since the applied roster
    rows, people, cells   Clever's objects → rows (pure)              cursor    may events be followed?
    frames    rows → frames (planning only)                           probe     the connection test
"""

from __future__ import annotations

import time

from homeroom.errors import SourceUnusable
from homeroom.model.events import Polled
from homeroom.model.source import CleverApi
from homeroom.read.clever.api import Clever
from homeroom.read.clever.cells import Given
from homeroom.read.clever.events import follow
from homeroom.read.clever.full import read_full
from homeroom.read.http import Patience
from homeroom.read.polling import Poll, SliceOver, within


def read(asked: Poll, patience: Patience | None = None) -> Polled:
    """Read one slice. Raises SourceUnusable with words where Clever or the district does not let us.

    `patience` is what this slice may wait in all; tests count instead of waiting.
    """
    source, district = asked.integration.source, asked.integration.district_id
    assert isinstance(source, CleverApi), asked.integration.transport
    if not district:
        raise SourceUnusable("it is not said which district of Clever to read", code="SRC-11", owner="vendor",
                             remedy="Verify the district id and store it with the integration.")
    given, patient = Given(district, source.staff_role), patience or Patience(wait=within(asked, time.sleep))
    with Clever(source, district, asked.credentials(), patient) as clever:
        try:
            return _read_on(asked, clever, given)
        except SliceOver:
            return Polled(done=False)


def _read_on(asked: Poll, clever: Clever, given: Given) -> Polled:
    progress = asked.progress()
    if progress.get("mode") != "full":
        followed = follow(asked, clever, given, progress)
        if followed is not None:
            return followed
        progress = {}
    return read_full(asked, clever, given, progress)
