"""The catalogue's form: what an entry must have, what a line says for all, and that nobody else names a product."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Integration
from homeroom.products import CATALOGUE_LINES, EVERYTHING, PRODUCTS, line_named, rules_of
from homeroom.products.entries import Line, Product
from tests.conftest import ROOT
from tests.unit.products.asking import ONE_SCHOOL, PORTAL, serving

NAMES = ("Sonday", "Galileo", "School Manager", "Imagine", "MyPath", "WinVocab", "Essentials K", "Linewize")


def test_nothing_outside_the_catalogue_names_a_product() -> None:
    folders = [ROOT / "layers/homeroom/homeroom", ROOT / "functions", ROOT / "local"]
    files = [path for folder in folders for path in folder.rglob("*.py") if "products" not in path.parts]
    assert len(files) > 200
    said = {(path.relative_to(ROOT).as_posix(), name) for path in files for name in NAMES
            if name in path.read_text(encoding="utf-8")}
    assert said == set()


def test_an_integration_without_a_line_keeps_everything_and_costs_nothing() -> None:
    assert rules_of(Integration(id="lab-usd")) is EVERYTHING
    assert not EVERYTHING.shapes


def test_without_a_line_a_district_may_still_want_no_parents() -> None:
    rules = rules_of(Integration.model_validate({"id": "lab-usd", "options": {"parents": False}}))
    assert (rules.parents, {"guardian", "parent", "relative"} & (rules.roles or set())) == (False, set())
    assert {"student", "teacher", "administrator", "aide"} <= (rules.roles or set())


def test_a_line_without_chosen_products_serves_all_of_them() -> None:
    assert rules_of(Integration(id="lab-usd", product_line="Imagine Learning portal")).products == PORTAL


def test_of_several_products_only_those_with_the_rule_allow_one_school() -> None:
    assert rules_of(serving(*PORTAL)).one_school == ONE_SCHOOL


def test_where_products_of_a_line_differ_the_roster_has_what_any_may_receive(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = Product(name="Narrow", line="Imagine Learning portal", roles=frozenset({"student"}),
                     fields={"people": frozenset({"grades"})})
    wide = narrow.model_copy(update={"name": "Wide", "roles": frozenset({"teacher"}),
                                     "fields": {"people": frozenset({"pronouns"})}})
    monkeypatch.setattr("homeroom.products.ruling.products_of", lambda *_: (narrow, wide))
    rules = rules_of(serving(*PORTAL))
    assert rules.roles == {"student", "teacher"}
    assert {"grades", "pronouns"} <= rules.fields["people"]
    assert "email" not in rules.fields["people"]


@pytest.mark.parametrize("line", CATALOGUE_LINES)
def test_what_makes_a_record_one_is_received_by_every_line(line: str) -> None:
    fields = rules_of(Integration(id="lab-usd", product_line=line)).fields
    missing = {(name, field.name) for name, entity in ENTITIES.items() for field in entity.fields
               if (field.required or field.made) and name != "contacts" and field.name not in fields[name]}
    assert missing == set()


def test_a_further_program_is_an_entry_and_nothing_else() -> None:
    entry = Product(name="A Further Program", line="Imagine Learning portal")
    assert set(entry.model_dump(exclude_defaults=True)) == {"name", "line"}
    assert {tuple(product.model_dump(exclude_defaults=True)) for product in PRODUCTS.values()} >= {("name", "line")}


@pytest.mark.parametrize(("words", "said"), [
    ({"fields": {"people": frozenset({"shoe_size"})}}, "shoe_size"),
    ({"fields": {"buses": frozenset({"name"})}}, "buses"),
    ({"roles": frozenset({"driver"})}, "driver"),
    ({"grade_words": {"KG": "K"}}, "every grade"),
    ({"ways": ()}, "at least 1"),
    ({"colour": "blue"}, "colour"),
])
def test_an_entry_with_a_fault_is_never_a_catalogue(words: dict[str, object], said: str) -> None:
    galileo = line_named("Galileo")
    assert galileo is not None
    with pytest.raises(ValidationError, match=said):
        Line.model_validate({name: getattr(galileo, name) for name in Line.model_fields} | words)
