"""The independent portal of `idp.mjs` (npm `oidc-provider`): a process of Node that says it is Clever or ClassLink.

    with independent_portal("clever", {"c-teacher": TEACHER}, [client]) as portal:
        portal.portal()          # our pinned portal, with this one's addresses
        portal.report()          # how often its token endpoint was asked, and what came of it

Where Node or its packages are missing the test is skipped with a message; in CI it fails.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from homeroom.model.sign_in import Portal, PortalName
from homeroom.sso.portals import PORTALS
from tests.browser.harness import missing_node, need

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Person:
    """Somebody at a portal. `role` is the portal's own word; `tenant` the district's id there.

    Clever tells `legacy_id`, `sis_id` and `number`; ClassLink `sourced_id` and `login`.
    """

    role: str
    tenant: str
    given_name: str = "Sample"
    family_name: str = "Person"
    email: str = "sample@portal.example"
    legacy_id: str = ""
    sis_id: str = ""
    number: str = ""
    sourced_id: str = ""
    login: str = ""


@dataclass(frozen=True)
class Client:
    """An app of one of our products at the portal. A tile leads to the first of its redirect addresses."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What the portal saw since it is on: calls of its token endpoint, codes redeemed and refused, codes given out."""

    token_calls: int
    redeemed: int
    refused: int
    authorized: int


@dataclass
class IndependentPortal:
    """One that runs. `url` is its address, `issuer` what stands in its tokens."""

    name: PortalName
    url: str
    issuer: str
    routes: Mapping[str, str]
    process: subprocess.Popen[str]

    def portal(self) -> Portal:
        """The portal as we pin it, at this one's addresses."""
        pinned = PORTALS[self.name]
        userinfo = "/userinfo" if self.name == "clever" else self.routes["userinfo"]
        return replace(
            pinned, issuer=self.issuer, authorize=self.url + self.routes["authorization"],
            token=self.url + self.routes["token"], jwks=self.url + self.routes["jwks"], userinfo=self.url + userinfo,
            api=self.url, home=f"{self.url}/portal",
        )

    def sign_in(self, who: str) -> str:
        """The address at which a browser signs in to the portal."""
        return f"{self.url}/portal/sign-in?who={who}"

    def tile(self, client: str) -> str:
        """The address behind a tile."""
        return f"{self.url}/portal/tile?client={client}"

    def report(self) -> Report:
        """What it saw until now."""
        return self._told(do="report")

    def rotate(self, *keys: str) -> None:
        """New signing keys under these names; the first signs, and the old ones are gone."""
        self._told(do="rotate", keys=keys)

    def behave(self, **settings: bool) -> None:
        """Change `sends_iss`, `drop_state` or `sparse` from now on."""
        self._told(do="set", **settings)

    def _told(self, **command: Any) -> Report:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = _line(self.process)
        assert answer.pop("ok"), f"the portal does not know {command}"
        return Report(**answer)


@contextmanager
def independent_portal(
    name: PortalName, people: Mapping[str, Person], clients: Sequence[Client], **settings: Any
) -> Iterator[IndependentPortal]:
    """The portal on a free port of this machine; it ends with the block, and when we die.

    `settings` are those of `idp.mjs`: `issuer`, `keys`, `code_seconds`, `sends_iss`, `drop_state`, `sparse`,
    `port`.
    """
    asked = {
        "vendor": name, "people": {who: asdict(person) for who, person in people.items()},
        "clients": [asdict(client) for client in clients], **settings,
    }
    need(missing_node)
    command = ["node", str(HERE / "idp.mjs")]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            told = _line(process)
            yield IndependentPortal(name, told["url"], told["issuer"], told["routes"], process)
        finally:
            process.terminate()


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line of JSON; words that are none are passed over."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            told: dict[str, Any] = json.loads(line)
            return told
    assert process.stderr is not None
    raise AssertionError(f"the portal ended: {process.stderr.read()}")
