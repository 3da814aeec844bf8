"""The law of matching by name: unique on both sides, or nobody (requirement C7)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homeroom.diff.applied import SOURCE_ID, STATUS, schema
from homeroom.model.directory import Account
from homeroom.model.entities import PEOPLE
from homeroom.shape.desired import Desired, DesiredEntity
from homeroom.shape.matching import matched

pytestmark = pytest.mark.laws
some = settings(max_examples=40)

GIVEN = st.sampled_from(["Ada", "ADA", "Adá", "A da", "Bo", "Zoë"])
FAMILY = st.sampled_from(["Sample", "sample", "Sam-ple", "Tester"])
ROLE = st.sampled_from(["student", "student", "teacher", "guardian"])


@dataclass(frozen=True)
class Someone:
    """A person of the roster; `held` is the account that was applied, `broken` means a row in error."""

    id: str
    role: str
    names: tuple[tuple[str, str], ...]
    held: str | None
    broken: bool


@st.composite
def rosters(draw: st.DrawFn) -> tuple[Someone, ...]:
    accounts = draw(st.permutations([f"a{n}" for n in range(6)]))
    found = []
    for n in range(draw(st.integers(0, 6))):
        legal = (draw(GIVEN), draw(FAMILY))
        called = (draw(GIVEN), legal[1]) if draw(st.booleans()) else legal
        held = accounts[n] if draw(st.booleans()) else None
        found.append(Someone(f"p{n}", draw(ROLE), (legal, called), held, draw(st.sampled_from([False] * 4 + [True]))))
    return tuple(found)


directories = st.integers(0, 6).flatmap(lambda count: st.tuples(
    *(st.builds(Account, st.just(f"a{n}"), GIVEN, FAMILY) for n in range(count))))


def exact(name: tuple[str, str]) -> tuple[str, ...]:
    return tuple("".join(c for c in part if c.isalpha()).casefold() for part in name)


def loose(name: tuple[str, str]) -> tuple[str, ...]:
    return tuple("".join(c for c in unicodedata.normalize("NFKD", part) if not unicodedata.combining(c))
                 for part in exact(name))


def of(account: Account) -> tuple[str, str]:
    return account.given_name, account.family_name


def frame(people: tuple[Someone, ...]) -> pl.DataFrame:
    rows = [{SOURCE_ID: one.id, STATUS: "active", "role": one.role, "given_name": one.names[0][0],
             "family_name": one.names[0][1], "preferred_given_name": one.names[1][0], "directory_id": one.held}
            for one in people]
    return pl.DataFrame(rows, schema=schema(PEOPLE))


def outcome(people: tuple[Someone, ...], accounts: tuple[Account, ...] | None) -> tuple[dict[str, str], set[str]]:
    """Who got which account, and who is on the review list."""
    well = frame(tuple(one for one in people if not one.broken))
    records = well.drop("id", STATUS).with_columns(pl.lit(None, pl.String).alias("directory_id"))
    broken = pl.Series(SOURCE_ID, [one.id for one in people if one.broken], dtype=pl.String)
    desired = Desired({"people": DesiredEntity(records, broken, broken.clear())}, frozenset({"people"}))
    found = matched(desired, accounts, {"people": frame(people)})
    pairs = found.entities["people"].records.select(SOURCE_ID, "directory_id").drop_nulls()
    return dict(pairs.iter_rows()), set(found.issues["source_id"])


@given(rosters(), directories)
@some
def test_a_new_match_is_unique_on_both_sides_and_everybody_else_is_reported(
    people: tuple[Someone, ...], accounts: tuple[Account, ...]
) -> None:
    held, reported = outcome(people, accounts)
    counted = [one for one in people if one.role != "guardian"]
    by_id = {one.id: one for one in people}
    for person, account in held.items():
        names = by_id[person].names
        (found,) = (one for one in accounts if one.id == account)
        assert exact(of(found)) in {exact(name) for name in names}
        if by_id[person].held != account:
            assert [one.id for one in counted if loose(of(found)) in map(loose, one.names)] == [person]
            assert [one.id for one in accounts if loose(of(one)) in map(loose, names)] == [account]
    assert reported == {one.id for one in counted if not one.broken and one.id not in held}


@given(rosters(), directories)
@some
def test_no_account_is_of_two_people_and_a_true_match_stays(
    people: tuple[Someone, ...], accounts: tuple[Account, ...]
) -> None:
    held, _ = outcome(people, accounts)
    everybody = [*held.values(), *(one.held for one in people if one.broken and one.held)]
    assert len(everybody) == len(set(everybody))
    by_id = {one.id: one for one in accounts}
    for one in people:
        there = by_id.get(one.held or "")
        if there and not one.broken and one.role != "guardian" and exact(of(there)) in map(exact, one.names):
            assert held[one.id] == one.held


@given(rosters(), directories, st.randoms(use_true_random=False))
@some
def test_the_order_of_people_and_accounts_does_not_matter(
    people: tuple[Someone, ...], accounts: tuple[Account, ...], random: object
) -> None:
    mixed = [list(people), list(accounts)]
    for rows in mixed:
        random.shuffle(rows)  # type: ignore[attr-defined]
    assert outcome(tuple(mixed[0]), tuple(mixed[1])) == outcome(people, accounts)  # type: ignore[arg-type]


@given(rosters(), directories)
@some
def test_matching_again_with_what_was_applied_changes_nothing(
    people: tuple[Someone, ...], accounts: tuple[Account, ...]
) -> None:
    held, reported = outcome(people, accounts)
    applied = tuple(one if one.broken else Someone(one.id, one.role, one.names, held.get(one.id), False)
                    for one in people)
    assert outcome(applied, accounts) == (held, reported)


@given(rosters())
@some
def test_without_the_directory_everything_stays(people: tuple[Someone, ...]) -> None:
    held, reported = outcome(people, None)
    assert held == {one.id: one.held for one in people if one.held and not one.broken}
    assert reported == set()
