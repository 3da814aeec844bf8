"""One undo on the embedded AWS: by support, through the state machine, to the same table as before."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from homeroom.model import events
from local.embedded import Embedded
from tests.builders.oneroster import district, small_district, zip_bytes
from tests.integration.labs import ASKS, Lab

_NUMBERS = count(1)


@pytest.fixture
def lab(aws: Embedded) -> Lab:
    """A connected integration of its own, whose first day is applied."""
    made = Lab(aws, f"undo-{next(_NUMBERS)}").connect()
    assert made.land(zip_bytes(small_district()))["outcome"] == "applied"
    return made


def owned(lab: Lab) -> dict[tuple[str, str], dict[str, Any]]:
    """Records and links, without run numbers."""
    return {(i["owner"], i["member"]): {k: v for k, v in i.items() if k != "run"} for i in lab.items()}


def test_a_run_is_taken_back_and_its_content_is_refused_from_then_on(lab: Lab) -> None:
    before = owned(lab)
    bad = district().with_student("s-new", classes=["c-1"]).with_cells("users", "s-2", familyName="Wrong")
    bad = bad.without("users", "s-9").without("enrollments", "e-s-9-c-1")
    damage = lab.land(bad.zip_bytes())
    assert damage["outcome"] == "applied"
    would = lab.stack.ask(events.TryUndo(operation="try_undo", integration=lab.name, run=damage["run"]))
    assert (would["verdict"], would["conflicts"]["total"]) == ("apply", 0)

    lab.stack.ask(events.Undo(operation="undo", integration=lab.name, run=damage["run"], **ASKS))
    record = lab.ended()

    assert (record["outcome"], record["undoes"], record["trigger"]) == ("applied", damage["run"], "undo")
    after = owned(lab)
    assert {key: after[key] for key in before} == before
    assert {item["status"] for key, item in after.items() if key not in before and "entity" in item} == {"archived"}
    again = lab.land(bad.with_cells("orgs", "d-1", dateLastModified="").zip_bytes())
    assert (again["outcome"], again["code"]) == ("skipped", "denied")
    assert lab.status()["status"] == "waiting for the district"
    then = lab.stack.ask(events.AsOf(
        operation="as_of", integration=lab.name, record="s-2", at=damage["finished_at"]))
    assert (then["run"], then["fields"]["family_name"]) == (damage["run"], "Wrong")
