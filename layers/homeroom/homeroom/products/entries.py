"""The form of the catalogue: a line with its policy, a product with what is its own. Data, checked as it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, field_validator

from homeroom.model.entities import ENTITIES
from homeroom.model.frozen import Frozen
from homeroom.model.integration import Aggregator, ClassNames, Transport
from homeroom.model.schedule import Schedule
from homeroom.model.vocabulary import GRADES, ROLES
from homeroom.products.rules import HandPolicy
from homeroom.products.sign_in import SignInRules

ADDRESS = r"^https://[a-z0-9.-]+(/\S*)?$"
Fields = Mapping[str, frozenset[str]]
"""Entity → fields."""


@dataclass(frozen=True)
class Way:
    """One way in: who stands between, and how the roster travels."""

    aggregator: Aggregator
    transport: Transport


class Policy(Frozen):
    """What becomes of records made by hand (requirements C2, C3); `offers_only_source`: see `HandPolicy`."""

    meets: Literal["adopt", "leave"]
    in_sis_class: Literal["keep", "archive"]
    offers_only_source: bool = False

    def chosen(self, *, only_source: bool) -> HandPolicy:
        """The policy with the district's word; what the line does not offer stays off."""
        return HandPolicy(self.meets, self.in_sis_class, self.offers_only_source and only_source)


class Offer(Frozen):
    """An option of a line and what counts where the district chose nothing."""

    default: bool = False


class Stage(Frozen):
    """One step of a set-up in the line's own order: its name (`homeroom.support.steps`), and its words where other."""

    step: str
    todo: str = ""


class Line(Frozen):
    """A family of products with a common policy.

    `fields`: what may be received, by entity; what a record needs to be one is received always. `with_parents`: what is
    received besides where parent data is on. `grade_words`: canonical grade → the line's word. `parents`,
    `class_names`, `match_by_name`: options that are offered (C7 to C9); None or False: not offered, and off.
    `primary`: a person promotes a primary administrator by hand after the first load (C13). `set_up`: the steps of the
    set-up in the line's own order; empty: those of the transport. `open`: what is inferred or waits for an answer, in
    words; ADR 0020 has the reasons.
    """

    name: str = Field(min_length=1)
    maker: str = ""
    ways: tuple[Way, ...] = Field(min_length=1)
    sign_in: SignInRules
    hand: Policy
    fields: Fields
    with_parents: Fields = Field(default_factory=dict)
    roles: frozenset[str]
    parent_roles: frozenset[str] = frozenset()
    grade_words: Mapping[str, str]
    needs_grades: bool = True
    parents: Offer | None = None
    class_names: ClassNames | None = None
    match_by_name: bool = False
    schedule: Schedule | None = None
    goals: bool = False
    primary: bool = False
    set_up: tuple[Stage, ...] = ()
    open: tuple[str, ...] = ()

    @field_validator("fields", "with_parents")
    @classmethod
    def _known_fields(cls, fields: Fields) -> Fields:
        for entity, names in fields.items():
            strangers = names - set(ENTITIES[entity].names) if entity in ENTITIES else {entity}
            if strangers:
                raise ValueError(f"the roster has no {', '.join(sorted(strangers))} of {entity}")
        return fields

    @field_validator("roles", "parent_roles")
    @classmethod
    def _known_roles(cls, roles: frozenset[str]) -> frozenset[str]:
        if strangers := roles - set(ROLES.words):
            raise ValueError(f"there is no role {', '.join(sorted(strangers))}")
        return roles

    @field_validator("grade_words")
    @classmethod
    def _every_grade(cls, words: Mapping[str, str]) -> Mapping[str, str]:
        if words and set(words) != set(GRADES.words):
            raise ValueError("every grade of the roster has its word, or the line has no words at all")
        return words


class Product(Frozen):
    """One product: its line, and what differs from it. What is left out is the line's.

    `one_school`: a student is in one school only (C11). `in_clever`: the name of its app in Clever, where another.
    """

    name: str = Field(min_length=1)
    line: str
    one_school: bool = False
    in_clever: str | None = None
    sign_in: SignInRules | None = None
    fields: Fields | None = None
    roles: frozenset[str] | None = None
    open: tuple[str, ...] = ()
