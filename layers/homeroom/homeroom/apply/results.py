"""What the parts of a plan reported, and whether it is all of them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from homeroom.errors import NotFound, PartMissing
from homeroom.model import places
from homeroom.model.plan import PlanManifest
from homeroom.model.run import Lease
from homeroom.ports import Objects

READERS = 16


def whole_results(objects: Objects, lease: Lease, plan: PlanManifest) -> list[dict[str, Any]]:
    """The results of all parts. Raises PartMissing when one is missing or counts differ from the plan."""
    results = found_results(objects, lease, plan)
    reported = {result["part"]: result["operations"] for result in results}
    planned = {number: count for number, (_, _, count) in enumerate(plan.parts)}
    wrong = [number for number, count in planned.items() if reported.get(number) != count]
    if wrong:
        raise PartMissing(f"{len(wrong)} of {len(planned)} parts did not report that they were written")
    return results


def found_results(objects: Objects, lease: Lease, plan: PlanManifest | None) -> list[dict[str, Any]]:
    """The results that exist, in the order of the parts."""
    if plan is None or not plan.parts:
        return []

    def one(number: int) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(objects.get(places.result(lease.integration, lease.run, number)))
        except NotFound:
            return None
        return found

    with ThreadPoolExecutor(READERS) as readers:
        return [result for result in readers.map(one, range(len(plan.parts))) if result is not None]
