"""Identities of one record and of whole columns are the same values."""

from __future__ import annotations

from homeroom.diff.applied import rows_of
from homeroom.diff.identities import KINDS, _values
from homeroom.model.entities import ENTITIES
from homeroom.model.identities import IDENTITY_KINDS, candidates, links_of
from homeroom.model.plan import TableImage

PEOPLE = [
    {"role": "teacher", "username": "T.One", "identifier": "7", "email": "T.One@Sample.example",
     "user_ids": ["{legacyId:abc}", "{sisId:9}"]},
    {"role": "student", "username": "s.two", "email": "s.two@sample.example", "directory_id": "Account-2"},
]


def test_one_record_has_the_identities_that_whole_columns_give() -> None:
    for number, fields in enumerate(PEOPLE):
        rows = rows_of(ENTITIES["people"], [TableImage("people", "id-1", f"p-{number}", "active", fields)])
        assert sorted(links_of(f"p-{number}", fields)) == sorted(_values(rows)["link"])


def test_every_kind_is_searched_and_case_counts_only_where_it_means_something() -> None:
    assert set(IDENTITY_KINDS) == set(KINDS)
    assert candidates("A.b")[:4] == ["sourced_id#A.b", "username#a.b", "identifier#A.b", "email#a.b"]
