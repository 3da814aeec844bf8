"""check: raw rows → canonical rows, issues, and the ids of rows that cannot be used.

Every row gets its field checks before any reference is looked at. An error means that the row is not taken, a warning
that a value is dropped or replaced. Pure: the same snapshot gives the same result anywhere.
"""

from __future__ import annotations

import polars as pl

from homeroom.check.checked import Checked, CheckedEntity
from homeroom.check.findings import SOURCE_ID, Findings, by_code
from homeroom.check.membership import check_membership
from homeroom.check.people import check_people, contact_rows
from homeroom.check.references import check_list, check_references, ids_of
from homeroom.check.rows import BAD, GONE, Rows, check_rows
from homeroom.model.entities import BY_FILE, ENTITIES, Entity, Field
from homeroom.model.issues import CATALOGUE
from homeroom.model.plan import EntityRead
from homeroom.model.snapshot import LINE, Snapshot

__all__ = ["Checked", "CheckedEntity", "by_code", "check"]

_ORDER = ("orgs", "academicSessions", "courses", "users", "classes", "enrollments")
_TARGETS = {f.references for e in ENTITIES.values() for f in e.fields if f.references}
_NEEDED = frozenset({"classes"})
"""No enrollment can be without, so it is looked for though no file of it ever came; orgs and users always came."""
_EMPTY = pl.DataFrame(schema={"sourcedId": pl.String, LINE: pl.UInt32})


def check(snapshot: Snapshot) -> Checked:
    """Check a snapshot whole. Raises nothing: what is wrong is in the result."""
    findings = Findings(snapshot.issues)
    delivered = _delivered(snapshot)
    there = delivered | _NEEDED | {BY_FILE[stem].name for stem in snapshot.frames if stem in BY_FILE}
    entities: dict[str, Rows] = {}
    known: dict[str, pl.DataFrame] = {}
    unresolved = 0
    for stem in _ORDER:
        entity, raw = BY_FILE[stem], snapshot.frames.get(stem, _EMPTY)
        rows = entities[entity.name] = check_rows(entity, raw, findings, snapshot.may_lack.get(stem, ()))
        unresolved += _references(rows, {name: ids for name, ids in known.items() if name in there}, findings)
        known[entity.name] = ids_of(rows) if entity.name in _TARGETS else pl.DataFrame()
        if entity.name == "people":
            entities["contacts"] = contact_rows(rows, raw, findings)
    if "enrollments" in delivered:
        check_membership(entities["people"], entities["classes"], entities["enrollments"], findings)
    issues = findings.frame()
    return Checked(
        entities={name: _result(entities[name], issues) for name in ENTITIES},
        issues=issues,
        unresolved=unresolved,
        references=entities["enrollments"].read,
        delivered=delivered | {"contacts"} if "people" in delivered else delivered,
    )


def _delivered(snapshot: Snapshot) -> frozenset[str]:
    """The entities of which the source says all there is. What a delta leaves out it leaves as it was, so then the
    files that were taken over from the base count too: who is removed takes enrollments along that are not listed."""
    whole = "delta" in snapshot.modes.values()
    told = (s for s, mode in snapshot.modes.items() if mode != "absent" or (whole and s in snapshot.frames))
    return frozenset(BY_FILE[stem].name for stem in told if stem in BY_FILE)


def _references(rows: Rows, known: dict[str, pl.DataFrame], findings: Findings) -> int:
    """Check what rows point to, as far as that was delivered. Returns how many enrollments point nowhere."""
    name = rows.entity.name
    itself = {name: ids_of(rows)} if any(f.references == name for f in rows.entity.fields) else {}
    nowhere = check_references(rows, known | itself, findings)
    if name == "people":
        check_people(rows, known, findings)
    if name == "classes" and "terms" in known:
        check_list(rows, "terms", known["terms"], findings, none_known="REF-04", must=False)
    return nowhere if name == "enrollments" else 0


def _result(rows: Rows, issues: pl.DataFrame) -> CheckedEntity:
    frame, entity = rows.frame, rows.entity
    errors = int(frame[BAD].sum())
    unusable = frame[SOURCE_ID].filter(frame[BAD]).drop_nulls().unique()
    gone = frame[SOURCE_ID].filter(frame[GONE] & ~frame[BAD]).unique()
    records = rows.taken() if errors or len(gone) else frame
    return CheckedEntity(
        records=records.select(SOURCE_ID, LINE, *(_column(field) for field in entity.fields)),
        unusable=unusable,
        gone=gone,
        read=EntityRead(rows.read, rows.read - errors - rows.repeats, errors, _warned(entity, records, issues)),
    )


def _column(field: Field) -> pl.Expr:
    """What a source carries; what rules make is still empty."""
    return pl.lit(None, pl.String).alias(field.name) if field.made else pl.col(field.name)


def _warned(entity: Entity, records: pl.DataFrame, issues: pl.DataFrame) -> int:
    """Rows that were taken with at least one warning."""
    codes = [c.code for c in CATALOGUE.values() if c.severity == "warning"]
    found = issues.filter((pl.col("entity") == entity.name) & pl.col("code").is_in(codes)).select(SOURCE_ID)
    return records.join(found, on=SOURCE_ID, how="semi").height if found.height else 0

