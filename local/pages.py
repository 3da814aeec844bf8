"""Pages of `docs/` that are made from the code: issue codes and guards, fields, and the console's test events."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from homeroom import errors
from homeroom.model.entities import ENTITIES, LIST_KINDS, Entity, Field
from homeroom.model.entities import MADE as MADE_FIELDS
from homeroom.model.issues import CATALOGUE, NOT_RAISED, Code
from homeroom.model.vocabulary import Vocabulary
from homeroom.read.carried import LESS, SOME, SOURCES, WHY_NOT, How, Less, carriers, less_of
from homeroom.report.words import OWNERS
from local.guard_page import guards
from local.page_parts import MADE as _MADE
from local.page_parts import table as _table
from local.product_page import products

ROOT = Path(__file__).resolve().parents[1]

_FAMILIES: Mapping[str, str] = {
    "SRC": "The source as a whole",
    "FIL": "Files",
    "FLD": "Values of a row",
    "REF": "References between records",
    "DUP": "Duplicates",
    "IDN": "Identities",
    "MAN": "Changes made by hand",
    "PRD": "Rules of products",
    "UND": "Undo",
}


def write(root: Path = ROOT) -> list[Path]:
    """Write all pages; returns those that changed."""
    stale = outdated(root)
    for path in stale:
        path.write_text(PAGES[path.name](root), encoding="utf-8")
    return stale


def outdated(root: Path = ROOT) -> list[Path]:
    """Pages that are missing or not what the code says."""
    paths = {root / "docs" / name: page for name, page in PAGES.items()}
    return [path for path, page in paths.items() if not path.exists() or path.read_text(encoding="utf-8") != page(root)]


def issue_codes(_root: Path) -> str:
    """docs/issue-codes.md"""
    parts = [
        "# Issue codes",
        _MADE.format(origin="`model/issues.py` and `errors.py`"),
        _ISSUES_INTRODUCTION,
        *(section for prefix, title in _FAMILIES.items() for section in _family(prefix, title)),
        _GUARDS_INTRODUCTION,
        _ERRORS_INTRODUCTION,
        _table(("code", "error", "what it means", "who acts", "what to do"), _error_rows()),
    ]
    return "\n\n".join(parts) + "\n"


def fields(_root: Path) -> str:
    """docs/fields.md"""
    parts = [
        "# Fields",
        _MADE.format(origin="`model/entities.py`, `model/vocabulary.py` and `read/carried.py`"),
        _FIELDS_INTRODUCTION,
        *(section for entity in ENTITIES.values() for section in _entity(entity)),
        "## What Clever carries in part",
        _CLEVER_INTRODUCTION,
        _table(("entity", "fields", "Clever has", "because", "of"), map(_less_row, LESS)),
        _table(("entity", "records that Clever has"), ((name, some.why) for name, some in SOME.items())),
        "## Vocabularies",
        "Compared without regard to case, `-`, `_` and spaces.",
        _table(("vocabulary", "words", "also accepted", "anything else"), map(_vocabulary_row, _vocabularies())),
    ]
    return "\n\n".join(parts) + "\n"


def console_events(root: Path) -> str:
    """docs/console-events.md"""
    parts = ["# Events for the console", _MADE.format(origin="`functions/` and `events/`"), _EVENTS_INTRODUCTION]
    for app in sorted(root.glob("functions/*/app.py")):
        name = app.parent.name
        parts += [f"## {name}", _first_lines(app)]
        cases = sorted((root / "events" / name).glob("*.json"))
        parts.append(_table(("event", "in short"), ([f"[`{case.name}`](../events/{name}/{case.name})", _in_short(case)]
                                                     for case in cases)) if cases else "No events.")
    return "\n\n".join(parts) + "\n"


PAGES: Mapping[str, Callable[[Path], str]] = {
    "products.md": products, "guards.md": guards,
    "issue-codes.md": issue_codes, "fields.md": fields, "console-events.md": console_events,
}
"""Name of each page below `docs/`, and what makes it."""


def _family(prefix: str, title: str) -> Iterator[str]:
    codes = [code for code in CATALOGUE.values() if code.code.startswith(prefix)]
    rows = ((code.code, code.severity, code.meaning, _done(code), OWNERS[code.owner], code.remedy) for code in codes)
    yield f"## {prefix}: {title}"
    yield _table(("code", "severity", "what happened", "what we did", "who fixes it", "what to do"), rows)


def _done(code: Code) -> str:
    """What we did; of a code that nothing raises, why."""
    why = NOT_RAISED.get(code.code)
    return code.action if why is None else f"*not raised: {why}*"


def _error_rows() -> Iterator[tuple[str, ...]]:
    """Our own errors that are not issues of a source."""
    for kind in (errors.HomeroomError, errors.Refused, errors.Lapsed, errors.NotFound, errors.LeaseLost,
                 errors.StateLost, errors.RetryableError, errors.LinkHeld, errors.PartMissing, errors.NoEnd):
        told = (kind.__doc__ or "").partition("\n")[0].partition(":")[0].rstrip(".")
        yield kind.code, f"`{kind.__name__}`", told, OWNERS[kind.owner], kind.remedy


def _entity(entity: Entity) -> Iterator[str]:
    yield f"## {entity.name}"
    yield _ORIGINS.get(entity.name, f"From `{entity.file}.csv`, one record a row; `sourcedId` becomes `source_id`.")
    rows = ([*_field_row(field), _carried_by(entity, field)] for field in entity.carried)
    yield _table(("field", "column", "kind", "required", "rule", "carried by"), rows)
    if entity.made:
        yield "No source has these: the [rules of products](product-rules.md) make them."
        yield _table(("field", "kind", "what it holds"),
                     ([f"`{field.name}`", _kind(field), MADE_FIELDS[field.name]] for field in entity.made))


def _carried_by(entity: Entity, field: Field) -> str:
    """Which sources fill a field, and why Clever does not."""
    by = carriers(entity.name, field.name)
    lacking = [name for source, name in SOURCES.items() if source not in by]
    told = "all" if not lacking else f"all but {' and '.join(lacking)}"
    why = WHY_NOT.get(entity.name, {}).get(field.name)
    in_part = ", Clever in part" if less_of(entity.name, field.name) else ""
    return told + (f": {why}" if why else in_part)


def _less_row(less: Less) -> list[str]:
    fields = ", ".join(f"`{field}`" for field in less.fields)
    return [less.entity, fields, _HOW[less.how], less.why, ", ".join(sorted(less.roles)) or "all"]


_HOW: Mapping[How, str] = {"first": "the first one", "own": "a word of its own", "no": "nothing"}


def _field_row(field: Field) -> list[str]:
    rules = [
        f"vocabulary *{field.vocabulary.name}*" if field.vocabulary else "",
        f"points to {field.references}" if field.references else "",
        f"at most {field.longest} characters" if field.kind in ("text", "extras") and field.longest != _USUAL else "",
    ]
    return [f"`{field.name}`", f"`{field.column}`", _kind(field), "yes" if field.required else "",
            ", ".join(rule for rule in rules if rule)]


def _kind(field: Field) -> str:
    return f"list of {field.kind}" if field.kind == "grades" else "list" if field.kind in LIST_KINDS else field.kind


_USUAL = 255


def _vocabularies() -> Iterable[Vocabulary]:
    found = (field.vocabulary for entity in ENTITIES.values() for field in entity.fields if field.vocabulary)
    return {vocabulary.name: vocabulary for vocabulary in found}.values()


def _vocabulary_row(vocabulary: Vocabulary) -> list[str]:
    spellings = ", ".join(f"`{spelling}` → `{word}`" for spelling, word in vocabulary.aliases.items())
    other = f"becomes `{vocabulary.other}`, with a warning" if vocabulary.other else "is reported"
    return [vocabulary.name, ", ".join(f"`{word}`" for word in vocabulary.words), spellings, other]


def _first_lines(app: Path) -> str:
    """The function's own words: its module's docstring without its name."""
    told = ast.get_docstring(ast.parse(app.read_text(encoding="utf-8"))) or ""
    text = told.partition("\n\n")[0].replace("\n", " ").removeprefix(f"{app.parent.name}: ")
    return text[:1].upper() + text[1:]


def _in_short(case: Path) -> str:
    """The words of an event by which one recognises it."""
    event: dict[str, Any] = json.loads(case.read_text(encoding="utf-8"))
    if "rawPath" in event:
        return f"`{event['requestContext']['http']['method']} {event['rawPath']}`" + _asked(event["rawQueryString"])
    told = {key: value for key, value in event.items() if isinstance(value, str | int) and key not in _LONG}
    words = [f"{key} `{value if isinstance(value, str) else json.dumps(value)}`" for key, value in told.items()]
    return ", ".join(words or event)


def _asked(query: str) -> str:
    """The names of the parameters of a request."""
    names = [pair.partition("=")[0] for pair in query.split("&") if pair]
    return f" with {', '.join(names)}" if names else ""


_LONG = frozenset({"id", "account", "time", "region", "version", "by", "reason", "plan_hash", "content_hash"})


_ORIGINS: Mapping[str, str] = {
    "contacts": "Links between a guardian and a student, made from `agentSourcedIds` of either side in `users.csv`; "
                "the id is `<student>|<guardian>`. A contact is never a person.",
    "people": "From `users.csv`, one record a row, of any role; `sourcedId` becomes `source_id`. In OneRoster 1.2 "
              "`role`, `roles` and `orgs` come from `roles.csv`.",
}
_ISSUES_INTRODUCTION = """\
Everything that can be wrong with an export has a code. `homeroom check` lists them, each run keeps them with file, line
and column, and the summary counts them.

| severity | what it does |
| --- | --- |
| fatal | the run stops; nothing is written, nobody is removed |
| error | the row is not taken; if the record was applied before, its last good version stays (*kept*) |
| warning | the row is taken; the value in question is left out or replaced |
| info | nothing is lost; it is said so that nobody is surprised |

What depends on a record in error is `REF-07` and names its cause, so that one missing person is mended once and not in
thirty places."""
_GUARDS_INTRODUCTION = """\
## Guards

Codes such as GRD-02 and `FIRST-LOAD` are guards: they look at a plan before the first write, and hold it for a person.
[Guards](guards.md) lists them with limits, what each holds, and why."""
_ERRORS_INTRODUCTION = """\
## Errors of the system

What a function or a command answers when the source is not to blame."""
_FIELDS_INTRODUCTION = """\
The canonical roster: what Homeroom keeps of a OneRoster export. Columns that are not listed are accepted and ignored;
`metadata.*` columns are kept together. A password is dropped while the file is read.

| kind | how a cell is read |
| --- | --- |
| id | text that names a record, at most 255 characters |
| text | free text, cut at 255 characters if nothing else is said |
| word | one word of a vocabulary |
| flag | `true` or `false` |
| email | an address with one `@` |
| date | `YYYY-MM-DD`; a time part is dropped |
| year | four digits, the year in which it ends |
| list | several texts in one cell, split at commas |
| list of grades | several grade codes |
| extras | all `metadata.*` columns as one JSON object |

A required field that is empty is `FLD-01`; see [issue codes](issue-codes.md). *Carried by* tells which sources fill a
field: OneRoster CSV (1.1 or 1.2), OneRoster REST 1.1 and 1.2, and [Clever](#what-clever-carries-in-part)."""
_CLEVER_INTRODUCTION = """\
OneRoster CSV, OneRoster REST and Clever give the same roster on what all of them carry; a test holds that. A field that
a source does not carry is null. Ids differ by source. Where Clever fills a field with less than the district's SIS
says, or with a word of its own, and which records it does not have at all, stands here."""
_EVENTS_INTRODUCTION = """\
Every function can be tried in the AWS console: open it, choose *Test*, paste one of these events, change the names.
Support needs `support` alone; the others are here for engineers. A test executes each of them."""
