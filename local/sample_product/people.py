"""The product's own copy of the roster: who somebody is, by district and person id. Tokens carry no names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """What the pages show."""

    name: str
    role: str = ""


People = Callable[[str, str], Person | None]
"""District and person id (`did` and `sub` of a token) → the person. The district is the boundary between tenants: an id
is never looked up without it."""


def nobody(district: str, person: str) -> Person | None:
    """A roster that has not arrived yet."""
    del district, person
    return None


def people_of(file: Path) -> People:
    """A copy in a JSON file: {district: {person id: {"name": …, "role": …}}}, read anew each time."""

    def find(district: str, person: str) -> Person | None:
        known = json.loads(file.read_text()).get(district, {}).get(person)
        return Person(str(known["name"]), str(known.get("role", ""))) if known else None

    return find
