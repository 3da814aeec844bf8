"""Checks that look across people: organisations, roles, shared sign-in names, and the links to guardians."""

from __future__ import annotations

import polars as pl

from homeroom.check.findings import SOURCE_ID, Findings, Where
from homeroom.check.references import REMOVED, TAKEN, UNUSABLE, Known, check_list, ids_of
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

    Agents who are neither (a teacher as mentor) are no contacts. A link goes where either person is removed. It is
    unusable where either person is, so that a person in error for a day keeps the links that were applied before.
    """
    roles = people.frame.select(SOURCE_ID, "role").unique(SOURCE_ID, keep="first", maintain_order=True)
    owner = roles.join(ids_of(people), on=SOURCE_ID, how="inner")
    agent = owner.rename({SOURCE_ID: "agent", "role": "agent_role", "is": "agent_is"})
    # A row is known by its id and its line: rows that a delta carried over have no line of their own.
    counted = people.frame.select(SOURCE_ID, LINE)
    pairs = _agent_pairs(raw).join(counted, on=[SOURCE_ID, LINE], how="semi", nulls_equal=True)
    pairs = pairs.join(owner, on=SOURCE_ID, how="inner").join(agent, on="agent", how="left")
    nowhere = pairs.filter(pl.col("agent_is").is_null() & (pl.col("is") == TAKEN))
    findings.add("FLD-02", nowhere, Where("people", "users", AGENTS), value=pl.col("agent"))
    return _as_contacts(pairs, findings)


def _agent_pairs(raw: pl.DataFrame) -> pl.DataFrame:
    """One row for each agent that a row names: `source_id`, `_line` and `agent`."""
    if AGENTS not in raw.columns:
        return pl.DataFrame(schema={SOURCE_ID: pl.String, LINE: pl.UInt32, "agent": pl.String})
    ids = pl.col("sourcedId").alias(SOURCE_ID)
    named = raw.select(ids, LINE, trimmed_list(AGENTS).str.split(",").alias("agent")).explode("agent")
    return named.filter(pl.col("agent") != "")


_LINK_ID = pl.concat_str(
    pl.col("student").str.replace_all("%", "%25", literal=True).str.replace_all("|", "%7C", literal=True),
    pl.lit("|"), pl.col("guardian"),
)
"""Id of a contact: `student|guardian`; a `|` of the student's own id is written as in an address, so none are equal."""


def _as_contacts(pairs: pl.DataFrame, findings: Findings) -> Rows:
    forward = pl.col("agent_role").is_in(list(GUARDIAN_ROLES)) & (pl.col("role") == "student")
    backward = pl.col("role").is_in(list(GUARDIAN_ROLES)) & (pl.col("agent_role") == "student")
    gone = (pl.col("is") == REMOVED) | (pl.col("agent_is") == REMOVED)
    broken = (pl.col("is") == UNUSABLE) | (pl.col("agent_is") == UNUSABLE)
    links = pairs.filter(forward | backward).select(
        pl.when(forward).then(SOURCE_ID).otherwise("agent").alias("student"),
        pl.when(forward).then("agent").otherwise(SOURCE_ID).alias("guardian"),
        pl.when(forward).then("agent_role").otherwise("role").alias("relationship"),
        pl.when(pl.col("is") == UNUSABLE).then(SOURCE_ID).otherwise("agent").alias("cause"),
        LINE, (broken & ~gone).alias(BAD), gone.alias(GONE),
    ).with_columns(_LINK_ID.alias(SOURCE_ID))
    links = links.sort(LINE).unique(SOURCE_ID, keep="first", maintain_order=True)
    cause = pl.concat_str(pl.lit("people "), pl.col("cause"))
    findings.add("REF-07", links.filter(BAD), Where("contacts", "users", AGENTS), cause=cause)
    return Rows(CONTACTS, links.select(SOURCE_ID, LINE, *CONTACTS.names, BAD, GONE), read=links.height)
