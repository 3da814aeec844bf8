"""Items of the runs table, and back: the control record, the ledger, deliveries and audit of an integration.

    integration   item                       holds
    <id>          control                    order of runs and pointer; never expires
    <id>          run#<10 digits>            ledger entry; a held one is in the index `held`
    <id>          delivery#<sha256>          the run that took a delivery; 90 days
    <id>          audit#<iso time>#<id>      who did what and why; never expires
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from homeroom.aws.values import Wire, plain_item, wired_item
from homeroom.model.run import Control, RunRecord

CONTROL = "control"
RUNS = "run#"
HELD = "held"
LEDGER_KEPT = timedelta(days=400)
DELIVERY_KEPT = timedelta(days=90)

_OWN = frozenset({"integration", "item", "pending_id", "held_state", "held_at", "expires_at"})
"""Attributes that only the table needs; `integration` is given back by the models themselves."""


def key(integration: str, item: str) -> dict[str, Wire]:
    """The key of an item, in wire format."""
    return wired_item({"integration": integration, "item": item})


def run_item(run: int) -> str:
    """Sort key of a ledger entry."""
    return f"{RUNS}{run:010d}"


def control_of(integration: str, item: Mapping[str, Any] | None) -> Control:
    """The control record; a fresh one where there is no item."""
    if item is None:
        return Control(integration=integration)
    fields = {name: value for name, value in plain_item(item).items() if name not in _OWN}
    for name in ("dirty_runs", "denied", "undone"):
        fields[name] = tuple(sorted(fields.get(name, ())))
    return Control.model_validate({"integration": integration, **fields})


def record_item(record: RunRecord) -> dict[str, Wire]:
    """A ledger entry, whole. Only while a plan of it waits for a person does it carry the keys of the index `held`."""
    kept = record.finished_at or record.started_at
    item = record.model_dump(mode="json", exclude_none=True)
    item |= {"item": run_item(record.run), "expires_at": _epoch(kept + LEDGER_KEPT)}
    if record.outcome == "held" or record.waits is not None:
        item |= {"held_state": HELD, "held_at": kept.isoformat()}
    return wired_item(item)


def record_of(item: Mapping[str, Any]) -> RunRecord:
    """The ledger entry of an item."""
    fields = plain_item(item)
    return RunRecord.model_validate({k: v for k, v in fields.items() if k == "integration" or k not in _OWN})


def delivery_expiry(now: datetime) -> int:
    """When it may be forgotten which run took a delivery."""
    return _epoch(now + DELIVERY_KEPT)


def _epoch(at: datetime) -> int:
    return int(at.timestamp())
