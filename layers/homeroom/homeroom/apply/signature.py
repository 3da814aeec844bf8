"""The signature of what a run reads and by which rules: equal to the last applied one means `unchanged` (design 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from homeroom.model.byhand import HandRecord
from homeroom.model.plan import RULES_VERSION
from homeroom.products import CATALOGUE_VERSION


def signature(content_hash: str, options_hash: str, rules_version: int = RULES_VERSION,
              catalogue: str = CATALOGUE_VERSION) -> str:
    """SHA-256 over the content, the district's options and products, and the versions of our rules and catalogue.

    No rule of today depends on `as_of` for records that are in the source, so the date is not part of it.
    """
    return hashlib.sha256(f"{content_hash}\x1f{options_hash}\x1f{rules_version}\x1f{catalogue}".encode()).hexdigest()


def hand_signature(records: Iterable[HandRecord]) -> str:
    """SHA-256 over the active records made by hand that a plan reckons with; empty where there are none."""
    active = sorted(json.dumps(asdict(r), sort_keys=True) for r in records if r.status == "active")
    return hashlib.sha256("\n".join(active).encode()).hexdigest() if active else ""
