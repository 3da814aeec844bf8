"""On the embedded AWS: records made by hand, adopted and listed; a class archived by hand comes back."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.model import events
from local.embedded import Embedded
from tests.builders.oneroster import enrollment, small_district, student, zip_bytes
from tests.integration.labs import ASKS, Lab

pytestmark = pytest.mark.integration

PUPIL = {"role": "student", "orgs": ["school-1"], "username": "hand.made", "given_name": "Test", "family_name": "Made"}


def made(lab: Lab, entity: str, source_id: str, **fields: Any) -> dict[str, Any]:
    return lab.stack.ask(events.CreateRecord.model_validate({
        "operation": "create", "integration": lab.name, "entity": entity, "source_id": source_id, "fields": fields,
        **ASKS}))


def test_a_pupil_made_by_hand_is_adopted_and_an_archived_class_comes_back(aws: Embedded) -> None:
    lab = Lab(aws, "by-hand").connect(product_line="Sonday", products=("Sonday System 1",))
    lab.land(zip_bytes(small_district()))
    pupil = made(lab, "people", "h-1", **PUPIL)
    made(lab, "classes", "h-club", title="Club", school="school-1")
    made(lab, "enrollments", "h-e1", **{"class": "h-club", "person": "h-1", "role": "student"})
    lab.stack.ask(events.ArchiveRecord(
        operation="archive", integration=lab.name, entity="classes", record="c-1", **ASKS))
    files = small_district()
    files["users"].append(student("s-new", username="Hand.Made"))
    files["enrollments"].append(enrollment("s-new", "c-1", role="student"))
    summary = lab.land(zip_bytes(files))["summary"]
    codes = {code["code"]: code["count"] for code in summary["issues"]["codes"] if code["code"].startswith("MAN")}
    assert codes == {"MAN-01": 1, "MAN-02": 2, "MAN-04": 1}
    assert summary["entities"]["people"]["adopted"] == 1
    (found,) = lab.stack.ask(events.FindPerson(operation="person", integration=lab.name, identity="s-new"))["people"]
    assert (found["id"], found["made_by_hand"]) == (pupil["id"], False)
    listed = lab.stack.ask(events.ListByHand(operation="by_hand", integration=lab.name))
    assert {record["source_id"] for record in listed["records"]} == {"h-club", "h-e1"}
    assert listed["edits"] == []
    assert "c-1" in lab.active("classes")
