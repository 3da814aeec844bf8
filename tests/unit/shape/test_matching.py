"""Match Users By Name (requirement C7): one person, one account, one name; everything else goes to the review list."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from homeroom.check import check
from homeroom.diff.applied import SOURCE_ID, STATUS, schema
from homeroom.model.directory import Account
from homeroom.model.entities import PEOPLE
from homeroom.shape.desired import Desired, DesiredEntity
from homeroom.shape.matching import matched
from tests.builders.oneroster import Row, guardian, student, teacher
from tests.builders.snapshots import snapshot

NOTHING: dict[str, pl.DataFrame] = {}


def roster(*people: Row) -> Desired:
    """A roster of these students, teachers and guardians."""
    by_role: dict[str, list[Row]] = {"student": [], "teacher": [], "guardian": []}
    for one in people:
        by_role[one["role"]].append(one)
    checked = check(snapshot(students=by_role["student"], teachers=by_role["teacher"], guardians=by_role["guardian"]))
    entities = {name: DesiredEntity(e.records, e.unusable, e.gone) for name, e in checked.entities.items()}
    return Desired(entities, checked.delivered)


def ada(sourced_id: str = "s-1", **cells: str) -> Row:
    return student(sourced_id, **{"givenName": "Ada", "familyName": "Sample", **cells})


def account(id: str = "a-1", given: str = "Ada", family: str = "Sample") -> Account:
    return Account(id, given, family)


def before(**held: str) -> dict[str, pl.DataFrame]:
    """An applied roster of students with these accounts, each by the name of the person in `ada`."""
    rows = [{SOURCE_ID: person.replace("_", "-"), STATUS: "active", "role": "student", "given_name": "Ada",
             "family_name": "Sample", "directory_id": found} for person, found in held.items()]
    return {"people": pl.DataFrame(rows, schema=schema(PEOPLE))}


def accounts_of(desired: Desired) -> dict[str, str]:
    rows = desired.entities["people"].records.select(SOURCE_ID, "directory_id").drop_nulls()
    return dict(rows.iter_rows())


def review(desired: Desired) -> dict[str, tuple[str, str | None]]:
    """Person → code and value of what is on the review list."""
    rows = desired.issues.filter(pl.col("code").is_in(["IDN-02", "IDN-05"]))
    return {row["source_id"]: (row["code"], row["value"]) for row in rows.to_dicts()}


def test_who_alone_has_a_name_gets_the_one_account_with_it() -> None:
    found = matched(roster(ada(), teacher("t-1", givenName="Bo", familyName="Tester")),
                    [account(), account("a-2", "Bo", "Tester"), account("a-9", "Nobody", "Here")], NOTHING)
    assert accounts_of(found) == {"s-1": "a-1", "t-1": "a-2"}
    assert review(found) == {}


@pytest.mark.parametrize(("given", "family"), [
    ("ADA", "sample"), ("Ada ", " Sample"), ("Ａｄａ", "Sample"), ("A-da", "Sam'ple"), ("A da", "Sam’ple"),
])
def test_case_spaces_hyphens_and_apostrophes_do_not_tell_people_apart(given: str, family: str) -> None:
    assert accounts_of(matched(roster(ada()), [account("a-1", given, family)], NOTHING)) == {"s-1": "a-1"}


@pytest.mark.parametrize(("roster_name", "directory_name"), [
    (("Mary Ann", "O'Hara-Smith"), ("MaryAnn", "OHara Smith")), (("Jürgen", "Groß"), ("JÜRGEN", "GROSS")),
    (("Jose\u0301", "Sample"), ("Jos\u00e9", "Sample")), (("De La", "Cruz"), ("DeLa", "cruz")),
])
def test_the_same_name_written_in_two_ways_is_the_same(
    roster_name: tuple[str, str], directory_name: tuple[str, str]
) -> None:
    person = ada(givenName=roster_name[0], familyName=roster_name[1])
    assert accounts_of(matched(roster(person), [account("a-1", *directory_name)], NOTHING)) == {"s-1": "a-1"}


def test_first_and_last_name_are_not_run_together() -> None:
    found = matched(roster(ada(givenName="Ann", familyName="Alee")), [account("a-1", "Anna", "Lee")], NOTHING)
    assert accounts_of(found) == {}
    assert review(found) == {"s-1": ("IDN-05", None)}


def test_namesakes_on_the_roster_get_no_account() -> None:
    found = matched(roster(ada(), ada("s-2")), [account()], NOTHING)
    assert accounts_of(found) == {}
    assert review(found) == dict.fromkeys(("s-1", "s-2"), ("IDN-02", "people: 2, accounts: 1"))


def test_namesakes_in_the_directory_are_not_chosen_from() -> None:
    found = matched(roster(ada()), [account(), account("a-2"), account("a-3")], NOTHING)
    assert accounts_of(found) == {}
    assert review(found) == {"s-1": ("IDN-02", "people: 1, accounts: 3")}


def test_a_name_that_no_account_bears_is_reported() -> None:
    found = matched(roster(ada()), [account("a-1", "Bo", "Tester")], NOTHING)
    assert review(found) == {"s-1": ("IDN-05", None)}


def test_names_that_differ_in_accents_are_reported_and_not_matched() -> None:
    found = matched(roster(ada(givenName="José")), [account("a-1", "Jose")], NOTHING)
    assert accounts_of(found) == {}
    assert review(found) == {"s-1": ("IDN-02", "people: 1, accounts: 1")}
    assert "accents" in found.issues["text"][0]


def test_an_accent_does_not_make_a_name_unique() -> None:
    """An account without accents may be that of either."""
    found = matched(roster(ada(givenName="José"), ada("s-2", givenName="Jose")), [account("a-1", "Jose")], NOTHING)
    assert accounts_of(found) == {}
    assert {code for code, _ in review(found).values()} == {"IDN-02"}


def test_the_name_that_a_person_is_called_by_counts_too() -> None:
    person = ada(givenName="Adelaide", preferredGivenName="Ada")
    assert accounts_of(matched(roster(person), [account()], NOTHING)) == {"s-1": "a-1"}
    found = matched(roster(person), [account(), account("a-2", "Adelaide")], NOTHING)
    assert accounts_of(found) == {}
    assert review(found) == {"s-1": ("IDN-02", "people: 1, accounts: 2")}


def test_guardians_are_neither_matched_nor_counted() -> None:
    found = matched(roster(ada(), guardian("g-1", givenName="Ada", familyName="Sample")), [account()], NOTHING)
    assert accounts_of(found) == {"s-1": "a-1"}
    assert review(found) == {}


def test_a_match_stays_when_a_namesake_comes_and_the_namesake_is_reported() -> None:
    found = matched(roster(ada(), ada("s-2")), [account(), account("a-2")], before(s_1="a-1"))
    assert accounts_of(found) == {"s-1": "a-1"}
    assert review(found) == {"s-2": ("IDN-02", "people: 2, accounts: 2")}


@pytest.mark.parametrize("now", [[account("a-2", "Bo", "Tester")], [account("a-1", "Bo", "Tester")]])
def test_a_match_ends_when_the_account_is_gone_or_bears_another_name(now: list[Account]) -> None:
    found = matched(roster(ada()), now, before(s_1="a-1"))
    assert accounts_of(found) == {}
    assert review(found) == {"s-1": ("IDN-05", None)}


def test_a_person_whose_account_was_made_anew_gets_the_new_one() -> None:
    assert accounts_of(matched(roster(ada()), [account("a-2")], before(s_1="a-1"))) == {"s-1": "a-2"}


def test_without_the_directory_every_match_stays_and_nobody_is_matched() -> None:
    found = matched(roster(ada(), student("s-2")), None, before(s_1="a-1"))
    assert accounts_of(found) == {"s-1": "a-1"}
    assert review(found) == {}


def test_an_account_that_two_people_had_is_nobodys() -> None:
    held = before(s_1="a-1", s_2="a-1")
    assert accounts_of(matched(roster(ada(), ada("s-2")), [account()], held)) == {}
    assert accounts_of(matched(roster(ada(), ada("s-2")), None, held)) == {}


def test_the_account_of_a_person_in_error_is_given_to_nobody_else() -> None:
    """Who has an error in the source stays as applied, with the account: renamed since or not."""
    desired = roster(student("s-1", givenName="", familyName="Sample"), ada("s-2", givenName="Bo"))
    assert list(desired.entities["people"].unusable) == ["s-1"]
    found = matched(desired, [account("a-1", "Bo", "Sample")], before(s_1="a-1"))
    assert accounts_of(found) == {}
    assert set(review(found)) == {"s-2"}


def test_a_person_in_error_still_counts_as_a_namesake() -> None:
    desired = roster(student("s-1", givenName="", familyName="Sample"), ada("s-2"))
    held = before(s_1="a-7")
    assert accounts_of(matched(desired, [account("a-1")], held)) == {}


def test_people_who_were_not_delivered_stay_as_they_are() -> None:
    desired = roster(ada())
    silent = Desired(desired.entities, desired.delivered - {"people"})
    assert matched(silent, [account()], NOTHING) is silent


@pytest.mark.parametrize("given", ["-", "'", "​"])
def test_a_name_without_a_letter_matches_nothing(given: str) -> None:
    found: Any = matched(roster(ada(givenName=given)), [account("a-1", "’", "Sample")], NOTHING)
    assert accounts_of(found) == {}
