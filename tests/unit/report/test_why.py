"""One plain sentence for each reason, and for every rule that leaves records out."""

from __future__ import annotations

from typing import Any

import pytest

from homeroom.diff.byhand import BY_HAND
from homeroom.report.why import RULES, Found, Step, because, why
from homeroom.shape import persons, roles, schools, sharing

ROWS = "rows that run 1 read at 2026-09-07 06:00 UTC"
WORDS = {
    persons.SCHOOL, persons.CLASS, persons.GRADE, persons.NO_GRADE, persons.ROLE, persons.FOLLOWS_STUDENT,
    sharing.FOLLOWS_CLASS, sharing.FOLLOWS_PERSON, roles.NOT_TAKEN, roles.NO_PARENTS, roles.WITH_PERSON,
    roles.WITH_STUDENT, schools.OTHER_SCHOOL, BY_HAND,
}


def found(**known: Any) -> Found:
    return Found(kind="person", rows=ROWS, **known)


def test_every_rule_that_leaves_something_out_is_explained() -> None:
    assert set(RULES) == WORDS


@pytest.mark.parametrize("rule", sorted(RULES))
def test_what_a_rule_leaves_out_is_told_with_why_and_what_to_do(rule: str) -> None:
    told = why(found(places=("users.csv line 12",), rule=rule))
    assert told.sentence == f"Not here: the row is there (users.csv line 12), but left out: {rule}: {because(rule)}."
    assert told.next


def test_a_rule_that_was_chosen_since_says_that_no_run_has_applied_it() -> None:
    told = why(found(places=("users.csv line 12",), rule="school not shared", status="active"))
    assert told.sentence.startswith("Here still: the rule 'school not shared' leaves it out")
    assert told.next == "Start a run: `homeroom run`."


def test_a_held_change_of_values_is_told_beside_that_it_is_here() -> None:
    held = Step(run=2, op="update", changed=("grades",), guards=("GRD-08 people 12 %",))
    told = why(found(places=("users.csv line 12",), status="active", held=held))
    assert told.sentence == "Here, as users.csv line 12 says; run 2 would change grades and waits for approval."
    assert told.owner == "vendor"


def test_the_sentence_of_an_error_names_its_cause() -> None:
    issue = {"code": "REF-07", "severity": "error", "text": "The record depends on a record in error",
             "column": "userSourcedId", "cause": "people s-1"}
    told = why(found(places=("users.csv line 12",), in_error=True, issues=(issue,)))
    assert told.sentence.endswith("(cause: people s-1).")
    assert told.owner == "vendor"
