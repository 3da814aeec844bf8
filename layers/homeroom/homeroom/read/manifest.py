"""manifest.csv: which OneRoster version, and which files count in bulk, as a delta, or not at all.

Tolerant where real exports differ and nothing is lost by it (traps T34 to T36, conformance 16, 17, 19, 21): order,
case, line endings, `manifest.version` of any value, properties that are missing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from homeroom.model.issues import Issue
from homeroom.model.snapshot import Mode
from homeroom.read.layout import CORE, INDISPENSABLE, READ, ROLES, stem_of
from homeroom.read.text import as_utf8
from homeroom.read.unusable import SetUnusable

Version = Literal["1.1", "1.2"]
NAME = "manifest.csv"
_MODES: Mapping[str, Mode] = {"bulk": "bulk", "delta": "delta", "absent": "absent"}
_VERSION = re.compile(r"^[vV]?(1\.[12])(\.\d+)*$")


@dataclass(frozen=True)
class Manifest:
    """What the manifest says of the files that are ever read; `version` is None where it says nothing.

    `issues` are fatal (FIL-01, FIL-02, FIL-14) or warnings.
    """

    version: Version | None
    modes: Mapping[str, Mode]
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True)
class Contents:
    """The files to read, each with its mode, after manifest and set were held against each other.

    `roles_apart` says that users' roles come from roles.csv, as in OneRoster 1.2.
    """

    version: Version
    modes: Mapping[str, Mode]
    roles_apart: bool
    issues: tuple[Issue, ...] = ()


def parse_manifest(content: bytes) -> Manifest:
    """Read manifest.csv. Never raises: what is wrong with it is in `issues`."""
    try:
        text = as_utf8(content, NAME).data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text.replace("\r\n", "\n")), strict=True, skipinitialspace=True))
    except SetUnusable as error:
        return Manifest(None, {}, error.issues)
    except csv.Error:
        return Manifest(None, {}, (Issue("FIL-02", f"{NAME} is not well-formed CSV", file=NAME),))
    properties, issues = _properties(rows)
    version = _version(properties.get("oneroster.version", ""), issues)
    modes: dict[str, Mode] = {}
    for name, value in properties.items():
        stem = stem_of(name.removeprefix("file.") + ".csv") if name.startswith("file.") else None
        if stem not in READ:
            continue
        if (mode := _MODES.get(value.lower())) is None:
            issues.append(Issue("FIL-14", f"{NAME} gives {stem}.csv no mode of bulk, delta or absent", file=NAME))
        else:
            modes[stem] = mode
    return Manifest(version, modes, tuple(issues))


def _properties(rows: Iterable[list[str]]) -> tuple[dict[str, str], list[Issue]]:
    """Property names in lower case with their values; the first line may be a header."""
    properties: dict[str, str] = {}
    issues: list[Issue] = []
    for cells in rows:
        name, value = (cell.strip() for cell in [*cells, "", ""][:2])
        known = properties.setdefault(name.lower(), value)
        if known.lower() != value.lower():
            issues.append(Issue("FIL-14", f"{NAME} gives two values for one property", file=NAME))
    return properties, issues


def _version(value: str, issues: list[Issue]) -> Version | None:
    if not value:
        return None
    match = _VERSION.match(value)
    if match is None:
        issues.append(Issue("FIL-14", f"{NAME} says another OneRoster version than 1.1 or 1.2", file=NAME))
        return None
    return "1.2" if match.group(1) == "1.2" else "1.1"


def contents_of(manifest: Manifest | None, stems: Iterable[str], *, strict: bool = False,
                base: Iterable[str] = ()) -> Contents:
    """What to read of a set that holds these files. `base`: files of which an earlier state is known.

    Issues are fatal (FIL-03 something missing, FIL-07 delta without a base, FIL-14), warnings or notes.
    """
    there, known = frozenset(stems), frozenset(base)
    if manifest is None and not there & {*READ}:
        return Contents("1.1", {}, False, (Issue("FIL-03", "The set holds no OneRoster file"),))
    issues = list(manifest.issues) if manifest else [_no_manifest(strict)]
    version: Version = (manifest.version if manifest else None) or ("1.2" if ROLES in there else "1.1")
    files = READ if version == "1.2" else CORE
    modes: dict[str, Mode] = {}
    for stem in files:
        modes[stem] = _mode(stem, manifest, there, known, issues)
    unused = sorted(there & {*READ} - {stem for stem, mode in modes.items() if mode != "absent"})
    issues += [Issue("FIL-05", f"{stem}.csv is not announced by the manifest; ignored", file=f"{stem}.csv")
               for stem in unused]
    apart = version == "1.2" and (modes[ROLES] != "absent" or ROLES in known)
    return Contents(version, modes, apart, tuple(issues))


def _no_manifest(strict: bool) -> Issue:
    if strict:
        return Issue("FIL-03", f"{NAME} is missing", file=NAME)
    return Issue("FIL-09", f"{NAME} is missing; the files were taken as a full export", file=NAME)


def _mode(stem: str, manifest: Manifest | None, there: frozenset[str], known: frozenset[str],
          issues: list[Issue]) -> Mode:
    """The mode in which one file is read, with what speaks against it."""
    name = f"{stem}.csv"
    said = manifest.modes.get(stem) if manifest else ("bulk" if stem != ROLES or stem in there else None)
    if said is None and stem in there:
        issues.append(Issue("FIL-09", f"{NAME} does not name {name}; taken as a full export", file=NAME))
    mode: Mode = said or ("bulk" if stem in there else "absent")
    if mode != "absent" and stem not in there:
        why = f": the manifest announces it as {mode}" if manifest else ""
        issues.append(Issue("FIL-03", f"{name} is missing{why}", file=name))
    elif mode == "delta" and stem not in known:
        issues.append(Issue("FIL-07", f"{name} is a delta, and no full export of it is known", file=name))
    elif mode == "absent" and stem in INDISPENSABLE - {ROLES} - known:
        issues.append(Issue("FIL-03", f"{name} is absent, and no earlier full export of it is known", file=name))
    return mode
