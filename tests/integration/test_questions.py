"""Questions on the embedded AWS: `support` invokes `plan_roster`, waits, and hands on its answer or its refusal."""

from __future__ import annotations

import pytest

from homeroom.model import events
from homeroom.model.choice_events import Choices
from homeroom.model.sharing import Sharing
from local.embedded import Embedded
from local.reasons import Stopped
from tests.builders.oneroster import small_district, zip_bytes
from tests.integration.labs import Lab


@pytest.fixture(scope="module")
def lab(aws: Embedded) -> Lab:
    """An integration whose first day is applied."""
    made = Lab(aws, "lab-asks").connect()
    assert made.land(zip_bytes(small_district()))["outcome"] == "applied"
    return made


def kept(lab: Lab) -> tuple[list[str], list[str]]:
    """Everything in the roster bucket, and every item of the roster."""
    listed = lab.aws.clients("s3").get_paginator("list_objects_v2")
    pages = listed.paginate(Bucket=lab.stack.outputs["RosterBucketName"])
    objects = [f"{o['Key']} {o['ETag']}" for page in pages for o in page.get("Contents", []) if lab.name in o["Key"]]
    return objects, sorted(map(str, lab.items()))


def test_choices_are_tried_on_the_rows_of_the_last_run_and_nothing_is_written(lab: Lab) -> None:
    before, runs = kept(lab), lab.status()["runs"]
    choices = Choices(sharing=Sharing(schools=("school-1",)))
    told = lab.stack.ask(events.TryChoices(operation="try", integration=lab.name, choices=choices))
    assert told["rows"]["run"] == 1
    assert told["difference"]["orgs"]["leave"] == {"count": 1, "examples": ["school-2"]}
    assert (kept(lab), lab.status()["runs"]) == (before, runs)
    assert lab.status()["set_up"]["sharing"]["schools"] == []


def test_a_student_is_explained_from_row_to_roster(lab: Lab) -> None:
    before = kept(lab)
    told = lab.stack.ask(events.Explain(operation="explain", integration=lab.name, record="user.s-1"))
    assert told["sentence"].startswith("Here since run 1 (")
    assert told["sentence"].endswith("as users.csv line 5 says.")
    assert [one["class"] for one in told["classes"] if one["here"]] == ["c-1", "c-2"]
    assert kept(lab) == before


def test_what_the_engine_refuses_reaches_the_person_in_words(lab: Lab) -> None:
    with pytest.raises(Stopped, match="there is no such person in the rows that run 1 read") as unknown:
        lab.stack.ask(events.Explain(operation="explain", integration=lab.name, record="s-404"))
    assert unknown.value.issue_code == "REQ-03"
    asked = events.TryChoices(
        operation="try", integration=lab.name, choices=Choices(products=("Made Up Product",)))
    with pytest.raises(Stopped, match="product line") as refused:
        lab.stack.ask(asked)
    assert refused.value.issue_code == "REQ-01"
