"""The lab of `clever` after its first run, which goes on once in a process for all tests that begin with it.

The address of the fake is in the world, so each of these tests serves its own fake at the port of the first one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.builders.oneroster import Files, small_district
from tests.conformance.lab import CleverLab
from tests.fakes.clever_server import Clever, serving
from tests.fakes.copies import copied
from tests.fakes.memory import MemoryWorld
from tests.fakes.twins import twin_of


@dataclass(frozen=True)
class _Known:
    """A lab after its first run, as it was left."""

    url: str
    world: MemoryWorld
    waited: list[float]
    told: dict[str, Any]

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def again(self, lab: CleverLab) -> None:
        """The other lab stands where this one stood; its fake has said the same to the same questions."""
        lab.world = copied(self.world)
        lab.clever.now = lab.world.clock.now
        lab.waits.seconds[:] = self.waited
        _say(lab.clever, self.told)


_KNOWN: dict[str, _Known] = {}


@contextmanager
def known_clever(files: Files | None = None, **source: Any) -> Iterator[CleverLab]:
    """As `clever`, read and applied once. `source` are settings of `CleverApi`."""
    district = small_district() if files is None else files
    key, made = json.dumps([district, source]), Clever(district)
    with ExitStack() as served:
        lab = _at_the_known_port(served, key, made, source)
        if lab is None:
            served.enter_context(serving(made))
            lab = CleverLab(made, **source)
            lab.district.sync()
            assert lab.run().outcome == "applied"
            _KNOWN[key] = _Known(made.url, copied(lab.world), [*lab.waits.seconds], _said(made))
        yield lab


def _at_the_known_port(served: ExitStack, key: str, made: Clever, source: dict[str, Any]) -> CleverLab | None:
    known = _KNOWN.get(key)
    if known is None:
        return None
    try:
        served.enter_context(serving(made, known.port))
    except OSError:
        return None  # another process took it meanwhile
    lab = CleverLab(made, **source)
    known.again(lab)
    return lab


def _said(clever: Clever) -> dict[str, Any]:
    """What a fake remembers: its one district, the log, the requests that count for the rate limit."""
    assert len(clever.districts) == 1
    return twin_of({"district": {name: said for name, said in vars(clever.district).items() if name != "now"},
                    "log": list(clever.log), "used": dict(clever._used)})


def _say(clever: Clever, told: dict[str, Any]) -> None:
    same = twin_of(told)
    vars(clever.district).update(same["district"])
    clever.log[:], clever._used = same["log"], same["used"]
