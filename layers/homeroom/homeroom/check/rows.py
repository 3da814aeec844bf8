"""The checks of one entity's own rows: status, ids, cells, dates in order, duplicates. References come after."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace

import polars as pl

from homeroom.check.cells import Finding, read_cells
from homeroom.check.findings import SOURCE_ID, Findings, Where
from homeroom.model.entities import Entity, Field
from homeroom.model.snapshot import LINE, PROBLEM
from homeroom.model.vocabulary import STATUSES, plain

BAD = "_bad"
"""Rows that are not taken."""
GONE = "_gone"
"""Rows that say `tobedeleted`: an explicit removal."""

LONGEST_ID = 255
"""Characters of a GUID (OneRoster CSV binding)."""

AGENTS = "agentSourcedIds"
"""Column of users.csv that becomes contacts."""

_DATE_PAIRS = (("start_date", "end_date"), ("begin_date", "end_date"))


@dataclass
class Rows:
    """Canonical rows of an entity while its checks run: fields, `source_id`, `_line`, `_bad`, `_gone`."""

    entity: Entity
    frame: pl.DataFrame
    read: int
    repeats: int = 0

    def mark(self, bad: pl.Series) -> None:
        """Take these rows out of what is taken."""
        self.frame = self.frame.with_columns((pl.col(BAD) | bad).alias(BAD))

    def taken(self) -> pl.DataFrame:
        """Rows that are taken."""
        return self.frame.filter(~pl.col(BAD) & ~pl.col(GONE))


def check_rows(entity: Entity, raw: pl.DataFrame, findings: Findings, may_lack: Collection[str] = ()) -> Rows:
    """Field checks on every row of one file, then repeats and double ids.

    `may_lack` are columns that this source does not always fill: blank is no error there.
    """
    agents = raw[AGENTS] if AGENTS in raw.columns else None
    raw = _columns(entity, raw)
    source_id = raw[SOURCE_ID]
    raw = _without_torn_cells(entity, raw.with_columns(source_id))
    gone, findings_of = _status(raw), []
    bad = _unusable_ids(entity, source_id, raw, findings)
    columns = [source_id, raw[LINE]]
    for field in entity.carried:
        wanted = replace(field, required=False) if field.column in may_lack else field
        cells = read_cells(wanted, raw[field.name])
        columns.append(cells.column)
        findings_of += [(field, finding) for finding in cells.findings]
    for field, finding in findings_of:
        at = finding.rows & ~gone if gone.any() else finding.rows
        _note(entity, field, finding, raw.filter(at), findings)
        bad = bad | at if finding.error else bad
    frame = pl.DataFrame([*columns, bad.alias(BAD), gone.alias(GONE)])
    rows = Rows(entity, _dates_in_order(entity, frame, findings), read=raw.height)
    _single_ids(rows, agents, findings)
    return rows


def _columns(entity: Entity, raw: pl.DataFrame) -> pl.DataFrame:
    """Raw columns under their canonical names; columns that the source does not carry are null."""
    have = set(raw.columns)
    none = pl.lit(None, pl.String)
    wanted = {SOURCE_ID: "sourcedId", "_status": "status"} | {f.name: f.column for f in entity.carried}
    cells = [
        (pl.col(column) if column in have else none).alias(name)
        for name, column in wanted.items() if column != "metadata.*"
    ]
    problem = pl.col(PROBLEM) if PROBLEM in have else none
    return raw.select(*cells, _extras(raw).alias("metadata"), pl.col(LINE), problem.alias(PROBLEM))


def _without_torn_cells(entity: Entity, raw: pl.DataFrame) -> pl.DataFrame:
    """No cell of a malformed row can be trusted: only its place and its id stay."""
    if raw[PROBLEM].null_count() == raw.height:
        return raw
    return raw.with_columns(pl.when(pl.col(PROBLEM).is_null()).then(f.name).alias(f.name) for f in entity.carried)


def _extras(raw: pl.DataFrame) -> pl.Expr:
    """`metadata.*` columns as one JSON object without blanks; null where all are blank."""
    names = [c for c in raw.columns if c.startswith("metadata.")]
    filled = [c for c in names if raw[c].null_count() < raw.height]
    if not filled:
        return pl.lit(None, pl.String)
    joined = pl.concat_str([_pair(c) for c in sorted(filled)], separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(pl.concat_str(pl.lit("{"), joined, pl.lit("}")))


def _pair(column: str) -> pl.Expr:
    """`"name":"value"`, or null where the cell is blank."""
    name = _json(column.removeprefix("metadata."))
    value = pl.col(column).map_elements(_json, return_dtype=pl.String)
    return pl.when(pl.col(column).is_not_null()).then(pl.concat_str(pl.lit(f"{name}:"), value))


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _status(raw: pl.DataFrame) -> pl.Series:
    """Rows that say `tobedeleted` (or the old `inactive`), whatever the mode of the file (trap T15)."""
    status = raw["_status"]
    known = STATUSES.spellings()
    gone = [s for s in status.unique().to_list() if s and known.get(plain(s.strip())) == "tobedeleted"]
    return status.is_in(gone).fill_null(False) if gone else pl.zeros(raw.height, pl.Boolean, eager=True)


def _unusable_ids(entity: Entity, source_id: pl.Series, raw: pl.DataFrame, findings: Findings) -> pl.Series:
    """Rows without an id, with an id that is too long, or malformed as the reader found them."""
    bad = source_id.is_null()
    where = Where(entity.name, entity.file, "sourcedId")
    findings.add("FLD-01", raw.filter(bad & raw[PROBLEM].is_null()), where)
    long = (source_id.str.len_bytes() > LONGEST_ID).fill_null(False)
    findings.add("FLD-08", raw.filter(long), where)
    bad |= long
    for code in raw[PROBLEM].drop_nulls().unique().sort().to_list():
        broken = (raw[PROBLEM] == code).fill_null(False)
        findings.add(code, raw.filter(broken), Where(entity.name, entity.file))
        bad |= broken
    return bad


def _note(entity: Entity, field: Field, finding: Finding, rows: pl.DataFrame, findings: Findings) -> None:
    where = Where(entity.name, entity.file, field.column)
    findings.add(finding.code, rows.filter(pl.col(PROBLEM).is_null()), where, value=pl.col(field.name))


def _dates_in_order(entity: Entity, frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """A begin after its end makes both dates unknown (FLD-06)."""
    for first, last in _DATE_PAIRS:
        if first not in frame.columns or last not in frame.columns:
            continue
        wrong = (frame[first] > frame[last]).fill_null(False) & ~frame[GONE]
        if wrong.any():
            where = Where(entity.name, entity.file, entity.field(first).column)
            findings.add("FLD-06", frame.filter(wrong), where, value=pl.col(first).cast(pl.String))
            blank = [pl.when(~pl.lit(wrong)).then(pl.col(c)).alias(c) for c in (first, last)]
            frame = frame.with_columns(blank)
    return frame


def _single_ids(rows: Rows, agents: pl.Series | None, findings: Findings) -> None:
    """Identical rows count once (DUP-02); ids with different content are taken from none of them (DUP-01).

    `agents` belong to the content of a person's row, though they become contacts and no field.
    """
    frame, entity = rows.frame, rows.entity
    if frame[SOURCE_ID].hash().n_unique() == frame.height:  # cheaper than the texts; a clash only means a closer look
        return
    numbered = frame.with_row_index("_at")
    if agents is not None:
        numbered = numbered.with_columns(agents.to_frame().select(trimmed_list(AGENTS)))
    shared = numbered.filter(pl.col(SOURCE_ID).is_duplicated() & pl.col(SOURCE_ID).is_not_null())
    content = [c for c in numbered.columns if c not in ("_at", SOURCE_ID, LINE)]
    kinds = shared.group_by(SOURCE_ID).agg(pl.struct(content).n_unique().alias("_kinds"))
    shared = shared.join(kinds, on=SOURCE_ID, how="left", maintain_order="left")
    clashing = shared.filter(pl.col("_kinds") > 1)
    repeated = shared.filter((pl.col("_kinds") == 1) & ~pl.col(SOURCE_ID).is_first_distinct())
    where = Where(entity.name, entity.file, "sourcedId")
    for code, found in (("DUP-01", clashing), ("DUP-02", repeated)):
        findings.add(code, found, where, value=pl.col(SOURCE_ID))
    rows.mark(_marked(frame.height, clashing["_at"]))
    extra = _marked(frame.height, repeated["_at"]) & ~rows.frame[BAD]
    rows.repeats = int(extra.sum())
    rows.frame = rows.frame.filter(~extra)


def _marked(height: int, at: pl.Series) -> pl.Series:
    return pl.zeros(height, pl.Boolean, eager=True).scatter(at, True)


def trimmed_list(column: str) -> pl.Expr:
    """A raw list cell without white space around its items; blank is null."""
    items = pl.col(column).str.replace_all(r"\s*,\s*", ",").str.strip_chars(", \t")
    return pl.when(items != "").then(items)
