"""Order of runs in memory. Every public method is atomic, as one conditional write of DynamoDB is."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from homeroom.errors import LeaseLost, NotFound
from homeroom.model.run import Control, Delivery, Lease, Note, RunRecord
from tests.fakes.faults import Faults

P = ParamSpec("P")
R = TypeVar("R")


def atomic(method: Callable[Concatenate[MemoryRuns, P], R]) -> Callable[Concatenate[MemoryRuns, P], R]:
    """One at a time."""

    @functools.wraps(method)
    def locked(self: MemoryRuns, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return locked


class MemoryRuns:
    """Lease, fence, pointer, ledger, deliveries."""

    def __init__(self, faults: Faults):
        self.lock = threading.RLock()
        self.records: dict[tuple[str, int], str] = {}
        self.deliveries: dict[tuple[str, str], int] = {}
        self.audits: list[tuple[str, dict[str, Any], datetime]] = []
        self._controls: dict[str, str] = {}
        self._faults = faults

    @atomic
    def control(self, integration: str) -> Control:
        kept = self._controls.get(integration)
        return Control(integration=integration) if kept is None else Control.model_validate_json(kept)

    @atomic
    def open(
        self, integration: str, *, now: datetime, lease_seconds: int, take_lease: bool
    ) -> tuple[int, Lease | None]:
        control = self.control(integration)
        run = control.run_seq + 1
        free = control.lease_run is None or control.lease_until < int(now.timestamp())
        if not (take_lease and free):
            self._change("open", control, run_seq=run)
            return run, None
        until = int(now.timestamp()) + lease_seconds
        self._change("open", control, run_seq=run, fence=control.fence + 1, lease_run=run, lease_until=until)
        return run, Lease(integration=integration, run=run, fence=control.fence + 1)

    @atomic
    def holds(self, lease: Lease) -> bool:
        control = self.control(lease.integration)
        return control.lease_run == lease.run and control.fence == lease.fence

    @atomic
    def extend(self, lease: Lease, until: int) -> None:
        control = self._owned(lease)
        if until > control.lease_until:
            self._change("extend", control, lease_until=until)

    @atomic
    def release(self, lease: Lease) -> None:
        if self.holds(lease):
            self._change("release", self.control(lease.integration), lease_run=None, lease_until=0)

    @atomic
    def mark_dirty(self, lease: Lease, run: int) -> None:
        control = self._owned(lease)
        self._change("mark_dirty", control, dirty_runs=tuple(sorted({*control.dirty_runs, run})))

    @atomic
    def commit(
        self, lease: Lease, *, applied_run: int, content: str, signature: str, at: datetime,
        records: Sequence[RunRecord] = (), waits: bool = False,
    ) -> None:
        control = self._owned(lease)
        held = applied_run if waits else None
        self._change(
            "commit", control, applied_run=applied_run, applied_content=content, applied_signature=signature,
            applied_at=at, dirty_runs=(), held_run=held, lease_run=None, lease_until=0,
        )
        self._keep(records)

    @atomic
    def hold(self, lease: Lease, run: int, records: Sequence[RunRecord] = ()) -> None:
        control = self._owned(lease)
        self._change("hold", control, held_run=run, lease_run=None, lease_until=0)
        self._keep(records)

    @atomic
    def clear_hold(self, integration: str, run: int, *, replan: bool = False) -> None:
        control = self.control(integration)
        if control.held_run == run:
            signature = None if replan else control.applied_signature
            self._change("clear_hold", control, held_run=None, applied_signature=signature)

    @atomic
    def deny(self, integration: str, content_hash: str) -> None:
        control = self.control(integration)
        self._change("deny", control, denied=tuple(sorted({*control.denied, content_hash})))

    @atomic
    def allow(self, integration: str, content_hash: str) -> None:
        control = self.control(integration)
        self._change("allow", control, denied=tuple(one for one in control.denied if one != content_hash))

    @atomic
    def mark_undone(self, integration: str, run: int) -> None:
        control = self.control(integration)
        self._change("mark_undone", control, undone=tuple(sorted({*control.undone, run})))

    @atomic
    def clear_undone(self, integration: str, runs: Iterable[int]) -> None:
        control, gone = self.control(integration), set(runs)
        if gone:
            self._change("clear_undone", control, undone=tuple(run for run in control.undone if run not in gone))

    @atomic
    def set_pending(self, integration: str, delivery: Delivery) -> None:
        self._change("set_pending", self.control(integration), pending=delivery)

    @atomic
    def clear_pending(self, integration: str, delivery: Delivery) -> None:
        control = self.control(integration)
        if control.pending is not None and control.pending.identity() == delivery.identity():
            self._change("clear_pending", control, pending=None)

    @atomic
    def set_last_delivery(self, integration: str, delivery: Delivery) -> None:
        self._change("set_last_delivery", self.control(integration), last_delivery=delivery)

    @atomic
    def set_note(self, integration: str, note: Note | None) -> None:
        control = self.control(integration)
        if control.note != note:
            self._change("set_note", control, note=note)

    @atomic
    def taken_by(self, integration: str, delivery: Delivery) -> int | None:
        return self.deliveries.get((integration, delivery.identity()))

    @atomic
    def take_delivery(self, integration: str, delivery: Delivery, run: int) -> int | None:
        key = integration, delivery.identity()
        if key in self.deliveries:
            return self.deliveries[key]
        self._faults.step("runs.take_delivery")
        self.deliveries[key] = run
        return None

    @atomic
    def record(self, record: RunRecord) -> None:
        self._faults.step("runs.record")
        self._keep([record])

    @atomic
    def run(self, integration: str, run: int) -> RunRecord:
        if (integration, run) not in self.records:
            raise NotFound(f"no run {run}")
        return RunRecord.model_validate_json(self.records[integration, run])

    @atomic
    def history(self, integration: str, limit: int) -> list[RunRecord]:
        numbers = sorted((run for name, run in self.records if name == integration), reverse=True)
        return [self.run(integration, run) for run in numbers[:limit]]

    @atomic
    def held(self) -> list[RunRecord]:
        records = [self.run(*key) for key in self.records]
        held = [r for r in records if r.outcome == "held" or r.waits is not None]
        return sorted(held, key=lambda r: r.finished_at or r.started_at, reverse=True)

    @atomic
    def audit(self, integration: str, entry: Mapping[str, Any], at: datetime) -> None:
        self._faults.step("runs.audit")
        self.audits.append((integration, dict(entry), at))

    def _owned(self, lease: Lease) -> Control:
        if not self.holds(lease):
            raise LeaseLost(f"run {lease.run} is no longer the owner of the roster")
        return self.control(lease.integration)

    def _change(self, name: str, control: Control, **values: Any) -> None:
        self._faults.step(f"runs.{name}")
        self._controls[control.integration] = control.model_copy(update=values).model_dump_json()

    def _keep(self, records: Sequence[RunRecord]) -> None:
        self.records.update({(r.integration, r.run): r.model_dump_json() for r in records})
