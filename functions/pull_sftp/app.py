"""pull_sftp: fetch the newest whole set of files from a district's SFTP server. Keeps files, plans nothing."""

from __future__ import annotations

from homeroom.aws.handler import Call, function
from homeroom.model.events import Poll, Polled
from homeroom.model.run import Lease
from homeroom.read.polling import poll
from homeroom.read.sftp_pull import read


def every_call(_event: Poll) -> None:
    """A repeated call reads on where the one before kept its progress."""


@function("pull_sftp", Poll, once=every_call, repeatable=True)
def handler(event: Poll, call: Call) -> Polled:
    """Answers whether the read is whole, or has to go on."""
    lease = Lease(integration=event.integration, run=event.run, fence=event.fence)
    return poll(lease, call.world, call.deadline, read)
