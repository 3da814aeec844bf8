"""The demo's other ways in: a fake ClassLink and a fake Clever, each a process that serves the sample district.

They are the servers of the tests (`tests/fakes`): real HTTP on loopback, real signatures and tokens.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from homeroom.model import events
from homeroom.model.integration import Integration
from homeroom.model.source import CleverApi, OneRosterRest
from local.demo import sample
from local.demo.story import ASKS, Story
from local.reasons import Stopped

ROOT = Path(__file__).resolve().parents[2]
Served = Mapping[str, str]
"""What a fake says of itself: its address, and what signs in to it."""
WRONG = "not-the-secret"


@contextmanager
def served(fake: str) -> Iterator[Served]:
    """A fake service of `tests/fakes` on a free port of this machine, ended with the block."""
    asked = [sys.executable, "-m", f"tests.fakes.{fake}", "--port", "0"]
    with subprocess.Popen(asked, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            if not told:
                raise Stopped(f"the {fake} of tests/fakes did not start", "The demo needs the whole repository.")
            yield json.loads(told)
        finally:
            process.terminate()


@dataclass
class Way:
    """One source on its way from the first call to a roster."""

    story: Story

    def ask(self, operation: Any) -> dict[str, Any]:
        """One operation of support."""
        return self.story.stack.ask(operation)

    @property
    def name(self) -> str:
        """The integration's."""
        return self.story.integration

    def connect(self, integration: Integration, **credentials: str) -> dict[str, Any]:
        """Set it up with these credentials."""
        self.story.integration = integration.id
        secrets = {name: SecretStr(value) for name, value in credentials.items()}
        return self.ask(events.Connect(operation="connect", integration=integration, credentials=secrets, **ASKS))

    def test(self) -> dict[str, Any]:
        """The connection test."""
        return self.ask(events.TryConnection(operation="test_connection", integration=self.name, **ASKS))

    def rotate(self, **credentials: str) -> dict[str, Any]:
        """Replace the credentials."""
        secrets = {name: SecretStr(value) for name, value in credentials.items()}
        return self.ask(events.RotateSecret(
            operation="rotate_secret", integration=self.name, credentials=secrets, **ASKS))

    def choose_all(self) -> dict[str, Any]:
        """Sync all schools."""
        return self.ask(events.ChooseSchools(
            operation="choose_schools", integration=self.name, schools="all", **ASKS))

    def sync(self) -> dict[str, Any]:
        """A run by hand; its summary."""
        self.ask(events.RunNow(operation="run", integration=self.name, **ASKS))
        return self.story.ended()


def classlink(way: Way, service: Served) -> tuple[str, dict[str, Any]]:
    """A wrong secret, told in one line; then the right one, the district, its schools, a run.

    Returns that line and the summary. Raises Stopped where anything goes otherwise.
    """
    integration = Integration(
        id=way.story.free_name("classlink"), district_name="Sample District", aggregator="classlink",
        transport="oneroster_rest", source=OneRosterRest(url=service["url"]), timezone="America/Chicago",
        hold_first_load=False,
    )
    way.connect(integration, key=service["key"], secret=WRONG)
    refused = next((finding for finding in way.test()["findings"] if not finding["ok"]), None)
    if refused is None:
        raise Stopped("a wrong secret was taken")
    way.rotate(key=service["key"], secret=service["secret"])
    _expect_ok(way.test())
    way.ask(events.VerifyDistrict(
        operation="verify_district", integration=way.name, district_id=sample.DISTRICT_ID, **ASKS))
    way.choose_all()
    return f"{refused['code']}: {refused['text']}", way.sync()


def clever(way: Way, service: Served) -> tuple[str, dict[str, Any]]:
    """A district that authorised the app is accepted, tested and synced. Returns its name and the summary."""
    integration = Integration(
        id=way.story.free_name("clever"), district_name="Sample District", aggregator="clever",
        transport="clever_api", timezone="America/Chicago", hold_first_load=False,
        source=CleverApi(url=service["url"], sign_in_url=service["url"], follow_events=True),
    )
    way.connect(integration, client_id=service["client_id"], client_secret=service["client_secret"])
    waiting = way.ask(events.PendingRequests(
        operation="pending_requests", secret_name=integration.id, url=service["url"], sign_in_url=service["url"],
    ))["districts"]
    district = next((one for one in waiting if one["id"] == service["district_id"]), None)
    if district is None:
        raise Stopped("the district's request does not wait")
    way.ask(events.Accept(operation="accept", integration=way.name, district_id=district["id"], **ASKS))
    way.choose_all()
    _expect_ok(way.test())
    return str(district["name"]), way.sync()


def _expect_ok(tested: dict[str, Any]) -> None:
    failed = next((finding for finding in tested["findings"] if not finding["ok"]), None)
    if failed is not None:
        raise Stopped(f"the connection test failed: {failed['text']}", failed["remedy"])
