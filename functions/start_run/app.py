"""start_run: the one door. Takes a run's number and lease and starts its execution, or says why not."""

from __future__ import annotations

from homeroom.aws.handler import Call, function
from homeroom.model.events import Started, StartRun
from homeroom.support.door import start


@function("start_run", StartRun)
def handler(event: StartRun, call: Call) -> Started:
    """Answers the run's number, or the reason why none was started."""
    return start(event, call.world)
