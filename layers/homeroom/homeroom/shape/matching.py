"""Match Users By Name (requirement C7): whose account in the district's directory is it, by first and last name.

Never a guess. A person gets an account if nobody else on the roster and no other account has the name: the name is
judged unique without regard to accents, and must be the same with them. What is not matched goes to the review list.
A match that was applied stays while the account exists and bears the person's name, even if a namesake comes later.
Guardians have no account in a district's directory: they are neither matched nor counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from homeroom.check.findings import SCHEMA
from homeroom.model.directory import Account
from homeroom.model.entities import PEOPLE
from homeroom.model.issues import CATALOGUE
from homeroom.model.vocabulary import GUARDIAN_ROLES
from homeroom.shape.desired import SOURCE_ID, Desired, DesiredEntity

ACCOUNT = "directory_id"
AMBIGUOUS, NONE = "IDN-02", "IDN-05"
_EXACT, _LOOSE, _PEOPLE, _ACCOUNTS = "_exact", "_loose", "_people", "_accounts"
_SIGNS = r"[\s\p{Pd}\p{Cf}'‘’ʼ`´′]+"
"""Spaces, hyphens and apostrophes of any kind, which one system keeps and the other leaves out."""
_PAIRS = {SOURCE_ID: pl.String(), ACCOUNT: pl.String()}


def matched(desired: Desired, accounts: Sequence[Account] | None, applied: Mapping[str, pl.DataFrame]) -> Desired:
    """The roster with `directory_id` of people, and the review list among its issues.

    `applied` are the active records of the roster as it stands. Without `accounts` (the directory could not be read)
    every match stays as it was applied. What was not delivered is not looked at.
    """
    people = desired.entities["people"]
    if "people" not in desired.delivered:
        return desired
    before = _matches(applied)
    if accounts is None:
        return _with(desired, before)
    stays = _staying(people, applied)
    named = _names(pl.concat([frame.select(SOURCE_ID, "role", *_NAMES) for frame in (people.records, stays)]))
    listed = _listed(accounts)
    kept = _kept(named, listed, before)
    taken = before.join(stays, on=SOURCE_ID, how="semi")
    hits = _hits(named, listed)
    found = _found(hits, listed).join(kept, on=SOURCE_ID, how="anti").join(taken, on=ACCOUNT, how="anti")
    pairs = pl.concat([kept.join(taken, on=ACCOUNT, how="anti"), found])
    open_ = named.select(SOURCE_ID).unique().join(pairs, on=SOURCE_ID, how="anti").join(stays, on=SOURCE_ID, how="anti")
    return replace(_with(desired, pairs), issues=pl.concat([desired.issues, _review(open_, hits)]))


_NAMES = ("given_name", "family_name", "preferred_given_name", "preferred_family_name")


def _with(desired: Desired, pairs: pl.DataFrame) -> Desired:
    people = desired.entities["people"]
    held = people.records.select(SOURCE_ID).join(pairs, on=SOURCE_ID, how="left", maintain_order="left")[ACCOUNT]
    records = people.records.with_columns(held)
    return replace(desired, entities={**desired.entities, "people": replace(people, records=records)})


def _matches(applied: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Who has which account on the roster as it stands. An account that several people have is nobody's."""
    if PEOPLE.name not in applied:
        return pl.DataFrame(schema=_PAIRS)
    held = applied[PEOPLE.name].select(SOURCE_ID, ACCOUNT).drop_nulls()
    return held.filter(pl.col(ACCOUNT).is_unique())


def _staying(people: DesiredEntity, applied: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """People whose row can not be used: they stay as they were applied, names and account too."""
    if PEOPLE.name not in applied:
        return people.records.clear()
    rows = applied[PEOPLE.name].join(people.unusable.alias(SOURCE_ID).to_frame(), on=SOURCE_ID, how="semi")
    return rows.join(people.records, on=SOURCE_ID, how="anti")


def _names(people: pl.DataFrame) -> pl.DataFrame:
    """Each name of each person, in both forms: the legal one, and the one they are called by where it is given."""
    given, family, called, called_family = (pl.col(name) for name in _NAMES)
    people = people.filter(~pl.col("role").is_in(sorted(GUARDIAN_ROLES)))
    legal = people.select(SOURCE_ID, given.alias("given"), family.alias("family"))
    spoken = people.filter(called.is_not_null() | called_family.is_not_null()).select(
        SOURCE_ID, pl.coalesce(called, given).alias("given"), pl.coalesce(called_family, family).alias("family"))
    return _compared(pl.concat([legal, spoken])).unique([SOURCE_ID, _EXACT], maintain_order=True)


def _listed(accounts: Sequence[Account]) -> pl.DataFrame:
    rows = {ACCOUNT: [a.id for a in accounts], "given": [a.given_name for a in accounts],
            "family": [a.family_name for a in accounts]}
    return _compared(pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String())))


def _compared(named: pl.DataFrame) -> pl.DataFrame:
    """The forms in which names are compared. Who has no letter in a name has none to be found by."""
    for part in ("given", "family"):
        named = named.join(_forms(named[part]), on=part, maintain_order="left")
    exact, loose = (pl.concat_str("given" + form, "family" + form, separator="\x1f").alias(form)
                    for form in (_EXACT, _LOOSE))
    lettered = named.filter((pl.col("given" + _EXACT) != "") & (pl.col("family" + _EXACT) != ""))
    return lettered.select(pl.exclude("^given.*$", "^family.*$"), exact, loose)


def _forms(names: pl.Series) -> pl.DataFrame:
    """Each distinct name with its two forms: there are far fewer names than people."""
    exact = _plain(pl.col(names.name))
    bare = exact.str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return names.unique().drop_nulls().to_frame().with_columns(
        exact.alias(names.name + _EXACT), bare.alias(names.name + _LOOSE))


def _plain(name: pl.Expr) -> pl.Expr:
    """One spelling of letters (NFKC), no case (by way of upper case, so that ß is ss), no signs between words."""
    return (name.str.replace_all(_SIGNS, "").str.normalize("NFKC").str.to_uppercase().str.to_lowercase()
            .str.normalize("NFKC").str.replace_all(_SIGNS, ""))


def _kept(named: pl.DataFrame, listed: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Matches that stay: the account is there, and its name is the person's."""
    held = named.select(SOURCE_ID, _EXACT).join(before, on=SOURCE_ID)
    return held.join(listed, on=[ACCOUNT, _EXACT], how="semi").select(SOURCE_ID, ACCOUNT).unique()


def _hits(named: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """People and the names of theirs that accounts bear, with how many people and accounts share each."""
    people = named.group_by(_LOOSE).agg(pl.col(SOURCE_ID).n_unique().alias(_PEOPLE))
    there = listed.group_by(_LOOSE).agg(pl.col(ACCOUNT).n_unique().alias(_ACCOUNTS))
    counted = people.join(there, on=_LOOSE)
    return named.join(counted, on=_LOOSE)


def _found(hits: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """New matches: one name that accounts bear, one account, nobody else; and the names are the same, accents too."""
    names = pl.col(_LOOSE).n_unique().over(SOURCE_ID)
    single = hits.filter((names == 1) & (pl.col(_PEOPLE) == 1) & (pl.col(_ACCOUNTS) == 1))
    return single.join(listed, on=_EXACT).select(SOURCE_ID, ACCOUNT).unique()


def _review(people: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """The review list: who could be meant, in numbers; and people whose name no account bears."""
    counted = hits.unique([SOURCE_ID, _LOOSE]).group_by(SOURCE_ID).agg(pl.col(_PEOPLE).max(), pl.col(_ACCOUNTS).sum())
    rows = people.join(counted, on=SOURCE_ID, how="left").sort(SOURCE_ID)
    several = pl.col(_ACCOUNTS).is_not_null()
    numbers = pl.concat_str(pl.lit("people: "), pl.col(_PEOPLE), pl.lit(", accounts: "), pl.col(_ACCOUNTS))
    single = (pl.col(_PEOPLE) == 1) & (pl.col(_ACCOUNTS) == 1)
    none = pl.lit(None, pl.String)
    return rows.select(
        pl.when(several).then(pl.lit(AMBIGUOUS)).otherwise(pl.lit(NONE)).alias("code"),
        pl.when(single).then(pl.lit(_ALMOST)).when(several).then(pl.lit(_MEANING[AMBIGUOUS]))
        .otherwise(pl.lit(_MEANING[NONE])).alias("text"),
        pl.lit(PEOPLE.name).alias("entity"), pl.col(SOURCE_ID), pl.lit(PEOPLE.file).alias("file"), none.alias("line"),
        pl.lit(ACCOUNT).alias("column"), pl.when(several).then(numbers).alias("value"), none.alias("cause"),
    ).cast(SCHEMA)  # type: ignore[arg-type]


_MEANING = {code: CATALOGUE[code].meaning for code in (AMBIGUOUS, NONE)}
_ALMOST = "One account could be meant, but its name differs in accents, or somebody else has it already"
