"""poll_oneroster: read a slice of a OneRoster REST service, such as ClassLink's. Keeps pages, plans nothing."""

from __future__ import annotations

from homeroom.aws.handler import Call, function
from homeroom.model.events import Poll, Polled
from homeroom.model.run import Lease
from homeroom.read.oneroster_rest.reader import read
from homeroom.read.polling import poll


def every_call(_event: Poll) -> None:
    """A repeated call reads on where the one before kept its progress."""


@function("poll_oneroster", Poll, once=every_call, repeatable=True)
def handler(event: Poll, call: Call) -> Polled:
    """Answers whether the read is whole, or has to go on."""
    lease = Lease(integration=event.integration, run=event.run, fence=event.fence)
    return poll(lease, call.world, call.deadline, read)
