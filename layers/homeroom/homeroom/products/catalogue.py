"""The catalogue: every product line and every product, as data. A further product is a further entry, and no code.

What each cell says comes from the table of products in the requirements; what is inferred or waits for an answer stands
in `open` and, with its default, in ADR 0020.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from homeroom.model.integration import Transport
from homeroom.model.schedule import Schedule
from homeroom.model.vocabulary import GUARDIAN_ROLES
from homeroom.products.entries import Fields, Line, Offer, Policy, Product, Stage, Way
from homeroom.products.sign_in import SIGN_IN_OF_LINE, SignInRules

SCHOOL_ROLES = frozenset({"administrator", "teacher", "aide", "proctor", "student"})
_FILES: tuple[Transport, ...] = ("csv_pushed", "csv_pulled")
_ONEROSTER: tuple[Transport, ...] = ("oneroster_rest", *_FILES)
_CLEVER_API = (Way("clever", "clever_api"),)
_FEEDS = (*(Way("clever", by) for by in _ONEROSTER), *(Way("classlink", by) for by in _ONEROSTER),
          *(Way("none", by) for by in _FILES))
"""OneRoster of Clever or ClassLink, each by REST or SFTP, and the SIS itself by SFTP (requirements A2, A3, A4)."""

_SCHOOL_DAY: Fields = {
    "orgs": frozenset({"name", "type", "identifier", "parent"}),
    "terms": frozenset({"title", "type", "start_date", "end_date", "parent", "school_year"}),
    "courses": frozenset({"title", "code", "grades", "org", "school_year", "subjects", "subject_codes"}),
    "classes": frozenset({"title", "code", "type", "grades", "course", "school", "terms", "subjects",
                          "subject_codes", "periods"}),
    "people": frozenset({"enabled", "role", "orgs", "roles", "primary_org", "username", "given_name", "family_name",
                         "preferred_given_name", "preferred_family_name", "identifier", "user_ids", "email",
                         "grades"}),
    "enrollments": frozenset({"class", "school", "person", "role", "primary", "begin_date", "end_date"}),
    "contacts": frozenset(),
}
"""What a learning product needs: who is in which class, and by which ids they are known (C14, D5)."""
_PARENT_DATA: Fields = {"people": frozenset({"sms", "phone"}),
                        "contacts": frozenset({"student", "guardian", "relationship"})}

_NUMBERED = {f"{number:02d}": str(number) for number in range(1, 13)}
_EARLY = {"IT": "Pre-K", "PR": "Pre-K", "PK": "Pre-K", "TK": "Pre-K", "KG": "K"}
_WORDS: Mapping[str, str] = {**_EARLY, **_NUMBERED, "13": "Other", "PS": "Other", "UG": "Other", "Other": "Other"}
_SIXTH_OR_ABOVE = "6 or above"

_BY_CLEVER_ADMINISTRATOR = (
    Stage(step="enabled"),
    Stage(step="credentials"),
    Stage(step="authorise", todo="Log in with Clever as the District admin, which authorises the product."),
    Stage(step="share"), Stage(step="sync"),
    Stage(step="accept", todo="Accept what the District admin authorised, by its District ID."),
    Stage(step="verify"), Stage(step="schools"), Stage(step="options"), Stage(step="test"), Stage(step="schedule"),
    Stage(step="first run", todo="Sync: the first run starts by its schedule, or by hand."),
    Stage(step="summary"),
)
"""The order of Configuration > Authentication > Clever (requirement E4)."""

_FIELDS_OPEN = "which fields it may receive is inferred from what such a product shows"

_LINES = (
    Line(
        name="Sonday", maker="Imagine Learning", ways=_FEEDS,
        sign_in=SIGN_IN_OF_LINE["Sonday"],
        hand=Policy(meets="adopt", in_sis_class="archive", offers_only_source=True),
        fields=_SCHOOL_DAY, roles=SCHOOL_ROLES, grade_words=_WORDS, primary=True,
        open=("records made by hand that the SIS does not have are kept and listed until the maker of the product says "
              "otherwise", _FIELDS_OPEN),
    ),
    Line(
        name="Imagine Learning portal", maker="Imagine Learning", ways=_CLEVER_API,
        sign_in=SIGN_IN_OF_LINE["Imagine Learning portal"],
        hand=Policy(meets="adopt", in_sis_class="keep"),
        fields=_SCHOOL_DAY, roles=SCHOOL_ROLES, grade_words=_WORDS, open=(_FIELDS_OPEN,),
    ),
    Line(
        name="Galileo", maker="Imagine Learning", ways=_CLEVER_API,
        sign_in=SIGN_IN_OF_LINE["Galileo"],
        hand=Policy(meets="leave", in_sis_class="keep"),
        fields=_SCHOOL_DAY, roles=SCHOOL_ROLES, grade_words={**_WORDS, "Other": _SIXTH_OR_ABOVE},
        schedule=Schedule(mode="daily"),
        open=("that administrators sign in through Clever is inferred",
              "`Other` is taken for the grade in Clever that has no other word; it means grade 6 or above",
              "the address to start at is told at the set-up", _FIELDS_OPEN),
    ),
    Line(
        name="School Manager", maker="Linewize", ways=_CLEVER_API,
        sign_in=SIGN_IN_OF_LINE["School Manager"],
        hand=Policy(meets="adopt", in_sis_class="archive"),
        fields=_SCHOOL_DAY, with_parents=_PARENT_DATA, roles=SCHOOL_ROLES, parent_roles=GUARDIAN_ROLES,
        grade_words=_WORDS, needs_grades=False,
        parents=Offer(default=True), class_names="off", match_by_name=True, schedule=Schedule(mode="weekly"),
        set_up=_BY_CLEVER_ADMINISTRATOR,
        open=("that manual changes are overridden is inferred",
              "that administrators sign in through Clever is inferred",
              "the address to start at is told at the set-up", _FIELDS_OPEN),
    ),
)

_PRODUCTS = (
    Product(name="Sonday System 1", line="Sonday"),
    Product(name="Sonday System 2", line="Sonday"),
    Product(name="Essentials K–5", line="Sonday"),
    Product(name="WinVocab", line="Sonday"),
    Product(name="Imagine Language & Literacy", line="Imagine Learning portal"),
    Product(name="Imagine+ Assessment", line="Imagine Learning portal", one_school=True),
    Product(name="MyPath Math/Imagine+ Math", line="Imagine Learning portal", one_school=True),
    Product(name="MyPath Reading", line="Imagine Learning portal", one_school=True),
    Product(name="Imagine Purpose", line="Imagine Learning portal", one_school=True),
    Product(name="Galileo K-12", line="Galileo", in_clever="Galileo K-12",
            open=("the name of its app in Clever may be another one",)),
    Product(name="School Manager", line="School Manager"),
)

CATALOGUE_LINES: Mapping[str, Line] = {line.name: line for line in _LINES}
PRODUCTS: Mapping[str, Product] = {product.name: product for product in _PRODUCTS}


def _version() -> str:
    """The same for the same entries, in every process: sets are written in order."""
    entries = [entry.model_dump() for entry in (*_LINES, *_PRODUCTS)]
    return hashlib.sha256(json.dumps(entries, sort_keys=True, default=_in_order).encode()).hexdigest()[:16]


def _in_order(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Way):
        return [value.aggregator, value.transport]
    raise TypeError(f"{type(value).__name__} has no place in the catalogue")


CATALOGUE_VERSION = _version()
"""Changes with every entry: part of what makes a run `unchanged` (design 3)."""


def line_named(name: str) -> Line | None:
    """The line of that name; None for no line, and for one that the catalogue does not have."""
    return CATALOGUE_LINES.get(name)


def products_of(line: str, chosen: tuple[str, ...] = ()) -> tuple[Product, ...]:
    """The chosen products of a line; all of them where none is chosen."""
    return tuple(product for product in _PRODUCTS if product.line == line and (not chosen or product.name in chosen))


def sign_in_of(product: Product) -> SignInRules:
    """How people sign in to a product: its own rules, or its line's."""
    return product.sign_in or CATALOGUE_LINES[product.line].sign_in


LINES: Mapping[str, tuple[str, ...]] = {
    name: tuple(product.name for product in products_of(name)) for name in CATALOGUE_LINES
}
"""Product line → its products, as their makers write them."""
