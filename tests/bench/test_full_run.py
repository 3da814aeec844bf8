"""A district of 5,000 students on the embedded AWS: from the put of its export to the summary, and what was written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from local.embedded import deploy, embedded
from tests.integration.labs import Lab

MOST_SECONDS = 60

pytestmark = pytest.mark.bench


def test_a_first_load_of_5000_students_takes_at_most_a_minute(district_of_size: Callable[..., Path], capsys) -> None:
    first, second = district_of_size("S", day=0).read_bytes(), district_of_size("S", day=1).read_bytes()
    with embedded() as started:
        lab = Lab(replace(started, stack=deploy(started.clients)), "five-thousand").connect(district_id="D1")
        load, seconds = timed(lab, first)
        again, _ = timed(lab, first)
        day, seconds_of_the_day = timed(lab, second)
    written, changed = load["summary"]["written"], day["summary"]["written"]
    with capsys.disabled():
        print(f"\n  first load   {seconds:5.1f} s from put to summary, {written['items']:,} items: {written}")
        print(f"  same content {again['outcome']}: {again['code']}")
        print(f"  next day     {seconds_of_the_day:5.1f} s, {changed['items']:,} items: {changed}")
    assert load["outcome"] == "applied"
    assert written["records"] == sum(entity["created"] for entity in load["summary"]["entities"].values())
    assert (again["outcome"], again["code"]) == ("skipped", "unchanged")
    assert day["outcome"] == "applied"
    assert changed["records"] == sum(
        entity[did] for entity in day["summary"]["entities"].values()
        for did in ("created", "updated", "archived", "restored")
    )
    assert seconds <= MOST_SECONDS


def timed(lab: Lab, body: bytes) -> tuple[dict, float]:
    """A landing, and the seconds from its put to its summary."""
    began = time.monotonic()
    ended = lab.land(body)
    return ended, time.monotonic() - began
