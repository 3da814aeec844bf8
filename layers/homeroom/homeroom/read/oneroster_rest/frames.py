"""What a read of a OneRoster REST service kept → raw frames in the columns of OneRoster 1.1 CSV, column by column.

The only module here that knows the engine. It reads the lines that `records` writes: values of scalar fields are text,
numbers, flags or null, and become text as they are. Nothing is judged here, that is check's work.

A comma separates the items of a cell. One that stands inside an item (`Reading, Writing`) becomes a semicolon, so that
an item never becomes two; only grade codes are split at it, because no code has one.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import msgspec
import polars as pl

from homeroom.model.snapshot import LINE
from homeroom.read.cells import empty, trimmed
from homeroom.read.layout import CORE, STATUS
from homeroom.read.oneroster_rest.records import decode_lines, lines_of
from homeroom.read.roles import fold_roles

Frames = tuple[dict[str, pl.DataFrame], Mapping[str, tuple[str, ...]]]

MAY_LACK: Mapping[str, tuple[str, ...]] = {
    "courses": ("orgSourcedId",), "classes": ("classType",), "users": ("username",),
}
"""Columns that CSV requires and REST does not: optional by the reference (3.2), or in 1.2 (2.2), or left null (T11)."""
PIECE_BYTES = 8 << 20
"""Bytes of JSON that are parsed at once."""
MOST_EXTRAS = 200
"""Names of metadata that become columns, the frequent ones: a service that makes names up must not fill memory."""

_COMMON = {"sourcedId": "sourcedId", STATUS: "status"}
COLUMNS: Mapping[str, Mapping[str, str]] = {stem: _COMMON | columns for stem, columns in {
    "orgs": {"name": "name", "type": "type", "identifier": "identifier", "parentSourcedId": "parent ref"},
    "academicSessions": {
        "title": "title", "type": "type", "startDate": "startDate", "endDate": "endDate",
        "parentSourcedId": "parent ref", "schoolYear": "schoolYear",
    },
    "courses": {
        "schoolYearSourcedId": "schoolYear ref", "title": "title", "courseCode": "courseCode",
        "grades": "grades codes", "orgSourcedId": "org ref", "subjects": "subjects list",
        "subjectCodes": "subjectCodes list",
    },
    "classes": {
        "title": "title", "grades": "grades codes", "courseSourcedId": "course ref", "classCode": "classCode",
        "classType": "classType", "location": "location", "schoolSourcedId": "school ref",
        "termSourcedIds": "terms refs", "subjects": "subjects list", "subjectCodes": "subjectCodes list",
        "periods": "periods list",
    },
    "users": {
        "enabledUser": "enabledUser", "orgSourcedIds": "orgs refs", "role": "role", "username": "username",
        "userIds": "userIds ids", "givenName": "givenName", "familyName": "familyName", "middleName": "middleName",
        "identifier": "identifier", "email": "email", "sms": "sms", "phone": "phone",
        "agentSourcedIds": "agents refs", "grades": "grades codes", "userMasterIdentifier": "userMasterIdentifier",
        "preferredGivenName": "preferredFirstName", "preferredMiddleName": "preferredMiddleName",
        "preferredFamilyName": "preferredLastName", "primaryOrgSourcedId": "primaryOrg ref", "pronouns": "pronouns",
    },
    "enrollments": {
        "classSourcedId": "class ref", "schoolSourcedId": "school ref", "userSourcedId": "user ref", "role": "role",
        "primary": "primary", "beginDate": "beginDate", "endDate": "endDate",
    },
}.items()}
"""Column → the JSON field it comes from and how that is written; plain fields are named alone."""

_TEXTS = pl.List(pl.String)
_REF = pl.Struct({"sourcedId": pl.String})
_ROLES = pl.List(pl.Struct({"roleType": pl.String, "role": pl.String, "org": _REF}))
_ITEM, _ONE_PERIOD = pl.element(), re.compile(rb'"periods":[^\[n]')
_TYPES: Mapping[str, pl.DataType] = {
    "": pl.String(), "ref": _REF, "refs": pl.List(_REF), "list": _TEXTS, "codes": _TEXTS,
    "ids": pl.List(pl.Struct({"type": pl.String, "identifier": pl.String})),
}


def frames_of_rest(lines: Mapping[str, bytes]) -> Frames:
    """Frames of kept lines by OneRoster file stem, and the columns that such a service may lack.

    1.2 roles are folded into users. `_line` counts the records of a collection from 1.
    """
    return {stem: _frame(stem, lines[stem]) for stem in CORE if stem in lines}, MAY_LACK


def _frame(stem: str, lines: bytes) -> pl.DataFrame:
    if not lines.strip():
        return empty(list(COLUMNS[stem]))
    if stem == "classes" and _ONE_PERIOD.search(lines):
        lines = _periods_as_lists(lines)
    extras = _extras(lines)
    schema, cells = _schema(stem, extras), [_cell(column, how) for column, how in COLUMNS[stem].items()]
    cells += [pl.col("metadata").struct.field(name).alias(f"metadata.{name}") for name in extras]
    parts, roles = [], []
    for piece in _pieces(lines):
        read = pl.read_ndjson(piece, schema=schema)
        parts.append(trimmed(read.select(cells)))
        roles += [_roles_told(read)] if stem == "users" else []
    line = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).alias(LINE)
    frame = _without_idle_status(pl.concat(parts).with_columns(line))
    return _with_roles(frame, pl.concat(roles)) if roles else frame


def _pieces(lines: bytes) -> Iterator[bytes]:
    """Whole lines, some megabytes at once: parsed JSON takes several times the memory of the cells that are kept."""
    start = 0
    while start < len(lines):
        end = lines.find(b"\n", start + PIECE_BYTES) + 1 or len(lines)
        yield lines[start:end]
        start = end


def _schema(stem: str, extras: list[str]) -> dict[str, pl.DataType]:
    """The JSON fields with their types; others are not read."""
    wanted = [how.partition(" ") for how in COLUMNS[stem].values()]
    schema = {name: _TYPES[kind] for name, _, kind in wanted}
    if stem == "users":
        schema["roles"] = _ROLES
    return schema | ({"metadata": pl.Struct(dict.fromkeys(extras, pl.String))} if extras else {})


def _cell(column: str, how: str) -> pl.Expr:
    name, _, kind = how.partition(" ")
    return _CELLS[kind](pl.col(name)).alias(column)


def _joined(items: pl.Expr) -> pl.Expr:
    """Items as one cell; a comma inside an item must not separate."""
    return items.list.eval(_ITEM.str.replace_all(",", ";", literal=True)).list.join(",")


_CELLS: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "": lambda cell: cell,
    "ref": lambda ref: ref.struct.field("sourcedId"),
    "refs": lambda refs: _joined(refs.list.eval(_ITEM.struct.field("sourcedId"))),
    "list": _joined,
    "codes": lambda codes: codes.list.join(","),
    "ids": lambda ids: _joined(ids.list.eval(pl.concat_str(
        pl.lit("{"), _ITEM.struct.field("type").fill_null(""), pl.lit(":"), _ITEM.struct.field("identifier"),
        pl.lit("}")))),
}


def _without_idle_status(frame: pl.DataFrame) -> pl.DataFrame:
    """A status that says `active` of every record says nothing."""
    return frame.drop(STATUS) if frame[STATUS].drop_nulls().unique().is_in(["active"]).all() else frame


def _periods_as_lists(lines: bytes) -> bytes:
    """Some services write periods as one text, separated as in a cell of CSV."""
    records = decode_lines(lines, "classes")
    for record in records:
        if isinstance(record.periods, str):
            record.periods = record.periods.split(",")
        elif not isinstance(record.periods, list | None):
            record.periods = [record.periods]
    return lines_of(records)


class _Extras(msgspec.Struct, gc=False):
    metadata: dict[str, msgspec.Raw] | None = None


def _extras(lines: bytes) -> list[str]:
    """Names of metadata, in the order of the alphabet."""
    if b'"metadata":{"' not in lines:
        return []
    decoder = msgspec.json.Decoder(_Extras)
    found: Counter[str] = Counter()
    for line in io.BytesIO(lines):
        found.update(list(decoder.decode(line).metadata or ()))
    return sorted(sorted(found, key=lambda name: (-found[name], name))[:MOST_EXTRAS])


# ---------------------------------------------------------------- users


def _with_roles(users: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Users with their roles of 1.2 folded in, if any has some: those count before `role` and `orgs` (1.1), which a
    service may send beside them, or for other users instead. Who is not said to be curtailed is not (3.2)."""
    users = users.with_columns(pl.col("enabledUser").fill_null("true"))
    if told.is_empty():
        return users
    old = ~pl.col("sourcedId").is_in(told["userSourcedId"].unique().implode())
    users = users.with_columns(pl.when(old).then("orgSourcedIds").alias("_orgs"))
    folded = fold_roles(users, pl.concat([told, _roles_implied(users.filter(old))]))
    return folded.with_columns(pl.coalesce("_orgs", "orgSourcedIds").alias("orgSourcedIds")).drop("_orgs")


def _roles_told(read: pl.DataFrame) -> pl.DataFrame:
    """`roles[]` as rows of roles.csv."""
    rows = read.select(pl.col("sourcedId").alias("userSourcedId"), pl.col("roles").alias("_one")).explode("_one")
    role = pl.col("_one").struct
    rows = rows.filter(pl.col("_one").is_not_null()).select(
        "userSourcedId", role.field("roleType"), role.field("role"),
        role.field("org").struct.field("sourcedId").alias("orgSourcedId"))
    return trimmed(rows).filter(pl.col("userSourcedId").is_not_null() & pl.col("role").is_not_null())


def _roles_implied(users: pl.DataFrame) -> pl.DataFrame:
    """Role × organisations of 1.1 as rows of roles.csv, for users between others that have `roles[]`."""
    rows = users.select(
        pl.col("sourcedId").alias("userSourcedId"), pl.lit("primary").alias("roleType"), "role",
        pl.col("orgSourcedIds").str.split(",").alias("orgSourcedId"))
    return trimmed(rows.explode("orgSourcedId"))
