"""Identity links: which sign-in name, number or source id means which person.

A link exists only for values with exactly one holder, archived people included: an ambiguous value means nobody, never
a guess. Values are compared as products and portals do: usernames and emails without regard to case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from homeroom.diff.applied import ID, SOURCE_ID
from homeroom.diff.compare import Compared
from homeroom.model.plan import IDENTITIES, LinkImage
from homeroom.model.vocabulary import STAFF_ROLES

LINK, PERSON = "link", "person"

KINDS: Mapping[str, pl.Expr] = {
    "sourced_id": pl.col(SOURCE_ID),
    "username": pl.col("username").str.to_lowercase(),
    "identifier": pl.col("identifier"),
    "email": pl.when(pl.col("role").is_in(sorted(STAFF_ROLES))).then(pl.col("email").str.to_lowercase()),
    "legacy_id": pl.col("user_ids").str.extract_all(r"\{legacyId:[^{},]+\}").list.eval(
        pl.element().str.strip_prefix("{legacyId:").str.strip_suffix("}")),
    "directory": pl.col("directory_id"),
}
"""Kinds of identity; an expression that gives lists gives several values. Emails of students are not unique enough to
sign in with (SSO design 5.2): staff only. Legacy ids are those that Clever's older versions gave each role of a person:
portals and products that knew the person before still send them. `directory`: the account in the district's directory
that was found by name (C7)."""

_LINKS = {LINK: pl.String(), PERSON: pl.String()}
_FIELDS = ("username", "identifier", "email", "role")


@dataclass(frozen=True)
class Links:
    """Links to write, and links to remove, as operation rows."""

    writes: pl.DataFrame
    removals: pl.DataFrame


def links(people: Compared, kept: pl.DataFrame, dirty: tuple[LinkImage, ...], touched: frozenset[str],
          by_hand: tuple[pl.DataFrame, pl.DataFrame] | None = None) -> Links:
    """Identity links that change with this plan.

    `kept` is the kept state of people, as it was committed: the table's links are those of it. Only `dirty` links are
    compared with the table instead. `touched` are source ids that an interrupted run may have written. `by_hand` are
    the active people made by hand, before and after the plan: they hold identities like any other.
    """
    affected = _affected(people, kept, dirty, touched, by_hand)
    if affected.is_empty():
        return Links(_none(), _none())
    after, before = people.next_state, kept
    if by_hand is not None:
        before, after = (pl.concat([rows, made], how="diagonal_relaxed")
                         for rows, made in zip((before, after), by_hand, strict=True))
    after, before = _holders(after, affected), _holders(before, affected)
    if dirty:
        images = pl.DataFrame({LINK: [i.link for i in dirty], PERSON: [i.person for i in dirty]}, schema=_LINKS)
        before = pl.concat([before.join(images, on=LINK, how="anti"), images.filter(pl.col(PERSON).is_not_null())])
    both = after.join(before.rename({PERSON: "was"}), on=LINK, how="full", coalesce=True).sort(LINK)
    moved = both.filter(pl.col(PERSON).is_not_null() & pl.col(PERSON).ne_missing(pl.col("was")))
    lost = both.filter(pl.col(PERSON).is_null())
    return Links(_rows(moved, "link", PERSON), _rows(lost, "unlink", "was"))


def _affected(people: Compared, kept: pl.DataFrame, dirty: tuple[LinkImage, ...], touched: frozenset[str],
              by_hand: tuple[pl.DataFrame, pl.DataFrame] | None) -> pl.DataFrame:
    """Every link value that a changed person had or gets, and those of people made by hand."""
    changed = people.wanted.select(SOURCE_ID)
    if touched:
        changed = pl.concat([changed, pl.DataFrame({SOURCE_ID: sorted(touched)})])
    rows = [*(state.join(changed, on=SOURCE_ID, how="semi") for state in (kept, people.next_state)), *(by_hand or ())]
    named = pl.concat([_values(state) for state in rows]).select(LINK)
    return pl.concat([named, pl.DataFrame({LINK: [i.link for i in dirty]}, schema={LINK: pl.String})]).unique()


def _values(people: pl.DataFrame) -> pl.DataFrame:
    """(link, person) for each identity of each person."""
    return pl.concat([_of_kind(people, kind, value) for kind, value in KINDS.items()])


def _of_kind(people: pl.DataFrame, kind: str, value: pl.Expr) -> pl.DataFrame:
    held = people.select(value.alias(LINK), pl.col(ID).alias(PERSON)).drop_nulls()
    if held.schema[LINK] == pl.List:
        held = held.explode(LINK).drop_nulls()
    return held.select(pl.concat_str(pl.lit(f"{kind}#"), LINK).alias(LINK), PERSON)


def _holders(people: pl.DataFrame, affected: pl.DataFrame) -> pl.DataFrame:
    """(link, person) for the affected values that exactly one person has."""
    held = _values(people).join(affected, on=LINK, how="semi")
    single = held.group_by(LINK).agg(pl.col(PERSON).n_unique().alias("n"), pl.col(PERSON).first())
    return single.filter(pl.col("n") == 1).select(LINK, PERSON)


def _rows(found: pl.DataFrame, op: str, person: str) -> pl.DataFrame:
    none = pl.lit(None)
    was = pl.when(pl.col("was").is_not_null()).then(pl.struct(pl.col("was").alias("person")))
    return found.select(
        pl.lit(op).alias("op"), pl.lit(IDENTITIES).alias("entity"), pl.col(person).alias("id"),
        pl.col(LINK).alias("source_id"), was.alias("before"), none.alias("after"),
        pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first().alias("changed"), none.alias("refs"),
        pl.lit(pl.Series([[]], dtype=pl.List(pl.String))).first().alias("moved_from"),
        pl.lit("identity").alias("reason"), pl.lit(True).alias("explained"), pl.lit(False).alias("overlay"),
        none.alias("was"),
    )


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={"source_id": pl.String})
