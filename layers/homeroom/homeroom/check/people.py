"""Checks that look across people: organisations, roles, shared sign-in names, and the links to guardians."""

from __future__ import annotations

import polars as pl

from homeroom.check.findings import SOURCE_ID, Findings, Where
from homeroom.check.references import REMOVED, UNUSABLE, Known, check_list, ids_of
from homeroom.check.rows import AGENTS, BAD, GONE, Rows, trimmed_list
from homeroom.model.entities import CONTACTS
from homeroom.model.snapshot import LINE
from homeroom.model.vocabulary import GUARDIAN_ROLES, ROLES, STAFF_ROLES, plain


def check_people(rows: Rows, known: Known, findings: Findings) -> None:
    """Organisations (REF-08), roles by organisation, then usernames and staff emails that two people share (DUP-03)."""
    if "orgs" in known:
        check_list(rows, "orgs", known["orgs"], findings, none_known="REF-08", must=True)
    _roles(rows)
    _shared(rows, "username", ~pl.col("role").is_in(list(GUARDIAN_ROLES)), findings)
    _shared(rows, "email", pl.col("role").is_in(list(STAFF_ROLES)), findings)


def _roles(rows: Rows) -> None:
    """`roles` as sorted `role:org` items: OneRoster 1.2 says them, 1.1 implies role × organisations."""
    if rows.frame["roles"].null_count() == rows.frame.height:
        single = ~pl.col("orgs").str.contains(",", literal=True)
        rows.frame = rows.frame.with_columns(
            pl.when(single).then(pl.concat_str("role", pl.lit(":"), "orgs"))
            .otherwise(pl.struct("role", "orgs").map_elements(_every_org, return_dtype=pl.String)).alias("roles")
            if not rows.frame.select(single.all()).item() else pl.concat_str("role", pl.lit(":"), "orgs").alias("roles")
        )
        return
    spellings = rows.frame["roles"].unique().drop_nulls().to_list()
    read = pl.Series([_known_roles(s) for s in spellings], dtype=pl.String)
    rows.frame = rows.frame.with_columns(
        pl.col("roles").replace_strict(spellings, read, default=None, return_dtype=pl.String)
    )


def _every_org(row: dict[str, str | None]) -> str | None:
    if not row["role"] or not row["orgs"]:
        return None
    return ",".join(sorted(f"{row['role']}:{org}" for org in row["orgs"].split(",")))


def _known_roles(text: str) -> str | None:
    known = ROLES.spellings()
    pairs = [item.partition(":") for item in text.split(",")]
    return ",".join(sorted({f"{known[plain(r)]}:{org}" for r, _, org in pairs if plain(r) in known})) or None


def _shared(rows: Rows, column: str, who: pl.Expr, findings: Findings) -> None:
    """Two people with one sign-in name: neither is taken. Guardians do not sign in, so theirs may repeat."""
    live = rows.frame.with_row_index("_at").filter(~pl.col(BAD) & ~pl.col(GONE) & who & pl.col(column).is_not_null())
    folded = live[column].str.to_lowercase()
    if folded.n_unique() == live.height:
        return
    both = live.filter(folded.is_duplicated())
    where = Where("people", "users", rows.entity.field(column).column)
    findings.add("DUP-03", both, where, value=pl.col(column))
    rows.mark(pl.zeros(rows.frame.height, pl.Boolean, eager=True).scatter(both["_at"], True))


def contact_rows(people: Rows, raw: pl.DataFrame, findings: Findings) -> Rows:
    """Links between guardians and students from `agentSourcedIds`, of either side, each once (conformance 33).

    Agents who are neither (a teacher as mentor) are no contacts. A link is unusable where either person is, so that a
    person in error for a day keeps the links that were applied before.
    """
    ids = ids_of(people)
    pairs = _agent_pairs(people, raw)
    partner = people.frame.select(pl.col(SOURCE_ID).alias("agent"), pl.col("role").alias("agent_role"))
    pairs = pairs.join(partner.unique("agent", keep="first"), on="agent", how="left", maintain_order="left")
    fate = ids.rename({SOURCE_ID: "agent", "is": "agent_is"})
    pairs = pairs.join(fate, on="agent", how="left", maintain_order="left")
    nowhere = pairs.filter(pl.col("agent_is").is_null() & ~pl.col(BAD) & ~pl.col(GONE))
    findings.add("FLD-02", nowhere, Where("people", "users", AGENTS), value=pl.col("agent"))
    return _as_contacts(pairs.filter(pl.col("agent_is").is_not_null()), findings)


def _agent_pairs(people: Rows, raw: pl.DataFrame) -> pl.DataFrame:
    """One row for each named agent: the person who names it, that person's role and fate, and the agent."""
    none = pl.DataFrame(schema={SOURCE_ID: pl.String, LINE: pl.UInt32, "role": pl.String, BAD: pl.Boolean,
                                GONE: pl.Boolean, "agent": pl.String})
    if AGENTS not in raw.columns:
        return none
    named = raw.select(LINE, trimmed_list(AGENTS).alias("agent")).filter(pl.col("agent").is_not_null())
    if named.is_empty():
        return none
    owner = people.frame.select(SOURCE_ID, LINE, "role", BAD, GONE)
    named = named.with_columns(pl.col("agent").str.split(",")).explode("agent").filter(pl.col("agent") != "")
    return named.join(owner, on=LINE, how="inner").select(none.columns)


_LINK_ID = pl.concat_str(
    pl.col("student").str.replace_all("%", "%25", literal=True).str.replace_all("|", "%7C", literal=True),
    pl.lit("|"), pl.col("guardian"),
)
"""Id of a contact: `student|guardian`, with the student's own `|` written as in an address, so that no two are equal."""


def _as_contacts(pairs: pl.DataFrame, findings: Findings) -> Rows:
    owns = pl.col("role").is_in(list(GUARDIAN_ROLES))
    named = pl.col("agent_role").is_in(list(GUARDIAN_ROLES))
    forward = named & (pl.col("role") == "student")
    backward = owns & (pl.col("agent_role") == "student")
    guardian = pl.when(named).then("agent_role").otherwise("role")
    links = pairs.filter(forward | backward).select(
        pl.when(forward).then(SOURCE_ID).otherwise("agent").alias("student"),
        pl.when(forward).then("agent").otherwise(SOURCE_ID).alias("guardian"),
        guardian.alias("relationship"), LINE,
        (pl.col(BAD) | (pl.col("agent_is") == UNUSABLE)).alias(BAD),
        (pl.col(GONE) | (pl.col("agent_is") == REMOVED)).alias(GONE),
        pl.when(BAD).then(SOURCE_ID).otherwise("agent").alias("_broken"),
    ).with_columns(_LINK_ID.alias(SOURCE_ID))
    links = links.sort(LINE).unique(SOURCE_ID, keep="first", maintain_order=True)
    broken = links.filter(pl.col(BAD) & ~pl.col(GONE))
    cause = pl.concat_str(pl.lit("people "), pl.col("_broken"))
    findings.add("REF-07", broken, Where("contacts", "users", AGENTS), cause=cause)
    return Rows(CONTACTS, links.select(SOURCE_ID, LINE, *CONTACTS.names, BAD, GONE), read=links.height)
