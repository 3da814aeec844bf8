"""Re-key: the same records under new ids of the source. Found by strong evidence, proposed, applied when approved.

A source that rebuilds its ids looks as if everybody left and as many strangers came (GRD-10). A twin is a removed and a
created record that one rule finds the same, each side once. Nothing is matched by name alone. Later entities are
compared by what they point to, after that was matched. The rules, by entity, in the order in which they are tried:

    orgs         type and identifier; type and name
    terms        title, first and last day
    courses      code and title; title
    people       a number (source id, identifier, SIS or state id) and name; username and name; email and name
    classes      code, title and school; title, school, terms and periods
    enrollments  class, person and role
    contacts     student and guardian

With a walk the kept state is read as if the source had always had its new ids: the comparison that follows finds
updates of known records, and identities stay. Origin: `roster-sync.md` 4(c) GRD-10, complaints 17, 40, 50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from homeroom.check.findings import SCHEMA, no_issues
from homeroom.diff.applied import ID, SOURCE_ID, State
from homeroom.model.entities import ENTITIES, WRITE_ORDER
from homeroom.model.plan import Around, TableImage

WAS, NOW, WHY = "was", "now", "why"
Walk = Mapping[str, pl.DataFrame]
"""Entity → (`was`, `now`): source ids before and now, each at most once on its side."""

_KEY = "_key"
_HOME = "home_school"
_PAIRS = {WAS: pl.String(), NOW: pl.String(), WHY: pl.String()}
_ORDER = ("orgs", "terms", "courses", "people", "classes", "enrollments", "contacts")


@dataclass(frozen=True)
class Proposal:
    """Twins by entity: `was`, `now` and `why`, the rule that found them."""

    twins: Walk = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Entity → twins, where there are any."""
        return {name: pairs.height for name, pairs in self.twins.items() if pairs.height}

    def evidence(self) -> dict[str, dict[str, int]]:
        """Entity → rule → twins: what a person looks at before approving."""
        told = {name: pairs.group_by(WHY).len().sort(WHY) for name, pairs in self.twins.items() if pairs.height}
        return {name: dict(rows.iter_rows()) for name, rows in told.items()}

    def issues(self) -> pl.DataFrame:
        """IDN-03 for each person who came under a new id; `value` is the old one."""
        people = self.twins.get("people")
        if people is None or people.is_empty():
            return no_issues()
        told = {"code": pl.lit("IDN-03"), "entity": pl.lit("people"), SOURCE_ID: pl.col(NOW), "value": pl.col(WAS),
                "cause": pl.col(WHY)}
        return people.select(told.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in SCHEMA.items())


def proposal(removed: Mapping[str, pl.DataFrame], created: Mapping[str, pl.DataFrame]) -> Proposal:
    """The twins among removed and created records, by entity; frames hold `source_id` and the canonical fields."""
    twins: dict[str, pl.DataFrame] = {}
    for name in _ORDER:
        gone, new = removed[name], created[name]
        if gone.is_empty() or new.is_empty():
            continue
        gone = _walked_references(name, gone, twins)
        twins[name] = same(name, gone, new)
    return Proposal({name: pairs for name, pairs in twins.items() if pairs.height})


def same(name: str, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Records of one entity that are the same before and after: `was`, `now` and `why`."""
    found = [pl.DataFrame(schema=_PAIRS)]
    for why, keys in _RULES[name]:
        if before.is_empty() or after.is_empty():
            break
        pairs = _twins(keys(before), keys(after)).with_columns(pl.lit(why).alias(WHY))
        before = before.join(pairs, left_on=SOURCE_ID, right_on=WAS, how="anti")
        after = after.join(pairs, left_on=SOURCE_ID, right_on=NOW, how="anti")
        found.append(pairs)
    return pl.concat(found)


def twins_by_number(removed: pl.DataFrame, created: pl.DataFrame, present: pl.DataFrame) -> pl.DataFrame:
    """(`was`, `now`) of people with the same number of the SIS and the same whole name, which nobody present has."""
    if removed.is_empty() or created.is_empty():
        return pl.DataFrame(schema={WAS: pl.String, NOW: pl.String})
    taken = _sis_numbers(present).select(_KEY)
    keys = [_sis_numbers(rows).join(taken, on=_KEY, how="anti") for rows in (removed, created)]
    return _twins(keys[0], keys[1])


def walk_of(operations: Iterable[Mapping[str, Any]]) -> dict[str, pl.DataFrame]:
    """The walk that a plan applied, from its operations; those without `was` do not count."""
    pairs: dict[str, list[tuple[str, str]]] = {}
    for operation in operations:
        if operation["was"] is not None and operation["op"] in ("update", "restore", "archive"):
            pairs.setdefault(operation["entity"], []).append((operation["was"], operation["source_id"]))
    return {name: pl.DataFrame(found, schema=[WAS, NOW], orient="row") for name, found in pairs.items()}


def walking(around: Around, found: Proposal) -> Around:
    """The same surroundings for a plan that takes the twins for the records that they are. An id that an interrupted
    run has walked already is not walked again."""
    pairs = {name: pl.concat([rows.select(WAS, NOW) for rows in (around.walk.get(name), found.twins.get(name))
                              if rows is not None]) for name in {*around.walk, *found.twins}}
    return replace(around, walk={name: rows.unique(WAS, keep="first").unique(NOW, keep="first")
                                 for name, rows in pairs.items()})


def back(walk: Walk) -> dict[str, pl.DataFrame]:
    """The way back, for an undo."""
    return {name: pairs.select(pl.col(NOW).alias(WAS), pl.col(WAS).alias(NOW)) for name, pairs in walk.items()}


def rekeyed(state: State, walk: Walk) -> State:
    """The state under the ids of now. What fields point to stays as it was written: that is what must change."""
    return {name: _renamed(rows, walk[name]) if name in walk else rows for name, rows in state.items()}


def walked(state: State, walk: Walk) -> State:
    """The state as if the source had always had its new ids, in what fields point to as well: what rules of products
    look back at."""
    found = {name: _walked_references(name, rows, walk, itself=True) for name, rows in rekeyed(state, walk).items()}
    if "orgs" in walk:
        home = _walked(found["people"][_HOME], walk["orgs"], lists=False)
        found["people"] = found["people"].with_columns(home.alias(_HOME))
    return found


def images_rekeyed(images: Iterable[TableImage], walk: Walk) -> tuple[TableImage, ...]:
    """Images of the table under the ids of now: an interrupted run may have written either."""
    images = tuple(images)
    told = {image.entity for image in images}
    names = {name: dict(pairs.select(WAS, NOW).iter_rows()) for name, pairs in walk.items() if name in told}
    return tuple(
        TableImage(i.entity, i.id, names.get(i.entity, {}).get(i.source_id, i.source_id), i.status, i.fields, i.place)
        for i in images
    )


def with_old_ids(state: State, walk: Walk) -> State:
    """`source_id` and `id` of a state, found under old ids as well: rows that leave still point to those."""
    def known(name: str) -> pl.DataFrame:
        rows = state[name].select(SOURCE_ID, ID)
        if name not in walk:
            return rows
        old = rows.join(walk[name].select(NOW, WAS), left_on=SOURCE_ID, right_on=NOW, how="inner")
        old = old.select(pl.col(WAS).alias(SOURCE_ID), ID).join(rows, on=SOURCE_ID, how="anti")
        return pl.concat([rows, old])

    return {name: known(name) if walk else rows for name, rows in state.items()}


def touched(walk: Walk, name: str) -> pl.Series | None:
    """Source ids of now whose record must be written, because its id changed: as many as there are records."""
    return walk[name][NOW] if name in walk else None


def _renamed(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """A row whose new id another row of the state has keeps its own: two records never become one."""
    named = rows.select(SOURCE_ID).join(pairs.select(WAS, NOW), left_on=SOURCE_ID, right_on=WAS, how="left",
                                        maintain_order="left")[NOW]
    after = pl.select(pl.coalesce(named, rows[SOURCE_ID])).to_series()
    twice = named.is_not_null() & after.is_duplicated()
    return rows.with_columns(pl.select(pl.when(twice).then(rows[SOURCE_ID]).otherwise(after)).to_series()
                             .alias(SOURCE_ID))


def _walked_references(name: str, rows: pl.DataFrame, twins: Walk, *, itself: bool = False) -> pl.DataFrame:
    """The rows as if what they point to had its new id; with `itself` also records of the same entity."""
    for one in ENTITIES[name].fields:
        target = one.references
        if target is None or (target == name and not itself) or target not in twins:
            continue
        rows = rows.with_columns(_walked(rows[one.name], twins[target], one.kind == "list").alias(one.name))
    return rows


def _walked(values: pl.Series, pairs: pl.DataFrame, lists: bool) -> pl.Series:
    old = values.unique().drop_nulls()
    names = dict(pairs.select(WAS, NOW).iter_rows())
    if lists:
        new = [",".join(names.get(one, one) for one in text.split(",")) for text in old.to_list()]
    else:
        new = [names.get(one, one) for one in old.to_list()]
    return values.replace_strict(old, pl.Series(new, dtype=pl.String), default=None, return_dtype=pl.String)


def _twins(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Pairs by keys that stand once on either side; who would have two twins has none."""
    both = _once(before).rename({SOURCE_ID: WAS}).join(_once(after).rename({SOURCE_ID: NOW}), on=_KEY, how="inner")
    pairs = both.select(WAS, NOW).unique()
    one_way = pairs.filter(~pl.col(WAS).is_duplicated() & ~pl.col(NOW).is_duplicated())
    return one_way.sort(NOW)


def _once(keys: pl.DataFrame) -> pl.DataFrame:
    keys = keys.drop_nulls().unique()
    return keys.filter(~pl.col(_KEY).is_duplicated())


def _by(*columns: str | pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A rule that compares these values, all of which must be there, without regard to case."""
    parts = [pl.col(c) if isinstance(c, str) else c for c in columns]
    key = pl.concat_str([part.cast(pl.String).str.to_lowercase() for part in parts], separator="\x1f")
    return lambda rows: rows.select(SOURCE_ID, key.alias(_KEY))


_NAME = pl.concat_str(pl.col("given_name").fill_null(""), pl.col("family_name").fill_null(""),
                      separator=" ").str.strip_chars()
"""The whole name: a contact at Clever has all of it in one field."""
_EMPTY_IS_SOMETHING = ("terms", "periods")
_TITLE = pl.coalesce("source_title", "title")
"""The title that the source gave: one that was made unique carries the id, which is just what changed."""


def _numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Every number that a person is known by, with the name: `{sisId:123}` of user ids counts as `123`."""
    inner = pl.col("user_ids").str.extract_all(r"\{[^{}]*\}").list.eval(
        pl.element().str.strip_chars("{}").str.split_exact(":", 1).struct.field("field_1"))
    own = pl.concat_list(SOURCE_ID, pl.col("identifier"))
    return _named_numbers(rows, pl.concat_list(own, inner.fill_null([])))


def _sis_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """The numbers that the SIS gave, with the name: source ids are what changed, and belong to no SIS at Clever."""
    inner = pl.col("user_ids").str.extract_all(r"\{(?:sisId|stateId):[^{}]*\}").list.eval(
        pl.element().str.strip_chars("{}").str.split_exact(":", 1).struct.field("field_1"))
    return _named_numbers(rows, pl.concat_list(pl.concat_list(pl.col("identifier")), inner.fill_null([])))


def _named_numbers(rows: pl.DataFrame, numbers_of: pl.Expr) -> pl.DataFrame:
    each = rows.select(SOURCE_ID, _NAME.alias("_name"), numbers_of.alias("_number"))
    numbers = each.explode("_number").drop_nulls().filter(pl.col("_number") != "")
    key = pl.concat_str("_number", "_name", separator="\x1f").str.to_lowercase()
    return numbers.select(SOURCE_ID, key.alias(_KEY))


_RULES: Mapping[str, tuple[tuple[str, Callable[[pl.DataFrame], pl.DataFrame]], ...]] = {
    "orgs": (("identifier", _by("type", "identifier")), ("name", _by("type", "name"))),
    "terms": (("title and days", _by("title", "start_date", "end_date")),),
    "courses": (("code and title", _by("code", "title")), ("title", _by("title"))),
    "people": (("number and name", _numbers), ("username and name", _by("username", _NAME)),
               ("email and name", _by("email", _NAME))),
    "classes": (
        ("code, title and school", _by("code", _TITLE, "school")),
        ("title, school, terms and periods",
         _by(_TITLE, "school", *(pl.col(column).fill_null("") for column in _EMPTY_IS_SOMETHING))),
    ),
    "enrollments": (("class, person and role", _by("class", "person", "role")),),
    "contacts": (("student and guardian", _by("student", "guardian")),),
}
assert set(_RULES) == set(WRITE_ORDER)
