"""A district behind one of the APIs, that says something else on another day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.builders.api_runs import Fake, clever, fed_by, rest, run
from tests.builders.oneroster import Files
from tests.fakes import clever_server, oneroster_server
from tests.fakes.clever_server import Clever
from tests.fakes.memory import MemoryWorld
from tests.fakes.oneroster_service import Service

SMALL_PAGES = 5


@dataclass
class Spoken:
    """The fake, the world after its first day, and `say`: what the source says from now on."""

    fake: Fake
    first: MemoryWorld
    say: Callable[[Files], None]


@contextmanager
def by_rest(files: Files, **source: Any) -> Iterator[Spoken]:
    service = Service(files, sign_in="bearer")

    def say(other: Files) -> None:
        service.rows = other

    with oneroster_server.serving(service):
        yield _begun(Spoken(service, fed_by(rest(service, page_size=SMALL_PAGES, **source)), say))


@contextmanager
def by_clever(files: Files, **source: Any) -> Iterator[Spoken]:
    fake = Clever(files)
    fake.district.sync()

    def say(other: Files) -> None:
        with fake.district.one_sync():
            fake.district.become(other)

    with clever_server.serving(fake):
        yield _begun(Spoken(fake, fed_by(clever(fake, page_size=SMALL_PAGES, **source)), say))


@contextmanager
def by_events(files: Files) -> Iterator[Spoken]:
    with by_clever(files, follow_events=True) as spoken:
        yield spoken


SOURCES: Mapping[str, Callable[[Files], Any]] = {"rest": by_rest, "clever": by_clever, "clever-by-events": by_events}


def _begun(spoken: Spoken) -> Spoken:
    assert run(spoken.first).outcome == "applied"
    return spoken
