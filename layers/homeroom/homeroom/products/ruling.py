"""Catalogue × options → the rules of one integration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from homeroom.model.entities import ENTITIES
from homeroom.model.integration import ClassNames, Integration, Options
from homeroom.model.vocabulary import GUARDIAN_ROLES, ROLES
from homeroom.products.catalogue import line_named, products_of
from homeroom.products.entries import Fields, Line, Product
from homeroom.products.rules import EVERYTHING, Rules

_NO_PARENTS = Rules(parents=False, roles=frozenset(ROLES.words) - GUARDIAN_ROLES)
"""Without a product line, where the district does not want parents to be stored (C9)."""


def rules_of(integration: Integration) -> Rules:
    """What the products of an integration ask of its roster; without a product line everything is taken as it is.

    An integration that names none of its line's products serves all of them. Where products of a line differ, the
    roster has what any of them may receive.
    """
    line, options = line_named(integration.product_line), integration.options
    if line is None:
        return _NO_PARENTS if options.parents is False else EVERYTHING
    products = products_of(line.name, integration.products)
    with_parents = _parents_on(line, options)
    return Rules(
        products=tuple(product.name for product in products),
        roles=_roles(line, products) | (line.parent_roles if with_parents else frozenset()),
        fields=_fields(line, products, with_parents=with_parents),
        parents=with_parents,
        grade_words=line.grade_words,
        needs_grades=line.needs_grades,
        one_school=tuple(product.name for product in products if product.one_school),
        choose_home=options.one_school,
        home_schools=options.home_schools,
        class_names=_class_names(line, options),
        match_by_name=line.match_by_name and options.match_by_name,
        hand=line.hand.chosen(only_source=options.only_source),
    )


def defaults(integration: Integration) -> dict[str, Any]:
    """What the catalogue says of parts that a new integration leaves out: its schedule, and whose API it is."""
    line, left_out = line_named(integration.product_line), set(Integration.model_fields) - integration.model_fields_set
    said: dict[str, Any] = {}
    if line is not None and line.schedule is not None and "schedule" in left_out:
        said["schedule"] = line.schedule
    if integration.transport == "clever_api" and "aggregator" in left_out:
        said["aggregator"] = "clever"
    return said


def needs_primary(integration: Integration) -> bool:
    """Whether somebody must promote a primary administrator after the first load (C13)."""
    line = line_named(integration.product_line)
    return line is not None and line.primary


def _parents_on(line: Line, options: Options) -> bool:
    """Whether parents are stored: the district's word, or the line's default. Where it is not offered, none are."""
    if line.parents is None:
        return False
    return line.parents.default if options.parents is None else options.parents


def _class_names(line: Line, options: Options) -> ClassNames:
    """Whether class names are made unique: the district's word, or the line's default; off where it is not offered."""
    if line.class_names is None:
        return "off"
    return line.class_names if options.class_names is None else options.class_names


def _roles(line: Line, products: Iterable[Product]) -> frozenset[str]:
    return frozenset[str]().union(*(line.roles if product.roles is None else product.roles for product in products))


def _fields(line: Line, products: Iterable[Product], *, with_parents: bool) -> Fields:
    """What any of the products may receive, and what makes a record one: required fields, and those that rules make."""
    lists = [line.fields if product.fields is None else product.fields for product in products]
    if with_parents:
        lists.append(line.with_parents)
    return {name: _always(name).union(*(fields.get(name, frozenset()) for fields in lists)) for name in ENTITIES}


_ALWAYS: Mapping[str, frozenset[str]] = {
    name: frozenset(field.name for field in entity.fields if field.required or (field.made and name != "contacts"))
    for name, entity in ENTITIES.items()
}


def _always(entity: str) -> frozenset[str]:
    return _ALWAYS[entity]
