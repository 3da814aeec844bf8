"""docs/products.md: every product and line of the catalogue, what they may receive, and what is inferred or open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Integration, Options
from homeroom.model.vocabulary import GRADES
from homeroom.products import CATALOGUE_LINES, PRODUCTS, Line, Product, products_of, rules_of, sign_in_of
from homeroom.products.entries import Policy
from homeroom.products.refusals import PORTALS, TRANSPORTS
from homeroom.products.sign_in import Access
from local.page_parts import MADE, table

_ACCESS: Mapping[Access, str] = {"yes": "yes", "no": "no", "option": "if the district wants it"}
_MEETS = {"adopt": "adopted by the SIS's", "leave": "left as it is, the SIS's one is left out and listed"}
_IN_CLASS = {"keep": "stays", "archive": "ends at the next run"}


def products(_root: Path) -> str:
    """docs/products.md"""
    parts = [
        "# Products",
        MADE.format(origin="`products/catalogue.py`"),
        _INTRODUCTION,
        table(("product", "line", "sources", "students sign in", "teachers", "administrators", "rules"),
              map(_row, PRODUCTS.values())),
        _BY_HAND,
        table(("line", "one that the SIS has too", "an enrollment in a class of the SIS", "one that the SIS lacks"),
              (_hand(line.name, line.hand) for line in CATALOGUE_LINES.values())),
        *(section for line in CATALOGUE_LINES.values() for section in _line(line)),
        "## What is inferred or open",
        _OPEN,
        table(("what", "of", "until then"), _open()),
    ]
    return "\n\n".join(parts) + "\n"


def _row(product: Product) -> list[str]:
    rules = sign_in_of(product)
    access = {"student": rules.students, "administrator": rules.administrators}
    told = {role: _access(role, word, product) for role, word in access.items()}
    line = CATALOGUE_LINES[product.line]
    return [product.name, f"[{line.name}](#{_anchor(line.name)})", _sources(line), told["student"],
            _ACCESS[rules.teachers], told["administrator"], ", ".join(_rules(product, line)) or "none"]


def _access(role: str, word: Access, product: Product) -> str:
    door = sign_in_of(product).refused.get(role)
    return f"{_ACCESS[word]} → {door.address}" if door and door.address else _ACCESS[word]


def _rules(product: Product, line: Line) -> Iterator[str]:
    rules = sign_in_of(product)
    if product.one_school:
        yield "one school a student"
    if line.primary:
        yield "primary administrator by hand"
    if rules.needs_rostering:
        yield f"sign-in only with rostering by {rules.needs_rostering.capitalize()}"
    if product.in_clever:
        yield f"in Clever: {product.in_clever}"
    other = line.grade_words.get("Other")
    if other and other != "Other":
        yield f"grade `Other` is {other}"
    yield "Clever Goals" if line.goals else "Clever Goals not supported"


def _sources(line: Line) -> str:
    """The ways in, by who stands between."""
    by: dict[str, list[str]] = {}
    for way in line.ways:
        by.setdefault(PORTALS[way.aggregator], []).append(TRANSPORTS[way.transport])
    return "; ".join(f"{who}: {', '.join(ways)}" for who, ways in by.items())


def _hand(name: str, policy: Policy) -> list[str]:
    lacking = "kept and listed; archived if the district says that the SIS is the only source"
    return [name, _MEETS[policy.meets], _IN_CLASS[policy.in_sis_class],
            lacking if policy.offers_only_source else "kept and listed"]


def _line(line: Line) -> Iterator[str]:
    yield f"## {line.name}"
    rules = rules_of(Integration(id="any", product_line=line.name))
    schedule = line.schedule.mode if line.schedule else "none: by the district's export, or as chosen"
    sign_in = line.sign_in
    rows = [
        ["products", ", ".join(product.name for product in products_of(line.name))],
        ["schedule of a new integration", schedule],
        ["options", ", ".join(_options(line)) or "none of its own"],
        ["a launch leads to", sign_in.start or "the address told at the set-up"],
        ["log-ins that stay usable", ", ".join(sign_in.addresses) or "none known"],
        *([f"page shown to the role {role}", f"{door.text} {door.address or ''}".strip()]
          for role, door in sign_in.refused.items()),
        ["roles", ", ".join(sorted(rules.roles or ()))],
        ["a missing grade", "is reported" if line.needs_grades else "is not reported"],
        ["grades", ", ".join(f"`{code}` {line.grade_words[code]}" for code in GRADES.words)],
    ]
    yield table(("", ""), rows)
    yield "May receive:"
    received = ((entity, _received(entity, names)) for entity, names in rules.fields.items()
                if rules.parents or entity != "contacts")
    yield table(("entity", "fields"), received)
    if line.set_up:
        yield "Its set-up has an order of its own:"
        yield "\n".join(f"{number}. `{stage.step}`{': ' + stage.todo if stage.todo else ''}"
                        for number, stage in enumerate(line.set_up, 1))


def _received(entity: str, names: Collection[str]) -> str:
    """The fields that a source can carry, in the order of docs/fields.md; those that rules make are always there."""
    fields = ENTITIES[entity].fields
    return ", ".join(f"`{field.name}`" for field in fields
                     if field.name in names and (field.column or entity == "contacts"))


def _options(line: Line) -> Iterator[str]:
    if line.match_by_name:
        yield "Match Users By Name (off)"
    if line.class_names is not None:
        yield f"Force Unique Class Names ({line.class_names})"
    if line.parents is not None:
        yield f"Sync Parent Data ({'on' if line.parents.default else 'off'})"
    if any(product.one_school for product in products_of(line.name)):
        yield f"choosing a home school ({'on' if Options().one_school else 'off'})"
    if line.hand.offers_only_source:
        yield "the SIS is the only source (off)"


def _open() -> Iterator[tuple[str, str, str]]:
    default = "as this page says"
    for line in CATALOGUE_LINES.values():
        yield from ((text, line.name, default) for text in line.open)
    for product in PRODUCTS.values():
        yield from ((text, product.name, default) for text in product.open)


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


_INTRODUCTION = """\
The learning products that receive rosters, as the catalogue has them. A product line is a family with a common
policy. Connecting an integration, and changing its options, is refused where a product does not allow it, with what
to do instead. Without a product line everything that a source shares is kept as it is. A further product is a further
entry of the catalogue. ([Fields](fields.md) explains what each one holds.)

`homeroom options INTEGRATION` shows what counts for one integration, and tells the district's choice from the line's
default."""
_BY_HAND = """\
## Records made by hand

What a run does with people, classes and enrollments that somebody made by hand. Changes by hand to a record of the SIS
hold until the next run, in every line."""
_OPEN = """\
What the makers of the products did not say yet. Each default can be changed in the catalogue, without code;
[ADR 20](adr/0020-what-products-did-not-say.md) has the reasons."""
