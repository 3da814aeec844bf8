"""What a plan says of the primary administrators: it loses the last one, or has one only to propose."""

from __future__ import annotations

import polars as pl

from homeroom.diff.primary import primary_issues

SCHEMA = {"id": pl.String, "source_id": pl.String, "status": pl.String, "role": pl.String, "roles": pl.String}


def people(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Id, status and role of each."""
    return pl.DataFrame([(id, f"source-{id}", status, role.partition(":")[0], role if ":" in role else None)
                         for id, status, role in rows], schema=SCHEMA, orient="row")


def told(frame: pl.DataFrame, *primary: str, needed: bool = True) -> list[tuple[str, str]]:
    issues = primary_issues(frame, primary, needed=needed)
    assert set(issues["code"].to_list()) <= {"PRD-06"}
    return [(row["source_id"], row["text"].partition(" ")[0]) for row in issues.to_dicts()]


TWO = (("a", "active", "administrator"), ("b", "active", "administrator"))


def test_nothing_is_said_while_one_of_them_is_there() -> None:
    assert told(people(*TWO, ("c", "archived", "administrator")), "a", "c") == []


def test_the_last_one_who_left_is_told() -> None:
    assert told(people(*TWO, ("c", "archived", "administrator")), "c") == [("source-c", "The")]


def test_the_last_one_who_is_no_administrator_any_more_is_told() -> None:
    assert told(people(*TWO, ("c", "active", "teacher")), "c") == [("source-c", "The")]


def test_an_administrator_among_several_roles_is_still_one() -> None:
    assert told(people(("c", "active", "teacher:s-1,administrator:s-2"), *TWO), "c") == []


def test_the_only_administrator_is_proposed_and_two_are_not() -> None:
    only = ("a", "active", "administrator")
    assert told(people(only, ("c", "active", "teacher"))) == [("source-a", "Nobody")]
    assert told(people(*TWO)) == []


def test_products_without_the_rule_say_nothing() -> None:
    assert told(people(("c", "archived", "administrator")), "c", needed=False) == []
