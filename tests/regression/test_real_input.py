"""Input that a real source may send and that no run may stumble over."""

from __future__ import annotations

from homeroom.check.cells import LONGEST_LIST
from homeroom.model.integration import Pause
from tests.builders.oneroster import small_district
from tests.fakes.memory import START
from tests.regression.days import LAB, lab, lands, put

LARGEST_ITEM = 400_000


def test_a_list_without_an_end_makes_no_record_that_the_table_refuses() -> None:
    files = small_district()
    files["users"][-1]["userIds"] = ",".join(f"{{LDAP:{n}}}" for n in range(60_000))
    world = lab(files)
    ids = next(item["user_ids"] for item in world.roster.items.values() if "user_ids" in item)
    assert ids[:2] == ["{LDAP:0}", "{LDAP:1}"]
    assert ids[-1].endswith("}")
    assert LONGEST_LIST - 20 < len(",".join(ids)) <= LONGEST_LIST
    assert max(len(str(item)) for item in world.roster.items.values()) < LARGEST_ITEM
    summary = world.runs.run("lab", 1).summary
    assert summary is not None
    assert {code["code"]: code["count"] for code in summary["issues"]["codes"]} == {"FLD-05": 1}


def test_why_somebody_paused_an_integration_is_not_told_to_the_state_machine() -> None:
    world = lab(small_district())
    world.integrations.put(LAB.model_copy(update={"paused": Pause(reason="Ms. Sample called", by="staff", at=START)}))
    answer = put(world, "second.zip", small_district())
    assert (answer.state, answer.reason) == ("pending", "paused")
    assert "Sample" not in answer.model_dump_json()


def test_an_export_without_the_rows_of_one_class_keeps_the_other_classes() -> None:
    files = small_district()
    world = lab(files)
    files["classes"] = [{**row, "schoolSourcedId": "nowhere"} if row["sourcedId"] == "c-1" else row
                        for row in files["classes"]]
    record = lands(world, "second.zip", files)
    assert record.summary is not None
    assert record.summary["entities"]["classes"]["kept"] == 1
    assert record.summary["entities"]["enrollments"]["archived"] == 0


def test_enrollments_of_classes_that_never_came_are_not_taken() -> None:
    files = {stem: rows for stem, rows in small_district().items() if stem != "classes"}
    world = lab(files)
    record = world.runs.run("lab", 1)
    assert (record.outcome, record.code) == ("failed", "SRC-09")
    assert world.roster.items == {}
