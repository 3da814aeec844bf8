"""The canonical roster: its fields, words, ids and codes fit together."""

from __future__ import annotations

import re

import pytest

from homeroom.model.entities import BY_FILE, CONTACTS, ENTITIES, WRITE_ORDER
from homeroom.model.ids import mint, mint_all
from homeroom.model.issues import _CODES, CATALOGUE
from homeroom.model.plan import WAVES, Counts, waves
from homeroom.model.run import Delivery, LandedFile
from homeroom.model.vocabulary import GRADES, ROLES, STATUSES, Vocabulary, plain

# ---------------------------------------------------------------- entities

def test_every_reference_names_an_entity() -> None:
    targets = {f.references for e in ENTITIES.values() for f in e.fields if f.references}
    assert targets <= set(ENTITIES)


def test_what_a_record_points_to_is_written_before_it() -> None:
    place = {name: n for n, name in enumerate(WRITE_ORDER)}
    assert sorted(place) == sorted(ENTITIES)
    for entity in ENTITIES.values():
        for field in entity.fields:
            if field.references and field.references != entity.name:
                assert place[field.references] < place[entity.name], (entity.name, field.name)


def test_words_and_flags_have_a_vocabulary_and_names_are_single() -> None:
    for entity in ENTITIES.values():
        assert len(set(entity.names)) == len(entity.names)
        for field in entity.fields:
            assert (field.vocabulary is not None) == (field.kind in ("word", "flag", "grades")), field.name


def test_every_file_is_one_entity_and_contacts_have_none_of_their_own() -> None:
    assert {stem: entity.name for stem, entity in BY_FILE.items()} == {
        "orgs": "orgs", "academicSessions": "terms", "courses": "courses", "classes": "classes", "users": "people",
        "enrollments": "enrollments",
    }
    assert CONTACTS not in BY_FILE.values()


def test_a_password_is_no_field() -> None:
    assert not any("password" in f.column.lower() for e in ENTITIES.values() for f in e.fields)


# ---------------------------------------------------------------- words

@pytest.mark.parametrize("vocabulary", [GRADES, ROLES, STATUSES], ids=lambda v: v.name)
def test_no_spelling_stands_for_two_words(vocabulary: Vocabulary) -> None:
    spelled = vocabulary.spellings()
    assert all(spelled[plain(word)] == word for word in vocabulary.words)
    assert all(spelled[plain(alias)] == word for alias, word in vocabulary.aliases.items())
    assert set(spelled.values()) == set(vocabulary.words)


def test_words_are_compared_without_case_hyphens_underscores_and_spaces() -> None:
    assert plain("To_Be-Deleted ") == "tobedeleted"


# ---------------------------------------------------------------- ids

def test_an_id_is_the_same_on_every_machine_and_day() -> None:
    assert mint("sample", "people", "s-1") == "bc13b599d359cad7fcb65e6c"


def test_ids_differ_by_roster_entity_and_source_id() -> None:
    parts = [("a", "people", "1"), ("b", "people", "1"), ("a", "classes", "1"), ("a", "people", "2"),
             ("ap", "eople", "1")]
    assert len({mint(*p) for p in parts}) == len(parts)


def test_many_ids_at_once_are_the_same_as_one_by_one() -> None:
    sources = ["s-1", "ß|#,", "", "💡" * 60]
    assert mint_all("sample", "people", sources) == [mint("sample", "people", s) for s in sources]


# ---------------------------------------------------------------- codes

def test_every_code_says_who_acts_what_happened_what_we_did_and_what_to_do() -> None:
    for code, entry in CATALOGUE.items():
        assert code == entry.code
        assert re.fullmatch(r"[A-Z]{3}-\d\d", code)
        assert entry.severity in ("fatal", "error", "warning", "info")
        assert entry.owner in ("district", "aggregator", "vendor", "nobody")
        assert all((entry.meaning, entry.action, entry.remedy)), code


def test_no_code_stands_twice() -> None:
    assert len(_CODES) == len(CATALOGUE)
    assert list(CATALOGUE) == sorted(CATALOGUE)


# ---------------------------------------------------------------- plans and deliveries

def test_removals_go_the_way_back() -> None:
    forward = [entity for entity, archives in waves() if not archives]
    assert [entity for entity, archives in waves() if archives] == forward[::-1]
    assert forward == [entity for wave in WAVES for entity in wave]


def test_changes_are_the_records_that_a_plan_writes() -> None:
    assert Counts(create=1, update=2, archive=3, restore=4, unchanged=50, kept=60).changes == 10


def test_a_delivery_is_the_same_in_any_order_of_its_files_and_another_by_any_version() -> None:
    one, two = LandedFile(bucket="b", key="orgs.csv", version="1"), LandedFile(bucket="b", key="users.csv", version="1")
    newer = two.model_copy(update={"version": "2"})
    assert Delivery(files=(one, two)).identity() == Delivery(files=(two, one)).identity()
    assert len({Delivery(files=f).identity() for f in ((one, two), (one, newer), (one,), (two,))}) == 4
