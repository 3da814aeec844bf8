"""support: what staff may do, one typed operation an event."""

from __future__ import annotations

from typing import Any

from homeroom.aws.handler import Call, function
from homeroom.model.events import CheckPortals, CheckStale, RegisterProduct, SupportOperation
from homeroom.report.metrics import PORTAL_DIFFERS, ROSTER_STALE
from homeroom.support.operations import act


@function("support", SupportOperation, unkept=(RegisterProduct,))
def handler(event: Any, call: Call) -> dict[str, Any]:
    """Answers the operation's view in counts, codes and words."""
    answer = act(event, call.world)
    if isinstance(event, CheckStale):
        call.count({ROSTER_STALE: len(answer["stale"])}, {})
    if isinstance(event, CheckPortals):
        call.count({PORTAL_DIFFERS: len(answer["differs"])}, {})
    return answer
