"""Three landings and a discard, told as they happen; each is held to what the sample makes us expect."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from homeroom.model import events, places
from homeroom.model.entities import ENTITIES
from homeroom.model.integration import Integration
from local.demo import sample
from local.reasons import Stopped
from local.stack import Stack, wait_for
from local.views.summary import WORDS

LANDING_SECONDS = 60.0
"""A landing that has not ended by then has failed; it takes two or three seconds."""
_LOOK = "`homeroom demo --keep` leaves everything up to look at."
ASKS = {"by": "the demo", "reason": "a demonstration"}

Tell = Callable[[Sequence[str]], None]
"""Told which of the seven words a run has behind it."""


@dataclass
class Story:
    """A sample integration on a stack. `live` is told how far a run is."""

    stack: Stack
    live: Tell = lambda _: None
    integration: str = ""
    summaries: list[dict[str, Any]] = field(default_factory=list)

    def connect(self) -> dict[str, Any]:
        """Set the sample up, under a name that is free. Its first load goes through without a look."""
        self.integration = self.free_name("sample")
        asked = Integration(id=self.integration, district_id=sample.DISTRICT_ID, district_name="Sample District",
                            timezone="America/Chicago", hold_first_load=False)
        return self.stack.ask(events.Connect(operation="connect", integration=asked, **ASKS))

    def land(self, name: str, export: sample.Export) -> dict[str, Any]:
        """Upload an export as SFTP would, wait for the end of its run, and return the summary."""
        self.stack.upload(self.integration, {name: export.zip_bytes()})
        return self.ended()

    def ended(self) -> dict[str, Any]:
        """The summary of the next run, once it has ended."""
        run = len(self.summaries) + 1
        ended = wait_for(lambda: self._ended(run), LANDING_SECONDS, slowest=0.25)
        if ended is None:
            raise Stopped(f"run {run} of {self.integration} has not ended within {LANDING_SECONDS:.0f} seconds", _LOOK)
        if ended["summary"] is None:
            told = f"{ended['outcome']}, without a summary: {ended['code']} {ended['text']}"
            raise Stopped(f"run {run} of {self.integration} ended as {told}", _LOOK)
        self.summaries.append(ended["summary"])
        return self.summaries[-1]

    def free_name(self, name: str) -> str:
        """The first of `<name>-1`, `<name>-2` … that no integration has."""
        listed = self.stack.ask(events.ListIntegrations(operation="list"))["integrations"]
        known = {one["integration"] for one in listed}
        return next(free for n in range(1, 1000) if (free := f"{name}-{n}") not in known)

    def discard(self, run: int) -> dict[str, Any]:
        """Discard a held run; returns what is then said of the integration."""
        self.stack.ask(events.Discard(operation="discard", integration=self.integration, run=run, **ASKS))
        return self.stack.ask(events.ShowStatus(operation="status", integration=self.integration))

    def table(self) -> str:
        """A fingerprint of every item of the roster table: equal before and after means that nothing was written."""
        pages = self.stack.clients("dynamodb").get_paginator("scan")
        digest = hashlib.sha256()
        for item in sorted(json.dumps(item, sort_keys=True, default=str) for item in _items(pages, self.stack)):
            digest.update(item.encode())
        return digest.hexdigest()

    def count(self) -> int:
        """Items in the roster table."""
        pages = self.stack.clients("dynamodb").get_paginator("scan")
        return sum(1 for _ in _items(pages, self.stack))

    def _ended(self, run: int) -> dict[str, Any] | None:
        """The run's ledger entry with its summary once it has ended; tells on the way how far it is."""
        self.live(self._done(run))
        newest = self.stack.ask(events.ShowStatus(operation="status", integration=self.integration, runs=1))["runs"]
        if not newest or newest[0]["run"] < run or newest[0]["outcome"] is None:
            return None
        return self.stack.ask(events.Preview(operation="preview", integration=self.integration, run=newest[0]["run"]))

    def _done(self, run: int) -> Sequence[str]:
        """The seven words that a run has behind it, by what it has kept."""
        folder = places.run_folder(self.integration, run)
        listed = self.stack.clients("s3").list_objects_v2(Bucket=self.stack.outputs["RosterBucketName"], Prefix=folder)
        return words_done({entry["Key"].removeprefix(folder) for entry in listed.get("Contents", [])})


def words_done(kept: Iterable[str]) -> tuple[str, ...]:
    """Which of the seven words a run has behind it, by the names of the objects in its folder."""
    there = set(kept)
    if "summary.json" in there:
        return WORDS
    if any(name.startswith("results/") for name in there):
        return WORDS[: WORDS.index("apply") + 1]
    if "plan/manifest.json" in there:
        return WORDS[: WORDS.index("guard") + 1]
    return WORDS[:1] if "raw/about.json" in there else ()


def _items(pages: Any, stack: Stack) -> Iterable[dict[str, Any]]:
    for page in pages.paginate(TableName=stack.outputs["RosterTableName"], ConsistentRead=True):
        yield from page["Items"]


def expect(summary: Mapping[str, Any], outcome: str, **actions: Mapping[str, int]) -> None:
    """Hold a summary to its outcome and to the numbers of some actions, such as `created={"people": 3}`; all other
    entities of a named action must be zero. Raises Stopped with the difference."""
    if summary["outcome"] != outcome:
        raise Stopped(f"run {summary['run']} ended as {summary['outcome']} instead of {outcome}: {summary['text']}")
    for action, wanted in actions.items():
        got = {name: summary["entities"][name][action] for name in ENTITIES if summary["entities"][name][action]}
        if got != {name: number for name, number in wanted.items() if number}:
            raise Stopped(f"run {summary['run']} {action} {got} instead of {dict(wanted)}")


def stopwatch() -> Callable[[], float]:
    """Seconds since it was made."""
    began = time.monotonic()
    return lambda: time.monotonic() - began
