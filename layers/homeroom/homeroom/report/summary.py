"""The Sync Status summary (requirement C6): one document about a run, in counts, codes and words.

It is kept as `summary.json`, stands in the ledger, and feeds metrics, messages, the command and the page, so that the
same number stands everywhere. It holds no record and no name of a person but that of whoever asked for the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.guard.guards import BY_CODE
from homeroom.model import places
from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Integration
from homeroom.model.plan import PlanManifest
from homeroom.model.reasons import PRODUCT_RULED, PRODUCT_WORDS
from homeroom.model.run import RunRecord
from homeroom.report.issues import by_severity
from homeroom.report.next_step import Next, next_step

VERSION = 1
SHORT_HASH = 12
UNEXPLAINED = "absent"
"""The reason in `PlanManifest.removals` of a record that is simply not in the source any more."""
RULED = "sharing rule"
"""The reason there of a record that the source still has and that the sharing rules leave out."""
APPLIED = ("applied", "applied with issues")

_COUNTED = {"created": "create", "updated": "update", "archived": "archive", "restored": "restore",
            "unchanged": "unchanged", "kept": "kept", "adopted": "adopt"}
ACTIONS = ("create", "update", "archive", "restore", "adopt")
_READ = ("read", "valid", "errors", "warnings")


def summarize(*, integration: Integration, record: RunRecord, manifest: PlanManifest | None,
              results: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """The summary of a run whose ledger entry is `record`.

    `manifest` is what was planned, None where a run never came so far; `results` are the parts' own counts of what they
    wrote. `now` (UTC) stands for the end of a run that has none yet. `entities` tells what was done if `applied`, else
    what the plan would do.
    """
    ended = record.finished_at or now
    guards = [_guard(judged) for judged in manifest.guards] if manifest else []
    step = next_step(record, manifest, [guard for guard in guards if guard["tripped"]])
    return {
        "version": VERSION,
        "integration": integration.id,
        "district": integration.district_name or integration.id,
        "product_line": integration.product_line,
        "transport": integration.transport,
        "run": record.run,
        "trigger": record.trigger,
        "by": record.by,
        "state": record.state,
        "outcome": record.outcome,
        "applied": record.outcome in APPLIED,
        "code": record.code,
        "text": record.text,
        "times": _times(record.started_at, ended, integration.timezone),
        "source": _source(record, manifest),
        "entities": _entities(manifest),
        "removals": _removals(manifest),
        "waits": _waits(record, manifest),
        "approvers": manifest.approvers if manifest else 1,
        "rekey": manifest.rekey if manifest else None,
        **by_rules(manifest.removals if manifest else {}, manifest.left_out if manifest else {}),
        "issues": _issues(manifest),
        "guards": guards,
        "nearest": _nearest(guards),
        "written": _written(results),
        "verdict": _verdict(record, manifest, guards),
        "plan_hash": record.plan_hash or (manifest.plan_hash if manifest and manifest.plan_hash else None),
        "next": _step(step),
        "links": _links(record, manifest),
    }


def _times(started: datetime, ended: datetime, zone: str) -> dict[str, Any]:
    """UTC, and the district's own wall clock."""
    local = ZoneInfo(zone)
    return {
        "started": started.isoformat(timespec="seconds"),
        "finished": ended.isoformat(timespec="seconds"),
        "started_local": started.astimezone(local).isoformat(timespec="seconds"),
        "finished_local": ended.astimezone(local).isoformat(timespec="seconds"),
        "timezone": zone,
        "seconds": round((ended - started).total_seconds(), 1),
    }


def _source(record: RunRecord, manifest: PlanManifest | None) -> dict[str, Any]:
    content = (manifest.content_hash if manifest else None) or record.content_hash or ""
    return {
        "name": manifest.source if manifest else "",
        "content": content[:SHORT_HASH] or None,
        "complete": manifest.complete if manifest else None,
        "as_of": manifest.as_of if manifest else None,
    }


def _entities(manifest: PlanManifest | None) -> dict[str, dict[str, int]]:
    """Counts by entity: what was read, and what the plan does with it."""
    read = manifest.read if manifest else {}
    counts = manifest.counts if manifest else {}
    told = {}
    for name in ENTITIES:
        row = {word: read.get(name, {}).get(word, 0) for word in _READ}
        row |= {word: counts.get(name, {}).get(key, 0) for word, key in _COUNTED.items()}
        unexplained = manifest.removals.get(name, {}).get(UNEXPLAINED, 0) if manifest else 0
        told[name] = row | {"archived_explained": row["archived"] - unexplained, "archived_unexplained": unexplained}
    return told


def by_rules(removals: Mapping[str, Mapping[str, int]],
             left_out: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Any]]:
    """What the `sharing` rules and the rules of `products` do: `leave` = records archived for them, by entity;
    `left_out` = entity → rule → records of the source that are not taken, those that leave among them."""
    return {"sharing": _ruled(removals, left_out, RULED), "products": _ruled(removals, left_out, PRODUCT_RULED)}


def _ruled(removals: Mapping[str, Mapping[str, int]], left_out: Mapping[str, Mapping[str, int]],
           kind: str) -> dict[str, Any]:
    products = kind == PRODUCT_RULED
    out = {name: {why: n for why, n in whys.items() if (why in PRODUCT_WORDS) is products}
           for name, whys in left_out.items()}
    return {"leave": {name: reasons[kind] for name, reasons in removals.items() if kind in reasons},
            "left_out": {name: whys for name, whys in out.items() if whys}}


def _removals(manifest: PlanManifest | None) -> dict[str, dict[str, int]]:
    """Entity → reason → records, where anything leaves."""
    return {name: dict(reasons) for name, reasons in manifest.removals.items() if reasons} if manifest else {}


def _waits(record: RunRecord, manifest: PlanManifest | None) -> dict[str, Any] | None:
    """What of the plan was left out until a person decides: how many records, by entity and action, why those that
    would leave do, and the hash that an approval names. None where nothing was left out."""
    if manifest is None or manifest.rest is None or record.outcome not in (*APPLIED, "nothing to change"):
        return None
    counts = {name: {action: n for action, n in told.items() if action in ACTIONS and n}
              for name, told in manifest.rest["counts"].items()}
    return {
        "records": sum(sum(told.values()) for told in counts.values()), "plan_hash": manifest.rest["plan_hash"],
        "entities": {name: told for name, told in counts.items() if told}, "removals": manifest.rest["removals"],
    }


def _issues(manifest: PlanManifest | None) -> dict[str, Any]:
    """Codes with counts, the worst first, each with who fixes it and how."""
    codes = manifest.issues if manifest else {}
    return {
        "total": sum(codes.values()),
        "codes": [
            {"code": code.code, "count": count, "severity": code.severity, "owner": code.owner,
             "meaning": code.meaning, "action": code.action, "remedy": code.remedy}
            for code, count in by_severity(codes)
        ],
    }


def _guard(judged: Mapping[str, Any]) -> dict[str, Any]:
    """A guard's result with what is left to its limit, in the guard's own unit, and what to do when it trips."""
    guard = BY_CODE[judged["code"]]
    return {**judged, "distance": round(judged["limit"] - judged["value"], 3), "meaning": guard.meaning,
            "remedy": guard.remedy}


def _nearest(guards: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The guard that came nearest to its limit without tripping; None if all saw nothing."""
    quiet = [g for g in guards if not g["tripped"] and g["limit"] and g["value"]]
    nearest = max(quiet, key=lambda g: g["value"] / g["limit"], default=None)
    return {key: nearest[key] for key in ("code", "value", "limit", "unit", "about")} if nearest else None


def _written(results: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What the writers counted: records, identity links, places that moved enrollments left, and entries of records
    made by hand. `items` is the sum."""
    total = dict.fromkeys(("records", "links", "moved", "entries"), 0)
    for result in results:
        for word in total:
            total[word] += int(result.get(word, 0))
    return total | {"items": sum(total.values())}


def _verdict(record: RunRecord, manifest: PlanManifest | None, guards: list[dict[str, Any]]) -> dict[str, Any]:
    tripped = [guard["code"] for guard in guards if guard["tripped"]]
    word = manifest.verdict if manifest else None
    changes = sum(counts.get(key, 0) for counts in manifest.counts.values()
                  for key in ACTIONS) if manifest else 0
    return {"word": word, "tripped": tripped, "changes": changes, "operations": record.operations,
            "approved": record.trigger == "approval" and record.outcome in APPLIED}


def _step(step: Next) -> dict[str, str]:
    return {"owner": step.owner, "text": step.text}


def _links(record: RunRecord, manifest: PlanManifest | None) -> dict[str, str]:
    """Keys in the roster bucket."""
    integration, run = record.integration, record.run
    links = {"summary": places.summary(integration, run)}
    if manifest:
        links |= {"issues": places.issues(integration, run), "plan": places.manifest(integration, run)}
    return links
