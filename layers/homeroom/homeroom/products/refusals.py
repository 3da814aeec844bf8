"""What does not fit the products of an integration, in words, each with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from homeroom.model.integration import Integration, Options
from homeroom.model.sign_in_choices import PortalView, sign_in_view
from homeroom.products.catalogue import CATALOGUE_LINES, line_named, products_of, sign_in_of
from homeroom.products.entries import Line, Product, Way
from homeroom.products.sign_in import SignInRules

PORTALS = {"clever": "Clever", "classlink": "ClassLink", "none": "the SIS itself"}
TRANSPORTS = {"clever_api": "Clever's API", "oneroster_rest": "OneRoster REST", "csv_pushed": "files sent by SFTP",
               "csv_pulled": "files fetched by SFTP"}
TOLD_BY: Mapping[str, tuple[str, ...]] = {"clever": ("id", "sis_id", "number"), "classlink": ("sourced_id",)}
"""What each portal tells of a person that may equal an identity of the roster."""
TENANT_WORDS: Mapping[str, str] = {
    "clever": "the District ID, as Clever shows it", "classlink": "the Tenant ID, which the district's administrator "
    "reads in the ClassLink Management Console",
}


@dataclass(frozen=True)
class Refusal:
    """What is wrong, and what to do."""

    text: str
    remedy: str


@dataclass(frozen=True)
class _Offer:
    """An option that only some lines offer: when it is asked for, who offers it, and what to say where nobody does."""

    name: str
    asked: Callable[[Options], bool]
    offered: Callable[[Line, tuple[Product, ...]], bool]
    text: str = ""
    remedy: str = "Leave the option out."
    only_products: bool = True
    """Whether it means nothing without a product line."""
    fields: tuple[str, ...] = ()
    """The fields of `Options` that it is made of."""


def _not_offered(name: str) -> str:
    return f"{{line}} does not offer {name}"


_ONE_SCHOOL = "the one-school rule"
_OFFERS = (
    _Offer("Match Users By Name", lambda options: options.match_by_name, lambda line, _: line.match_by_name,
           _not_offered("Match Users By Name"), fields=("match_by_name", "directory")),
    _Offer("Force Unique Class Names", lambda options: options.class_names not in (None, "off"),
           lambda line, _: line.class_names is not None, _not_offered("Force Unique Class Names"),
           fields=("class_names",)),
    _Offer("Sync Parent Data", lambda options: bool(options.parents), lambda line, _: line.parents is not None,
           _not_offered("Sync Parent Data: no parent is stored"), only_products=False, fields=("parents",)),
    _Offer(_ONE_SCHOOL, lambda options: options.one_school or bool(options.home_schools),
           lambda _, products: any(product.one_school for product in products),
           f"{{products}} may be used in several schools, so {_ONE_SCHOOL} does nothing",
           "Leave one_school and home_schools out.", fields=("one_school", "home_schools")),
    _Offer("the SIS as the only source", lambda options: options.only_source,
           lambda line, _: line.hand.offers_only_source,
           "{line} keeps what was made by hand, so the SIS can not be its only source", fields=("only_source",)),
    _Offer("Clever Goals", lambda options: options.goals, lambda line, _: line.goals,
           "Clever Goals are currently not supported by {products}", "Leave goals off.",
           fields=("goals",)),
)


def unknown(line: str, products: tuple[str, ...]) -> str | None:
    """What is wrong with a choice of line and products, in words; None when the catalogue knows them."""
    if not line:
        return f"products need their product line, one of: {', '.join(CATALOGUE_LINES)}" if products else None
    if line not in CATALOGUE_LINES:
        return f"there is no product line {line}; known are: {', '.join(CATALOGUE_LINES)}"
    known = [product.name for product in products_of(line)]
    strangers = [product for product in products if product not in known]
    if strangers:
        return f"{', '.join(strangers)} is no product of {line}; known are: {', '.join(known)}"
    return None


def not_offered(integration: Integration) -> frozenset[str]:
    """The fields of `Options` that may not be chosen here: no product of the integration offers them."""
    line = line_named(integration.product_line)
    products = products_of(line.name, integration.products) if line else ()
    return frozenset(name for offer in _OFFERS for name in offer.fields
                     if (not offer.offered(line, tuple(products)) if line else offer.only_products))


def refusal(integration: Integration) -> Refusal | None:
    """The first thing that the products of an integration do not allow; None when everything fits."""
    return next(refusals(integration), None)


def refusals(integration: Integration) -> Iterator[Refusal]:
    """Everything that does not fit, most important first. Raises nothing."""
    wrong = unknown(integration.product_line, integration.products)
    if wrong is not None:
        yield Refusal(wrong, "Name product line and products as the catalogue has them.")
        return
    line = line_named(integration.product_line)
    if line is None:
        yield from _without_a_line(integration)
        return
    yield from _sign_in(integration, line)
    yield from _sources(integration, line)
    yield from _options(integration, line)


def _without_a_line(integration: Integration) -> Iterator[Refusal]:
    asked = [offer.name for offer in _OFFERS if offer.only_products and offer.asked(integration.options)]
    if integration.sign_in.on or integration.sign_in.students:
        asked.append("sign-in")
    if asked:
        yield Refusal(f"{asked[0]} belongs to a product, and no product line is named",
                      f"Name the product line, one of: {', '.join(CATALOGUE_LINES)}.")


def _sign_in(integration: Integration, line: Line) -> Iterator[Refusal]:
    asked = integration.sign_in
    rules = [sign_in_of(product) for product in products_of(line.name, integration.products)]
    if asked.on:
        yield from _rostering(integration, line, rules)
    if asked.students and not any(rule.students != "no" for rule in rules):
        yield Refusal(f"there is no student login at {line.name}", "Leave sign-in of students off.")
    if asked.students and not asked.on:
        yield Refusal("students sign in only where sign-in is on", "Switch sign-in on too, or leave students off.")
    if asked.on:
        yield from _portals(integration)


def _rostering(integration: Integration, line: Line, rules: list[SignInRules]) -> Iterator[Refusal]:
    needed = next((rule.needs_rostering for rule in rules if rule.needs_rostering), None)
    is_rostered = integration.aggregator == needed and Way(integration.aggregator, integration.transport) in line.ways
    if needed is not None and not is_rostered:
        portal = PORTALS[needed]
        yield Refusal(f"sign-in to {line.name} can not be used without {portal} rostering",
                      f"Roster {line.name} from {_ways(line)} first, or leave sign-in off.")


def _portals(integration: Integration) -> Iterator[Refusal]:
    """Sign-in goes through the aggregator's portal or through those that are named (requirement D4)."""
    view = sign_in_view(integration.model_dump(mode="json"))
    if not view.portals:
        yield Refusal("nobody's portal stands before this integration, so there is nowhere to sign in from",
                      "Name the portal that people use, Clever or ClassLink, with its tenant and its match; or connect "
                      "with the aggregator whose portal it is; or leave sign-in off.")
    for name, told in view.portals.items():
        yield from _of_portal(integration, name, told)


def _of_portal(integration: Integration, name: str, told: PortalView) -> Iterator[Refusal]:
    """What is missing or wrong in one portal's sign-in."""
    portal, tells = PORTALS[name], TOLD_BY[name]
    if not told.told:
        yield Refusal(f"nothing says which value of {portal} equals which identity of the roster",
                      f"Name it as match: portal is one of {', '.join(tells)}, roster one of sourced_id, identifier, "
                      "username. Try it with `try_sign_in`.")
    elif told.told not in tells:
        yield Refusal(f"{portal} does not tell {told.told}", f"Take one of: {', '.join(tells)}.")
    if told.by_login and name != "classlink":
        yield Refusal(f"{portal} tells no login name", "Leave by_login off: only ClassLink has it.")
    host = told.launch_url.removeprefix("https://").partition("/")[0]
    if host and not f".{host}".endswith(f".{name}.com"):
        yield Refusal(f"launch_url is not an address of {portal}",
                      f"Name the district's own page at {name}.com, or leave it out.")
    # The tenant of Clever's own roster is its District ID, which is known once the request is accepted.
    if not told.tenants and not (name == "clever" and integration.transport == "clever_api"):
        yield Refusal(f"nothing says which tenant of {portal} is the district's",
                      f"Name tenants: {TENANT_WORDS[name]}.")


def _sources(integration: Integration, line: Line) -> Iterator[Refusal]:
    way = Way(integration.aggregator, integration.transport)
    if way not in line.ways:
        yield Refusal(f"{line.name} can not be rostered from {said(way)}", f"Take one of: {_ways(line)}.")


def said(way: Way) -> str:
    """A way in, in words."""
    if way == Way("clever", "clever_api"):
        return TRANSPORTS[way.transport]
    return f"{PORTALS[way.aggregator]} by {TRANSPORTS[way.transport]}"


def _ways(line: Line) -> str:
    return ", ".join(said(way) for way in line.ways)


def _options(integration: Integration, line: Line) -> Iterator[Refusal]:
    options, products = integration.options, products_of(line.name, integration.products)
    for offer in _OFFERS:
        if offer.asked(options) and not offer.offered(line, products):
            names = ", ".join(product.name for product in products)
            yield Refusal(offer.text.format(line=line.name, products=names), offer.remedy)
    if options.match_by_name and options.directory is None:
        yield Refusal("Match Users By Name needs the district's directory, and none is named",
                      "Name the directory with it: Microsoft Entra, Google Workspace, LDAP, or an uploaded list.")
